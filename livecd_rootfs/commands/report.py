"""``livecd-rootfs build --report``: a build whose events are gathered and told on a page."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from livecd_rootfs import __version__, settings, telling
from livecd_rootfs.build import events
from livecd_rootfs.build.events import Listener
from livecd_rootfs.commands import build as building
from livecd_rootfs.commands.build import Request
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.layers import names
from livecd_rootfs.report import page
from livecd_rootfs.report.collect import Collector
from livecd_rootfs.report.record import Fact, Heading, Record
from livecd_rootfs.steps import artifact


def build(request: Request, file: Path, program: str, listen: Listener) -> None:
    """Build, and write the report, however the build ends.

    Args:
        request: what the user asked for.
        file: the report; one that is there is replaced when the new one is whole.
        program: how this program is called in messages.
        listen: is told what goes on, as in a build without a report.

    Raises:
        LivecdError: as a build does; or the report can't be written.
    """
    check(file)
    collect = Collector(heading(request, datetime.now(UTC).astimezone()))

    def tell(event: events.Event, /) -> None:
        collect(event)
        listen(event)

    try:
        building.build(request, tell)
    except LivecdError as error:
        for text in telling.texts(error, program):
            collect.fail(text)
        _write_after_failure(file, with_writes(collect.record()), listen)
        raise
    write(file, with_writes(collect.record()))


def with_writes(run: Record) -> Record:
    """The record, with what each hook wrote in the build directory, whose layer is still there."""
    found: dict[str, set[str]] = {}
    for step in run.steps:
        if step.layer is not None and step.node.step.hook is not None:
            with suppress(OSError):
                found.setdefault(step.node.step.name, set()).update(names.written(step.layer))
    return replace(run, writes={hook: tuple(sorted(wrote)) for hook, wrote in found.items()})


def heading(request: Request, now: datetime) -> Heading:
    """What the page says of the request."""
    rows = [(row.name, request.project.settings) for row in settings.TABLE]
    base = request.base
    facts = (
        *(Fact(name=name, text=all_.text(name), origin=all_.origin(name)) for name, all_ in rows),
        Fact(name="base", text=str(base.path or base.kind.value), origin=""),
        Fact(name="tools", text=request.tools.value, origin=""),
        Fact(name="tree", text=str(request.project.tree), origin=""),
        Fact(name="cache", text=str(request.cache), origin=""),
        Fact(name="output", text=str(request.output), origin=""),
    )
    return Heading(
        targets=tuple(request.targets),
        facts=tuple(fact for fact in facts if fact.text),
        began=now,
        version=__version__,
    )


def check(file: Path) -> None:
    """Find out before a long build whether the report can be written at its end.

    Raises:
        UsageError: it can't.
    """
    try:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise UsageError(
            "the report can't be written there",
            place=str(file),
            why=error.strerror,
            remedy="name another file with --report FILE",
        ) from error


def write(file: Path, run: Record) -> None:
    """Write the page of a run, whole or not at all.

    Raises:
        LivecdError: it can't be written.
    """
    try:
        # What is no character (a byte of a name that is no UTF-8) is told by its number.
        artifact.write(file, page.render(run).encode(errors="backslashreplace"))
    except OSError as error:
        raise LivecdError(
            "the report can't be written", place=str(file), why=error.strerror
        ) from error


def _write_after_failure(file: Path, run: Record, listen: Listener) -> None:
    """The build's own failure is told; this one must not hide it."""
    try:
        write(file, run)
    except LivecdError as error:
        listen(events.Note(text=f"{error.message}: {error.why}"))
