"""A file's text and its bytes: from a place in the one to that in the other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from livecd_rootfs.diagnostics import Edit
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

    def replaced(self, edits: Iterable[Edit]) -> bytes:
        """The bytes with some parts replaced, and no other byte changed.

        Args:
            edits: parts of `source` that don't overlap, and what is to stand there; its
                line ends become those of the file.
        """
        raw = self._raw
        end = "\r\n" if "\r\n" in raw else "\r" if "\r" in raw and "\n" not in raw else "\n"
        pieces, done = list[str](), 0
        for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end)):
            start, stop = self._raw_offset(edit.span.start), self._raw_offset(edit.span.end)
            pieces += [raw[done:start], edit.replacement.replace("\n", end)]
            done = stop
        return "".join((*pieces, raw[done:])).encode("utf-8", "surrogateescape")

    def _raw_offset(self, offset: int) -> int:
        r"""Where an offset of `source` is in the text with all its ``\r\n``."""
        ends = self._wide_line_ends
        return offset + bisect_left(ends, offset)

    @cached_property
    def _wide_line_ends(self) -> list[int]:
        r"""Where `source` has ``\n`` for two characters."""
        found = re.finditer("\r\n", self._raw)
        return [one.start() - number for number, one in enumerate(found)]

    @property
    def first_line(self) -> Span:
        """The first line, without its end."""
        return self.span(0, len(self.source.line(1)))
