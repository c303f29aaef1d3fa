"""The steps that run mkosi.prepare: as ``final`` in the root, as ``build`` in the build overlay.

Such a script gets what apt does not have; it has the network. So that not every
change of a source file runs it again, it sees the sources only if its text names
them, as ``$SRCDIR`` or ``/work/src``.
"""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import apt, build_overlay, scripts, sources
from livecd_rootfs.image.scripts import Script
from livecd_rootfs.image.sources import SRCDIR
from livecd_rootfs.steps import overlay
from livecd_rootfs.steps.context import Context

VARIABLE = "PREPARE_SCRIPT"
NOTHING = "nothing to do, there is no PrepareScript"
BLIND = f"it saw no sources, for it names neither SRCDIR nor {SRCDIR}"


def run(context: Context) -> str:
    """Run it in the target root.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: it failed.
    """
    script = scripts.find(context, VARIABLE)
    if script is None:
        return f"prepare: {NOTHING}"
    _prepare(context, script, context.chroot, "final")
    return f"prepare: {script.name} final has run in the root"


def run_for_build(context: Context) -> str:
    """Run it in the build overlay, if there is something to build.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: it failed.
    """
    script = scripts.find(context, VARIABLE)
    if script is None:
        return f"prepare-build: {NOTHING}"
    if context.variables.get("HAS_BUILD_SCRIPT", "yes") == "no":
        return "prepare-build: nothing to do, there is no BuildScript to prepare for"
    with build_overlay.opened(context) as root:
        _prepare(context, script, root, "build")
    return f"prepare-build: {script.name} build has run in the build overlay"


def _prepare(context: Context, script: Script, root: Path, argument: str) -> None:
    is_blind = not context.variables.get("PREPARE_SOURCES")
    with overlay.scratch(context) as scratch, apt.access(context, root) as given:
        shown = sources.mounts(context, "PREPARE_SOURCES", scratch, read_only=False)
        try:
            scripts.run(
                context,
                script,
                root,
                (argument,),
                env={"SRCDIR": SRCDIR, **apt.ENVIRONMENT, **given.env},
                network=True,
                binds=(*shown, *given.binds),
                cwd=SRCDIR,
            )
        except LivecdError as error:
            error.notes = (*error.notes, *((BLIND,) if is_blind else ()))
            raise
