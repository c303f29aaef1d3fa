"""What was found, for people: first what they look for, in what fits a screen."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from livecd_rootfs import units
from livecd_rootfs.inspection.bootchain import BootChain, Kernel
from livecd_rootfs.inspection.comparison import Change, Changes, Comparison
from livecd_rootfs.inspection.disk import Disk, FileSystem
from livecd_rootfs.inspection.pe import Program
from livecd_rootfs.inspection.summary import KIB, Summary

_TITLE = 10
_WIDTH = 80 - _TITLE
_DIGEST_SHOWN = 12
# How many differences of a kind are shown where not all are asked for.
SHOWN = 6


def summary(found: Summary) -> str:
    """What an artifact is, in a few lines."""
    artifact = found.artifact
    blocks: dict[str, Sequence[str]] = {
        "disk": _disk(artifact.disk) if artifact.disk else (),
        "program": _wrapped(_program(artifact.program)) if artifact.program else (),
        "holds": (_file_system(artifact.files),) if artifact.files else (),
        "boot": _wrapped(_boot(found.boot)),
        "initramfs": [
            f"of Linux {version}, with {count} modules" for version, count in found.modules.items()
        ],
        "system": tuple(_system(found)),
        "packages": tuple(_packages(found)),
        "files": (_files(found),),
    }
    head = _shown(f"{artifact.name}: {units.size(artifact.size)}, {' > '.join(artifact.formats)}")
    return "\n".join([head, "", *_titled(blocks)]) + "\n"


def _wrapped(lines: Iterator[str]) -> list[str]:
    """Lines that fit a terminal, as far as their words do."""
    return [
        part
        for line in lines
        for part in textwrap.wrap(
            line, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    ]


def _titled(blocks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for title, lines in blocks.items():
        for number, line in enumerate(lines):
            yield f"{title if number == 0 else '':{_TITLE}}{_shown(line)}".rstrip()


def _shown(line: str) -> str:
    """A line of which nothing moves the cursor, whatever an image says of itself."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def _disk(disk: Disk) -> list[str]:
    rows = [
        (f"{part.number:>3}", part.name, f"{units.size(part.size):>10}", _file_system(part.files))
        for part in disk.partitions
    ]
    return [f"{units.size(disk.size)}, {disk.table}", *_aligned(rows)]


def _file_system(files: FileSystem | None) -> str:
    if files is None:
        return ""
    used = f"{units.size(files.used)} used" if files.used is not None else ""
    return "  ".join(word for word in (files.type, files.label, used) if word)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _program(program: Program) -> Iterator[str]:
    signed = "signed" if program.signed else "not signed"
    yield f"{program.name}, {program.machine}, {signed}"
    if line := program.text(".cmdline"):
        yield f"command line: {line}"
    yield "; ".join(
        f"{name} {units.size(len(content))}" for name, content in program.sections.items()
    )


def _boot(boot: BootChain) -> Iterator[str]:
    if boot.bios:
        yield f"BIOS: {boot.bios}"
    if boot.loaders:
        chain = ", ".join(_signed(each.program) for each in boot.loaders)
        yield f"UEFI: {chain}{'; all signed, as Secure Boot asks' if boot.is_signed else ''}"
    for kernel in boot.kernels:
        yield _kernel(kernel)


def _signed(program: Program) -> str:
    return program.name if program.signed else f"{program.name} (not signed)"


def _kernel(kernel: Kernel) -> str:
    initrd = "no initramfs" if kernel.initrd is None else f"initramfs {units.size(kernel.initrd)}"
    return f"Linux {kernel.version}, {units.size(kernel.size)}; {initrd}"


def _system(found: Summary) -> Iterator[str]:
    name = found.release.get("PRETTY_NAME") or found.release.get("NAME")
    if name:
        yield ", ".join(word for word in (name, found.architecture) if word)


def _packages(found: Summary) -> Iterator[str]:
    if not found.packages:
        return
    total = units.size(sum(each.kib for each in found.packages) * KIB)
    yield f"{len(found.packages)}, {total} when installed; the largest:"
    rows = [(f"  {each.name}", f"{units.size(each.kib * KIB):>10}") for each in found.largest]
    yield from _aligned(rows)


def _files(found: Summary) -> str:
    if found.files is None:
        return "not read: none of these file systems is known here"
    return f"{found.files:,}; {units.size(found.bytes)}"


def comparison(found: Comparison, names: Sequence[str], *, everything: bool) -> str:
    """What two artifacts differ in.

    Args:
        found: the differences.
        names: what the two are called.
        everything: show all of them, not only the first few of each kind.
    """
    before, after = (_shown(name) for name in names)
    if found.same:
        return f"{before} and {after} hold the same\n"
    limit = None if everything else SHOWN
    blocks = {
        "disk": _changes(found.disk, limit),
        "packages": _changes(found.packages, limit),
        "files": [*_changes(found.files, limit), _sizes(found.bytes)],
    }
    return "\n".join([f"--- {before}", f"+++ {after}", "", *_titled(blocks)]) + "\n"


def _sizes(pair: tuple[int, int]) -> str:
    before, after = (units.size(count) for count in pair)
    difference = pair[1] - pair[0]
    sign = "-" if difference < 0 else "+"
    return f"{before} before, {after} after ({sign}{units.size(abs(difference))})"


def _changes(changes: Changes, limit: int | None) -> list[str]:
    if not changes.all:
        return []
    count = f"{changes.before:,} before, {changes.after:,} after"
    lines = [f"{count}: {_counted(changes)}"]
    for sign, kind in (("+", changes.added), ("-", changes.removed), ("~", changes.changed)):
        told = [_change(each) for each in kind] if limit is None else list(_outermost(kind))
        lines += [f"{sign} {line}" for line in told[:limit]]
        left = len(told) - len(told[:limit])
        lines += [f"{sign} ... and {left:,} more (--all)"] if left else []
    return lines


def _outermost(changes: Sequence[Change]) -> Iterator[str]:
    """The changes, but of a directory that came or went as a whole only that itself."""
    below = Counter[str]()
    names = {each.name for each in changes if not each.changed}
    outer = []
    for each in changes:
        whole = next((name for name in _above(each.name) if name in names), None)
        if whole is None or each.changed:
            outer.append(each)
        else:
            below[whole] += 1
    for each in outer:
        count = below[each.name]
        yield f"{_change(each)}/ and {count:,} below" if count else _change(each)


def _above(path: str) -> Iterator[str]:
    """The directories above a path, the highest first."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(2, len(parts)))


def _counted(changes: Changes) -> str:
    kinds = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
    return ", ".join(f"{len(kind):,} {word}" for word, kind in kinds.items() if kind)


def _change(change: Change) -> str:
    name = change.name
    if change.changed:
        told = (f"{key} {_short(key, *pair)}" for key, pair in change.changed.items())
        return f"{name}: {', '.join(told)}"
    facts = change.after if change.before is None else change.before
    version = (facts or {}).get("version")
    return f"{name} {version}" if version else name


def _short(key: str, before: str, after: str) -> str:
    if key == "sha256":
        before, after = before[:_DIGEST_SHOWN], after[:_DIGEST_SHOWN]
    return f"{before or 'none'} → {after or 'none'}"
