"""Comparing the layers of two builds: which differ, in which file, and what is unlike inside it."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from livecd_rootfs import process, units
from livecd_rootfs.build import variation
from livecd_rootfs.layers import treehash
from livecd_rootfs.layers.layer import Layer

DIFFOSCOPE = "diffoscope"
DIFFOSCOPE_SECONDS = 120
MOST_LINES = 20
MOST_TEXT_BYTES = 65536

Pair = tuple[Layer, Layer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file in which two layers differ.

    Attributes:
        step: the name of the layers' step.
        place: the file, as the build directory shows it.
        what: in which respects, or which build has it alone.
        paths: the two files.
    """

    step: str
    place: str
    what: str
    paths: tuple[Path, Path]


def equal(one: Layer, other: Layer) -> bool:
    """Whether two layers hold the same, up to times that no image shows.

    Raises:
        OSError: something in them can't be read.
    """
    return _digests(one) == _digests(other)


def _digests(layer: Layer) -> list[str]:
    times = variation.times(layer.meta.recipe)
    folders = (layer.diff, layer.overlays)
    return [treehash.digest(folder, times) if folder.is_dir() else "" for folder in folders]


def differences(one: Layer, other: Layer) -> Iterator[Difference]:
    """Where two layers differ, by path: in the build directory first, then in overlays there.

    Raises:
        OSError: something in them can't be read.
    """
    times = variation.times(one.meta.recipe)
    for mine, yours in ((one.diff, other.diff), (one.overlays, other.overlays)):
        for path, what in _unlike(mine, yours, times):
            place = path if mine == one.diff else path.replace("/upper/", "/", 1)
            paths = (mine / path, yours / path)
            yield Difference(step=one.name, place=place, what=what, paths=paths)


def _unlike(one: Path, other: Path, times: treehash.Times) -> Iterator[tuple[str, str]]:
    there = [folder.is_dir() for folder in (one, other)]
    if all(there):
        for line in treehash.differences(one, other, times):
            path, _, what = line.rpartition(": ")
            yield path, what
    elif any(there):
        yield ".", f"overlays: only in the {'first' if there[0] else 'second'}"


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
