"""The options of ``lb config`` that a request means, in the words of each live-build."""

from __future__ import annotations

from dataclasses import dataclass

from livecd_rootfs import distributions
from livecd_rootfs.distributions import Distribution
from livecd_rootfs.livebuild.request import NO_HOOKS, Request
from livecd_rootfs.livebuild.version import Line

KERNEL = "linux-image-"
# A root file system that live-build packs itself is asked for by IMAGEFORMAT alone. Its
# word for none means a copy of the root as binary/; auto/build has the packing left out.
NOT_PACKED = "plain"
# Nobody needs its images either; this kind is made last, in one stage that is left out, too.
NO_IMAGE = "tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """Where packages come from while the root is made.

    Attributes:
        main: the archive; empty is what live-build knows.
        security: its security updates, likewise.
        security_in_image: where the image gets these; empty is what live-build knows.
    """

    main: str
    security: str
    security_in_image: str


def config(request: Request, line: Line, mirrors: Mirrors) -> tuple[str, ...]:
    """The arguments of ``lb config noauto``, each option as one word.

    Args:
        request: what is asked for.
        line: whose words they are.
        mirrors: where packages come from.
    """
    options = {**_shared(request), **_OF_LINE[line](request, mirrors)}
    return tuple(f"--{name}={value}" for name, value in options.items() if value is not None)


def kernel_flavours(request: Request) -> tuple[str, ...]:
    """The kernels' packages without what all of them begin with, as live-build wants them."""
    return tuple(name.removeprefix(KERNEL) for name in request.packages if name.startswith(KERNEL))


def _distribution(request: Request) -> Distribution:
    name = request.settings.text("distribution")
    return distributions.find_suite(request.settings.text("suite"), name).distribution


def _shared(request: Request) -> dict[str, str | None]:
    """What both lines call by one name."""
    settings, kernels = request.settings, kernel_flavours(request)
    return {
        "mode": settings.text("distribution"),
        "distribution": settings.text("suite"),
        "archive-areas": " ".join(settings.words("components")),
        "linux-packages": KERNEL.rstrip("-") if kernels else "none",
        "linux-flavours": " ".join(kernels) or None,
        "keyring-packages": _distribution(request).keyring_package,
        "apt-recommends": "false",
        "apt-source-archives": "false",
        "build-with-chroot": "false",
        "initramfs": "none",
        "memtest": "none",
        "checksums": "none",
        "zsync": "false",
        "source": "false",
        "cache": "false",
    }


def _debian(request: Request, mirrors: Mirrors) -> dict[str, str | None]:
    packed = request.image_format not in ("", NO_HOOKS)
    return {
        # live-build knows no other mode than Debian's, and Ubuntu's suites only by a mirror.
        "mode": "debian",
        "system": "normal",
        "architecture": request.settings.text("arch"),
        "debootstrap-options": f"--variant={distributions.VARIANT}",
        "mirror-bootstrap": mirrors.main or None,
        "mirror-chroot": mirrors.main or None,
        "mirror-chroot-security": mirrors.security or None,
        "mirror-binary-security": mirrors.security_in_image or None,
        "chroot-filesystem": request.image_format if packed else NOT_PACKED,
        "binary-image": NO_IMAGE,
        "apt-indices": "false",
        "firmware-chroot": "false",
        "firmware-binary": "false",
        "win32-loader": "false",
        "debian-installer": "none",
    }


def _ubuntu(request: Request, mirrors: Mirrors) -> dict[str, str | None]:
    packed = request.image_format not in ("", NO_HOOKS)
    return {
        "architectures": request.settings.text("arch"),
        "bootstrap-keyring": _distribution(request).keyring_package,
        "bootstrap-flavour": "minimal",
        "volatile": "true",
        "parent-mirror-bootstrap": mirrors.main or None,
        "mirror-bootstrap": mirrors.main or None,
        "mirror-chroot-security": mirrors.security or None,
        "chroot-filesystem": request.image_format if packed else "none",
        "binary-images": "none",
        "bootloader": "none",
        "initsystem": "none",
        # The file system can grow, while it is used, to this many blocks: 2 TiB.
        "ext-resize-blocks": "536870912" if request.image_format.startswith("ext") else None,
        "ext-block-size": "4096" if request.image_format.startswith("ext") else None,
        "ext-fudge-factor": "15" if request.image_format.startswith("ext") else None,
    }


_OF_LINE = {Line.DEBIAN: _debian, Line.UBUNTU: _ubuntu}
