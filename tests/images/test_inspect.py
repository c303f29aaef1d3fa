"""inspect and diff of the real image: what the README shows, but for the numbers of the day."""

from __future__ import annotations

import json
import re

import pytest

from tests import checkout
from tests.images.conftest import Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

README = (checkout.ROOT / "README.cpc.md").read_text(encoding="utf-8")


def shown(command: str) -> list[str]:
    """The lines that the README shows below a command."""
    block = README.partition(f"\n$ livecd-rootfs {command} out/")[2].partition("```")[0]
    return block.partition("\n$ ")[0].splitlines()[1:]


def skeleton(line: str) -> str:
    """A line without sizes, versions and counts, which the archive changes from day to day."""
    return re.sub(r" +", " ", re.sub(r"[~+\w.:,-]*\d[~+\w.:,-]*|[KMG]iB|B(?= )", "N", line))


def test_inspect_prints_what_is_shown(built: Built) -> None:
    ended = built.livecd_rootfs("inspect", str(built.artifact(".img")))
    assert (ended.returncode, ended.stderr) == (0, "")
    printed, expected = ended.stdout.splitlines(), shown("inspect")
    head = next(number for number, line in enumerate(expected) if line.startswith("packages"))
    assert len(printed) == len(expected) <= 24
    assert [skeleton(line) for line in printed[: head + 1]] == [
        skeleton(line) for line in expected[: head + 1]
    ]


def test_what_is_inspected_is_what_dpkg_has(built: Built) -> None:
    for suffix in (".img", ".squashfs"):
        ended = built.livecd_rootfs("inspect", str(built.artifact(suffix)), "--format", "json")
        found = {package["name"] for package in json.loads(ended.stdout)["packages"]}
        manifest = built.artifact(f"{suffix}.manifest").read_text().splitlines()
        assert found == {line.partition("\t")[0].partition(":")[0] for line in manifest}


def test_diff_of_the_disk_and_the_squashfs_is_what_a_disk_needs(built: Built) -> None:
    pair = [str(built.artifact(suffix)) for suffix in (".squashfs", ".img")]
    ended = built.livecd_rootfs("diff", *pair, "--format", "json")
    assert (ended.returncode, ended.stderr) == (1, "")
    found = json.loads(ended.stdout)
    assert not found["files"]["removed"]
    assert not found["packages"]["removed"]
    assert not found["packages"]["changed"]
    assert "/boot/efi/EFI/BOOT/BOOTX64.EFI" in found["files"]["added"]
    assert "/etc/fstab" in found["files"]["changed"]
