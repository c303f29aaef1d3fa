"""The step that makes ``rootfs.dir``: the root without kernel, initramfs and boot loader.

Containers and live systems bring these themselves. It is an overlay over
``chroot/``, so making it costs what dpkg takes to remove some packages.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import process, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, dpkg, overlay, purge, rooted
from livecd_rootfs.steps.context import Context

ROOT_DIR = "rootfs.dir"
# Whatever needs one of these, such as linux-virtual or cryptsetup-initramfs,
# goes with it; what only they needed goes as well.
_BOOT_PACKAGES = re.compile(
    r"linux-(image|modules|headers|signed|buildinfo)-.*|initramfs-tools.*|dracut.*"
    r"|grub-.*|grub2.*|shim-.*|systemd-boot.*"
)
_LEFT_OVER = ("boot/*", "vmlinuz*", "initrd.img*", "lib/modules/*")
_BACKUPS = ("var/lib/dpkg/*-old", "var/cache/debconf/*-old")


def run(context: Context) -> str:
    """Make ``rootfs.dir``.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: a package can't be removed.
    """
    with _root(context) as root:
        removed = remove_boot_packages(context, root)
        _remove_left_over(root, context.chroot)
    count = len(removed)
    return f"{ROOT_DIR}: the root without {count} package{'' if count == 1 else 's'}"


@contextmanager
def _root(context: Context) -> Iterator[Path]:
    if context.overlays is not None:
        with overlay.kept(context, context.overlays, ROOT_DIR, context.chroot.name) as root:
            yield root
        return
    with _copied(context) as root:
        yield root


@contextmanager
def _copied(context: Context) -> Iterator[Path]:
    """A copy, for a live-build that would not mount an overlay again for its next hook."""
    root = context.build / ROOT_DIR
    part = artifact.temporary(root)
    trees.remove(part)
    copy = ("cp", "-a", "--one-file-system", "--reflink=auto", "--")
    try:
        process.run([*copy, context.chroot, part])
        yield part
        trees.remove(root)
        part.rename(root)
    finally:
        trees.remove(part)


def require(context: Context) -> Path:
    """The ``rootfs.dir`` that an earlier hook has made.

    Raises:
        LivecdError: there is none, or it is empty.
    """
    root = context.build / ROOT_DIR
    if not (root.is_dir() and any(root.iterdir())):
        raise LivecdError(
            "there is no root to pack",
            place=ROOT_DIR,
            why="it is empty or does not exist",
            remedy="the series file needs `depends root-dir` above this hook",
        )
    return root


def remove_boot_packages(context: Context, root: Path) -> Sequence[str]:
    """Purge the packages that only a machine's boot needs; gives their names.

    Packages that nobody needed before stay: only what the removal itself
    leaves without a user goes with it.
    """
    seeds = boot_packages(dpkg.installed(root))
    if not seeds:
        return ()
    return purge.purge(context, root, seeds)


def boot_packages(packages: Iterable[dpkg.Package]) -> list[str]:
    """The names among these that are kernels, initramfs makers and boot loaders."""
    return sorted(p.name for p in packages if _BOOT_PACKAGES.fullmatch(p.name))


def _remove_left_over(root: Path, lower: Path) -> None:
    """Remove what no package owns: initramfs, boot loader files, links; and dpkg's backups."""
    for pattern in _LEFT_OVER:
        folder = rooted.resolve(root, str(Path(pattern).parent))
        for path in sorted(folder.glob(Path(pattern).name)):
            _remove(path)
    for pattern in _BACKUPS:
        for path in sorted(root.glob(pattern)):
            if not (lower / path.relative_to(root)).exists():
                path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
