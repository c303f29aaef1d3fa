"""The project's image with a root that is proved, signed by a key of our own: booted, and refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import checkout
from tests.images.image.conftest import PREFIX, Project

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("openssl", "sha256sum", "sfdisk", "bmaptool"),
]

SETTINGS = (
    *("Verity=yes", "SecureBoot=yes", "Checksum=yes", "BMap=yes", "SplitArtifacts=yes"),
    *("ManifestFormat=json,changelog", "KernelCommandLine=systemd.volatile=state"),
)
# A firmware that knows no keys yet: setup mode, in which systemd-boot enrols those it finds.
SETUP_MODE = """\
from livecd_rootfs import cli
from livecd_rootfs.boot import firmware
from livecd_rootfs.boot.request import Firmware

known = ("amd64", Firmware.UEFI_SECURE)
variables = firmware.FILES["amd64", Firmware.UEFI].variables
code = firmware.FILES[known].code
firmware.FILES[known] = firmware.Files(package="ovmf", code=code, variables=variables)
cli.main()
"""
SHIPPED = "import livecd_rootfs.cli as cli; cli.main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """The image, and how to boot it."""

    output: Path
    cache: Path

    def artifact(self, suffix: str) -> Path:
        return self.output / f"{PREFIX}.image{suffix}"

    def boot(self, program: str, log: Path) -> subprocess.CompletedProcess[str]:
        options = ("--firmware", "uefi-secure", "--timeout", "400", "--log", log)
        return subprocess.run(
            (sys.executable, "-c", program, "boot", self.artifact(".raw"), *options,
             "--cache", self.cache),
            env={**os.environ, "PYTHONPATH": str(checkout.ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def secure(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Secure:
    """The image, built from what the plain one's build has left."""
    folder = tmp_path_factory.mktemp("secure")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test/", "-days", "3650")
    subprocess.run(
        ("openssl", "req", *new, "-keyout", key, "-out", certificate),
        check=True, capture_output=True,
    )  # fmt: skip
    keys = ("--secure-boot-key", str(key), "--secure-boot-certificate", str(certificate))
    options = [word for each in SETTINGS for word in ("--set", each)]
    ended = project.build("--output", str(folder / "out"), *keys, *options)
    assert ended.returncode == 0, ended.stderr
    return Secure(output=folder / "out", cache=project.cache)


def test_what_is_shipped(secure: Secure) -> None:
    listed = secure.artifact(".SHA256SUMS").read_text().splitlines()
    suffixes = sorted(line.partition(".image")[2] for line in listed)
    assert suffixes == [
        ".bmap", ".changelog", ".esp.raw", ".initrd", ".manifest", ".outputs.tar", ".raw",
        ".root.raw", ".roothash", ".spdx.json", ".verity.raw", ".vmlinuz",
    ]  # fmt: skip
    check = ("sha256sum", "--check", "--strict", "--quiet", secure.artifact(".SHA256SUMS").name)
    subprocess.run(check, cwd=secure.output, check=True)
    text = secure.artifact(".changelog").read_text()
    # The project leaves documents out, and with them what packages say of their changes.
    assert re.search(r"^zlib 1:\S+ \(zlib1g\)$", text, re.MULTILINE)


def test_the_root_hash_is_in_the_partitions(secure: Secure) -> None:
    said = subprocess.run(
        ("sfdisk", "--json", secure.artifact(".raw")), check=True, capture_output=True, text=True
    ).stdout
    found = {part["node"][-2:]: part for part in json.loads(said)["partitiontable"]["partitions"]}
    ids = "".join(found[number]["uuid"] for number in ("w1", "w2")).replace("-", "").lower()
    assert ids == secure.artifact(".roothash").read_text().strip()


def test_a_copy_by_its_block_map(secure: Secure, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    bmap, disk = secure.artifact(".bmap"), secure.artifact(".raw")
    subprocess.run(("bmaptool", "-q", "copy", "--bmap", bmap, disk, copy), check=True)
    subprocess.run(("cmp", disk, copy), check=True)
    copy.unlink()


@pytest.mark.boot
def test_it_boots_where_its_key_was_enrolled(secure: Secure, tmp_path: Path) -> None:
    """From the first start, which enrols the key, to the login prompt, with Secure Boot enforced."""
    log = tmp_path / "console"
    ended = secure.boot(SETUP_MODE, log)
    assert ended.returncode == 0, ended.stderr
    assert "firmware: uefi-secure, Secure Boot on\n" in ended.stdout
    console = log.read_text(errors="replace")
    assert "Custom Secure Boot keys successfully enrolled" in console
    root_hash = secure.artifact(".roothash").read_text().strip()
    assert f"Command line: root=/dev/mapper/root ro roothash={root_hash} " in console
    assert "device-mapper: verity: " in console


@pytest.mark.boot
def test_another_key_refuses_it(secure: Secure, tmp_path: Path) -> None:
    ended = secure.boot(SHIPPED, tmp_path / "console")
    assert ended.returncode == 1
    assert "Secure Boot refused the boot loader" in ended.stderr
