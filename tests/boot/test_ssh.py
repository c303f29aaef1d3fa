"""Logging in by ssh: who is tried, when, and what counts as an answer."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.boot import check, ssh
from livecd_rootfs.boot.request import BootFailed, Proof, Request, Until
from livecd_rootfs.boot.seed import Seed
from livecd_rootfs.boot.ssh import Visitor
from tests.boot.conftest import Stage

SEED = Seed(nonce="edcd46ee")


def test_the_command_heeds_no_configuration_and_remembers_nobody() -> None:
    assert ssh.command(Path("/b/key"), 2222, "livecd", "true") == (
        "ssh", "-F", "/dev/null",
        "-o", "BatchMode=yes",
        "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null",
        "-o", "ConnectTimeout=15",
        "-o", "LogLevel=ERROR",
        "-i", "/b/key", "-p", "2222", "livecd@127.0.0.1", "true",
    )  # fmt: skip


def test_a_key_is_made(stage: Stage) -> None:
    key, public = ssh.make_key(stage.folder, stage.toolbox)
    assert key.read_text() == "private\n"
    assert public == "ssh-ed25519 AAAA livecd-rootfs"


@pytest.fixture
def visitor(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setattr(ssh, "find_port", lambda _: 2222)
    return Visitor(
        seed=SEED,
        key=stage.folder / "key",
        control=stage.folder / "qmp",
        directory=stage.folder,
        toolbox=stage.toolbox,
    )


def program(stage: Stage, script: str) -> None:
    (stage.folder / "bin/ssh").write_text(f"#!/bin/sh\n{script}\n")


def visit(visitor: Visitor, until: float) -> str | None:
    """Steps of a tenth of a second of the machine's time, each as long as a try takes."""
    seconds = 0.0
    while seconds < until:
        user = visitor.step(seconds)
        if user is not None:
            return user
        time.sleep(0.05)
        seconds += 0.1
    return None


def test_the_answer_of_this_boot_opens(visitor: Visitor) -> None:
    assert visit(visitor, 5.0) == "livecd"
    assert visitor.tries == 1


def test_the_users_are_tried_in_turn(stage: Stage, visitor: Visitor) -> None:
    program(
        stage,
        'case $* in *root@*) for word; do last=$word; done; sh -c "$last";; '
        "*) echo 'Permission denied (publickey).'; exit 255;; esac",
    )
    assert visit(visitor, 5.0) == "root"
    assert (visitor.tries, visitor.last_words) == (2, "Permission denied (publickey).")


def test_another_answer_does_not_open(stage: Stage, visitor: Visitor) -> None:
    program(stage, "echo 0000000000000000")
    assert visit(visitor, 3.0) is None
    assert visitor.tries >= 2
    visitor.close()


def test_a_try_that_hangs_is_ended_with_the_boot(stage: Stage, visitor: Visitor) -> None:
    program(stage, "exec sleep 60")
    assert visit(visitor, 1.0) is None
    attempt = visitor.attempt
    assert attempt is not None
    visitor.close()
    visitor.close()
    assert visitor.attempt is None


def test_without_a_port_nobody_knocks(stage: Stage, visitor: Visitor) -> None:
    assert ssh.find_port(stage.folder / "none") == 2222
    visitor = replace(visitor, port=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssh, "find_port", lambda _: None)
        assert visit(visitor, 0.5) is None
    assert visitor.attempt is None


def test_qemu_that_does_not_answer_yet_has_no_port(tmp_path: Path) -> None:
    assert ssh.find_port(tmp_path / "qmp") is None


def test_a_boot_until_ssh(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "find_port", lambda _: 2222)
    stage.play('echo "Linux version 6.12.1 (builder)"; exec sleep 60')
    asked = Request(image=stage.image, until=Until.SSH, timeout=20.0)
    result = check.boot_image(asked, stage.toolbox, progress=lambda _: None)
    assert (result.user, result.proof) == ("livecd", Proof.MARKER)


def test_a_boot_that_lets_nobody_in_says_what_ssh_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "find_port", lambda _: 2222)
    program(stage, "echo 'Connection closed by 127.0.0.1 port 2222'; exit 255")
    stage.play('printf "localhost login: "; exec sleep 60')
    asked = Request(image=stage.image, until=Until.SSH, timeout=2.0)
    with pytest.raises(BootFailed, match="did not reach 'ssh' in 2 seconds") as failure:
        check.boot_image(asked, stage.toolbox, progress=lambda _: None)
    assert failure.value.why == (
        "it came to the login prompt of 'localhost'; Connection closed by 127.0.0.1 port 2222"
    )
