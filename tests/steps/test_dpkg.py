"""The manifest: dpkg's status file before, the lines after."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.steps import dpkg
from tests.steps.builds import STATUS, plant

MANIFEST = "bash\t5.2-1\nlibc6:amd64\t2.41-12\nlinux-image-6.12.9-amd64\t6.12.9-1\n"


def test_manifest() -> None:
    assert dpkg.manifest(dpkg.parse(STATUS), "amd64") == MANIFEST


def test_a_foreign_package_is_named_with_its_architecture() -> None:
    assert dpkg.manifest(dpkg.parse(STATUS), "arm64").splitlines()[0] == "bash:amd64\t5.2-1"


@pytest.mark.parametrize(
    ("field", "kib"),
    [("Installed-Size: 345\n", 345), ("", 0), ("Installed-Size: much\n", 0)],
)
def test_installed_size(field: str, kib: int) -> None:
    (package,) = dpkg.parse(f"Package: a\nStatus: install ok installed\n{field}Version: 1\n")
    assert package.kib == kib


@pytest.mark.parametrize(
    ("field", "source"),
    [
        ("", ("", "")),
        ("Source: gcc-14\n", ("gcc-14", "")),
        ("Source: gcc-14 (14.2.0-19)\n", ("gcc-14", "14.2.0-19")),
    ],
)
def test_source(field: str, source: tuple[str, str]) -> None:
    (package,) = dpkg.parse(f"Package: a\nStatus: install ok installed\n{field}Version: 1\n")
    assert (package.source, package.source_version) == source


def test_a_root_without_dpkg_has_an_empty_manifest(tmp_path: Path) -> None:
    assert dpkg.manifest(dpkg.installed(tmp_path), "amd64") == ""


@pytest.mark.tools("dpkg-query")
def test_dpkg_query_prints_the_same(tmp_path: Path) -> None:
    """But for packages that are removed and have left their configuration."""
    plant(tmp_path, {"var/lib/dpkg/status": STATUS, "var/lib/dpkg/info/format": "1\n"})
    argv = ["dpkg-query", "--admindir", str(tmp_path / "var/lib/dpkg"), "-W"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert answer.replace("gone\t1\n", "") == MANIFEST
