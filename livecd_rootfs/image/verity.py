"""A root that can be checked while it is read: its file system, its tree of hashes, its root hash.

Made before the unified kernel images, which have the root hash in their command line, and
kept in the build directory for the disk. See veritysetup(8) and the Discoverable Partitions
Specification, by which the ids of both partitions are the halves of the root hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import rootfs
from livecd_rootfs.steps import artifact, content, ext4, layout
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import IMAGE_SIZE, STEP, round_up
from livecd_rootfs.steps.layout import SECTOR, Partition

FOLDER = "binary/image"
_ROOT_HASH = re.compile(r"^Root hash:\s*([0-9a-f]{64})$", re.MULTILINE)
_BLOCK = "4096"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verity:
    """A root and what proves it.

    Attributes:
        root: its file system.
        hashes: the tree of hashes.
        root_hash: 64 hexadecimal digits.
    """

    root: Path
    hashes: Path
    root_hash: str

    @property
    def root_id(self) -> UUID:
        """The id of the root's partition."""
        return UUID(self.root_hash[:32])

    @property
    def hashes_id(self) -> UUID:
        """The id of the other one."""
        return UUID(self.root_hash[32:])


def make(context: Context) -> Verity:
    """Make the root's file system as it will never change again, and its hashes.

    Raises:
        LivecdError: a tool failed.
    """
    root, hashes = _places(context)
    root.parent.mkdir(parents=True, exist_ok=True)
    with artifact.appearing(root) as part:
        _write_root(context, part)
    with artifact.appearing(hashes) as part:
        root_hash = _write_hashes(context, root, part)
    artifact.write(_hash_file(context), f"{root_hash}\n".encode())
    return Verity(root=root, hashes=hashes, root_hash=root_hash)


def made(context: Context) -> Verity:
    """What an earlier step has made.

    Raises:
        LivecdError: none has.
    """
    path = _hash_file(context)
    if not path.is_file():
        raise LivecdError(
            "there is no root hash",
            place=str(path.relative_to(context.build)),
            remedy="the series file needs base/unified-kernel.binary above this hook",
        )
    root, hashes = _places(context)
    return Verity(root=root, hashes=hashes, root_hash=path.read_text().strip())


def _places(context: Context) -> tuple[Path, Path]:
    folder = context.build / FOLDER
    return folder / "root.raw", folder / "verity.raw"


def _hash_file(context: Context) -> Path:
    return context.build / FOLDER / "roothash"


def _write_root(context: Context, part: Path) -> None:
    """Without head room: nobody can write to it."""
    with rootfs.of_disk(context) as tree:
        measure = content.measure(tree, context.epoch)
        size = round_up(ext4.size_for(measure, 0), STEP)
        whole = Partition(
            number=layout.ROOT,
            type=layout.ROOT_TYPES.get(context.arch, layout.Type.LINUX),
            guid=context.id(f"partition {layout.ROOT}"),
            start=0,
            sectors=size // SECTOR,
        )
        with part.open("wb") as stream:
            stream.truncate(size)
        files = ext4.named(context, whole, label=context.label, size_from=IMAGE_SIZE)
        ext4.make(context, files, disk=part, tree=tree, content=measure)


def _write_hashes(context: Context, root: Path, part: Path) -> str:
    """Salt and id are of this build, so that the root hash is the same in each run of it."""
    salt = context.id("salt of verity").hex + context.id("salt of verity, second half").hex
    names = (str(path.relative_to(context.build)) for path in (root, part))
    part.touch()
    said = context.tools.run(
        (
            *("veritysetup", "format", *names),
            *("--hash=sha256", f"--data-block-size={_BLOCK}", f"--hash-block-size={_BLOCK}"),
            *(f"--salt={salt}", f"--uuid={context.id('verity')}"),
        ),
        env=context.environment(),
        cwd=context.build,
    )
    found = _ROOT_HASH.search(said.stdout)
    if found is None:
        raise LivecdError("veritysetup told no root hash", notes=tuple(said.stdout.splitlines()))
    return found[1]
