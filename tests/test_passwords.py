"""Passwords: hashes that the system itself takes, the same for the same build; and their file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import passwords
from livecd_rootfs.errors import LivecdError

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


@pytest.mark.parametrize(
    ("mode", "is_exposed"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_others_must_not_read_its_file(tmp_path: Path, mode: int, *, is_exposed: bool) -> None:
    path = tmp_path / "mkosi.rootpw"
    path.write_text("secret\n")
    path.chmod(mode)
    warning = f"mkosi.rootpw: mode {mode:04o} lets others at the password; chmod 600 mkosi.rootpw"
    assert passwords.exposed(path) == (warning if is_exposed else None)
