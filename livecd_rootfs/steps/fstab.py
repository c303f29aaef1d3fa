"""The /etc/fstab of a disk."""

from __future__ import annotations

from collections.abc import Iterable

from livecd_rootfs.values import Value


class Mount(Value):
    """One line of fstab(5)."""

    source: str
    target: str
    kind: str
    options: str
    fsck: int

    def line(self) -> str:
        """The line, without its end."""
        return f"{self.source}\t{self.target}\t{self.kind}\t{self.options}\t0 {self.fsck}"


def mounts(label: str, *, esp: str, boot: str | None = None) -> tuple[Mount, ...]:
    """What a disk of ours mounts, by label, so that it may become any device.

    Args:
        label: the root's label.
        esp: label of the EFI system partition.
        boot: label of the /boot partition, if there is one.
    """
    root = Mount(
        source=f"LABEL={label}", target="/", kind="ext4", options="errors=remount-ro", fsck=1
    )
    efi = Mount(
        source=f"LABEL={esp}", target="/boot/efi", kind="vfat", options="umask=0077", fsck=1
    )
    if boot is None:
        return root, efi
    return (
        root,
        Mount(source=f"LABEL={boot}", target="/boot", kind="ext4", options="defaults", fsck=2),
        efi,
    )


def merged(text: str, ours: Iterable[Mount]) -> str:
    """A root's fstab with our lines for the mount points that it does not have.

    Comments such as "UNCONFIGURED FSTAB" go; the lines of somebody who put a
    swap file or a data disk there stay.
    """
    kept = [line for line in text.splitlines() if _target(line)]
    taken = {_target(line) for line in kept}
    added = [mount.line() for mount in ours if mount.target not in taken]
    return "".join(f"{line}\n" for line in (*added, *kept))


def _target(line: str) -> str | None:
    """The mount point of a line; ``None`` for a comment or an empty line."""
    fields = line.split()
    minimum = 2
    if len(fields) < minimum or fields[0].startswith("#"):
        return None
    return fields[1]
