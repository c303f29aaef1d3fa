"""A series file: the hooks of an image target, what it depends on, what it provides."""

from __future__ import annotations

from livecd_rootfs.source import Source, Span
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    Kind = Literal["hook", "depends", "provides"]

PREFIX_VARIABLE = "${PREFIX}"
FLAVOUR_VARIABLE = "${FLAVOUR}"
DEFAULT_PROJECT = "ubuntu-cpc"
DEFAULT_FLAVOUR = "cloud"


class Entry(Value):
    """A line that means something.

    Attributes:
        kind: what the line says about the name.
        name: the rest of the line, one name whatever it holds; for ``provides`` it may
            hold ``${PREFIX}`` and ``${FLAVOUR}``.
        span: where the name stands.
    """

    kind: Kind
    name: str
    span: Span


class Series(Value):
    """A parsed series file.

    Attributes:
        name: the image target that it describes.
        source: the file.
        entries: its lines, in order, without comments and blank lines.
    """

    name: str
    source: Source
    entries: tuple[Entry, ...]


def parse(name: str, source: Source) -> Series:
    """Parse a series file; any text is one, so there is nothing to raise."""
    return Series(name=name, source=source, entries=tuple(_entries(source)))


def artifact_prefix(project: str | None, subarch: str | None) -> str:
    """What ``${PREFIX}`` stands for: ``livecd.$PROJECT[-$SUBARCH]``.

    Args:
        project: PROJECT of the environment; empty or not set means ``ubuntu-cpc``.
        subarch: SUBARCH of the environment; empty or not set means none.
    """
    name = f"livecd.{project or DEFAULT_PROJECT}"
    return f"{name}-{subarch}" if subarch else name


def expanded(name: str, *, prefix: str, flavour: str | None = None) -> str:
    """The name of an artifact, its variables replaced.

    Args:
        name: as in a ``provides`` line.
        prefix: see `artifact_prefix`.
        flavour: KERNEL_FLAVOUR of the environment; empty or not set means ``cloud``.
    """
    return name.replace(PREFIX_VARIABLE, prefix).replace(
        FLAVOUR_VARIABLE, flavour or DEFAULT_FLAVOUR
    )


def _entries(source: Source) -> Iterator[Entry]:
    start = 0
    for line in source.text.split("\n"):
        content = line.strip()
        if content and not content.startswith("#"):
            end = start + len(line.rstrip())
            kind, name = _classify(content)
            yield Entry(kind=kind, name=name, span=_span(source, end - len(name), end))
        start += len(line) + 1


def _classify(content: str) -> tuple[Kind, str]:
    words = content.split(None, 1)
    if len(words) > 1:
        if words[0] == "depends":
            return "depends", words[1]
        if words[0] == "provides":
            return "provides", words[1]
    return "hook", content


def _span(source: Source, start: int, end: int) -> Span:
    return Span(source=source, start=start, end=end)
