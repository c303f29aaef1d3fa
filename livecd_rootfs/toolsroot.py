"""The tools root: a directory with the tools of a current stable, made once and kept.

    CACHE/tools/KEY/            usr, etc, ...: what the packages hold
    CACHE/tools/KEY/digest      of all that, so that who uses it can be told apart by it
    CACHE/tools/KEY.lock        held alone while KEY is made or removed, and shared by who
                                uses it; its time is that of the last use
    CACHE/tools/KEY.staging/    a root that is being made or removed, or the rest of a killed run

It is unpacked, not installed: none of its tools needs a maintainer script, and
that saves half of the time. KEY is a digest of what was asked for; the archive
gives other versions at other times, so the content has a digest of its own. A
root is complete when it has its final name, and stays until nobody uses it and it
is removed to make room.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import mmdebstrap, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import treehash

FORMAT = 2
DIGEST = "digest"
LOCK, STAGING = ".lock", ".staging"
SUITE = "trixie"

# Beside the tools themselves: a shell and the basic commands for those that call
# them, the layout of a system (base-files), firmware and the GRUB modules.
PACKAGES = (
    "base-files",
    "bash",
    "coreutils",
    "cpio",
    "cryptsetup-bin",
    "dash",
    "dosfstools",
    "e2fsprogs",
    "efitools",
    "fdisk",
    "fuse2fs",
    "gdisk",
    "grub-common",
    "mtools",
    "openssh-client",
    "pigz",
    "qemu-utils",
    "sbsigntool",
    "squashfs-tools",
    "systemd-boot-efi",
    "systemd-repart",
    "systemd-ukify",
    "tar",
    "util-linux",
    "xz-utils",
    "zstd",
)
MACHINES: Mapping[str, tuple[str, ...]] = {
    "amd64": ("qemu-system-x86", "ovmf", "seabios", "grub-pc-bin"),
    "arm64": ("qemu-system-arm", "qemu-efi-aarch64"),
}
UNNEEDED = ("doc", "info", "lintian", "locale", "man", "icons", "applications")
ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A tools root to be had.

    Attributes:
        cache: the directory of everything that is kept between runs.
        suite: the release that the tools are from.
        mirror: where its packages come from; ``None`` is what mmdebstrap knows.
        architecture: the host's, in the distribution's words.
        machines: architectures that its emulators must be able to boot.
    """

    cache: Path
    suite: str = SUITE
    mirror: str | None = None
    architecture: str
    machines: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages that it is made of."""
        wanted = sorted({self.architecture, *self.machines} & set(MACHINES))
        return (*PACKAGES, *(name for machine in wanted for name in MACHINES[machine]))

    @property
    def key(self) -> str:
        """A digest of what is asked for."""
        parts = (str(FORMAT), self.suite, self.architecture, *self.packages)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def root(self) -> Path:
        """Where it is, or will be; several caches may share one folder through a link."""
        return (self.cache / "tools").resolve() / self.key


def find(request: Request) -> Path | None:
    """The tools root, if it was made before."""
    return request.root if request.root.is_dir() else None


def digest(request: Request) -> str | None:
    """The digest of a tools root's content; ``None`` if it was not made yet."""
    try:
        return (request.root / DIGEST).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def ensure(
    request: Request,
    *,
    environ: Mapping[str, str],
    progress: Callable[[str], None],
) -> Path:
    """The tools root, made if it is not there; of several processes one makes it.

    Args:
        request: which one.
        environ: variables for the bootstrap, such as proxies.
        progress: called with what is going on, in a few words.

    Raises:
        LivecdError: the bootstrap failed, or the cache can't be written.
    """
    while not hold(request):
        with _locked(request, progress):
            if not request.root.is_dir():
                _make(request, environ, progress)
    return request.root


def hold(request: Request) -> bool:
    """Use the tools root until this process ends, so that it is not removed before.

    Returns:
        whether it is there.
    """
    if not request.root.is_dir():
        return False
    try:
        lock = os.open(request.root.with_suffix(LOCK), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # who can't even have the lock has a cache that others make room in
        return True
    fcntl.flock(lock, fcntl.LOCK_SH)
    if not request.root.is_dir():
        os.close(lock)
        return False
    with contextlib.suppress(OSError):
        os.utime(lock)
    return True


def _make(request: Request, environ: Mapping[str, str], progress: Callable[[str], None]) -> None:
    staging = request.root.with_suffix(STAGING)
    trees.remove(staging)
    _sweep(request.root.parent)
    try:
        mmdebstrap.bootstrap(
            bootstrap_request(request, staging),
            environ=environ,
            on_line=lambda line: _tell(line, progress),
        )
        _trim(staging)
        (staging / DIGEST).write_text(f"{treehash.digest(staging)}\n", encoding="ascii")
        staging.rename(request.root)
    finally:
        trees.remove(staging)


def _sweep(folder: Path) -> None:
    """Remove what killed runs left of other roots; what is locked or mounted is left alone."""
    for staging in folder.glob(f"*{STAGING}"):
        with (
            staging.with_suffix(LOCK).open("w") as lock,
            contextlib.suppress(BlockingIOError, LivecdError),
        ):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            trees.remove(staging)


def _tell(line: str, progress: Callable[[str], None]) -> None:
    now = mmdebstrap.milestone(line)
    if now is not None:
        progress(f"tools root: {now}")


def bootstrap_request(request: Request, target: Path) -> mmdebstrap.Request:
    """The bootstrap that fills a tools root."""
    return mmdebstrap.Request(
        suite=request.suite,
        target=target,
        mirror=request.mirror,
        architecture=request.architecture,
        variant="extract",
        packages=request.packages,
        apt_options=('APT::Install-Recommends "false"', 'Acquire::Languages "none"'),
    )


def _trim(root: Path) -> None:
    """Leave out what no tool reads, and add the accounts that a script would have made."""
    for name in UNNEEDED:
        trees.remove(root / "usr/share" / name)
    for name in ("hostname", "resolv.conf"):
        (root / "etc" / name).unlink(missing_ok=True)
    for name, text in ACCOUNTS.items():
        (root / "etc" / name).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _locked(request: Request, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of the key; it ends with the process, however that ends."""
    try:
        request.root.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(request.root.with_suffix(LOCK), os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise LivecdError(
            "the cache can't be written",
            place=str(request.cache),
            why=str(error),
            remedy="choose another place with --cache",
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("tools root: waiting for another process that makes it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
