"""The artifacts that the image pipeline makes, by their names: what the settings ask for.

Everybody who has to know them beforehand asks here: the output step, which makes
them, and the plan, which promises them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product

from livecd_rootfs.errors import UsageError
from livecd_rootfs.resolution import Provided

IMAGE = ".image"
SUMS = f"{IMAGE}.SHA256SUMS"
SIGNATURE = f"{SUMS}.gpg"
ROOT_HASH = f"{IMAGE}.roothash"
# What mkosi.finalize leaves in $OUTPUTDIR.
OUTPUTS = f"{IMAGE}.outputs.tar"
# What CompressOutput can be, and how the names of such files end.
SUFFIXES: Mapping[str, str] = {"": "", "zstd": ".zst", "xz": ".xz", "gzip": ".gz"}
_WISHES = {"no": "", "yes": "zstd"}


class Format(Enum):
    """What is made of the root."""

    DISK = "disk"
    DIRECTORY = "directory"
    TAR = "tar"
    CPIO = "cpio"
    UKI = "uki"
    SQUASHFS = "squashfs"
    NONE = "none"


_COMPRESSED = frozenset({Format.TAR, Format.CPIO})
_STEMS = {
    Format.DISK: ".raw",
    Format.DIRECTORY: "",
    Format.TAR: ".tar",
    Format.CPIO: ".cpio",
    Format.UKI: ".efi",
    Format.SQUASHFS: ".squashfs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is to be made.

    Attributes:
        format: of the image itself.
        compression: ``zstd``, ``xz``, ``gzip``; empty for none.
        qcow2: the disk becomes a qcow2.
        bmap: the disk gets a block map.
        split: partitions, kernel and initrd are given as files, too.
        verity: the root is read-only, and known by a hash.
        bootable: ``yes``, ``no``, or ``auto``: a disk, if its root can boot.
        unified: kernels are started as unified kernel images.
        checksum: all are listed with their checksums.
        sign: that list is signed.
        json: a manifest is made as JSON.
        changelog: one is made for people.
        nspawn: settings for systemd-nspawn come along.
        outputs: a script may leave more files.
    """

    format: Format
    compression: str
    qcow2: bool
    bmap: bool
    split: bool
    verity: bool
    bootable: str
    unified: bool
    checksum: bool
    sign: bool
    json: bool
    changelog: bool
    nspawn: bool
    outputs: bool

    @property
    def boots(self) -> bool:
        """Whether it may be a disk that boots; with ``auto`` that depends on the root."""
        return self.format is Format.DISK and self.bootable != "no"

    @property
    def image(self) -> str | None:
        """The end of the image's name; ``None`` if there is none."""
        if self.format is Format.NONE:
            return None
        if self.format is Format.DISK and self.qcow2:
            return f"{IMAGE}.qcow2"
        plain = self.format in {Format.DISK, *_COMPRESSED}
        return f"{IMAGE}{_STEMS[self.format]}{SUFFIXES[self.compression] if plain else ''}"

    def partition(self, name: str) -> str:
        """The end of the name of a partition that is split off."""
        return f"{IMAGE}.{name}.raw{SUFFIXES[self.compression]}"


def of(variables: Mapping[str, str]) -> Output:
    """What the settings ask for.

    Args:
        variables: settings by their names in capitals; what is not there was not set.

    Raises:
        UsageError: a value is none of its own, or two go not together.
    """
    kind = _format(variables.get("FORMAT") or Format.DISK.value)
    words = frozenset(variables.get("MANIFEST_FORMAT", "").replace(",", " ").split())
    output = Output(
        format=kind,
        compression=_compression(variables.get("COMPRESS_OUTPUT", ""), kind),
        qcow2=_yes(variables, "QCOW2"),
        bmap=_yes(variables, "BMAP"),
        split=_yes(variables, "SPLIT_ARTIFACTS"),
        verity=_yes(variables, "VERITY"),
        bootable=variables.get("BOOTABLE") or "auto",
        unified=variables.get("UNIFIED_KERNEL_IMAGES") != "no",
        checksum=_yes(variables, "CHECKSUM") or _yes(variables, "SIGN"),
        sign=_yes(variables, "SIGN"),
        json="json" in words,
        changelog="changelog" in words,
        nspawn=bool(variables.get("NSPAWN_SETTINGS", "").strip()),
        outputs=bool(variables.get("FINALIZE_SCRIPT", "").strip()),
    )
    _check(output)
    return output


