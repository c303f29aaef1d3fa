"""A boot that runs: overlay, firmware, seed and key are made, and the machine is started."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot import accelerator, command, firmware, seed, ssh
from livecd_rootfs.boot.accelerator import Choice
from livecd_rootfs.boot.image import Image, overlay_command
from livecd_rootfs.boot.machine import Machine, start
from livecd_rootfs.boot.request import Accelerator, Request, Until
from livecd_rootfs.boot.seed import Seed
from livecd_rootfs.boot.ssh import Visitor
from livecd_rootfs.tools import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A machine that boots, and what belongs to it.

    Attributes:
        machine: it runs.
        seed: what the guest was given.
        key: the private key that lets in; ``None`` without ssh.
        control: QMP's socket.
        directory: for files of this boot.
        toolbox: where the tools are from.
    """

    machine: Machine
    seed: Seed
    key: Path | None
    control: Path
    directory: Path
    toolbox: Toolbox

    def visitor(self) -> Visitor | None:
        """Who tries to log in; ``None`` without ssh."""
        if self.key is None:
            return None
        return Visitor(
            seed=self.seed,
            key=self.key,
            control=self.control,
            directory=self.directory,
            toolbox=self.toolbox,
        )


@contextlib.contextmanager
def session(
    request: Request,
    image: Image,
    choice: Choice,
    toolbox: Toolbox,
    *,
    directory: Path,
    sink: Callable[[bytes], None],
    password: str | None = None,
) -> Iterator[Session]:
    """A machine that boots the image until the block is left.

    Args:
        request: how.
        image: what.
        choice: the accelerator.
        toolbox: where the tools are from.
        directory: an empty one, for the files of this boot.
        sink: gets all that the console prints.
        password: of the user ``livecd``; ``None`` locks it.
    """
    directory.mkdir()
    key, public = None, None
    if request.until is Until.SSH:
        key, public = ssh.make_key(directory, toolbox)
    given = Seed(nonce=seed.new_nonce(), public_key=public, password=password)
    machine = _machine(request, image, choice, toolbox, given=given, directory=directory)
    devices = (accelerator.DEVICE,) if choice.accelerator is Accelerator.KVM else ()
    with start(
        toolbox,
        command.argv(machine),
        directory=directory,
        show=(image.path,),
        devices=devices,
        sink=sink,
    ) as running:
        yield Session(
            machine=running,
            seed=given,
            key=key,
            control=machine.control,
            directory=directory,
            toolbox=toolbox,
        )


def _machine(
    request: Request,
    image: Image,
    choice: Choice,
    toolbox: Toolbox,
    *,
    given: Seed,
    directory: Path,
) -> command.Machine:
    """Make the files of a machine and describe it."""
    emulator = command.emulator_for(request.architecture)
    flash = firmware.prepare(request.firmware, request.architecture, emulator, toolbox, directory)
    disk, seed_disk = directory / "disk.qcow2", directory / "seed.img"
    overlay = overlay_command(image, disk, request.disk_size)
    toolbox.run(overlay, cwd=directory, show=(image.path,))
    seed.write(given, seed_disk, toolbox)
    return command.Machine(
        architecture=request.architecture,
        accelerator=choice.accelerator,
        memory=request.memory,
        cpus=request.cpus,
        flash=flash,
        disk=disk,
        seed=seed_disk,
        control=directory / "qmp",
        credentials=seed.credentials(given),
        network=request.network,
    )
