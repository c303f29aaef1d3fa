"""``livecd-rootfs verify``: build twice in unlike surroundings, and compare every layer and artifact."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import boxkey, kernel, process, units
from livecd_rootfs.build import comparison, output, provenance, variation
from livecd_rootfs.build.comparison import Difference
from livecd_rootfs.build.variation import Surroundings
from livecd_rootfs.build.workspace import open_workspace
from livecd_rootfs.commands.cache import table
from livecd_rootfs.errors import EXIT_USAGE, LivecdError, UsageError
from livecd_rootfs.layers import flatten
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store
from livecd_rootfs.running import HostProcess

# vfat, the coarsest of the file systems, counts time in steps of two seconds.
APART_SECONDS = 2.0
SHARED = ("tools", "logs", boxkey.FOLDER)
EQUAL = "equal"
MOST_NAMES = 3

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for.

    Attributes:
        targets: words of the command line, as for a build.
        options: options for both builds, as words of a command line.
        cache: the cache directory: both builds work below it, and share its tools root.
        jobs: how many steps run at the same time.
        environ: the user's environment.
    """

    targets: Sequence[str]
    options: Sequence[str]
    cache: Path
    jobs: int
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: a table for the user, and the failure if the builds differ."""

    table: str
    failure: LivecdError | None


def verify(request: Request, tell: Tell) -> Outcome:
    """Build twice, compare, and leave nothing of the two builds but their logs.

    Args:
        request: what to build.
        tell: called with what is going on, line by line.

    Raises:
        LivecdError: one of the builds failed, or they had different inputs.
    """
    with open_workspace(request.cache) as workspace:
        kernel.unshare(kernel.CLONE_NEWUTS)
        cores = os.sched_getaffinity(0)
        first, second = variation.surroundings(workspace.path, cores, request.jobs)
        started = time.time()
        _build(request, first, "first", tell)
        time.sleep(max(0.0, started + APART_SECONDS - time.time()))
        apart = time.time() - started
        _build(request, second, "second", tell)
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started))
        tell("comparing layers and artifacts")
        return _compare(first, second, variation.rows(first, second, began, apart))


def _build(request: Request, place: Surroundings, which: str, tell: Tell) -> None:
    """Run one build to its end."""
    _share(request.cache, place.cache)
    own = ("--cache", place.cache, "--output", place.output, "--jobs", place.jobs)
    words = ("build", *request.targets, *request.options, *own, "--progress", "json")
    argv = [sys.executable, "-m", "livecd_rootfs", *(str(word) for word in words)]
    with _started(argv, place, request.environ) as (running, lines):
        for line in lines:
            told = _line(json.loads(line))
            if told:
                tell(f"{which} build: {told}")
        status = running.wait()
    if status != 0:
        kind = UsageError if status == EXIT_USAGE else LivecdError
        raise kind(f"the {which} of the two builds {process.describe_status(status)}")


def _share(cache: Path, own: Path) -> None:
    """Tools, logs and the key of boxes are, of both builds, those of every build."""
    own.mkdir()
    for name in SHARED:
        (cache / name).mkdir(exist_ok=True)
        (own / name).symlink_to(cache / name)


@contextmanager
def _started(
    argv: Sequence[str], place: Surroundings, environ: Mapping[str, str]
) -> Iterator[tuple[HostProcess, Iterator[str]]]:
    """A build that runs in its surroundings, and its words; ended in order if we are."""
    silence = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8", errors="replace") as lines:
        try:
            with _as_in(place):
                running = HostProcess.start(
                    argv,
                    streams=(silence, writer, sys.stderr.fileno()),
                    cwd=Path.cwd(),
                    env=place.environment(environ),
                    umask=place.umask,
                )
        finally:
            os.close(writer)
            os.close(silence)
        try:
            yield running, lines
        except BaseException:
            if running.process.returncode is None:
                signal.pidfd_send_signal(running.pidfd, signal.SIGTERM)
                running.wait()
            raise


@contextmanager
def _as_in(place: Surroundings) -> Iterator[None]:
    """Have what is started here inherit the host name and the cores."""
    cores = os.sched_getaffinity(0)
    socket.sethostname(place.hostname)
    os.sched_setaffinity(0, place.cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _line(event: Mapping[str, object]) -> str | None:
    """What the user is told of a build's event."""
    match event:
        case {"event": "run-started", "steps": list(steps)}:
            return f"{len(steps)} steps"
        case {"event": "step-ended", "name": name, "seconds": float(seconds)}:
            return f"{name}: {units.duration(seconds)}"
        case {"event": "tools-ended", "seconds": float(seconds)}:
            return f"tools root: {units.duration(seconds)}"
        case {"event": "note", "text": str(text)}:
            return text
    return None


def _compare(
    first: Surroundings, second: Surroundings, varied: Sequence[tuple[str, str, str]]
) -> Outcome:
    layers = _layers(first)
    found = comparison.compare(layers, _layers(second))
    sums = [output.read_sums(each.output / output.SUMS) for each in (first, second)]
    heading, *artifacts = _artifacts(*sums)
    tables = (table(varied), _unlike(layers, found), table([heading, *artifacts]))
    unlike = [name for name, verdict, _ in artifacts if verdict != EQUAL]
    # The provenance has the others' checksums, so it follows them.
    unlike = [name for name in unlike if not name.endswith(provenance.SUFFIX)] or unlike
    return Outcome(table="\n".join(tables), failure=_failure(found, unlike))


def _unlike(layers: Sequence[Layer], found: Sequence[Difference]) -> str:
    """How many layers are equal, and a line for each that is not."""
    steps = {each.step: [other for other in found if other.step == each.step] for each in found}
    lines = [f"{len(layers) - len(steps)} of {len(layers)} layers are equal"]
    for step, differences in steps.items():
        stay = sum(each.stays for each in differences)
        names = [each.place for each in differences[:MOST_NAMES]]
        more = ["..."] if len(differences) > MOST_NAMES else []
        files = "1 file differs" if len(differences) == 1 else f"{len(differences)} files differ"
        count = f"{files}, {stay or 'none'} left in the end"
        lines.append(f"{step}: {count}: {', '.join(names + more)}")
    return "\n".join(lines) + "\n"


def _layers(place: Surroundings) -> tuple[Layer, ...]:
    """What the steps made; flattened chains only hold the same once more."""
    layers = Store.open(place.cache).layers()
    return tuple(layer for layer in layers if layer.meta.recipe.kind != flatten.KIND)


def _artifacts(
    first: Mapping[str, str], second: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    """Each artifact with its checksum, as rows of a table with a heading."""
    names = sorted({**first, **second})
    return (
        ("artifact", "", "sha256"),
        *(
            (name, EQUAL, first[name])
            if first.get(name) == second.get(name)
            else (name, "differs", f"{first.get(name)}, {second.get(name)}")
            for name in names
        ),
    )


def _failure(found: Sequence[Difference], artifacts: Sequence[str]) -> LivecdError | None:
    """What is left in the end counts, and of that the first: later ones may be its consequence.

    A key made afresh in each build, say, which a later step removes, does no harm.
    """
    staying = [each for each in found if each.stays] or (found if artifacts else ())
    if not staying:
        return None
    cause = staying[0]
    tool = comparison.DIFFOSCOPE
    return LivecdError(
        f"the two builds differ{': ' if artifacts else ''}{', '.join(artifacts)}",
        place=f"{cause.place}, in the layer of {cause.step}",
        why=f"differs: {cause.what}",
        notes=tuple(f"| {line}" for line in comparison.inside(cause)),
        remedy=None if shutil.which(tool) else f"{tool}, once installed, shows more",
    )