def names(output: Output) -> tuple[str, ...]:
    """The ends of the names of all files that are made, each beginning with a dot.

    Two things are not among them: a directory, which is no artifact as others are, and
    the signature, which whoever has the key makes at the very end.
    """
    is_file = output.format is not Format.DIRECTORY
    return (
        *([output.image] if output.image and is_file else ()),
        *_parts(output),
        *([f"{IMAGE}.bmap"] if output.bmap and output.format is Format.DISK else ()),
        *([ROOT_HASH] if output.verity else ()),
        *([f"{IMAGE}.manifest"] if output.json else ()),
        *([f"{IMAGE}.changelog"] if output.changelog else ()),
        *([f"{IMAGE}.nspawn"] if output.nspawn else ()),
        *([OUTPUTS] if output.outputs else ()),
        f"{IMAGE}.spdx.json",
        *([SUMS] if output.checksum else ()),
    )


def _parts(output: Output) -> Iterator[str]:
    """What is split off a disk."""
    if not (output.split and output.format is Format.DISK):
        return
    yield output.partition("root")
    if output.verity:
        yield output.partition("verity")
    if output.boots:
        yield output.partition("esp")
        yield f"{IMAGE}.vmlinuz"
        yield f"{IMAGE}.initrd"


def every() -> tuple[str, ...]:
    """The ends of all names that any settings can give, in order."""
    found: dict[str, None] = {}
    for kind, compression, qcow2, verity in product(Format, SUFFIXES, (True, False), (True, False)):
        if verity and kind is not Format.DISK:
            continue
        output = Output(
            format=kind,
            compression=compression,
            qcow2=qcow2,
            bmap=not qcow2,
            split=True,
            verity=verity,
            bootable="auto",
            unified=True,
            checksum=True,
            sign=True,
            json=True,
            changelog=True,
            nspawn=True,
            outputs=True,
        )
        found |= dict.fromkeys(names(output))
    return tuple(sorted(found))


def asked(
    provided: Iterable[Provided], prefix: str, variables: Mapping[str, str]
) -> tuple[Provided, ...]:
    """What of the artifacts that series files provide the settings ask for.

    The series of the pipeline provides all that it may make. What others provide
    is asked for by naming their targets.

    Args:
        provided: what the series files say.
        prefix: what the artifacts' names begin with.
        variables: the settings.

    Raises:
        UsageError: a setting has a value that is none of its own.
    """
    listed = tuple(provided)
    wanted = set(asked_names([each.artifact for each in listed], prefix, variables))
    return tuple(each for each in listed if each.artifact in wanted)


def asked_names(
    listed: Iterable[str], prefix: str, variables: Mapping[str, str]
) -> tuple[str, ...]:
    """The same by the names of artifacts alone."""
    found = tuple(listed)
    ours = {f"{prefix}{name}" for name in every()}
    if ours.isdisjoint(found):
        return found
    wanted = {f"{prefix}{name}" for name in names(of(variables))}
    return tuple(name for name in found if name not in ours - wanted)


def _yes(variables: Mapping[str, str], name: str) -> bool:
    return variables.get(name) == "yes"


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        choices = ", ".join(each.value for each in Format)
        raise UsageError(f"FORMAT is '{text}'", remedy=f"one of {choices}") from None


def _compression(text: str, kind: Format) -> str:
    """By default archives are compressed, which nobody opens in place, and nothing else is."""
    if not text:
        return "zstd" if kind in _COMPRESSED else ""
    algorithm = _WISHES.get(text, text)
    if algorithm not in SUFFIXES:
        remedy = f"one of {', '.join((*_WISHES, *filter(None, SUFFIXES)))}"
        raise UsageError(f"COMPRESS_OUTPUT is '{text}'", remedy=remedy)
    return algorithm


def _check(output: Output) -> None:
    if output.verity and output.format is not Format.DISK:
        raise UsageError(
            f"Verity is asked for, but the output is a {output.format.value}",
            why="its root hash is that of a partition",
            remedy="Format=disk, or Verity=no",
        )
    if output.verity and output.boots and not output.unified:
        raise UsageError(
            "Verity is asked for without unified kernel images",
            why="the root hash is in their command line",
            remedy="UnifiedKernelImages=yes, or Bootable=no",
        )
