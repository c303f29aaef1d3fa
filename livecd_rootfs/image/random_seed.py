"""The step that deletes random seeds: copies of an image must not begin with the same one."""

from __future__ import annotations

from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

# systemd-random-seed(8), bootctl(1) for the boot and EFI partitions, and of old the
# urandom init script.
FILES = (
    "var/lib/systemd/random-seed",
    "var/lib/urandom/random-seed",
    "boot/loader/random-seed",
    "boot/efi/loader/random-seed",
    "efi/loader/random-seed",
)


def run(context: Context) -> str:
    """Delete the seeds that the build has left.

    Returns:
        what was done, in one line.
    """
    places = (rooted.resolve(context.chroot, name) for name in FILES)
    found = sorted({path for path in places if path.is_file()})
    for path in found:
        path.unlink()
    names = ", ".join(f"/{path.relative_to(context.chroot)}" for path in found)
    return f"random-seed: {names} deleted" if found else "random-seed: nothing to do, there is none"
