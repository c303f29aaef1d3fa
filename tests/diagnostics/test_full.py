"""Findings in full form, whole rendered messages."""

from __future__ import annotations

import pytest

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.diagnostics.full import printable, render
from livecd_rootfs.source import Source, Span


def label(text: str, word: str, note: str = "", path: str = "series/img") -> Label:
    start = text.index(word)
    return Label(
        span=Span(source=Source(path, text), start=start, end=start + len(word)), text=note
    )


def finding(
    *labels: Label,
    severity: Severity = Severity.ERROR,
    message: str = "it is wrong",
    notes: tuple[str, ...] = (),
    remedy: str | None = None,
) -> Diagnostic:
    return Diagnostic(
        code="some-code",
        severity=severity,
        message=message,
        labels=labels,
        notes=notes,
        help=remedy,
    )


def test_all_parts() -> None:
    text = "# one\n" * 9 + "depends disc\n"
    found = finding(
        label(text, "disc", "no such series"), notes=("one", "two"), remedy="did you mean 'disk'?"
    )
    assert render(found) == (
        "error[some-code]: it is wrong\n"
        "   --> series/img:10:9\n"
        "   |\n"
        "10 | depends disc\n"
        "   |         ^^^^ no such series\n"
        "   |\n"
        "   = note: one\n"
        "   = note: two\n"
        "   = help: did you mean 'disk'?\n"
    )


@pytest.mark.parametrize(
    ("severity", "program", "heading"),
    [
        (Severity.ERROR, "", "error[some-code]: it is wrong\n"),
        (Severity.WARNING, "", "warning[some-code]: it is wrong\n"),
        (Severity.ERROR, "make-hooks", "make-hooks: it is wrong\n"),
        (Severity.WARNING, "make-hooks", "make-hooks: warning: it is wrong\n"),
    ],
)
def test_heading(severity: Severity, program: str, heading: str) -> None:
    assert render(finding(severity=severity), program=program) == heading


def test_two_places() -> None:
    found = finding(label("depends b", "b"), label("x\ndepends a", "a", "", "series/b"))
    assert render(found, program="p") == (
        "p: it is wrong\n"
        "  --> series/img:1:9\n"
        "  |\n"
        "1 | depends b\n"
        "  |         ^\n"
        "  ::: series/b:2:9\n"
        "  |\n"
        "2 | depends a\n"
        "  |         ^\n"
    )


@pytest.mark.parametrize(
    ("text", "word", "line", "underline"),
    [
        ("\tbase/x\t", "base/x", "    base/x    ", "    ^^^^^^"),
        ("日本 base/日本", "base/日本", "日本 base/日本", "     ^^^^^^^^^"),
        ("e\u0301 x", "x", "e\u0301 x", "  ^"),
        ("\x1b[2J x", "x", "\\x1b[2J x", "        ^"),
        ("\u202eabc", "abc", "\\u202eabc", "      ^^^"),
        ("\ufeffx", "\ufeffx", "\\ufeffx", "^^^^^^^"),
        ("a" * 200, "a" * 200, "a" * 100 + "...", "^" * 100),
        (
            "a" * 200 + "XYZ" + "b" * 200,
            "XYZ",
            "..." + "a" * 30 + "XYZ" + "b" * 67 + "...",
            " " * 33 + "^^^",
        ),
        ("two\nlines", "two\nlines", "two", "^^^"),
    ],
)
def test_underlines_the_word(text: str, word: str, line: str, underline: str) -> None:
    shown = render(finding(label(text, word))).splitlines()
    assert shown[3] == f"1 | {line}"
    assert shown[4] == f"  | {underline}"


def test_a_file_without_text_has_no_line_to_show() -> None:
    found = finding(label("", "", "leads nowhere"), remedy="remove it")
    assert render(found) == (
        "error[some-code]: it is wrong\n  --> series/img leads nowhere\n  |\n  = help: remove it\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain é", "plain é"), ("a\nb", "a\\nb"), ("\x00\x9b\udcff", "\\x00\\x9b\\udcff")],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_messages_can_not_move_the_cursor() -> None:
    found = finding(message="a\x1b[31m\nb", notes=("\r",), remedy="\x07")
    assert render(found) == ("error[some-code]: a\\x1b[31m\\nb\n = note: \\r\n = help: \\x07\n")
