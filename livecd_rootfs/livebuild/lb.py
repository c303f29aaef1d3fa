"""Running live-build's own programs, and what they leave mounted when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from livecd_rootfs import kernel, process, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.livebuild.version import PROGRAM
from livecd_rootfs.process import COMMAND_NOT_FOUND

GRACE_SECONDS = 20.0


class StageFailed(LivecdError):
    """A stage of live-build failed; what it printed is above."""


def run(words: Sequence[str], place: Path, environ: Mapping[str, str]) -> None:
    """Run ``lb`` to its end; it prints where we do.

    Args:
        words: its arguments.
        place: the build directory.
        environ: the whole environment.

    Raises:
        StageFailed: it failed.
    """
    argv = [PROGRAM, *words]
    try:
        child = subprocess.Popen(argv, cwd=place, env=dict(environ), stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise StageFailed(
            f"`lb {words[0]}` can't be run", why=process.describe_status(COMMAND_NOT_FOUND)
        ) from error
    status = _wait(child)
    if status != 0:
        raise StageFailed(
            f"`lb {words[0]}` {process.describe_status(status)}",
            remedy="see above what it printed last",
        )


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Wait; when we are to end before it does, let it clean up first."""
    try:
        return child.wait()
    except BaseException:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        child.kill()
        child.wait()
        raise


def unmount_all(place: Path) -> tuple[str, ...]:
    """Unmount what is mounted in the build directory, the innermost first.

    Returns:
        the mount points.

    Raises:
        LivecdError: something of it is in use.
    """
    points = trees.mounts_below(place, Path("/proc/self/mountinfo").read_text())
    inner = tuple(point for point in reversed(points) if Path(point) != place)
    for point in inner:
        try:
            kernel.unmount(Path(point))
        except OSError as error:
            raise LivecdError(
                f"{point} can't be unmounted",
                why=str(error),
                remedy="end what uses it (`fuser --mount` names it), and umount it",
            ) from error
    return inner
