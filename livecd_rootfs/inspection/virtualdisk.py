"""A virtual machine's disk, converted by QEMU into the raw disk that it stands for.

What such a file names, other files and places in the network, QEMU opens too. Of
an image that somebody else made only files are opened that lie on this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.formats import QEMU, Format
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.process import CommandError

# An extent in a VMDK's description, which lies within the first sectors of the file.
_EXTENT = re.compile(rb'^(?:RW|RDONLY|NOACCESS) \d+ [A-Z]+ "([^"\n]*)"', re.MULTILINE)
_DESCRIPTION = 1 << 17
_ELSEWHERE = re.compile(r"(?!file:)[A-Za-z0-9.+-]+:")
_MOST_LAYERS = 100
# What `qemu-img check` ends with: whole, with room that nothing uses, of a format it can't check.
_FIT = frozenset({0, 3, 63})
_MAPPED = frozenset({"vdi"})
# Of a sparse VMDK the header: where its size stands, which is 0 in a description.
_SPARSE, _CAPACITY = b"KDMV", slice(12, 20)
_WHOLE = "make one whole image of it with `qemu-img convert`, if you trust it"

Facts = Mapping[str, object]


def converted(bench: Bench, path: Path, kind: Format) -> tuple[Path, str]:
    """The raw disk, and what kind of such a file it was, as in ``vmdk (streamOptimized)``.

    Raises:
        Unreadable: it is damaged, encrypted, or names what can't be opened.
    """
    raw = bench.place(".raw")
    form = QEMU[kind]
    reads = _extents(path) if kind is Format.VMDK else ()
    try:
        facts = _facts(bench, path, "-f", form, reads=reads)
        layers = [path, *reads, *_layers(bench, facts)]
        _check(bench, path, form, layers)
        _check_map(bench, path, form, layers)
        bench.run(("qemu-img", "convert", "-f", form, "-O", "raw", path, raw.name), *layers)
    except CommandError as error:
        said = error.completed.stderr.strip().splitlines()
        why = said[0].removeprefix("qemu-img: ") if said else None
        raise Unreadable(f"it is no whole {kind.value}", why=why) from error
    data = _data(facts)
    detail = data.get("compression-type") or data.get("create-type")
    return raw, f"{kind.value} ({detail})" if detail else kind.value


def _facts(bench: Bench, path: Path, *form: str, reads: Sequence[Path] = ()) -> Facts:
    asked: tuple[str | Path, ...] = ("qemu-img", "info", "--output=json", *form, path)
    facts: Facts = json.loads(bench.run(asked, path, *reads).stdout)
    if facts.get("encrypted"):
        raise Unreadable("it is encrypted", remedy="decrypt it: qemu-img(1), --image-opts")
    return facts


def _check(bench: Bench, path: Path, form: str, layers: Sequence[Path]) -> None:
    """See that its tables name nothing that is not there: QEMU would read zeroes instead."""
    asked = ("qemu-img", "check", "-q", "-f", form, path)
    ended = bench.run(asked, *layers, check=False)
    if ended.status not in _FIT:
        lines = (ended.stdout + ended.stderr).splitlines()
        why = next((line for line in lines if line.startswith("ERROR")), None)
        raise Unreadable(f"it is no whole {form}", why=why)


def _check_map(bench: Bench, path: Path, form: str, layers: Sequence[Path]) -> None:
    """The same of a format that QEMU does not check; those with several files it does."""
    if form not in _MAPPED:
        return
    asked = ("qemu-img", "map", "--output=json", "-f", form, path)
    rows = json.loads(bench.run(asked, *layers).stdout)
    end = max((row["offset"] + row["length"] for row in rows if "offset" in row), default=0)
    if end > path.stat().st_size:
        raise Unreadable("it is cut off", why=f"its content goes on to byte {end}")


def _data(facts: Facts) -> Facts:
    specific = facts.get("format-specific")
    data = specific.get("data") if isinstance(specific, dict) else None
    return data if isinstance(data, dict) else {}


def _layers(bench: Bench, facts: Facts) -> Iterator[Path]:
    """The images that it lies over, one below the other."""
    for _ in range(_MOST_LAYERS):
        if _data(facts).get("data-file"):
            raise Unreadable("its data lie in a file of their own", remedy=_WHOLE)
        below = facts.get("full-backing-filename")
        if not below:
            return
        path = _local(str(below), Path("/"))
        yield path
        form = facts.get("backing-filename-format")
        facts = _facts(bench, path, *(("-f", str(form)) if form else ()))
    raise Unreadable("the images that it lies over have no end")


def _extents(path: Path) -> tuple[Path, ...]:
    """The files that a VMDK consists of, where it is only their description."""
    with path.open("rb") as stream:
        head = stream.read(_DESCRIPTION)
    if head.startswith(_SPARSE) and any(head[_CAPACITY]):
        return ()
    names = (name.decode(errors="surrogateescape") for name in _EXTENT.findall(head))
    return tuple(_local(name, path.parent) for name in names)


def _local(name: str, folder: Path) -> Path:
    """A file that an image names.

    Raises:
        Unreadable: it is not there, or it is a place in the network, a driver of QEMU, a device.
    """
    path = folder / name.removeprefix("file:")
    if _ELSEWHERE.match(name) or (path.exists() and not path.is_file()):
        why = f"{name} is no file, and nothing else is opened for an image's sake"
        raise Unreadable("a part of it is none", why=why, remedy=_WHOLE)
    if not path.exists():
        why = f"{path} is missing"
        raise Unreadable("a part of it is not here", why=why, remedy="put both where they belong")
    return path
