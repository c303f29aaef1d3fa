"""The step that makes kernels ready to boot: their modules' lists, and their initramfs, once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import artifacts, bootplan, initrd, inroot, times
from livecd_rootfs.image.artifacts import Format
from livecd_rootfs.image.initrd import Wish
from livecd_rootfs.steps import kernels, rooted
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel

# Below BuildDirectory, which outlives builds.
KEPT = "initrds"


def run(context: Context) -> str:
    """Make each kernel ready, the newest first.

    Initrds are given ones, which take the place of those that are made;
    INITRD_MODULES must be in it; CACHE_INITRD keeps it in BUILD_DIRECTORY for other
    builds. All of /boot gets times that are not later than the build's.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the root lacks something, or a program in it failed.
    """
    _gather(context.chroot)
    found = kernels.installed(context.chroot)
    if not found:
        return "kernel-install: nothing to do, the root has no kernel"
    for kernel in found:
        _list_modules(context, kernel.version)
    said = ", ".join(_each(context, found)) if _wants_initrds(context) else "no initramfs is needed"
    times.clamp(rooted.resolve(context.chroot, "boot"), context.epoch)
    return f"kernel-install: Linux {', '.join(kernel.version for kernel in found)}; {said}"


def _wants_initrds(context: Context) -> bool:
    """Of all outputs only disks have one: a unified kernel image is one itself."""
    output = artifacts.of(context.variables)
    return output.format is Format.DISK and bootplan.of(context).boots


def _gather(root: Path) -> None:
    """Kernels that packages have beside their modules, as some do, go to /boot."""
    boot, modules = rooted.resolve(root, "boot"), rooted.resolve(root, "usr/lib/modules")
    for image in sorted(modules.glob("*/vmlinuz")):
        target = boot / f"vmlinuz-{image.parent.name}"
        if not target.exists():
            boot.mkdir(exist_ok=True)
            shutil.copy2(rooted.resolve(root, str(image.relative_to(root))), target)


def _list_modules(context: Context, version: str) -> None:
    modules = rooted.resolve(context.chroot, f"usr/lib/modules/{version}")
    if modules.is_dir() and not (modules / "modules.dep").is_file():
        inroot.run(context, context.chroot, ["depmod", "-a", version])


def _each(context: Context, found: tuple[Kernel, ...]) -> Iterator[str]:
    given = [Path(line) for line in context.variables.get("INITRDS", "").splitlines() if line]
    kept = _kept(context)
    modules = tuple(context.variables.get("INITRD_MODULES", "").split())
    verity = artifacts.of(context.variables).verity
    for kernel in found:
        name = f"initrd.img-{kernel.version}"
        if given:
            _join(given, rooted.resolve(context.chroot, "boot") / name)
            yield f"{name} as it was given"
            continue
        wish = Wish(version=kernel.version, modules=modules, verity=verity)
        served = initrd.make(context, context.chroot, wish, kept=kept)
        yield f"{name} {'from an earlier build' if served else 'made'}"


def _kept(context: Context) -> Path | None:
    """Where initramfs are kept.

    Raises:
        UsageError: they are to be kept, and there is no place for it.
    """
    if context.variables.get("CACHE_INITRD") != "yes":
        return None
    place = context.variables.get("BUILD_DIRECTORY")
    if not place:
        raise UsageError(
            "CacheInitrd=yes, but nothing is kept between builds",
            remedy="BuildDirectory=mkosi.builddir, or another place; or CacheInitrd=no",
        )
    return Path(place) / KEPT


def _join(given: list[Path], target: Path) -> None:
    """The kernel unpacks them one after another, each over those before it."""
    with target.open("wb") as stream:
        for path in given:
            try:
                stream.write(path.read_bytes())
            except OSError as error:
                why = error.strerror
                raise LivecdError(
                    "an initrd of Initrds can't be read", place=str(path), why=why
                ) from error
