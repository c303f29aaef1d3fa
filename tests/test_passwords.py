"""Passwords: hashes that the system itself takes, the same for the same build; and their file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import passwords
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.passwords import FromFile

PASSWORD = "correct: horse, 'battery' ÄÖ"


def test_the_hash_is_that_of_the_system() -> None:
    """Perl's crypt is the C library's: it makes the same of the password and of the hash's salt."""
    found = passwords.hashed(PASSWORD, "seed")
    script = "my $h = <STDIN>; chomp $h; my $p = <STDIN>; chomp $p; print crypt($p, $h)"
    text = f"{found}\n{PASSWORD}\n"
    again = subprocess.run(
        ["perl", "-e", script], input=text, capture_output=True, text=True, check=True
    )
    assert again.stdout == found
    assert found.startswith("$y$")


def test_it_depends_on_password_and_build_alone() -> None:
    one = passwords.hashed(PASSWORD, "seed")
    assert passwords.hashed(PASSWORD, "seed") == one
    assert passwords.hashed(PASSWORD, "other") != one
    assert passwords.hashed("other", "seed") != one


def test_an_empty_password_is_none() -> None:
    assert passwords.hashed("", "seed") == ""


@pytest.mark.parametrize("password", ["two\nlines", "nul\0", "tab\t"])
def test_what_nobody_can_type_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(LivecdError, match="can't be typed") as caught:
        passwords.hashed(password, "seed")
    assert password not in caught.value.message


def test_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mkosi.rootpw"
    path.write_text("secret \nmore\n")
    path.chmod(0o600)
    assert passwords.read(path) == FromFile(text="secret", is_hash=False, warning=None)
    path.write_text("hashed:$y$x\n")
    assert passwords.read(path) == FromFile(text="$y$x", is_hash=True, warning=None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_others_must_not_read_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "mkosi.rootpw"
    path.write_text("secret\n")
    path.chmod(mode)
    warning = passwords.read(path).warning
    assert warning == f"{path}: mode {mode:04o} lets others at the password; chmod 600 mkosi.rootpw"


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="can't be read") as caught:
        passwords.read(tmp_path)
    assert caught.value.place == str(tmp_path)
    (tmp_path / "mkosi.rootpw").write_bytes(b"\xff\xfe")
    with pytest.raises(LivecdError, match="can't be read"):
        passwords.read(tmp_path / "mkosi.rootpw")
