"""What a target root begins with: a bootstrap as settings ask for it, a tar file, a copy, nothing."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs import distributions, documents, mmdebstrap
from livecd_rootfs.build.newroot import BUILD, GIVEN, Skeleton
from livecd_rootfs.build.plan import Base, BaseKind
from livecd_rootfs.distributions import Suite, Variant
from livecd_rootfs.errors import UsageError
from livecd_rootfs.mmdebstrap import Moment
from livecd_rootfs.packaging import KEEP_FILES
from livecd_rootfs.settings import FILES, ProjectFile, Settings
from livecd_rootfs.settings.row import NO
from livecd_rootfs.variants import MINIMIZED

SKELETON = "skeleton_trees"
# The step itself, in the bootstrap: mmdebstrap runs these outside of the root. Its files stay as
# they are while packages come, and the options for that don't stay in the root.
SKELETON_MODULE = "livecd_rootfs.image.skeleton_trees"
_STEP = 'import sys; sys.argv = ["skeleton-trees"]; '
_STEP += "from livecd_rootfs.image import skeleton_trees as step; "
_STEP += "from livecd_rootfs.steps import hook; sys.exit(hook.main(step.before_packages))"
_OPTIONS = "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
_SKELETON_HOOKS = (
    mmdebstrap.Hook(moment=Moment.SETUP, command=f"cd {BUILD} && python3 -c '{_STEP}' >&2"),
    mmdebstrap.Hook(
        moment=Moment.CUSTOMIZE,
        command=f'sed -i "/^force-conf/d" "{_OPTIONS}" && {{ test -s "{_OPTIONS}" || rm "{_OPTIONS}"; }}',
    ),
)
CHROOT = Path(BUILD, "chroot")
# As debootstrap does it (mmdebstrap(1), "MERGED-/USR"). Else the package usrmerge would, which
# brings Perl and stays.
MERGED_USR = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"


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


def skeleton_of(files: Sequence[ProjectFile]) -> Skeleton:
    """These trees as the step that makes the root has them."""
    lines = "\n".join(file.line for file in files)
    return Skeleton(
        files={f"{FILES}/{file.place}": file.path for file in files},
        variables={SKELETON.upper(): lines} if files else {},
    )


def argv(base: Base, request: mmdebstrap.Request) -> tuple[str, ...]:
    """The words of the command that fills ``chroot/``."""
    match base.kind:
        case BaseKind.DIRECTORY:
            return ("cp", "-a", "--reflink=auto", "--", f"{GIVEN}/.", f"{CHROOT}/")
        case BaseKind.TAR:
            owners = ("--numeric-owner", "--xattrs", "--xattrs-include=*", "-p")
            return ("tar", *owners, "-xf", GIVEN, "-C", str(CHROOT))
    return mmdebstrap.argv(request) if base.kind is BaseKind.BOOTSTRAP else ("true",)
