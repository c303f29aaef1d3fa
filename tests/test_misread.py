"""Lines of series files that say something else than was meant, and what mends them."""

from __future__ import annotations

import pytest

from livecd_rootfs.diagnostics import Edit
from livecd_rootfs.lint.text import Text
from livecd_rootfs.misread import Misread, look
from livecd_rootfs.series import parse

HOOKS = {"base/a.binary", "base/b.binary", "base/with blank.binary", "depends"}
SERIES = {"a", "b", "a b"}


def exists(kind: str, name: str) -> bool:
    return name in (HOOKS - {"depends"} if kind == "hook" else SERIES)


def misread(text: str) -> Misread | None:
    (entry,) = parse("s", Text("series", text.encode()).source).entries
    return look(entry, exists)


def mended(text: str) -> str | None:
    """The text after the fix, if there is one."""
    found = misread(text)
    edits: tuple[Edit, ...] = found.fix.edits if found and found.fix else ()
    return Text("series", text.encode()).replaced(edits).decode() if edits else None


@pytest.mark.parametrize(
    "text",
    [
        "base/a.binary",
        "base/gone.binary",
        "base/with blank.binary",
        "depends a",
        "depends a b",
        "depends gone",
        "provides ${PREFIX}.x",
        "provides x#y",
        "extra/provides.binary",
        "gone.binary",
    ],
)
def test_names_are_names(text: str) -> None:
    assert misread(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "word", "fixed"),
    [
        ("\ufeff# a comment", "byte-order-mark", "\ufeff", "# a comment"),
        ("\ufeffdepends a", "byte-order-mark", "\ufeff", "depends a"),
        ("Depends a", "keyword-typo", "Depends", "depends a"),
        ("  DEPENDS  a", "keyword-typo", "DEPENDS", "  depends a"),
        ("depends: a", "keyword-typo", "depends:", "depends a"),
        ("depends:a", "keyword-typo", "depends:", "depends a"),
        ("depends=a", "keyword-typo", "depends=", "depends a"),
        ("depends : a", "keyword-typo", ": ", "depends a"),
        ("depend a", "keyword-typo", "depend", "depends a"),
        ("requires a", "keyword-typo", "requires", "depends a"),
        ("Provides ${PREFIX}.x", "keyword-typo", "Provides", "provides ${PREFIX}.x"),
        ("provide ${PREFIX}.x", "keyword-typo", "provide", "provides ${PREFIX}.x"),
        ("produces ${PREFIX}.x", "keyword-typo", "produces", "provides ${PREFIX}.x"),
        ("depends", "keyword-typo", "depends", None),
        ("Provides:", "keyword-typo", "Provides:", None),
        ("base/a.binary # why", "inline-comment", "# why", "# why\nbase/a.binary"),
        ("\tdepends a\t#why\n", "inline-comment", "#why", "\t#why\n\tdepends a\n"),
        ("provides x # why", "inline-comment", "# why", "# why\nprovides x"),
        ("depends b a", "several-names", "a", "depends b\ndepends a"),
        ("depends b gone", "several-names", "gone", None),
        (" provides x  y z", "several-names", "y z", " provides x\n provides y\n provides z"),
        ("base/a.binary base/b.binary", "several-names", "base/b.binary",
         "base/a.binary\nbase/b.binary"),
        ("base/a.binary and more", "several-names", "and more", None),
    ],
)  # fmt: skip
def test_slips(text: str, kind: str, word: str, fixed: str | None) -> None:
    found = misread(text)
    assert found
    assert (found.kind, found.span.text) == (kind, word)
    assert mended(text) == fixed


@pytest.mark.parametrize(("text", "is_safe"), [("DEPENDS a", True), ("needs a", False)])
def test_a_guess_is_no_safe_fix(text: str, *, is_safe: bool) -> None:
    found = misread(text)
    assert found
    assert found.fix
    assert found.fix.is_safe is is_safe
