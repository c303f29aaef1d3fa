"""Sources: offsets to places, bytes to text."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.source import Position, Source, Span, decode

TEXT = "depends disk\n\nprovides é.img"


@pytest.mark.parametrize(
    ("offset", "line", "column"),
    [(0, 1, 1), (8, 1, 9), (12, 1, 13), (13, 2, 1), (14, 3, 1), (24, 3, 11), (len(TEXT), 3, 15)],
)
def test_position(offset: int, line: int, column: int) -> None:
    assert Source("file", TEXT).position(offset) == Position(line=line, column=column)


@pytest.mark.parametrize(("number", "text"), [(1, "depends disk"), (2, ""), (3, "provides é.img")])
def test_line(number: int, text: str) -> None:
    assert Source("file", TEXT).line(number) == text


def test_span() -> None:
    span = Span(source=Source("series/img", TEXT), start=8, end=12)
    assert span.text == "disk"
    assert span.place == "series/img:1:9"


@given(st.text(), st.data())
def test_positions_agree_with_lines(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    source = Source("file", text)
    found = source.position(offset)
    before = text[:offset].split("\n")
    assert (found.line, found.column) == (len(before), len(before[-1]) + 1)
    assert source.line(found.line) == text.split("\n")[found.line - 1]


@given(st.text(alphabet="ab\n\r\x0b\x0c\x85\u2028 "))
def test_newlines_are_those_of_python(text: str) -> None:
    data = text.encode()
    assert decode("file", data).text == io.TextIOWrapper(io.BytesIO(data), "utf-8").read()


@pytest.mark.parametrize(
    ("data", "place", "why"),
    [
        (b"\xff", "f:1:1", "byte 0xff: invalid start byte"),
        (b"ab\ncd\xe9\n", "f:2:3", "byte 0xe9: invalid continuation byte"),
        ("é\r\né".encode() + b"\xc3", "f:2:2", "byte 0xc3: unexpected end of data"),
        (b"\xed\xa0\x80", "f:1:1", "byte 0xed: invalid continuation byte"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, place: str, why: str) -> None:
    with pytest.raises(LivecdError, match="f is not valid UTF-8 text") as caught:
        decode("f", data)
    assert caught.value.place == place
    assert caught.value.why == why
