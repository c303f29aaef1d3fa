"""The step that enables and disables units as the root's presets say."""

from __future__ import annotations

from livecd_rootfs.image import inroot
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

_PROGRAMS = ("usr/bin/systemctl", "bin/systemctl")
_MADE, _REMOVED = "Created symlink", "Removed "


def run(context: Context) -> str:
    """Apply the presets to all units of the system and of its users.

    The root's own systemctl does it: no other one knows its presets better, and
    with ``--root`` it talks to no manager.

    Returns:
        what was done, in one line.

    Raises:
        CommandError: systemctl failed.
    """
    root = context.chroot
    if rooted.first_file(root, *_PROGRAMS) is None:
        return "preset-all: nothing to do, systemd is not installed"
    lines: list[str] = []
    for scope in ((), ("--global",)):
        done = inroot.run(context, root, ("systemctl", "--root=/", *scope, "preset-all"))
        lines += f"{done.stdout}{done.stderr}".splitlines()
    made = sum(line.startswith(_MADE) for line in lines)
    removed = sum(line.startswith(_REMOVED) for line in lines)
    return f"preset-all: {made} links of units made, {removed} removed"
