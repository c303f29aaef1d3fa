"""The step that purges packages which the image needs no more."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import dpkg, purge, rooted
from livecd_rootfs.steps.context import Context

_APT = ("usr/bin/apt-get",)
_DPKG = "dpkg"
_DPKG_FILES = "var/lib/dpkg/info/dpkg.list"


def run(context: Context) -> str:
    """Purge the packages of REMOVE_PACKAGES, what needs them, and what only they needed.

    A name may be a pattern. What is not installed is told, and is no error: which
    packages an image has may depend on its suite.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the root has no apt, or apt failed.
    """
    patterns = context.variables.get("REMOVE_PACKAGES", "").split()
    if not patterns:
        return "remove-packages: nothing to do, RemovePackages is empty"
    installed = dpkg.installed(context.chroot)
    found = {pattern: _matching(pattern, installed, context.arch) for pattern in patterns}
    names = sorted({name for matched in found.values() for name in matched})
    missing = [pattern for pattern, matched in found.items() if not matched]
    told = [*_purged(context, names), *(f"{pattern} is not installed" for pattern in missing)]
    return f"remove-packages: {'; '.join(told)}"


def _matching(pattern: str, installed: Sequence[dpkg.Package], native: str) -> list[str]:
    """The packages that a pattern names, as apt calls them."""
    names = {f"{each.name}:{each.architecture}": each for each in installed}
    return [
        each.name if each.architecture in {native, "all"} else full
        for full, each in names.items()
        if fnmatch.fnmatchcase(each.name, pattern) or fnmatch.fnmatchcase(full, pattern)
    ]


def _purged(context: Context, names: Sequence[str]) -> Iterator[str]:
    if not names:
        return
    if rooted.first_file(context.chroot, *_APT) is None:
        raise LivecdError(
            "packages can't be removed: the root has no apt",
            place=str(context.chroot),
            remedy="add apt to Packages; RemovePackages may remove it again in the end",
        )
    others = [name for name in names if name != _DPKG]
    gone = purge.purge(context, context.chroot, others) if others else ()
    if _DPKG in names:
        _remove_dpkg(context.chroot)
    more = len(gone) - len(others)
    them = "it" if len(names) == 1 else "them"
    yield f"{len(names)} purged" + (f", and {more} with {them}" if more else "")


def _remove_dpkg(root: Path) -> None:
    """Remove dpkg's files, which it can't do itself, and its record; what it kept stays."""
    listed = rooted.text(root, _DPKG_FILES).splitlines()
    for name in sorted(listed, reverse=True):
        path = rooted.resolve(root, str(Path(name).parent)) / Path(name).name
        if not rooted.resolve(root, name).is_dir():
            path.unlink(missing_ok=True)
        elif not path.is_symlink():
            with suppress(OSError):  # it is not empty: another package, or a record, is in it
                path.rmdir()
    records = rooted.text(root, dpkg.STATUS).split("\n\n")
    kept = [record for record in records if f"Package: {_DPKG}" not in record.splitlines()]
    rooted.write(root, dpkg.STATUS, "\n\n".join(kept))
