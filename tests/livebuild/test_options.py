"""The options of ``lb config``, in the words of each live-build."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.livebuild import options
from livecd_rootfs.livebuild import request as requests
from livecd_rootfs.livebuild.options import Mirrors
from livecd_rootfs.livebuild.version import Line

MIRRORS = Mirrors(main="http://m.test/", security="http://s.test/", security_in_image="")
# What only the older one takes.
REFUSED_BY_DEBIAN = {
    "bootstrap-keyring",
    "bootstrap-flavour",
    "volatile",
    "ext-resize-blocks",
    "ext-block-size",
    "ext-fudge-factor",
}


def config(line: Line, **environ: str) -> dict[str, str]:
    known = {"PROJECT": "p", "ARCH": "amd64", "SUITE": "bookworm"}
    request, _ = requests.load({**known, **environ}, Path("/nonexistent"))
    words = options.config(request, line, MIRRORS)
    return dict(word.removeprefix("--").split("=", 1) for word in words)


def test_debian_s_gets_nothing_that_it_refuses() -> None:
    for environ in ({}, {"IMAGEFORMAT": "ext4"}, {"IMAGEFORMAT": "none"}):
        found = config(Line.DEBIAN, **environ)
        assert not REFUSED_BY_DEBIAN & set(found)
        assert found["binary-image"] != "none"
        assert found["architecture"] == "amd64"
        assert found["chroot-filesystem"] == (
            "ext4" if environ.get("IMAGEFORMAT") == "ext4" else "plain"
        )


def test_ubuntu_s_is_told_in_its_words() -> None:
    found = config(Line.UBUNTU, SUITE="noble", IMAGEFORMAT="ext4")
    assert found == {
        "mode": "ubuntu",
        "distribution": "noble",
        "archive-areas": "main restricted universe multiverse",
        "linux-packages": "linux-image",
        "linux-flavours": "virtual",
        "keyring-packages": "ubuntu-keyring",
        "apt-recommends": "false",
        "apt-source-archives": "false",
        "build-with-chroot": "false",
        "initramfs": "none",
        "memtest": "none",
        "checksums": "none",
        "zsync": "false",
        "source": "false",
        "cache": "false",
        "architectures": "amd64",
        "bootstrap-keyring": "ubuntu-keyring",
        "bootstrap-flavour": "minimal",
        "volatile": "true",
        "parent-mirror-bootstrap": "http://m.test/",
        "mirror-bootstrap": "http://m.test/",
        "mirror-chroot-security": "http://s.test/",
        "chroot-filesystem": "ext4",
        "binary-images": "none",
        "bootloader": "none",
        "initsystem": "none",
        "ext-resize-blocks": "536870912",
        "ext-block-size": "4096",
        "ext-fudge-factor": "15",
    }


def test_without_a_kernel_none_is_asked_for() -> None:
    found = config(Line.DEBIAN, PACKAGES="!*")
    assert found["linux-packages"] == "none"
    assert "linux-flavours" not in found


@pytest.mark.tools("lb")
def test_the_installed_one_knows_each_of_them(tmp_path: Path) -> None:
    """Those of Debian's line, as its own usage and its own parser have them."""
    script = Path("/usr/lib/live/build/config").read_text()
    known = set(re.findall(r'\b([a-z0-9-]+):?[,"]', script))
    assert set(config(Line.DEBIAN, IMAGEFORMAT="squashfs")) <= known
    words = [f"--{name}={value}" for name, value in config(Line.DEBIAN).items()]
    ended = subprocess.run(
        ["lb", "config", "noauto", "--validate", *words],
        cwd=tmp_path,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
