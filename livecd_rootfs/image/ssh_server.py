"""The step that lets root in by ssh: an enabled server, and authorized keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import units
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

KEYS = "root/.ssh/authorized_keys"
PRESET = "etc/systemd/system-preset/20-ssh-server.preset"
_SERVER = "usr/sbin/sshd"
_UNIT = "ssh.service"
# The socket would wait at the same port.
_PRESET = f"enable {_UNIT}\ndisable ssh.socket\n"
_HOST_KEYS = "etc/ssh"
_MAKERS = ("sshd-keygen.service", "ssh-host-keys.service")
_MAKER = """\
[Unit]
Description=Make the ssh server's host keys where there are none
Before=ssh.service
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
RemainAfterExit=yes
"""


def run(context: Context) -> str:
    """Enable the ssh server if SSH asks for it, and add SSH_AUTHORIZED_KEYS to root's.

    Host keys that an install has made go in any case: all copies of the image
    would have the same. The first boot makes new ones.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the root has no ssh server.
    """
    root = context.chroot
    told = [*_without_host_keys(root)]
    if context.choice("SSH", ("no", "yes")) == "yes":
        told += _enabled(context, root)
    return f"ssh-server: {', '.join(told) or 'nothing to do, Ssh is not set'}"


def _enabled(context: Context, root: Path) -> Iterator[str]:
    if rooted.first_file(root, _SERVER) is None or not units.exists(root, _UNIT):
        raise LivecdError(
            "Ssh is set, but the root has no ssh server",
            remedy="add openssh-server to Packages, or leave out Ssh",
        )
    rooted.write(root, PRESET, _PRESET)
    units.want(root, _UNIT, "multi-user.target")
    keys = context.variables.get("SSH_AUTHORIZED_KEYS", "").splitlines()
    count = _authorize(root, [key.strip() for key in keys if key.strip()])
    yield f"{_UNIT} enabled"
    yield f"{count} {'key' if count == 1 else 'keys'} let root in"


def _authorize(root: Path, keys: list[str]) -> int:
    """Add keys to those that the project's own trees may have brought; gives how many there are."""
    there = [line for line in rooted.text(root, KEYS).splitlines() if line.strip()]
    lines = [*there, *(key for key in keys if key not in there)]
    if keys:
        rooted.write(root, KEYS, "".join(f"{line}\n" for line in lines))
        file = rooted.resolve(root, KEYS)
        # sshd takes no keys that others could write (sshd_config(5), StrictModes).
        file.chmod(0o600)
        file.parent.chmod(0o700)
    return sum(not line.startswith("#") for line in lines)


def _without_host_keys(root: Path) -> Iterator[str]:
    folder = rooted.resolve(root, _HOST_KEYS)
    found = sorted(folder.glob("ssh_host_*_key*")) if folder.is_dir() else []
    if not found:
        return
    for path in found:
        path.unlink()
    if not any(units.exists(root, maker) for maker in _MAKERS):
        rooted.write(root, f"etc/systemd/system/{_MAKERS[-1]}", _MAKER)
        units.want(root, _MAKERS[-1], _UNIT)
    yield "host keys removed"
