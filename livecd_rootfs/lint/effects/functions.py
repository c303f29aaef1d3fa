"""The shell functions that hooks get by ``. config/functions``: what each call reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from livecd_rootfs.lint.effects.memory import DEVICE, UNKNOWN, Texts
from livecd_rootfs.lint.effects.model import Kind
from livecd_rootfs.lint.effects.programs import Deed

READ, WRITE, REMOVE = Kind.READ, Kind.WRITE, Kind.REMOVE
# The disks that `disk-image` leaves for other targets.
DISK = "binary/boot/disk.ext4"
UEFI_DISK = "binary/boot/disk-uefi.ext4"
# What each function does with its arguments, from the first on.
_ARGUMENTS: Mapping[str, tuple[tuple[Kind, ...], ...]] = {
    "clean_loops": (),
    "convert_to_qcow2": ((READ,), (WRITE,)),
    "create_empty_disk_image": ((WRITE,),),
    "create_squashfs": ((READ,), (WRITE,)),
    "create_vmdk": ((READ,), (WRITE,)),
    "divert_grub": ((READ, WRITE),),
    "force_boot_without_initramfs": ((READ, WRITE),),
    "make_ext4_partition": ((READ, WRITE),),
    "modify_vmdk_header": ((READ, WRITE),),
    "mount_disk_image": ((READ, WRITE), (WRITE,)),
    "mount_image": ((READ, WRITE),),
    "mount_overlay": ((READ,), (READ, WRITE), (WRITE,), (WRITE,)),
    "mount_partition": ((READ, WRITE), (WRITE,)),
    "replace_grub_root_with_label": ((READ, WRITE),),
    "setup_mountpoint": ((READ, WRITE),),
    "teardown_mountpoint": ((READ, WRITE),),
    "track_initramfs_boot_fallback": ((READ, WRITE),),
    "umount_disk_image": ((WRITE,),),
    "umount_partition": ((WRITE,),),
    "undivert_grub": ((READ, WRITE),),
}
# Only of these it is sure that their output is there afterwards, as a file of its own.
_SURE = {"convert_to_qcow2", "create_empty_disk_image", "create_squashfs", "create_vmdk"}
_MOUNTING = {"mount_image", "mount_disk_image"}
_OF_MOUNTING = ("backing_img", "loop_device", "rootfs_dev_mapper")


def sets(words: Sequence[Texts]) -> dict[str, Texts]:
    """The variables that a call sets for its caller.

    Args:
        words: the function's name and its arguments.
    """
    if words[0][0] == "create_derivative":
        return {"derivative_img": _derivative(words)}
    return dict.fromkeys(_OF_MOUNTING, DEVICE) if words[0][0] in _MOUNTING else {}


def deeds(words: Sequence[Texts]) -> tuple[Deed, ...] | None:
    """What a call does with files; ``None`` if there is no such function.

    Args:
        words: the function's name and its arguments.
    """
    name = words[0][0]
    if name in _SPECIAL:
        return tuple(_SPECIAL[name](words))
    if name not in _ARGUMENTS:
        return None
    return tuple(
        Deed(kind=kind, texts=words[number], word=number, sure=name in _SURE)
        for number, kinds in enumerate(_ARGUMENTS[name], start=1)
        if number < len(words)
        for kind in kinds
    )


def known() -> frozenset[str]:
    """The names of the functions."""
    return frozenset(_ARGUMENTS) | frozenset(_SPECIAL)


def _create_manifest(words: Sequence[Texts]) -> Iterator[Deed]:
    """Makes the list of files too, beside the list of packages."""
    for texts in words[1:2]:
        yield Deed(kind=READ, texts=texts, word=1)
    for texts in words[2:3]:
        lists = tuple(f"{text.removesuffix('.manifest')}.filelist" for text in texts)
        yield Deed(kind=WRITE, texts=texts, word=2)
        yield Deed(kind=WRITE, texts=lists, word=2)


def _create_derivative(words: Sequence[Texts]) -> Iterator[Deed]:
    """Copies a disk, so that a hook can change the copy."""
    is_uefi = len(words) > 1 and words[1] == ("uefi",)
    yield Deed(kind=READ, texts=(UEFI_DISK if is_uefi else DISK,), word=0, sure=False)
    yield Deed(kind=WRITE, texts=_derivative(words), word=0, sure=False)


def _derivative(words: Sequence[Texts]) -> Texts:
    if len(words) < 3:  # noqa: PLR2004 (its name, the kind of disk, the derivative's name)
        return UNKNOWN
    ends = {"uefi": "-uefi.ext4"}.get(words[1][0], ".ext4")
    return tuple(f"binary/boot/disk-{text}{ends}" for text in words[2])


def _release_ver(words: Sequence[Texts]) -> Iterator[Deed]:
    yield Deed(kind=READ, texts=("chroot/etc/os-release",), word=len(words) - 1)


_SPECIAL: Mapping[str, Callable[[Sequence[Texts]], Iterator[Deed]]] = {
    "create_manifest": _create_manifest,
    "create_derivative": _create_derivative,
    "release_ver": _release_ver,
}
