"""The same build by root and by an ordinary user makes the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sysconfig
from dataclasses import replace

import pytest

from tests import checkout
from tests.build import layered
from tests.build.conftest import Command, Tree
from tests.ordinary import BECOME_USER, SHOW_USER, USER, add_user, python_for_all

# cap_net_raw+ep, as in capabilities(7): revision 2, effective.
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
INSIDE = f"""
mount -t tmpfs none /mnt
mkdir /mnt/work /mnt/checkout /mnt/packages
mount --bind "$1" /mnt/work
mount --bind "$2" /mnt/checkout
mount --bind "$3" /mnt/packages
users=/mnt/work
{SHOW_USER}
chown {USER}:{USER} /mnt/work /mnt/work/user
cd /mnt/work/user
shift 3
exec {BECOME_USER} "$@"
"""


def as_user(command: Command, *arguments: str) -> subprocess.CompletedProcess[str]:
    _, *words = command.argv(*arguments, base="/mnt/work/root.tar")
    words = [word.replace(str(command.folder.parent), "/mnt/work") for word in words]
    places = (command.folder.parent, checkout.ROOT, sysconfig.get_path("purelib"))
    return subprocess.run(
        ["unshare", "--mount", "sh", "-euc", INSIDE, "sh", *places, python_for_all(), *words],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "/mnt/checkout:/mnt/packages",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def builds(seed: int) -> dict[str, list[layered.Hook]]:
    """Random hooks that need no device nodes, which an ordinary user can't make."""
    found = layered.random_builds(random.Random(seed))  # noqa: S311 (examples, not secrets)
    return {
        target: [
            replace(hook, changes=[each for each in hook.changes if each[0] != "device"])
            for hook in hooks
        ]
        for target, hooks in found.items()
    }


@pytest.mark.root
@pytest.mark.tools("setpriv", "unshare", "newuidmap")
@pytest.mark.parametrize("seed", range(200, 202))
def test_by_root_and_by_an_ordinary_user(tree: Tree, command: Command, seed: int) -> None:
    tree(layered.files(builds(seed)))
    own = built_by_both(command, "a", "b", "c")
    assert (own.output / "livecd.test.a").stat().st_uid == USER


@pytest.mark.root
@pytest.mark.tools("setpriv", "unshare", "newuidmap", "pigz")
def test_packed_roots_by_root_and_by_an_ordinary_user(command: Command) -> None:
    """The real hooks, on a root with what only a privileged user can write: capabilities, owners."""
    hooks = command.folder / "hooks.d"
    shutil.copytree(checkout.ROOT / "hooks.d", hooks, symlinks=True)
    shutil.rmtree(hooks / "chroot")
    (hooks / "chroot").mkdir()
    root = command.folder / "root"
    subprocess.run(["cp", "-a", command.root, root], check=True)
    os.setxattr(root / "usr/bin/ls", "security.capability", CAPABILITY)
    os.chown(root / "root", USER, USER)
    own = built_by_both(replace(command, root=root), "tarball-zst", "wsl", "oci", "squashfs")
    listed = subprocess.run(
        ["tar", "-tvv", "--xattrs", "--xattrs-include=*", "-f", own.output / "livecd.test.rootfs.tar.zst"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "security.capability" in listed.stdout
    assert f" {USER}/{USER} " in listed.stdout


def built_by_both(command: Command, *targets: str) -> Command:
    """Build twice; gives the user's command after a look at both outputs."""
    tar = command.folder / "root.tar"
    pack = ("tar", "--xattrs", "--numeric-owner", "-C", command.root, "-cf", tar, ".")
    subprocess.run(pack, check=True)
    ended = command.run(*targets, base=str(tar))
    assert ended.returncode == 0, ended.stderr
    add_user(command.folder)
    own = replace(command, folder=command.folder / "user")
    own.folder.mkdir()
    (own.folder / "hooks.d").symlink_to("../hooks.d")
    ended = as_user(own, *targets)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert layered.artifacts(own.output) == layered.artifacts(command.output)
    assert own.workspaces() == []
    return own
