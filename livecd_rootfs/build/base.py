"""The beginning of a target root: bootstrapped, unpacked, copied, or given as it is."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import distributions, documents, hostroot, mmdebstrap
from livecd_rootfs.build import library
from livecd_rootfs.build.environment import SYSTEM_PATH
from livecd_rootfs.build.plan import Base, BaseKind
from livecd_rootfs.build.workspace import Slot
from livecd_rootfs.distributions import Suite, Variant
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.mmdebstrap import Moment
from livecd_rootfs.mounts import Bind
from livecd_rootfs.packaging import KEEP_FILES, NO_INITRAMFS
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings import FILES, ProjectFile, Settings
from livecd_rootfs.settings.row import NO
from livecd_rootfs.variants import MINIMIZED

GIVEN = "/livecd/base"
SKELETON = "skeleton_trees"
# The step itself, in the bootstrap: mmdebstrap runs these outside of the root. Its files stay as
# they are while packages come, and the options for that don't stay in the root.
SKELETON_MODULE = "livecd_rootfs.image.skeleton_trees"
_STEP = 'import sys; sys.argv = ["skeleton-trees"]; '
_STEP += "from livecd_rootfs.image import skeleton_trees as step; "
_STEP += "from livecd_rootfs.steps import hook; sys.exit(hook.main(step.before_packages))"
_OPTIONS = "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
_SKELETON_HOOKS = (
    mmdebstrap.Hook(moment=Moment.SETUP, command=f"cd /build && python3 -c '{_STEP}' >&2"),
    mmdebstrap.Hook(
        moment=Moment.CUSTOMIZE,
        command=f'sed -i "/^force-conf/d" "{_OPTIONS}" && {{ test -s "{_OPTIONS}" || rm "{_OPTIONS}"; }}',
    ),
)
CHROOT = Path("/build/chroot")
# The year in which vfat's calendar begins (its times can't say anything earlier).
EARLIEST = 315532800
# As debootstrap does it (mmdebstrap(1), "MERGED-/USR"). Else the package usrmerge would, which
# brings Perl and stays.
MERGED_USR = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and the sandbox in which it makes the root."""

    sandbox: Sandbox
    argv: tuple[str, ...]


def parse(text: str | None, origin: str = "--base") -> Base:
    """The base that ``--base`` asks for.

    Args:
        text: its value; ``None`` is no such option.
        origin: who asks, if it is not that option.

    Raises:
        UsageError: it is neither a directory, nor a tar file, nor ``none``.
    """
    if text is None:
        return Base(kind=BaseKind.BOOTSTRAP)
    if text == BaseKind.NONE.value:
        return Base(kind=BaseKind.NONE)
    path = Path(text).absolute()
    if path.is_dir():
        return Base(kind=BaseKind.DIRECTORY, path=path, origin=origin)
    if path.is_file() and tarfile_like(path):
        return Base(kind=BaseKind.TAR, path=path, origin=origin)
    why = "it is no tar file" if path.is_file() else "there is no such file or directory"
    raise UsageError(
        f"{origin} {text} can't be used",
        why=why,
        remedy="give a directory, a tar file (compressed or not), or none",
    )


