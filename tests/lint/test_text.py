"""Files of any bytes: what is replaced is replaced, and no other byte changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs.diagnostics import Edit
from livecd_rootfs.lint.text import Text

PIECES = st.lists(
    st.sampled_from(
        [b"depends x", b"\n", b"\r\n", b"\r", b" ", b"\xff", "é".encode(), b"\xef\xbb\xbf"]
    )
).map(b"".join)


@given(PIECES)
def test_nothing_replaced_is_the_same(data: bytes) -> None:
    assert Text("file", data).replaced([]) == data


@given(PIECES, PIECES, st.sampled_from([b"old", "wörd".encode(), b"o\xffld"]))
def test_only_the_word_changes(before: bytes, after: bytes, word: bytes) -> None:
    """Marked by a letter that is nowhere else, so that it is found again."""
    text = Text("file", before + b"<" + word + b">" + after)
    start = text.source.text.index("<")
    edit = Edit(span=text.span(start, text.source.text.index(">") + 1), replacement="new")
    assert text.replaced([edit]) == before + b"new" + after


@pytest.mark.parametrize(
    ("data", "replaced"),
    [
        (b"a\nb\n", b"x\ny\nb\n"),
        (b"a\r\nb\r\n", b"x\r\ny\r\nb\r\n"),
        (b"a\rb\r", b"x\ry\rb\r"),
        (b"a", b"x\ny"),
    ],
)
def test_new_lines_end_as_the_others_do(data: bytes, replaced: bytes) -> None:
    text = Text("file", data)
    assert text.replaced([Edit(span=text.span(0, 1), replacement="x\ny")]) == replaced


def test_several_edits_in_any_order() -> None:
    text = Text("file", b"one\r\ntwo\r\nthree\r\n")
    edits = [
        Edit(span=text.span(8, 13), replacement="3"),
        Edit(span=text.span(0, 0), replacement="# top\n"),
        Edit(span=text.span(3, 8), replacement=""),
    ]
    assert text.replaced(edits) == b"# top\r\none3\r\n"


def test_bytes_that_are_no_text_are_code_points() -> None:
    assert Text("file", b"a\xfcb\r\n").source.text == "a\udcfcb\n"
