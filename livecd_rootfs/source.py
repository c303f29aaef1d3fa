"""A text file and its spans: from an offset to line, column and the line's text."""

from __future__ import annotations

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.values import Value


class Position(Value):
    """A place in a text, as people count: both from 1, the column in characters."""

    line: int
    column: int


class Source:
    r"""A text with the name of the file that it came from.

    Args:
        path: the file's name, as it is shown.
        text: its content, with ``\n`` as the only line end.
    """

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] = []

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    def position(self, offset: int) -> Position:
        """The line and column of an offset; the end of the text is one, too."""
        from bisect import bisect_right  # noqa: PLC0415 (only messages ask for positions)

        line = bisect_right(self._line_starts(), offset)
        return Position(line=line, column=offset - self._line_starts()[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        start = self._line_starts()[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def _line_starts(self) -> list[int]:
        if not self._starts:
            starts, offset = [0], self.text.find("\n")
            while offset >= 0:
                starts.append(offset + 1)
                offset = self.text.find("\n", offset + 1)
            self._starts = starts
        return self._starts


class Span(Value):
    """A part of a source, from ``start`` up to but without ``end`` (offsets)."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    @property
    def position(self) -> Position:
        """Where it starts."""
        return self.source.position(self.start)

    @property
    def place(self) -> str:
        """``path:line:column``, as editors and compilers write it."""
        position = self.position
        return f"{self.source.path}:{position.line}:{position.column}"


def decode(path: str, data: bytes) -> Source:
    """The source that these bytes are, with universal newlines.

    Args:
        path: the file's name, as it is to be shown.
        data: the file's content.

    Raises:
        LivecdError: it is not UTF-8; the message has the place of the first bad byte.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_text(path, data, error) from None
    return Source(path, _with_plain_newlines(text))


def _with_plain_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _not_text(path: str, data: bytes, error: UnicodeDecodeError) -> LivecdError:
    before = _with_plain_newlines(data[: error.start].decode("utf-8"))
    end = Source(path, before).position(len(before))
    return LivecdError(
        f"{path} is not valid UTF-8 text",
        place=f"{path}:{end.line}:{end.column}",
        why=f"byte 0x{data[error.start]:02x}: {error.reason}",
        remedy="save the file as UTF-8",
    )