_MAGIC = (b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh")


def tarfile_like(path: Path) -> bool:
    """Whether a file is a tar file, or compressed so that it may be one."""
    with path.open("rb") as stream:
        head = stream.read(8)
    return head.startswith(_MAGIC) or tarfile.is_tarfile(path)


def of(option: str | None, settings: Settings) -> Base:
    """The base of a build: what ``--base`` asks for, else the setting BaseTrees.

    Raises:
        UsageError: it can't be used.
    """
    trees = settings.files("base_trees")
    if option is not None or not trees:
        return parse(option)
    origin = settings.values["base_trees"].where
    if len(trees) > 1:
        raise UsageError(
            "BaseTrees names several roots",
            place=origin,
            remedy="name one; others can be put over it as SkeletonTrees",
        )
    return parse(str(trees[0].path), "BaseTrees")


def bootstrap_request(settings: Settings) -> mmdebstrap.Request:
    """The bootstrap that decided settings ask for: of a cloud image, or for the image pipeline.

    Raises:
        UsageError: the suite, the architecture or the kernel flavour is not known.
    """
    suite = distributions.find_suite(settings.text("suite"), settings.text("distribution"))
    variant = _variant(settings)
    keyring = Path(suite.distribution.keyring)
    skeleton = settings.pipeline and bool(settings.files(SKELETON))
    return mmdebstrap.Request(
        suite=suite.name,
        target=CHROOT,
        mirror=settings.text("mirror") or None,
        architecture=settings.text("arch"),
        variant=distributions.PIPELINE_VARIANT if settings.pipeline else distributions.VARIANT,
        packages=_packages(settings, suite, variant),
        components=settings.words("components"),
        keyring=keyring if keyring.exists() else None,
        dpkg_options=_dpkg_options(settings, variant, skeleton=skeleton),
        hooks=_SKELETON_HOOKS if skeleton else (),
        options=(MERGED_USR,) if suite.bootstrap_merges_usr else (),
    )


def _packages(settings: Settings, suite: Suite, variant: Variant) -> tuple[str, ...]:
    words = settings.words("packages")
    if not settings.pipeline:
        defaults = distributions.packages(suite, settings.text("arch"), variant)
        return distributions.select(defaults, words)
    # Essential packages have no /etc/shadow: passwd makes it.
    login = ("passwd",) if settings.text("root_password_hash") else ()
    # veritysetup opens the root in the initramfs.
    verity = ("cryptsetup-bin",) if settings.yes("verity") else ()
    more = (*login, *verity, *(("openssh-server",) if settings.yes("ssh") else ()))
    boots: tuple[str, ...] = ()
    if settings.yes("bootable"):
        boots = distributions.needed_to_boot(suite, settings.text("arch"), variant, words)
    return distributions.select((*boots, *more), words)


def _dpkg_options(settings: Settings, variant: Variant, *, skeleton: bool) -> tuple[str, ...]:
    without = variant.minimized or settings.text("with_docs") == NO
    return (*(documents.DPKG_OPTIONS if without else ()), *(KEEP_FILES if skeleton else ()))


def skeleton_trees(settings: Settings, request: mmdebstrap.Request) -> tuple[ProjectFile, ...]:
    """What a bootstrap puts into the root before packages."""
    return settings.files(SKELETON) if request.hooks else ()


def _variant(settings: Settings) -> Variant:
    return Variant(
        flavour=settings.text("kernel_flavour"),
        bootloader=settings.text("bootloader"),
        cloud=settings.text("cloud") == "yes",
        minimized=settings.text("subproject") == MINIMIZED,
    )


def command(
    base: Base,
    request: mmdebstrap.Request,
    slot: Slot,
    environ: Mapping[str, str],
    skeleton: Sequence[ProjectFile] = (),
) -> Command:
    """The command that fills ``chroot/``.

    Args:
        base: what was asked for.
        request: the bootstrap, if that is it.
        slot: the step's folders.
        environ: proxies, and the date as SOURCE_DATE_EPOCH.
        skeleton: the trees that a bootstrap puts into the root before packages.
    """
    env = {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **NO_INITRAMFS, **environ}
    if skeleton:
        lines = "\n".join(file.line for file in skeleton)
        env = {**env, **library.variables(SYSTEM_PATH), SKELETON.upper(): lines}
    given = (Bind(source=base.path, target=GIVEN),) if base.path else ()
    build = Bind(source=slot.build, target="/build", writable=True)
    trees = [Bind(source=file.path, target=f"{FILES}/{file.place}") for file in skeleton]
    shown = (*library.operations(), *trees) if skeleton else ()
    seen = Sandbox(
        operations=(*hostroot.operations(), build, *given, *shown), cwd="/build", env=env
    )
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
