"""Examples of trees as one text, which people read and tests plant on the disk.

::

    == base/series/squashfs
    depends root-dri
            ^^^^^^^^
    base/squashfs.binary
    == base/squashfs.binary
    == base/notes.txt (not executable)
    ready
    == base/old.binary -> gone.binary

A file begins at a line with its path in ``hooks.d``. A hook without text is a shell script that does nothing. Lines of blanks and ``^`` mark the
words in the line above that a rule points at, and are in no file. Code points from U+DC80
to U+DCFF stand for the bytes 0x80 to 0xff, alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = re.compile(r"== (?P<name>\S+)(?: -> (?P<target>\S+))?(?P<plain> \(not executable\))?")
MARKS = re.compile(r"[ ^]*\^ *")
EMPTY_HOOK = "#!/bin/sh\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A marked word: its file, line and column as people count, and its length."""

    name: str
    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFile:
    """A file of an example.

    Attributes:
        name: its path in ``hooks.d``.
        text: its content.
        executable: whether it may be run.
        target: what it links to, if it is a symbolic link.
        marks: the words in it that a rule points at.
    """

    name: str
    text: str = ""
    executable: bool = False
    target: str | None = None
    marks: tuple[Mark, ...] = ()

    def plant(self, root: Path) -> None:
        """Make the file on the disk."""
        path = root / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.target is not None:
            path.symlink_to(self.target)
            return
        path.write_bytes(self.text.encode("utf-8", "surrogateescape"))
        path.chmod(0o755 if self.executable else 0o644)


def read(example: str) -> tuple[ExampleFile, ...]:
    """The files of an example."""
    return tuple(_file(head, lines) for head, lines in _sections(example))


def plant(example: str, root: Path) -> Path:
    """Make a ``hooks.d`` of an example on the disk; the folder ``chroot`` always."""
    (root / "chroot").mkdir(parents=True, exist_ok=True)
    for file in read(example):
        file.plant(root)
    return root


def _sections(example: str) -> Iterator[tuple[re.Match[str], list[str]]]:
    head, lines = None, list[str]()
    for line in example.splitlines(keepends=True):
        found = HEAD.fullmatch(line.rstrip("\n"))
        if found is None:
            lines.append(line)
            continue
        if head:
            yield head, lines
        head, lines = found, []
    if head:
        yield head, lines


def _file(head: re.Match[str], lines: list[str]) -> ExampleFile:
    name, text, marks = head["name"], list[str](), list[Mark]()
    for line in lines:
        if MARKS.fullmatch(line.rstrip("\n")):
            marks += _marks(name, len(text), line)
        else:
            text.append(line)
    is_hook = "series/" not in name and not name.startswith("..")
    return ExampleFile(
        name=name,
        text="".join(text) or (EMPTY_HOOK if is_hook else ""),
        executable=is_hook and not head["plain"],
        target=head["target"],
        marks=tuple(marks),
    )


def _marks(name: str, line: int, marks: str) -> Iterator[Mark]:
    for found in re.finditer(r"\^+", marks):
        yield Mark(
            name=name, line=line, column=found.start() + 1, length=found.end() - found.start()
        )
