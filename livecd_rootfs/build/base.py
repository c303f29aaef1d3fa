"""The beginning of a target root: bootstrapped, unpacked, copied, or given as it is."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import distributions, documents, hostroot, mmdebstrap
from livecd_rootfs.build.environment import SYSTEM_PATH
from livecd_rootfs.build.plan import Base, BaseKind
from livecd_rootfs.build.workspace import Slot
from livecd_rootfs.distributions import Variant
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.mounts import Bind
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings import Settings
from livecd_rootfs.settings.row import NO
from livecd_rootfs.variants import MINIMIZED

GIVEN = "/livecd/base"
CHROOT = Path("/build/chroot")
# The year in which vfat's calendar begins (its times can't say anything earlier).
EARLIEST = 315532800
# Kernel packages' scripts obey this (Debian kernel handbook, "Hooks"): the initramfs
# is made once, by a chroot hook, after everything that goes into it.
NO_INITRAMFS = {"INITRD": "No"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and the sandbox in which it makes the root."""

    sandbox: Sandbox
    argv: tuple[str, ...]


def parse(text: str | None) -> Base:
    """The base that ``--base`` asks for.

    Raises:
        UsageError: it is neither a directory, nor a tar file, nor ``none``.
    """
    if text is None:
        return Base(kind=BaseKind.BOOTSTRAP)
    if text == BaseKind.NONE.value:
        return Base(kind=BaseKind.NONE)
    path = Path(text).absolute()
    if path.is_dir():
        return Base(kind=BaseKind.DIRECTORY, path=path)
    if path.is_file() and tarfile_like(path):
        return Base(kind=BaseKind.TAR, path=path)
    why = "it is no tar file" if path.is_file() else "there is no such file or directory"
    raise UsageError(
        f"--base {text} can't be used",
        why=why,
        remedy="give a directory, a tar file (compressed or not), or none",
    )


_MAGIC = (b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh")


def tarfile_like(path: Path) -> bool:
    """Whether a file is a tar file, or compressed so that it may be one."""
    with path.open("rb") as stream:
        head = stream.read(8)
    return head.startswith(_MAGIC) or tarfile.is_tarfile(path)


def bootstrap_request(settings: Settings) -> mmdebstrap.Request:
    """The bootstrap of a cloud image that decided settings ask for.

    Raises:
        UsageError: the suite, the architecture or the kernel flavour is not known.
    """
    suite = distributions.find_suite(settings.text("suite"), settings.text("distribution"))
    arch, variant = settings.text("arch"), _variant(settings)
    defaults = distributions.packages(suite, arch, variant)
    keyring = Path(suite.distribution.keyring)
    return mmdebstrap.Request(
        suite=suite.name,
        target=CHROOT,
        mirror=settings.text("mirror") or None,
        architecture=arch,
        variant=distributions.VARIANT,
        packages=distributions.select(defaults, settings.words("packages")),
        components=settings.words("components"),
        keyring=keyring if keyring.exists() else None,
        dpkg_options=documents.DPKG_OPTIONS if _without_documents(settings, variant) else (),
    )


def _without_documents(settings: Settings, variant: Variant) -> bool:
    return variant.minimized or settings.text("with_docs") == NO


def _variant(settings: Settings) -> Variant:
    return Variant(
        flavour=settings.text("kernel_flavour"),
        bootloader=settings.text("bootloader"),
        cloud=settings.text("cloud") == "yes",
        minimized=settings.text("subproject") == MINIMIZED,
    )


def command(
    base: Base, request: mmdebstrap.Request, slot: Slot, environ: Mapping[str, str]
) -> Command:
    """The command that fills ``chroot/``.

    Args:
        base: what was asked for.
        request: the bootstrap, if that is it.
        slot: the step's folders.
        environ: proxies, and the date as SOURCE_DATE_EPOCH.
    """
    env = {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **NO_INITRAMFS, **environ}
    given = (Bind(source=base.path, target=GIVEN),) if base.path else ()
    build = Bind(source=slot.build, target="/build", writable=True)
    seen = Sandbox(operations=(*hostroot.operations(), build, *given), cwd="/build", env=env)
    return Command(sandbox=seen, argv=_argv(base, request))


def _argv(base: Base, request: mmdebstrap.Request) -> tuple[str, ...]:
    match base.kind:
        case BaseKind.DIRECTORY:
            return ("cp", "-a", "--reflink=auto", "--", f"{GIVEN}/.", f"{CHROOT}/")
        case BaseKind.TAR:
            owners = ("--numeric-owner", "--xattrs", "--xattrs-include=*", "-p")
            return ("tar", *owners, "-xf", GIVEN, "-C", str(CHROOT))
    return mmdebstrap.argv(request) if base.kind is BaseKind.BOOTSTRAP else ("true",)


FOLDERS = ("chroot", "binary/boot", "config")


def lay_out(build: Path) -> None:
    """The folders of a build directory, as live-build makes them."""
    for folder in FOLDERS:
        (build / folder).mkdir(parents=True, exist_ok=True)


def settle(base: Base, chroot: Path) -> None:
    """Check that a root is there in which hooks can run, and make it independent of its maker.

    Raises:
        LivecdError: there is no shell in it.
    """
    if base.kind is BaseKind.BOOTSTRAP:
        mmdebstrap.settle(chroot)
    if base.kind is BaseKind.NONE:
        return
    if not any((chroot / shell).exists() for shell in ("bin/sh", "usr/bin/sh")):
        raise LivecdError(
            "the base has no /bin/sh, so no hook can run in it",
            place=str(base.path or chroot),
            remedy="give the root itself, not a directory above it",
        )


def date_of_root(chroot: Path) -> int:
    """The date of a given root: when its packages last changed, else 1980.

    dpkg's status file is the one thing in a root that says that.
    """
    status = chroot / "var/lib/dpkg/status"
    return max(EARLIEST, int(status.stat().st_mtime)) if status.is_file() else EARLIEST
