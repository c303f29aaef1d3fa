"""The step that labels the root's files by its SELinux policy."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import inroot
from livecd_rootfs.steps import osrelease, rooted
from livecd_rootfs.steps.context import Context

CONFIGURATION = "etc/selinux/config"
_SETFILES = "usr/sbin/setfiles"
# Only mount points: what is in them is of the running system.
_LEFT_OUT = ("/dev", "/proc", "/run", "/sys", "/tmp")  # noqa: S108 (the root's own)
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
    # -m: mount points are left out by name; what is mounted here tells nothing of the image.
    without = [word for path in _LEFT_OUT for word in ("-e", path)]
    argv = ("setfiles", "-m", "-F", *without, f"/{contexts}", "/")
    inroot.run(context, context.chroot, argv)
