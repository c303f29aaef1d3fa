"""What is in an image, for programs and for people."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from livecd_rootfs.image import manifest
from livecd_rootfs.steps.context import Context
from tests.steps.builds import STATUS, made_context, plant

CHANGES = """\
bash (5.2-1) unstable; urgency=medium

  * New upstream release.
    - which is long

 -- Someone <someone@example.org>  Sat, 01 Nov 2025 00:00:00 +0000

bash (5.1-1) unstable; urgency=medium

  * An older one.

 -- Someone <someone@example.org>  Fri, 01 Nov 2024 00:00:00 +0000
"""
HEAD = "livecd.test: 3 packages, "


@pytest.fixture
def context(tmp_path: Path) -> Context:
    plant(tmp_path / "chroot", {"var/lib/dpkg/status": STATUS, "var/lib/dpkg/arch": "amd64\n"})
    return made_context(tmp_path, IMAGE_VERSION="7")


def told(context: Context, changelog: bytes, name: str = "changelog.Debian.gz") -> list[str]:
    """What the changelog says of bash, whose documents have this one."""
    folder = context.chroot / "usr/share/doc/bash"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(changelog)
    text = manifest.changelog(context).decode()
    assert text.startswith(HEAD)
    return next(part for part in text.split("\n\n") if part.startswith("bash ")).splitlines()


@pytest.mark.parametrize("name", ["changelog.Debian.gz", "changelog.gz"])
def test_the_newest_changes_of_a_package(context: Context, name: str) -> None:
    assert told(context, gzip.compress(CHANGES.encode()), name) == [
        "bash 5.2-1 (bash)",
        "  * New upstream release.",
        "  - which is long",
    ]


WHOLE = gzip.compress(CHANGES.encode())


@pytest.mark.parametrize(
    "damaged",
    [b"", b"text", WHOLE[:30], WHOLE[:12] + b"\xff" * 40 + WHOLE[52:]],
    ids=["empty", "no gzip", "cut off", "garbled"],
)
def test_a_damaged_changelog_is_none(context: Context, damaged: bytes) -> None:
    assert told(context, damaged) == ["bash 5.2-1 (bash)"]


def test_for_programs(context: Context) -> None:
    found = json.loads(manifest.as_json(context))
    assert found["config"]["version"] == "7"
    names = [package["name"] for package in found["packages"]]
    assert names == sorted(names)
    assert {"type": "deb", "name": "bash", "version": "5.2-1"}.items() <= found["packages"][
        0
    ].items()
