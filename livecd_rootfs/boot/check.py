"""Booting an image until it has come as far as asked, and telling how that went."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from livecd_rootfs import scratch
from livecd_rootfs.boot import accelerator, command, image, qmp
from livecd_rootfs.boot.accelerator import Choice, Memory, Verdict
from livecd_rootfs.boot.goal import Seen
from livecd_rootfs.boot.machine import Ended, Tick
from livecd_rootfs.boot.request import Accelerator, BootFailed, Proof, Request, Result
from livecd_rootfs.boot.session import Session, session
from livecd_rootfs.boot.ssh import Visitor
from livecd_rootfs.boot.watcher import Failure, FailureKind
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.settings import host_architecture
from livecd_rootfs.tools import Toolbox

# Before the kernel, nothing keeps a guest silent for so long; boot menus wait for less.
KVM_SILENCE_SECONDS = 30.0
AFTERMATH_SECONDS = 1.0

T = TypeVar("T")


class KvmFailed(Exception):
    """The guest died under KVM in a way that speaks of KVM, not of the guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One try to boot a guest.

    Attributes:
        choice: the accelerator.
        version: QEMU's, and where it is from.
        suspect: whether an early death is taken for KVM's fault.
        lesson: what its success would teach about KVM.
    """

    choice: Choice
    version: str
    suspect: bool = False
    lesson: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a guest came, what showed it, and by which user ssh got in."""

    seen: Seen
    proof: Proof
    seconds: float
    user: str | None = None


def boot_image(
    request: Request,
    toolbox: Toolbox,
    *,
    progress: Callable[[str], None],
    on_console: Callable[[bytes], None] = lambda _: None,
) -> Result:
    """Boot an image, throw away what it writes, and tell how far it came.

    The screenshot, if one is asked for, is also taken of a boot that failed.

    Args:
        request: what to boot, how, and until when.
        toolbox: where QEMU and the rest are from.
        progress: called with what is going on, in a few words.
        on_console: called with all that the guest's console prints.

    Raises:
        BootFailed: it did not come so far; the notes are its last lines.
        LivecdError: it could not be started.
    """
    request = image.with_firmware(request, toolbox)

    def body(running: Session, run: Run) -> Result:
        try:
            came = wait(running, request, suspect=run.suspect)
        except BootFailed:
            with contextlib.suppress(LivecdError):
                _picture(running, request)
            raise
        return _result(request, run, came, _picture(running, request))

    with open_sink(request.log, on_console) as sink:
        return run_guest(request, toolbox, body, progress=progress, sink=sink)


def run_guest(
    request: Request,
    toolbox: Toolbox,
    body: Callable[[Session, Run], T],
    *,
    progress: Callable[[str], None],
    sink: Callable[[bytes], None],
    password: str | None = None,
) -> T:
    """Start a guest and do something with it; under emulation again if KVM fails it.

    Args:
        request: what to boot, and how.
        toolbox: where QEMU and the rest are from.
        body: what to do; its result is the function's.
        progress: called with what is going on.
        sink: gets all that the console prints.
        password: of the guest's user ``livecd``; ``None`` locks it.
    """
    found = image.inspect(request.disk, toolbox, request.image)
    version = emulator_version(request, toolbox)
    memory = Memory(cache=request.cache, boot=accelerator.boot_id(), emulator=version)
    with scratch.directory("livecd-boot-", Path(tempfile.gettempdir())) as directory:
        for run in runs(request, toolbox, memory, progress):
            part = directory / run.choice.accelerator.value
            try:
                with session(
                    request,
                    found,
                    run.choice,
                    toolbox,
                    directory=part,
                    sink=sink,
                    password=password,
                ) as running:
                    result = body(running, run)
            except KvmFailed:
                continue
            if run.lesson is not None:
                memory.keep(run.lesson)
            return result
    raise BootFailed("the guest can't be run under KVM", remedy="--accelerator tcg")


def emulator_version(request: Request, toolbox: Toolbox) -> str:
    """QEMU's version and where it is from, as in ``QEMU 10.0.13 of the tools root``."""
    emulator = command.emulator_for(request.architecture)
    version = ".".join(map(str, toolbox.version(emulator)))
    return f"QEMU {version} of the {toolbox.where(emulator).owner}"


def runs(
    request: Request, toolbox: Toolbox, memory: Memory, progress: Callable[[str], None]
) -> Iterator[Run]:
    """The run to make; if its accelerator is KVM and fails, emulation is the second."""
    version = memory.emulator
    first = accelerator.choose(
        request.accelerator,
        guest=request.architecture,
        host=host_architecture(),
        emulator=command.emulator_for(request.architecture),
        toolbox=toolbox,
        memory=memory,
    )
    by_itself = request.accelerator is Accelerator.AUTO
    suspect = by_itself and first.accelerator is Accelerator.KVM
    progress(f"{version}, {describe(first)}")
    yield Run(choice=first, version=version, suspect=suspect)
    lesson = Verdict(works=False, reason="a guest died at its start under KVM, not without it")
    second = Choice(accelerator=Accelerator.TCG, reason="the guest died at its start under KVM")
    progress(f"starting again: {describe(second)}")
    yield Run(choice=second, version=version, lesson=lesson)


