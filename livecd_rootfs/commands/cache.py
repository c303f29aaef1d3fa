"""``livecd-rootfs cache``: layers and tools roots, how big they are, making room, checking."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

from livecd_rootfs import toolscache, units
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.layers import gc, seal, usage
from livecd_rootfs.layers.gc import Limits
from livecd_rootfs.layers.store import Store
from livecd_rootfs.layers.verify import Finding, verify
from livecd_rootfs.toolscache import Kept

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
KEY_SHOWN = 12
TOOLS = "tools root"


def listing(cache: Path) -> str:
    """All layers, those used longest ago first, and then all tools roots."""
    rows = usage.rows(Store.open(cache))
    now = time.time()
    cells = [
        (
            row.layer.key[:KEY_SHOWN],
            units.size(row.layer.meta.size),
            units.duration(row.layer.meta.seconds),
            f"{units.duration(now - row.last_used)} ago",
            "in use" if row.in_use else "",
            row.layer.name,
        )
        for row in rows
    ]
    heading = ("layer", "size", "took", "used", "", "step")
    return table([heading, *cells, *(_tools_row(each, now) for each in toolscache.kept(cache))])


def _tools_row(root: Kept, now: float) -> tuple[str, ...]:
    ago = f"{units.duration(now - root.last_used)} ago"
    used = "in use" if root.in_use else ""
    return (root.key[:KEY_SHOWN], units.size(root.size), "", ago, used, TOOLS)


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as lines with aligned columns; the last one runs on."""
    listed = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*listed, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in listed
    ]
    return "\n".join(lines) + "\n"


def sums(cache: Path) -> str:
    """How much room layers and tools roots take."""
    store = Store.open(cache)
    found = usage.usage(store, usage.rows(store))
    roots = toolscache.kept(cache)
    tools = "1 tools root" if len(roots) == 1 else f"{len(roots)} tools roots"
    return (
        f"{found.count} layers, {units.size(found.layers)}; in use {units.size(found.in_use)}; "
        f"being made {units.size(found.staging)}; in {store.layout.path}\n"
        f"{tools}, {units.size(sum(each.size for each in roots))}; "
        f"in use {units.size(sum(each.size for each in roots if each.in_use))}\n"
    )


def collect(cache: Path, size: str | None, age: str | None) -> str:
    """Remove the layers and tools roots that were used longest ago.

    Args:
        cache: the cache directory.
        size: what may stay, as in ``20G``.
        age: how long ago something may have been used, as in ``30d``.

    Raises:
        UsageError: neither is given, or one can't be read.
    """
    if size is None and age is None:
        raise UsageError(
            "nothing says what may stay", remedy="--max-size 20G, or --max-age 30d, or both"
        )
    limits = Limits(size=None if size is None else _bytes(size), age=_seconds(age))
    done = gc.collect(Store.open(cache), limits, time.time(), toolscache.kept(cache))
    freed = sum(row.layer.meta.size for row in done.removed)
    freed += sum(root.size for root in done.others_removed)
    lines = [
        f"removed {row.layer.name} ({units.size(row.layer.meta.size)})" for row in done.removed
    ]
    lines += [f"removed a {TOOLS} ({units.size(root.size)})" for root in done.others_removed]
    lines += [f"removed {name[:KEY_SHOWN]}, which was no whole layer" for name in done.broken]
    lines += [f"kept {row.layer.name}, which is in use" for row in done.in_use]
    lines += [f"kept a {TOOLS}, which is in use" for _ in done.others_in_use]
    lines.append(f"{units.size(freed)} freed, {units.size(done.size)} stay")
    return "\n".join(lines) + "\n"


def _bytes(text: str) -> int:
    try:
        return units.byte_count(text)
    except ValueError as error:
        raise UsageError(f"'{text}' is not a size", remedy="write something like 20G") from error


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)([mhdw])", text)
    if found is None:
        raise UsageError(f"'{text}' is not a time", remedy="write something like 30d or 12h")
    return float(found.group(1)) * _UNITS[found.group(2)]


def check(cache: Path, *, repair: bool) -> str:
    """Read every layer and compare it with its seal; those without one get it.

    Raises:
        LivecdError: a layer is bad, and ``repair`` was not asked for.
    """
    store = Store.open(cache)
    findings = verify(store, repair=repair)
    sealed = seal.seal(store) if store.writable else ()
    bad = [finding for finding in findings if finding.is_bad]
    lines = [_line(finding) for finding in bad]
    if bad and not repair:
        raise LivecdError(
            f"{len(bad)} of {len(findings)} layers are bad",
            notes=tuple(lines),
            remedy="livecd-rootfs cache verify --repair removes them; a build makes them again",
        )
    lines.append(f"{len(findings) - len(bad)} layers are good; {len(sealed)} were sealed now")
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    what = f"{finding.key[:KEY_SHOWN]} {finding.name}".rstrip()
    return f"{what}: {finding.state.value}{' (removed)' if finding.removed else ''}"


def seal_all(cache: Path) -> None:
    """Seal what has no seal yet; a build has this done beside itself."""
    store = Store.open(cache)
    if store.writable:
        seal.seal(store)
