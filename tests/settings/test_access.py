"""Who gets in: a password that is kept as a hash alone, and keys from files and from an agent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import passwords, settings
from livecd_rootfs.errors import LivecdError, UsageError, render

HASH = "$6$saltsaltsaltsalt$" + "0123456789abcdefghij" * 4
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWxkIG9uZSBpbWFnZSBhdCBhIHRpbWUuLi4u me@here"
OTHER = KEY.replace("GJ1", "GK1")


def write(folder: Path, text: str) -> Path:
    (folder / "mkosi.conf").write_text(text)
    return folder


def load(folder: Path, text: str, **environ: str) -> settings.Settings:
    loaded, _ = settings.load({}, environ, write(folder, text))
    return loaded


def test_a_password_becomes_a_hash(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[Output]\nImageId=box\n[Content]\nPassword=very secret\n")
    assert loaded.text("root_password_hash") == passwords.hashed("very secret", "box")
    assert loaded.origin("root_password_hash") == "mkosi.conf:4"
    assert "very secret" not in repr(loaded)


@pytest.mark.parametrize(
    "lines", [f"Password={HASH}\nPasswordIsHashed=yes\n", f"RootPassword=hashed:{HASH}\n"]
)
def test_a_hash_stays(tmp_path: Path, lines: str) -> None:
    loaded = load(tmp_path, f"[Content]\n{lines}")
    assert loaded.text("root_password_hash") == HASH


def test_what_is_no_hash_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is said to be a hash, which it is not") as caught:
        load(tmp_path, "[Content]\nPasswordIsHashed=yes\nPassword=very secret\n")
    assert "mkosi.conf:3" in str(caught.value.place)
    assert "very secret" not in render(caught.value, "x")


def test_a_password_that_can_not_be_typed(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="can't be typed") as caught:
        load(tmp_path, "[Content]\nPassword=very\x07secret\n")
    assert "mkosi.conf:2" in str(caught.value.place)
    assert "secret" not in render(caught.value, "x")


def test_no_password(tmp_path: Path) -> None:
    """An empty one is none: it would open the console to everyone."""
    (tmp_path / "mkosi.rootpw").write_text("secret\n")
    assert load(tmp_path, "[Content]\nPassword=\n").text("root_password_hash") == ""


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_password_of_a_file(tmp_path: Path, mode: int) -> None:
    (tmp_path / "mkosi.rootpw").write_text("very secret\nand a note\n")
    (tmp_path / "mkosi.rootpw").chmod(mode)
    loaded, warnings = settings.load({}, {}, tmp_path)
    assert loaded.text("root_password_hash") == passwords.hashed("very secret", "")
    assert [word for word in warnings if "chmod 600 mkosi.rootpw" in word] == list(warnings)
    assert bool(warnings) is (mode == 0o644)


def test_a_hash_that_was_asked_for_wins(tmp_path: Path) -> None:
    write(tmp_path, "[Content]\nPassword=very secret\n")
    loaded, _ = settings.load({"root_password_hash": HASH}, {}, tmp_path)
    assert loaded.text("root_password_hash") == HASH
    assert "very secret" not in repr(loaded)


def test_keys_of_a_list_and_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "id.pub").write_text(f"# mine\n{KEY}\n{OTHER}\n")
    loaded = load(tmp_path, f"[Host]\nSshAuthorizedKeys={KEY}\nSshKey=id.pub\n")
    assert loaded.text("ssh_authorized_keys") == f"{KEY}\n{OTHER}"


def test_the_public_part_of_a_private_key(tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"], check=True
    )
    loaded = load(tmp_path, "[Host]\nSshKey=id\n")
    assert loaded.text("ssh_authorized_keys") == (tmp_path / "id.pub").read_text().strip()
    assert "PRIVATE" not in loaded.text("ssh_authorized_keys")
    (tmp_path / "id.pub").unlink()
    with pytest.raises(UsageError, match="can't be read") as caught:
        load(tmp_path, "[Host]\nSshKey=id\n")
    assert caught.value.remedy == "ssh-keygen -y -f id >id.pub"
    assert caught.value.place == "mkosi.conf:2:8"


@pytest.mark.parametrize(
    "line", ["no key", "AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWxk", "ssh-rsa no-base64"]
)
def test_what_is_no_key_is_not_taken(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match="has a line that is no public key") as caught:
        load(tmp_path, f"[Host]\nSshAuthorizedKeys={line}\n")
    assert "mkosi.conf:2" in str(caught.value.place)
    assert line not in render(caught.value, "x")


def test_a_key_with_options(tmp_path: Path) -> None:
    line = f'command="echo no, never",restrict {KEY}'
    assert load(tmp_path, f"[Host]\nSshAuthorizedKeys={line}\n").text("ssh_authorized_keys") == line


def fake_agent(folder: Path, script: str) -> str:
    """A PATH on which ssh-add is a script, as a real agent would outlive the test."""
    (folder / "bin").mkdir()
    (folder / "bin/ssh-add").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin/ssh-add").chmod(0o755)
    return f"{folder / 'bin'}:{os.environ['PATH']}"


@pytest.mark.parametrize(("value", "socket"), [("yes", "/the/users"), ("/mine", "/mine")])
def test_keys_of_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, socket: str
) -> None:
    path = fake_agent(tmp_path, f'echo "{KEY} $SSH_AUTH_SOCK"')
    monkeypatch.setenv("PATH", path)
    text = f"[Host]\nSshAgent={value}\n"
    loaded = load(tmp_path, text, PATH=path, SSH_AUTH_SOCK="/the/users")
    assert loaded.text("ssh_authorized_keys") == f"{KEY} {socket}"


def test_an_agent_without_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake_agent(tmp_path, "echo 'The agent has no identities.'; exit 1")
    monkeypatch.setenv("PATH", path)
    with pytest.raises(UsageError, match="the agent gives no key") as caught:
        load(tmp_path, "[Host]\nSshAgent=yes\n", PATH=path)
    assert caught.value.why == "The agent has no identities."
