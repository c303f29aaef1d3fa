"""The ssh server: enabled with keys, or told to be missing; and no host keys in an image."""

from __future__ import annotations

import stat

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import ssh_server
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import plant

pytestmark = pytest.mark.root

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWxkIG9uZSBpbWFnZSBhdCBhIHRpbWUuLi4u me@here"
SERVER = {"usr/sbin/sshd": "#!/bin/sh\n", "usr/lib/systemd/system/ssh.service": "[Service]\n"}
WANTS = "etc/systemd/system/multi-user.target.wants/ssh.service"


@pytest.mark.parametrize("value", ["", "no"])
def test_nothing_to_do(new_context: NewContext, value: str) -> None:
    context = new_context(SSH=value, SSH_AUTHORIZED_KEYS=KEY)
    plant(context.chroot, SERVER)
    assert ssh_server.run(context) == "ssh-server: nothing to do, Ssh is not set"
    assert not (context.chroot / ssh_server.KEYS).exists()


def test_the_server_and_a_key(new_context: NewContext) -> None:
    context = new_context(SSH="yes", SSH_AUTHORIZED_KEYS=f"{KEY}\n")
    plant(context.chroot, SERVER)
    assert ssh_server.run(context) == "ssh-server: ssh.service enabled, 1 key let root in"
    assert str((context.chroot / WANTS).readlink()) == "/usr/lib/systemd/system/ssh.service"
    keys = context.chroot / ssh_server.KEYS
    assert keys.read_text() == f"{KEY}\n"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (keys, keys.parent)]
    assert modes == [0o600, 0o700]
    assert "enable ssh.service" in (context.chroot / ssh_server.PRESET).read_text()


def test_keys_that_are_there_stay(new_context: NewContext) -> None:
    context = new_context(SSH="yes", SSH_AUTHORIZED_KEYS=f"{KEY}\n{KEY} again")
    plant(context.chroot, {**SERVER, ssh_server.KEYS: f"# mine\n{KEY}\n"})
    for _ in range(2):
        assert ssh_server.run(context) == "ssh-server: ssh.service enabled, 2 keys let root in"
    assert (context.chroot / ssh_server.KEYS).read_text() == f"# mine\n{KEY}\n{KEY} again\n"


def test_no_key(new_context: NewContext) -> None:
    context = new_context(SSH="yes")
    plant(context.chroot, SERVER)
    assert ssh_server.run(context) == "ssh-server: ssh.service enabled, 0 keys let root in"
    assert not (context.chroot / "root/.ssh").exists()


@pytest.mark.parametrize("missing", SERVER)
def test_no_server(new_context: NewContext, missing: str) -> None:
    context = new_context(SSH="yes", SSH_AUTHORIZED_KEYS=KEY)
    plant(context.chroot, {name: SERVER[name] for name in SERVER if name != missing})
    with pytest.raises(LivecdError, match="the root has no ssh server") as caught:
        ssh_server.run(context)
    assert caught.value.remedy == "add openssh-server to Packages, or leave out Ssh"
    assert not (context.chroot / ssh_server.KEYS).exists()


def test_a_wrong_choice(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="SSH is 'perhaps'"):
        ssh_server.run(new_context(SSH="perhaps"))


def host_keys(context: Context) -> list[str]:
    return [path.name for path in (context.chroot / "etc/ssh").iterdir()]


@pytest.mark.parametrize("maker", [None, "sshd-keygen.service", "ssh-host-keys.service"])
def test_no_host_keys(new_context: NewContext, maker: str | None) -> None:
    context = new_context()
    names = ("ssh_host_ed25519_key", "ssh_host_ed25519_key.pub", "sshd_config")
    plant(context.chroot, {f"etc/ssh/{name}": "x\n" for name in names})
    if maker:
        plant(context.chroot, {f"usr/lib/systemd/system/{maker}": "[Service]\n"})
    assert ssh_server.run(context) == "ssh-server: host keys removed"
    assert host_keys(context) == ["sshd_config"]
    own = context.chroot / "etc/systemd/system/ssh-host-keys.service"
    assert own.exists() is (maker is None)