def describe(choice: Choice) -> str:
    """The accelerator in words."""
    name = "KVM" if choice.accelerator is Accelerator.KVM else "emulated processor"
    return f"{name} ({choice.reason})"


def wait(running: Session, request: Request, *, suspect: bool) -> Reached:
    """Watch the guest until it has come far enough.

    Args:
        running: the guest.
        request: how far, and how long that may take.
        suspect: blame KVM for an early death.

    Raises:
        BootFailed: it can't or did not come so far.
        KvmFailed: it died early, and KVM is suspect.
    """
    seen = Seen()
    machine = running.machine
    visitor = running.visitor()
    with contextlib.ExitStack() as stack:
        if visitor is not None:
            stack.callback(visitor.close)
        for event in machine.events():
            user = None
            match event:
                case Failure() | Ended():
                    raise _over(running, request, event, suspect=suspect)
                case Tick():
                    _raise_if_late(running, request, seen, visitor, suspect=suspect)
                    user = visitor.step(machine.seconds) if visitor else None
                case _:
                    seen = seen.after(event, running.seed)
            proof = Proof.MARKER if user else seen.proof(request.until, running.seed)
            if proof is not None:
                return Reached(seen=seen, proof=proof, seconds=machine.seconds, user=user)
    raise _failed(running, request, "the console came to its end")


def _over(
    running: Session, request: Request, event: Failure | Ended, *, suspect: bool
) -> Exception:
    """The failure that an event is, after which nothing more will come."""
    if isinstance(event, Failure):
        if suspect and event.kind is FailureKind.PANIC:
            return KvmFailed(event.line)
        running.machine.settle(AFTERMATH_SECONDS)
        return _failed(running, request, event.kind.value, why=event.line)
    if suspect:
        return KvmFailed(event.errors)
    said = event.errors.strip().splitlines()
    why = said[-1] if said else None
    return _failed(running, request, "QEMU ended before the guest was there", why=why)


def _raise_if_late(
    running: Session, request: Request, seen: Seen, visitor: Visitor | None, *, suspect: bool
) -> None:
    machine = running.machine
    if suspect and seen.kernel is None and machine.silence > KVM_SILENCE_SECONDS:
        raise KvmFailed("silence before the kernel's first words")
    if machine.seconds < request.timeout:
        return
    said = visitor.last_words.splitlines()[-1:] if visitor else []
    raise _failed(
        running,
        request,
        f"the guest did not reach '{request.until.value}' in {request.timeout:.0f} seconds",
        why="; ".join((seen.describe(), *said)),
        remedy="a longer --timeout, or look into it with --console",
    )


def _failed(
    running: Session,
    request: Request,
    message: str,
    *,
    why: str | None = None,
    remedy: str | None = None,
) -> BootFailed:
    """The failure with the end of the console."""
    lines = running.machine.watcher.last_lines()
    return BootFailed(
        f"{request.image.name} did not boot: {message}",
        place=str(request.log) if request.log else None,
        why=why,
        notes=tuple(f"| {line}" for line in lines),
        remedy=remedy,
    )


def _result(request: Request, run: Run, came: Reached, screenshot: Path | None) -> Result:
    return Result(
        until=request.until,
        proof=came.proof,
        seconds=came.seconds,
        accelerator=run.choice.accelerator,
        accelerator_reason=run.choice.reason,
        firmware=request.firmware,
        emulator=run.version,
        kernel=came.seen.kernel,
        secure_boot=came.seen.secure_boot,
        log=request.log,
        screenshot=screenshot,
        user=came.user,
    )


def _picture(running: Session, request: Request) -> Path | None:
    """Take the screenshot; it gets its name when it is whole."""
    if request.screenshot is None:
        return None
    taken = running.directory / "screen.png"
    qmp.execute(running.control, "screendump", filename=str(taken), format="png")
    with _writing(request.screenshot) as fresh:
        shutil.copyfile(taken, fresh)
        fresh.rename(request.screenshot)
    return request.screenshot


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[Path]:
    """A temporary name beside a file; a failure to write there is the user's to mend."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield fresh
    except OSError as error:
        raise LivecdError(f"{path} can't be written", why=error.strerror) from error
    finally:
        fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def open_sink(
    log: Path | None, on_console: Callable[[bytes], None]
) -> Iterator[Callable[[bytes], None]]:
    """What gets the console's bytes: the log, if one is asked for, and the caller."""
    if log is None:
        yield on_console
        return
    try:
        stream = log.open("wb", buffering=0)
    except OSError as error:
        raise LivecdError(
            "the console's log can't be written", place=str(log), why=error.strerror
        ) from error

    def sink(chunk: bytes) -> None:
        stream.write(chunk)
        on_console(chunk)

    with stream:
        yield sink
