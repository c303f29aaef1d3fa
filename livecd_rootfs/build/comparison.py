"""Comparing the layers of two builds: which differ, in which file, and what is unlike inside it."""

from __future__ import annotations

import difflib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from livecd_rootfs import process, units
from livecd_rootfs.build import variation
from livecd_rootfs.layers import treehash
from livecd_rootfs.layers.layer import Layer

OPAQUE = "user.overlay.opaque"
DIFFOSCOPE = "diffoscope"
DIFFOSCOPE_SECONDS = 120
MOST_LINES = 20
MOST_TEXT_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file in which two layers differ.

    Attributes:
        step: the name of the layers' step.
        place: the file, as the build directory shows it.
        what: in which respects, or which build has it alone.
        stays: whether the finished build still shows it: no later step removes or replaces it.
        paths: the two files.
    """

    step: str
    place: str
    what: str
    stays: bool
    paths: tuple[Path, Path]


def compare(first: Sequence[Layer], second: Sequence[Layer]) -> tuple[Difference, ...]:
    """Where the layers of two builds differ, up to times that no image shows; in their order.

    Raises:
        LivecdError: a step had other inputs in the second build, so the two can't be compared.
        OSError: something in them can't be read.
    """
    return tuple(
        found
        for one, other in variation.pairs(first, second)
        for found in _differences(one, other, variation.after(one, first))
    )


def _differences(
    one: Layer, other: Layer, after: Sequence[Sequence[Layer]]
) -> Iterator[Difference]:
    times = variation.times(one.meta.recipe)
    for folder in (one.diff.name, one.overlays.name):
        for path, what in _unlike(one.path / folder, other.path / folder, times):
            name = Path(folder, path)
            yield Difference(
                step=one.name,
                place=path if folder == one.diff.name else path.replace("/upper/", "/", 1),
                what=what,
                stays=any(not _is_covered(name, later) for later in after),
                paths=(one.path / name, other.path / name),
            )


def _unlike(one: Path, other: Path, times: treehash.Times) -> Iterator[tuple[str, str]]:
    there = [folder.is_dir() for folder in (one, other)]
    if all(there):
        for line in treehash.differences(one, other, times):
            path, _, what = line.rpartition(": ")
            yield path, what
    elif any(there):
        yield ".", f"overlays, only in the {'first' if there[0] else 'second'}"


def _is_covered(name: Path, later: Sequence[Layer]) -> bool:
    """Whether one of the layers above has a file, in place of this one or of a folder above it."""
    return any(_covers(layer.path, name) for layer in later)


def _covers(layer: Path, name: Path) -> bool:
    for part in (*reversed(name.parents), name):
        try:
            found = (layer / part).lstat()
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(found.st_mode) or _is_opaque(layer / part):
            return True
    return True


def _is_opaque(folder: Path) -> bool:
    """Whether a folder of a layer hides what lower ones have in it (overlayfs, ``userxattr``)."""
    return OPAQUE in os.listxattr(folder) and os.getxattr(folder, OPAQUE) == b"y"


def inside(found: Difference) -> tuple[str, ...]:
    """How the content of two files differs, in a few lines; none if that can't be shown."""
    if any(path.is_symlink() or not path.is_file() for path in found.paths):
        return ()
    if shutil.which(DIFFOSCOPE):
        return _diffoscope(*found.paths)
    if any(path.stat().st_size > MOST_TEXT_BYTES for path in found.paths):
        return ()
    try:
        one, other = (path.read_text(encoding="utf-8").splitlines() for path in found.paths)
    except UnicodeDecodeError:
        return ()
    lines = difflib.unified_diff(one, other, "first", "second", lineterm="", n=0)
    return tuple(islice(lines, MOST_LINES))


def _diffoscope(one: Path, other: Path) -> tuple[str, ...]:
    argv = (DIFFOSCOPE, "--no-progress", "--text-color=never", "--", one, other)
    try:
        shown = process.run(argv, check=False, timeout=DIFFOSCOPE_SECONDS)
    except subprocess.TimeoutExpired:
        return (f"{DIFFOSCOPE} did not end within {units.duration(DIFFOSCOPE_SECONDS)}",)
    return tuple((shown.stdout or shown.stderr).splitlines()[:MOST_LINES])
