"""What an initramfs needs to open a root by its root hash: two scripts for initramfs-tools.

The partitions are found as the Discoverable Partitions Specification has it: the first
half of the root hash is the id of the root's partition, the second half that of its hashes'.
systemd-veritysetup-generator(8) does the same in an initramfs with systemd.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted

NAME = "image-verity"
DEVICE = "/dev/mapper/root"
PROGRAM = "usr/sbin/veritysetup"
_GENERATOR = "usr/sbin/mkinitramfs"

# What it must hold (initramfs-tools(7), "Hook scripts").
HOOK = """\
#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
copy_exec /usr/sbin/veritysetup /sbin
manual_add_modules dm-verity ext4
"""

# What it does before the root is mounted. Without busybox there are a shell, cat, sleep and
# modprobe, and little else.
OPEN = """\
#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /scripts/functions

for word in $(cat /proc/cmdline); do
    case $word in roothash=*) hash=${word#roothash=} ;; esac
done
[ "${hash:-}" ] || exit 0

# 32 digits as the id of a partition.
device() {
    a=${1#????????} b=${1#????????????} c=${1#????????????????} d=${1#????????????????????}
    echo "/dev/disk/by-partuuid/${1%"$a"}-${a%"$b"}-${b%"$c"}-${c%"$d"}-$d"
}
second=${hash#????????????????????????????????}
data=$(device "${hash%"$second"}")
tree=$(device "$second")

modprobe -q dm-verity
tries=0
until [ -e "$data" ] && [ -e "$tree" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || panic "no partitions of the root hash $hash"
    sleep 0.1
done
veritysetup open "$data" root "$tree" "$hash" || panic "the root does not match its root hash"
"""

_SCRIPTS = {
    f"etc/initramfs-tools/hooks/{NAME}": HOOK,
    f"etc/initramfs-tools/scripts/local-top/{NAME}": OPEN,
}


@contextmanager
def installed(root: Path) -> Iterator[None]:
    """Have the scripts in a root while its initramfs is made; later ones are never made in it.

    Raises:
        LivecdError: the root has not what they need.
    """
    for path, package in ((PROGRAM, "cryptsetup-bin"), (_GENERATOR, "initramfs-tools")):
        if rooted.first_file(root, path) is None:
            raise LivecdError(
                f"the root has no {Path(path).name}, so its initramfs can't open a root by its hash",
                place=f"chroot/{path}",
                remedy=f"add {package} to Packages, or Verity=no",
            )
    try:
        for path, text in _SCRIPTS.items():
            rooted.write(root, path, text)
            rooted.resolve(root, path).chmod(0o755)
        yield
    finally:
        for path in _SCRIPTS:
            rooted.resolve(root, path).unlink(missing_ok=True)
