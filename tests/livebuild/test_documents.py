"""Documents of a minimized image: the same are left as dpkg itself leaves."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.build.base import NO_DOCUMENTS
from livecd_rootfs.livebuild import documents

CONTROL = (
    "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: p\n"
)
FILES = (
    "usr/bin/p",
    "usr/share/doc/p/copyright",
    "usr/share/doc/p/changelog.gz",
    "usr/share/doc/p/examples/deep/one",
    "usr/share/doc/p/copyright.d/one",
    "usr/share/man/man1/p.1.gz",
    "usr/share/man/de/man1/p.1.gz",
    "usr/share/info/p.info",
    "usr/share/locale/de/LC_MESSAGES/p.mo",
    "usr/share/locale/de/LC_MESSAGES/p.txt",
    "usr/share/locale/locale.alias",
    "usr/share/lintian/overrides/p",
)
LINKS = {
    "usr/share/doc/q": "p",
    "usr/share/doc/p/NEWS.gz": "changelog.gz",
    "usr/share/man/man1/q.1.gz": "p.1.gz",
    "usr/share/man/fr": "de",
}


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def names(root: Path) -> list[str]:
    return sorted(
        f"{path.relative_to(root)}{'/' if path.is_dir() and not path.is_symlink() else ''}"
        for path in (root / "usr").rglob("*")
    )


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """What a package holds, and nothing else."""
    root = tmp_path / "package"
    write(root, dict.fromkeys(FILES, "x"))
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    return root


@pytest.mark.root
@pytest.mark.tools("dpkg-deb", "dpkg")
def test_what_is_left_is_what_dpkg_leaves(unpacked: Path, tmp_path: Path) -> None:
    write(unpacked, {"DEBIAN/control": CONTROL})
    package, root = tmp_path / "p.deb", tmp_path / "root"
    subprocess.run(["dpkg-deb", "--build", "--nocheck", unpacked, package], check=True)
    write(root, {"var/lib/dpkg/status": ""})
    options = [f"--{line}" for line in NO_DOCUMENTS]
    subprocess.run(["dpkg", f"--root={root}", *options, "--unpack", package], check=True)
    documents.leave_out(unpacked, NO_DOCUMENTS)
    assert names(unpacked) == names(root)
    assert "usr/share/doc/p/copyright" in names(root)
    assert "usr/share/man/man1/p.1.gz" not in names(root)


def test_dpkg_is_told_for_what_comes_later(unpacked: Path) -> None:
    documents.leave_out(unpacked, NO_DOCUMENTS)
    told = (unpacked / "etc/dpkg/dpkg.cfg.d/99minimized").read_text()
    assert told.splitlines() == list(NO_DOCUMENTS)


def test_links_are_not_gone_through(unpacked: Path, tmp_path: Path) -> None:
    write(tmp_path / "host", {"man1/precious.1": "x"})
    (unpacked / "usr/share/man/it").symlink_to(tmp_path / "host")
    documents.leave_out(unpacked, NO_DOCUMENTS)
    assert (tmp_path / "host/man1/precious.1").exists()
    assert not (unpacked / "usr/share/man/it").is_symlink()


def test_a_root_without_documents(tmp_path: Path) -> None:
    documents.leave_out(tmp_path, NO_DOCUMENTS)
    assert (tmp_path / documents.FILTERS).exists()
