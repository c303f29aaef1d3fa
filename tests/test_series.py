"""Series files: the grammar, line by line."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs.series import artifact_prefix, parse
from livecd_rootfs.source import Source, decode


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("depends disk-image", "depends", "disk-image"),
        ("  depends \t disk-image  ", "depends", "disk-image"),
        ("depends\u2003a\u00a0b", "depends", "a\u00a0b"),
        ("depends a b", "depends", "a b"),
        ("depends x # y", "depends", "x # y"),
        ("provides livecd.x.img", "provides", "livecd.x.img"),
        ("provides ${PREFIX}.img", "provides", "${PREFIX}.img"),
        ("base/x.binary", "hook", "base/x.binary"),
        ("depends", "hook", "depends"),
        ("provides ", "hook", "provides"),
        ("Depends a", "hook", "Depends a"),
        ("dependsa", "hook", "dependsa"),
        ("depends: a", "hook", "depends: a"),
        ("base/x y.binary", "hook", "base/x y.binary"),
    ],
)
def test_line(line: str, kind: str, name: str) -> None:
    (entry,) = parse("s", Source("s", f"# first\n{line}\n")).entries
    assert (entry.kind, entry.name) == (kind, name)
    assert entry.span.text == name
    assert entry.span.position.line == 2


@pytest.mark.parametrize("text", ["", "\n", "#", "# a\n\n \t\n  # b\n", "\u2003\n"])
def test_lines_without_meaning(text: str) -> None:
    assert parse("s", Source("s", text)).entries == ()


def test_final_newline_is_not_needed() -> None:
    names = [entry.name for entry in parse("s", Source("s", "a\nb")).entries]
    assert names == ["a", "b"]


# Letters that the grammar cares for, and white space of which Python knows more than \n.
LINES = st.text(alphabet="ab#/ \t\n\r\x0b\x0c\x1c\x85\u2003\u2028", max_size=20)
WORDS = st.sampled_from(["depends", "provides", "depends ", "provides\t", "x", "#"])


@given(st.lists(st.tuples(WORDS, LINES)).map(lambda parts: "".join(map("".join, parts))))
def test_parses_as_its_description_by_regular_expressions_does(text: str) -> None:
    """The rules of the grammar once more, in another form: line, strip, match."""
    wanted = []
    for raw in io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"):
        line = raw.strip()
        match = re.match(r"(depends|provides)\s+(\S.*)\Z", line, re.DOTALL)
        if line and not line.startswith("#"):
            wanted.append((match[1], match[2]) if match else ("hook", line))
    series = parse("s", decode("s", text.encode()))
    assert [(entry.kind, entry.name) for entry in series.entries] == wanted
    assert all(entry.span.text == entry.name for entry in series.entries)


@pytest.mark.parametrize(
    ("project", "subarch", "prefix"),
    [
        (None, None, "livecd.ubuntu-cpc"),
        ("", "", "livecd.ubuntu-cpc"),
        ("debian-cloud", None, "livecd.debian-cloud"),
        ("debian-cloud", "raspi", "livecd.debian-cloud-raspi"),
        (None, "raspi", "livecd.ubuntu-cpc-raspi"),
    ],
)
def test_artifact_prefix(project: str | None, subarch: str | None, prefix: str) -> None:
    assert artifact_prefix(project, subarch) == prefix
