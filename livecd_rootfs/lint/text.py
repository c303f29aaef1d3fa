"""A file's text and its bytes: from a place in the one to that in the other."""

from __future__ import annotations

from functools import cached_property

from livecd_rootfs.source import Source, Span


class Text:
    """What is in a file, of any bytes.

    Bytes that are no UTF-8 are one code point each, from U+DC80 to U+DCFF, so that the text
    becomes the same bytes again.

    Args:
        path: the file's name, as it is shown.
        data: its content.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def source(self) -> Source:
        r"""The text, with ``\n`` as the only line end."""
        text = self._raw
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return Source(self.path, text)

    @cached_property
    def _raw(self) -> str:
        return self.data.decode("utf-8", "surrogateescape")

    def span(self, start: int, end: int) -> Span:
        """A part of the text, by its offsets."""
        return Span(source=self.source, start=start, end=end)

    @property
    def first_line(self) -> Span:
        """The first line, without its end."""
        return self.span(0, len(self.source.line(1)))
