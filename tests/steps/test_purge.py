"""What apt would remove, from what it says."""

from __future__ import annotations

from livecd_rootfs.steps import purge


def test_planned() -> None:
    text = (
        "The following packages will be REMOVED:\n  a* b*\n"
        "Purg a [1]\nRemv b [2] [c:amd64 ]\nInst d (3)\n"
    )
    assert purge.planned(text) == {"a", "b"}
