"""The step that runs the project's mkosi.finalize beside the root, on the host."""

from __future__ import annotations

from livecd_rootfs import trees
from livecd_rootfs.image import scripts
from livecd_rootfs.image.scripts import WORK
from livecd_rootfs.mounts import Bind
from livecd_rootfs.steps.context import Context

VARIABLE = "FINALIZE_SCRIPT"
# What it puts there is packed by the output step.
FOLDER = "binary/outputs"
BUILDROOT = f"{WORK}/buildroot"
OUTPUTDIR = f"{WORK}/out"


def run(context: Context) -> str:
    """Run ``mkosi.finalize final`` with the root as $BUILDROOT, and $OUTPUTDIR for more artifacts.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the script can't be run, or failed.
    """
    script = scripts.find(context, VARIABLE)
    if script is None:
        return "finalize: nothing to do, there is no FinalizeScript"
    outputs = context.build / FOLDER
    trees.remove(outputs)
    outputs.mkdir(parents=True)
    binds = (
        Bind(source=context.chroot, target=BUILDROOT, writable=True),
        Bind(source=outputs, target=OUTPUTDIR, writable=True),
    )
    env = {"BUILDROOT": BUILDROOT, "OUTPUTDIR": OUTPUTDIR}
    scripts.run_on_host(context, script, ("final",), env=env, binds=binds)
    names = sorted(path.name for path in outputs.iterdir())
    return f"finalize: {script.name} has run" + (f", and left {', '.join(names)}" if names else "")
