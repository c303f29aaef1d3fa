"""The step that runs the project's mkosi.postinst in the root."""

from __future__ import annotations

from livecd_rootfs.image import scripts
from livecd_rootfs.steps.context import Context

VARIABLE = "POST_INSTALLATION_SCRIPT"


def run(context: Context) -> str:
    """Run ``mkosi.postinst final`` with the root as its root; WITH_NETWORK=yes lets it use the network.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the script can't be run, or failed.
    """
    script = scripts.find(context, VARIABLE)
    if script is None:
        return "postinst: nothing to do, there is no PostInstallationScript"
    network = context.choice("WITH_NETWORK", ("no", "yes")) == "yes"
    scripts.run(context, script, context.chroot, ("final",), network=network)
    return f"postinst: {script.name} has run"
