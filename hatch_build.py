"""What the wheel carries beside the modules: the trees that users see, under their own names."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TREES = ("hooks.d", "auto")


class InstalledTrees(BuildHookInterface[Any]):
    """Put hooks.d and auto into ``livecd_rootfs/_data`` of a wheel, with its executable bits.

    An editable install reads them from the checkout, so it must not carry a
    copy that goes stale.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the trees to the files of a wheel; called by hatchling before it writes."""
        if version == "editable":
            return
        for tree in TREES:
            build_data["force_include"][tree] = f"livecd_rootfs/_data/{tree}"
