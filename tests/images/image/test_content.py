"""The content of a real image: what each option of the project has left in it, and what not."""

from __future__ import annotations

import tarfile

import pytest

from livecd_rootfs import documents, passwords
from livecd_rootfs.inspection.tree import Kind, Tree
from tests.images.image.conftest import PUBLIC_KEY, Project

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

UNITS = "etc/systemd/system"


def below(tree: Tree, folder: str) -> list[str]:
    return [path for path in tree.entries if path.startswith(f"{folder}/")]


def test_the_system_is_configured(tree: Tree) -> None:
    assert tree.text("etc/hostname") == "hello\n"
    assert "127.0.1.1 hello\n" in tree.text("etc/hosts")
    assert "LANG=C.UTF-8\n" in tree.text("etc/default/locale")
    assert "KEYMAP=de\n" in tree.text("etc/vconsole.conf")
    assert tree.resolve("etc/localtime") == "usr/share/zoneinfo/Europe/Berlin"
    assert "DHCP=yes" in tree.text("etc/systemd/network/80-image-host.network")


def test_root_has_its_password_and_shell(project: Project, tree: Tree) -> None:
    lines = (line.split(":") for line in tree.text("etc/shadow").splitlines())
    hashes = {line[0]: line[1] for line in lines}
    assert hashes["root"] == passwords.hashed("open sesame", "hello")
    assert tree.entries["etc/shadow"].mode == 0o640
    assert tree.text("etc/passwd").startswith("root:x:0:0:root:/root:/bin/dash\n")
    told = "".join(path.read_text() for path in project.output.glob("*.json"))
    assert hashes["root"] not in told
    assert "sesame" not in told + repr(project.said)


def test_consoles_log_root_in(tree: Tree) -> None:
    for unit in ("getty@tty1", "serial-getty@ttyS0", "console-getty"):
        assert "--autologin root" in tree.text(f"{UNITS}/{unit}.service.d/20-image.conf")


def test_the_key_lets_root_in(tree: Tree) -> None:
    keys = tree.entries["root/.ssh/authorized_keys"]
    assert (keys.mode, keys.owner) == (0o600, (0, 0))
    assert tree.text("root/.ssh/authorized_keys") == PUBLIC_KEY
    assert tree.resolve(f"{UNITS}/multi-user.target.wants/ssh.service")
    assert not [path for path in below(tree, "etc/ssh") if "ssh_host_" in path]


def test_presets_decide_over_units(tree: Tree) -> None:
    """The project's own preset enables its unit, that of the ssh step leaves out the socket."""
    assert tree.resolve(f"{UNITS}/multi-user.target.wants/hello.service")
    assert not tree.resolve(f"{UNITS}/sockets.target.wants/ssh.socket")


def test_what_was_not_wanted_is_gone(tree: Tree) -> None:
    status = tree.text("var/lib/dpkg/status")
    # What only they needed went with them.
    for name in ("vim-tiny", "vim-common", "libsodium23"):
        assert f"\nPackage: {name}\n" not in status
    assert below(tree, "usr/share/bug") == []
    assert not [path for path in below(tree, "usr/share/common-licenses") if "GFDL" in path]
    files = [path for path in below(tree, "usr/share") if tree.entries[path].kind is Kind.FILE]
    assert not [path for path in files if documents.is_excluded(f"/{path}")]
    assert "usr/share/doc/zlib1g/copyright" in tree.entries


def test_building_has_left_nothing(tree: Tree) -> None:
    names = [path for path, entry in tree.entries.items() if entry.kind is Kind.FILE]
    for folder in ("tmp", "var/tmp", "var/cache/apt", "var/lib/apt/lists", "run"):
        assert not [name for name in names if name.startswith(f"{folder}/")]
    assert not [name for name in names if name.startswith("var/lib/dpkg/") and "-old" in name]
    assert not {"etc/shadow-", "var/cache/ldconfig/aux-cache"} & {*names}
    assert not [name for name in names if name.startswith("var/log/") and tree.text(name)]


def test_it_is_no_machine_yet(tree: Tree) -> None:
    assert tree.text("etc/machine-id") == "uninitialized\n"
    assert not [path for path in tree.entries if path.endswith("/random-seed")]


def test_what_the_last_script_left_is_an_artifact(project: Project) -> None:
    with tarfile.open(project.artifact(".outputs.tar")) as tar:
        assert tar.getnames() == [".", "./more"]
