"""What apt would remove, from what it says."""

from __future__ import annotations

from livecd_rootfs.steps import purge


def test_planned() -> None:
    text = (
        "The following packages will be REMOVED:\n  a* b*\n"
        "Purg a [1]\nRemv b [2] [c:amd64 ]\nInst d (3)\n"
    )
    assert purge.planned(text) == {"a", "b"}


def test_a_package_can_remove_what_it_owns() -> None:
    """A mount point can't be removed, and apt's script fails where it can't."""
    assert "/var/cache/apt" in purge.private(["gcc", "apt-utils"])
    assert [folder for folder in purge.private(["apt", "gcc"]) if "apt" in folder] == []
    assert "/var/log" in purge.private(["apt"])
