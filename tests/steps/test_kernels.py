"""Kernels newest first, as Debian orders versions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from livecd_rootfs.steps import kernels
from livecd_rootfs.steps.kernels import Kernel

ASCENDING = [
    "5.10.0-9-amd64",
    "6.1.0-9-amd64",
    "6.1.0-30-amd64",
    "6.12~rc7-amd64",
    "6.12-amd64",
    "6.12.9+deb13-cloud-amd64",
    "6.12.117+deb13-cloud-amd64",
]


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ASCENDING)))
def test_age(older: str, newer: str) -> None:
    assert kernels.age(older) < kernels.age(newer)


def test_ordered() -> None:
    names = ["initrd.img-6.1-a", "vmlinuz-6.1-a", "config-6.12-a", "vmlinuz-6.12-a", "vmlinuz"]
    assert kernels.ordered(names) == (
        Kernel(version="6.12-a", image="vmlinuz-6.12-a", initrd=None),
        Kernel(version="6.1-a", image="vmlinuz-6.1-a", initrd="initrd.img-6.1-a"),
    )


def test_a_root_without_boot_has_none(tmp_path: Path) -> None:
    assert kernels.installed(tmp_path) == ()
