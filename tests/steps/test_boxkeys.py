"""Which key a box gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import process
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import boxkeys
from tests.steps.builds import made_context

pytestmark = pytest.mark.tools("ssh-keygen")


def key(folder: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    path = folder / "given"
    options = ("-q", "-t", kind, "-N", passphrase, "-C", "somebody", "-f", path)
    process.run(["ssh-keygen", *options])
    return path


def read(folder: Path, path: Path) -> boxkeys.BoxKey:
    (folder / "scratch").mkdir()
    context = made_context(folder, VAGRANT_KEY_FILE=str(path))
    return boxkeys.read(context, folder / "scratch")


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_private_key_goes_into_the_box(tmp_path: Path, kind: str) -> None:
    given = key(tmp_path, kind=kind)
    given.chmod(0o644)
    found = read(tmp_path, given)
    assert found.private == given.read_bytes()
    assert found.public == given.with_suffix(".pub").read_text().strip()


def test_a_public_key_makes_a_box_without_a_private_one(tmp_path: Path) -> None:
    public = key(tmp_path).with_suffix(".pub")
    found = read(tmp_path, public)
    assert found == boxkeys.BoxKey(public=public.read_text().strip(), private=None)


def test_a_key_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="names is no key for a box") as caught:
        read(tmp_path, key(tmp_path, "secret"))
    assert "passphrase" in (caught.value.why or "")


@pytest.mark.parametrize(
    "content", ["ssh-ed25519 nonsense\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", ""]
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "given").write_text(content)
    with pytest.raises(LivecdError, match="names is no key for a box"):
        read(tmp_path, tmp_path / "given")


def test_without_a_key_each_box_has_a_new_one(tmp_path: Path) -> None:
    found = set()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        found.add(boxkeys.read(made_context(tmp_path), tmp_path / name))
    assert len({key.public for key in found}) == 2
    assert all(key.private for key in found)
