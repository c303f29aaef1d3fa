"""Documentation: what dpkg leaves out by these options, and what is removed afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import documents
from livecd_rootfs.build import base
from livecd_rootfs.settings import load
from tests.build.conftest import plant

FILES = {
    "doc/bash/copyright": "stays",
    "doc/bash/README": "goes",
    "doc/bash/examples/deep/one": "goes",
    "doc/empty/changelog.gz": "goes",
    "man/man1/ls.1.gz": "goes",
    "man/de/man1/ls.1.gz": "goes",
    "info/dir": "goes",
    "lintian/overrides/bash": "goes",
    "locale/de/LC_MESSAGES/bash.mo": "goes",
    "locale/locale.alias": "stays",
    "bash/doc/README": "stays",
}


@pytest.fixture
def share(tmp_path: Path) -> Path:
    share = tmp_path / "usr/share"
    for name, text in FILES.items():
        (share / name).parent.mkdir(parents=True, exist_ok=True)
        (share / name).write_text(text)
    return share


def left(share: Path) -> set[str]:
    return {str(path.relative_to(share)) for path in share.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize(("name", "fate"), FILES.items())
def test_is_excluded(name: str, fate: str) -> None:
    assert documents.is_excluded(f"/usr/share/{name}") is (fate == "goes")


def test_remove(share: Path) -> None:
    assert documents.remove(share) == 8
    assert left(share) == {name for name, fate in FILES.items() if fate == "stays"}
    assert not (share / "doc/empty").exists()
    assert not (share / "doc/bash/examples").exists()
    assert (share / "man").is_dir()
    assert documents.remove(share) == 0


def test_the_way_to_a_copyright_file_stays(share: Path) -> None:
    """Packages of one source often share a folder by a link."""
    (share / "doc/bash-doc").symlink_to("bash")
    (share / "doc/bash/link").symlink_to("copyright")
    documents.remove(share)
    assert (share / "doc/bash-doc/copyright").read_text() == "stays"
    assert not (share / "doc/bash/link").is_symlink()


def test_no_link_leads_it_outside(share: Path, tmp_path: Path) -> None:
    plant(tmp_path / "outside", {"README": "precious"})
    (share / "doc/bash/outside").symlink_to(tmp_path / "outside")
    (share / "man/man9").symlink_to(tmp_path / "outside")
    documents.remove(share)
    assert (tmp_path / "outside/hooks.d/README").read_text() == "precious"


def test_nothing_to_remove(tmp_path: Path) -> None:
    assert documents.remove(tmp_path) == 0


@pytest.mark.parametrize(("value", "is_told"), [("yes", False), ("no", True)])
def test_the_bootstrap_tells_dpkg_in_the_roots_own_paths(
    tmp_path: Path, value: str, *, is_told: bool
) -> None:
    """mkosi gave the host's paths, which match nothing in the root and tell of the host."""
    settings, _ = load(
        {"distribution": "debian", "arch": "amd64"}, {}, tmp_path, [f"WithDocs={value}"]
    )
    options = base.bootstrap_request(settings).dpkg_options
    assert bool(options) is is_told
    assert all("=/usr/share/" in option for option in options)
