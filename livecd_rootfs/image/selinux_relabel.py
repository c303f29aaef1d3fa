"""The step that labels the root's files by its SELinux policy."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import inroot
from livecd_rootfs.mounts import Bind
from livecd_rootfs.steps import filelist, osrelease, rooted
from livecd_rootfs.steps.context import Context

CONFIGURATION = "etc/selinux/config"
_SETFILES = "usr/sbin/setfiles"
# The root once more, with nothing mounted over it: its mount points need labels, too.
_PLACE = "/run/root"
_AUTORELABEL = ".autorelabel"
_ALL_IDS = "4294967295"


def run(context: Context) -> str:
    """Label the files, if SELINUX_RELABEL asks for it or, with ``auto``, a policy is configured.

    Only the host's root can set labels. Where somebody else builds, ``auto`` has the
    first boot do it.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: there is no policy, setfiles is missing, or it failed.
    """
    choice = _choice(context)
    contexts = contexts_of(context.chroot)
    if choice == "no" or (choice == "auto" and contexts is None):
        why = "SELinuxRelabel is no" if choice == "no" else "no SELinux policy is configured"
        return f"selinux-relabel: nothing to do, {why}"
    if contexts is None:
        raise LivecdError(
            "SELinuxRelabel is set, but no SELinux policy is configured in the root",
            place=f"chroot/{CONFIGURATION}",
            remedy="add selinux-policy-default to Packages, or set SELinuxRelabel=auto",
        )
    if choice == "auto" and not _is_hosts_root(Path("/proc/self/uid_map").read_text()):
        (context.chroot / _AUTORELABEL).touch()
        return "selinux-relabel: the first boot does it, as only the host's root could here"
    _label(context, contexts)
    return f"selinux-relabel: labelled by /{contexts}"


def is_labelled(context: Context) -> bool:
    """Whether the labels that the files have are those of the root's own policy."""
    wanted = _choice(context) != "no" and contexts_of(context.chroot) is not None
    return wanted and not (context.chroot / _AUTORELABEL).exists()


def _choice(context: Context) -> str:
    return context.choice("SELINUX_RELABEL", ("auto", "yes", "no"))


def contexts_of(root: Path) -> str | None:
    """The file of the policy that says which label a file has, as a path in the root.

    ``None`` if no policy is configured: its configuration is missing or disabled, or it
    is not installed (selinux_config(5)).
    """
    settings = osrelease.parse(rooted.text(root, CONFIGURATION))
    kind = settings.get("SELINUXTYPE", "")
    if settings.get("SELINUX") == "disabled" or not kind:
        return None
    path = f"etc/selinux/{kind}/contexts/files/file_contexts"
    return path if rooted.first_file(root, path) else None


def _is_hosts_root(uid_map: str) -> bool:
    """Whether all user ids are what they seem, from the text of /proc/self/uid_map."""
    return uid_map.split() == ["0", "0", _ALL_IDS]


def _label(context: Context, contexts: str) -> None:
    if rooted.first_file(context.chroot, _SETFILES) is None:
        raise LivecdError(
            "files can't be labelled: the root has no setfiles",
            remedy="add policycoreutils to Packages, or set SELinuxRelabel=no",
        )
    _copy_up_hard_links(context.chroot)
    # -m: what is mounted here tells nothing of the image.
    argv = ("setfiles", "-m", "-F", "-r", _PLACE, f"/{contexts}", _PLACE)
    place = Bind(source=context.chroot, target=_PLACE, writable=True)
    inroot.run(context, context.chroot, argv, binds=(place,), quiet=False)


def _copy_up_hard_links(root: Path) -> None:
    """Make a file's names one file again, in the layer that is written.

    On an overlay the first change by one of them takes that name from the others, and
    setfiles, which knows files by their numbers, gives those no label.
    """
    for known, *others in _hard_links(root):
        for name in others:
            _link(known, name)


def _hard_links(root: Path) -> list[list[Path]]:
    """The names of each file that has several."""
    names: dict[tuple[int, int], list[Path]] = {}
    for _, entry in filelist.entries(root):
        found = entry.stat(follow_symlinks=False)
        if found.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
            path = Path(os.fsdecode(entry.path))
            names.setdefault((found.st_dev, found.st_ino), []).append(path)
    return [sorted(each) for each in names.values()]


def _link(known: Path, name: Path) -> None:
    """Make it another name of a known file; its directory keeps its times."""
    before = name.parent.stat()
    name.unlink()
    name.hardlink_to(known)
    os.utime(name.parent, ns=(before.st_atime_ns, before.st_mtime_ns))
