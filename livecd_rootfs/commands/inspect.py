"""``livecd-rootfs inspect`` and ``diff``: what artifacts hold, and what two of them differ in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from livecd_rootfs.commands import tools
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.inspection import artifact, bench, comparison, summary, text
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.comparison import Comparison
from livecd_rootfs.settings import host_architecture
from livecd_rootfs.tools import Mode, Toolbox, ToolError

Result = TypeVar("Result")
DIFFERENT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where tools come from.

    Attributes:
        mode: the host's, those of the tools root, or either.
        cache: where the tools root is kept.
        environ: the user's environment.
        become_root: called before a tools root is entered, which takes root or a user namespace.
        tell: called with what is going on.
    """

    mode: Mode
    cache: Callable[[], Path]
    environ: Mapping[str, str]
    become_root: Callable[[], None]
    tell: Callable[[str], None]


def inspect(path: Path, place: Place, *, form: str) -> str:
    """What an artifact is, as text or as JSON.

    Raises:
        LivecdError: it can't be read.
    """
    found = _at_bench(place, lambda at: summary.of(artifact.open_artifact(at, path)))
    return _json(summary.data(found)) if form == "json" else text.summary(found)


def diff(
    before: Path, after: Path, place: Place, *, form: str, everything: bool
) -> tuple[str, int]:
    """What two artifacts differ in, and the exit status: 0 if in nothing, else 1.

    Raises:
        LivecdError: one of them can't be read.
    """
    names = (str(before), str(after))

    def compared(at: Bench) -> Comparison:
        return comparison.between(*(artifact.open_artifact(at, path) for path in (before, after)))

    found = _at_bench(place, compared)
    status = 0 if found.same else DIFFERENT
    if form == "json":
        return _json(comparison.data(found, names)), status
    return text.comparison(found, names, everything=everything), status


def _at_bench(place: Place, work: Callable[[Bench], Result]) -> Result:
    """Do the work with the host's tools, of any version; where one is missing, in a tools root.

    Which tools it takes shows only as an artifact is opened.
    """
    if place.mode is not Mode.ROOT:
        try:
            return _work(Toolbox(mode=place.mode, any_version=True), work)
        except ToolError:
            if place.mode is Mode.HOST:
                raise
    place.become_root()
    root = tools.ensure(place.cache(), host_architecture(), place.environ, place.tell)
    return _work(Toolbox(mode=place.mode, root=root, any_version=True), work)


def _work(toolbox: Toolbox, work: Callable[[Bench], Result]) -> Result:
    try:
        with bench.opened(toolbox) as at:
            return work(at)
    except OSError as error:
        raise LivecdError(
            "the artifact can't be taken apart",
            place=str(error.filename) if error.filename else None,
            why=error.strerror,
            remedy="name a directory with room for what it unpacks to in TMPDIR",
        ) from error


def _json(data: Mapping[str, object]) -> str:
    return json.dumps(data, indent=2) + "\n"
