"""The initramfs of a kernel, made by the root's own programs, or taken from those kept.

One that is kept lies under a digest of all that its maker reads: packages, the kernel's
modules, configuration, udev's rules. What a script of the user's copies into it from
elsewhere is not part of that.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import inroot, verity_initrd
from livecd_rootfs.layers import treehash
from livecd_rootfs.steps import artifact, dpkg, rooted
from livecd_rootfs.steps.context import Context

# Besides packages and modules.
_READ = (
    *("etc/initramfs-tools", "etc/dracut.conf", "etc/dracut.conf.d", "etc/modprobe.d"),
    *("etc/modules", "etc/modules-load.d", "etc/udev", "etc/crypttab", "etc/fstab"),
    *("etc/default/keyboard", "etc/default/console-setup", "etc/vconsole.conf"),
    *("usr/share/initramfs-tools", "usr/lib/dracut", "usr/lib/firmware", "usr/lib/modprobe.d"),
    *("usr/lib/modules-load.d", "usr/lib/udev", "etc/systemd", "usr/local/lib/firmware"),
)
_UPDATE, _DRACUT = "usr/sbin/update-initramfs", "usr/bin/dracut"
_SETTINGS = "etc/initramfs-tools/conf.d/image-root"
_MODULES = "usr/share/initramfs-tools/modules.d/image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an initramfs is to be.

    Attributes:
        version: of its kernel.
        modules: kernel modules that it must have.
        verity: whether it opens a root by its hash.
    """

    version: str
    modules: tuple[str, ...] = ()
    verity: bool = False


def make(context: Context, root: Path, wish: Wish, *, kept: Path | None) -> bool:
    """Make ``/boot/initrd.img-VERSION`` in a root; gives whether a kept one served.

    Args:
        context: the build.
        root: the root.
        wish: what it is to be.
        kept: where those of earlier builds are; ``None`` keeps none.

    Raises:
        LivecdError: the root has no program for it, or that failed.
    """
    target = rooted.resolve(root, "boot") / f"initrd.img-{wish.version}"
    place = kept / f"{wish.version}-{digest(context, root, wish)}.img" if kept else None
    if place and place.is_file():
        shutil.copyfile(place, target)
        return True
    _generate(context, root, wish)
    if not (target.is_file() and target.stat().st_size):
        raise LivecdError("the initramfs was not made", place=f"chroot/boot/{target.name}")
    if place:
        _keep(target, place, wish.version)
    return False


def _keep(made: Path, place: Path, version: str) -> None:
    """Keep the newest one of each kernel alone: they are large."""
    with artifact.appearing(place) as part:
        shutil.copyfile(made, part)
    for old in place.parent.glob(f"{version}-*.img"):
        if old != place:
            old.unlink()


def digest(context: Context, root: Path, wish: Wish) -> str:
    """What a kept initramfs is known by."""
    packages = dpkg.manifest(dpkg.installed(root), context.arch)
    parts = [repr(wish), str(context.epoch), verity_initrd.OPEN, packages]
    for name in (*_READ, f"usr/lib/modules/{wish.version}"):
        path = rooted.resolve(root, name)
        parts.append(f"{name} {_content(path)}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _content(path: Path) -> str:
    if path.is_dir():
        return treehash.digest(path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _generate(context: Context, root: Path, wish: Wish) -> None:
    with (
        verity_initrd.installed(root) if wish.verity else nullcontext(),
        _told(root, wish),
    ):
        inroot.run(context, root, argv(root, wish))


def argv(root: Path, wish: Wish) -> Sequence[str]:
    """The command that makes an initramfs in a root.

    Raises:
        LivecdError: the root has none.
    """
    image = f"/boot/initrd.img-{wish.version}"
    if rooted.first_file(root, _UPDATE):
        there = rooted.first_file(root, image) is not None
        return ("update-initramfs", "-u" if there else "-c", "-k", wish.version)
    if rooted.first_file(root, _DRACUT):
        drivers = ("--add-drivers", " ".join(wish.modules)) if wish.modules else ()
        options = ("--quiet", "--force", "--no-hostonly", "--reproducible", *drivers)
        return ("dracut", *options, image, wish.version)
    raise LivecdError(
        "the root has no program that makes an initramfs",
        place=f"chroot/{_UPDATE}",
        remedy="add initramfs-tools to Packages, or give ready ones by Initrds",
    )


@contextmanager
def _told(root: Path, wish: Wish) -> Iterator[None]:
    """Tell initramfs-tools what no file of the root says: the root's file system, modules.

    For the one it looks into /etc/fstab, which only a disk has.
    """
    texts = {_SETTINGS: "FSTYPE=ext4\n"}
    if wish.modules:
        texts[_MODULES] = "".join(f"{name}\n" for name in wish.modules)
    there = rooted.resolve(root, "etc/initramfs-tools").is_dir()
    try:
        for path, text in texts.items() if there else ():
            rooted.write(root, path, text)
        yield
    finally:
        for path in texts:
            rooted.resolve(root, path).unlink(missing_ok=True)
