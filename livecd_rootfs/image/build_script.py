"""The step that runs mkosi.build in the build overlay; what it puts into $DESTDIR is for the image."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.image import accounts, build_overlay, scripts, sources
from livecd_rootfs.image.scripts import WORK
from livecd_rootfs.image.sources import SRCDIR
from livecd_rootfs.mounts import Bind
from livecd_rootfs.sandbox import User
from livecd_rootfs.steps import overlay
from livecd_rootfs.steps.context import Context

DESTDIR = f"{WORK}/dest"
BUILDDIR = f"{WORK}/build"
_SWITCHES = ("WITH_DOCS", "WITH_TESTS", "WITH_NETWORK")
# The whole of user ids: a namespace that has them all is no user's own (user_namespaces(7)).
_ALL_IDS = "4294967295"


def run(context: Context) -> str:
    """Run BUILD_SCRIPT, as the user who called us, and without the network unless WITH_NETWORK.

    It sees BUILD_SOURCES in $SRCDIR and, if there is one, BUILD_DIRECTORY in
    $BUILDDIR, the only place where it finds what it left there.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: it failed.
    """
    script = scripts.find(context, "BUILD_SCRIPT")
    if script is None:
        return "build-script: nothing to do, there is no BuildScript"
    user = invoker(context.variables, Path("/proc/self/uid_map").read_text())
    dest = _new_dest(context, user)
    read_only = context.variables.get("BUILD_SOURCES_READ_ONLY") == "yes"
    with build_overlay.opened(context) as root, overlay.scratch(context) as scratch:
        shown = sources.mounts(context, "BUILD_SOURCES", scratch, read_only=read_only)
        kept = _kept(context, user)
        known = accounts.shown(root, user, scratch) if user else ()
        scripts.run(
            context,
            script,
            root,
            env=environment(context, has_kept=bool(kept), user=user),
            network=context.variables.get("WITH_NETWORK") == "yes",
            binds=(*shown, Bind(source=dest, target=DESTDIR, writable=True), *kept, *known),
            cwd=SRCDIR,
            user=user,
        )
    count = _give_to_root(dest)
    return f"build-script: {script.name}: {count} file{'' if count == 1 else 's'} for the image"


def environment(context: Context, *, has_kept: bool, user: User | None) -> dict[str, str]:
    """What the script is told: places, and switches as 1 or 0."""
    switches = {name: str(int(context.variables.get(name) == "yes")) for name in _SWITCHES}
    kept = {"BUILDDIR": BUILDDIR} if has_kept else {}
    home = {"HOME": accounts.HOME} if user else {}
    return {"SRCDIR": SRCDIR, "DESTDIR": DESTDIR, **switches, **kept, **home}


def invoker(variables: Mapping[str, str], uid_map: str) -> User | None:
    """Who called us by sudo; ``None`` if root is as good: in a user namespace it is the caller.

    Args:
        variables: those of the hook, of which SUDO_UID and SUDO_GID are read.
        uid_map: /proc/self/uid_map.
    """
    uid, gid = (variables.get(name, "") for name in ("SUDO_UID", "SUDO_GID"))
    is_namespace = _ALL_IDS not in uid_map.split()
    if is_namespace or not (uid.isdecimal() and gid.isdecimal()) or uid == "0":
        return None
    return User(uid=int(uid), gid=int(gid))


def _new_dest(context: Context, user: User | None) -> Path:
    dest = context.build / build_overlay.DEST
    trees.remove(dest)
    dest.mkdir()
    if user:
        os.chown(dest, user.uid, user.gid)
    return dest


def _kept(context: Context, user: User | None) -> tuple[Bind, ...]:
    """The directory that lives on from build to build; a new one becomes the user's."""
    place = context.variables.get("BUILD_DIRECTORY")
    if not place:
        return ()
    folder = Path(place)
    if user and folder.stat().st_uid == 0 and not any(folder.iterdir()):
        os.chown(folder, user.uid, user.gid)
    return (Bind(source=folder, target=BUILDDIR, writable=True),)


def _give_to_root(dest: Path) -> int:
    """Make everything root's, whoever built it, and count what is no directory."""
    count = 0
    for folder, folders, files in os.walk(dest):
        count += len(files)
        for name in (*folders, *files, "."):
            path = Path(folder, name)
            found = path.lstat()
            if (found.st_uid, found.st_gid) == (0, 0):
                continue
            os.chown(path, 0, 0, follow_symlinks=False)
            if not stat.S_ISLNK(found.st_mode):
                path.chmod(stat.S_IMODE(found.st_mode))  # chown takes setuid away
    return count
