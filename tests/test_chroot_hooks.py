"""What each chroot hook makes of a root's files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs import header, hostroot, sandbox
from livecd_rootfs.mounts import Bind
from livecd_rootfs.process import CommandError
from livecd_rootfs.sandbox import Sandbox
from tests.chroothooks import BUILDER, ENV, FOLDER, HOOKS, NEUTRAL, SECRETS

# A hook sees the host's programs, and these folders of its own with the files that a test gives.
OWN = ("boot", "etc", "var", "usr/share/doc", "usr/share/keyrings", "usr/lib/python3")
OS_RELEASE = {"etc/os-release": "NAME=Example\nID=debian\n"}


@pytest.mark.parametrize("name", HOOKS)
def test_form(name: str) -> None:
    path = FOLDER / name
    parsed = header.parse(name, path.read_bytes())
    assert re.fullmatch(r"\d{3}-[a-z]+(-[a-z]+)*\.chroot", name)
    assert os.access(path, os.X_OK)
    assert not parsed.diagnostics
    assert (parsed.header.network, parsed.header.inputs) == (False, ())
    assert parsed.header.env is not None


def test_order() -> None:
    """Numbers are of one length and differ, so the code points' order is theirs."""
    assert [name.split(".")[0] for name in HOOKS] == [
        "010-locale",
        "020-apt-sources",
        "030-network",
        "040-cloud-init",
        "045-growth",
        "050-ssh",
        "060-root-account",
        "890-identity",
        "900-initramfs",
        "910-package-state",
        "920-logs",
        "940-caches",
        "950-services",
        "960-first-boot",
    ]


class Root:
    """Files of a root: those that a test gives, and what a hook makes of them."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        for own in OWN:
            (folder / own).mkdir(parents=True)
        # awk and others are links into this folder.
        shutil.copytree("/etc/alternatives", folder / "etc/alternatives", symlinks=True)
        for name, text in {**OS_RELEASE, **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.given = self.files()

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): (
                f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
            )
            for path in sorted(self.folder.rglob("*"))
            if path.is_symlink() or not path.is_dir()
        }

    def run(self, hook: str, **environ: str) -> str:
        own = (
            Bind(source=self.folder / name, target=f"/{name}", writable=True)
            for name in OWN
            if Path("/", name).exists()
        )
        # Under a name of its own: a checkout below /tmp is hidden by the sandbox's /tmp.
        hooks = Bind(source=FOLDER, target="/hooks")
        operations = (*hostroot.operations(), *own, hooks)
        seen = Sandbox(operations=operations, env={**ENV, **environ})
        return sandbox.run(seen, (f"/hooks/{hook}",)).stdout

    def changes(self) -> dict[str, str | None]:
        """Files that a hook made, changed or (None) removed."""
        now = self.files()
        return {
            name: now.get(name)
            for name in sorted(self.given.keys() | now.keys())
            if now.get(name) != self.given.get(name)
        }


ARCHIVE, SECURITY = "http://archive.example/debian", "http://security.example/debian"
ENTRIES = f"""\
deb {ARCHIVE} trixie main
deb {ARCHIVE} trixie-updates main
deb {SECURITY} trixie-security main
"""
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
STANZAS = f"""\
Types: deb
URIs: {ARCHIVE}
Suites: trixie trixie-updates
Components: main
Signed-By: /{KEYRING}

Types: deb
URIs: {SECURITY}
Suites: trixie-security
Components: main
Signed-By: /{KEYRING}
"""
LIST, SOURCES = "etc/apt/sources.list", "etc/apt/sources.list.d/debian.sources"
# The example is in one of two forms, by the age of apt.
DEB822_EXAMPLE = {
    "usr/share/doc/apt/examples/debian.sources": (
        f"## Comment\nURIs: {ARCHIVE}\nSuites: x\n\nURIs: {SECURITY}\n"
    )
}
ONE_LINE_EXAMPLE = {
    "usr/share/doc/apt/examples/sources.list": (
        f"deb {ARCHIVE} x main\ndeb {ARCHIVE} x-updates main\ndeb {SECURITY} x main\n# deb-src\n"
    )
}
BUILD_MIRROR = "http://127.0.0.1:3142/debian"
Changes = Mapping[str, str | None]

APT_SOURCES: dict[str, tuple[Mapping[str, str], str, Changes]] = {
    "entries become stanzas": (
        {LIST: ENTRIES, KEYRING: "keys"},
        "",
        {LIST: None, SOURCES: STANZAS},
    ),
    "the builder's keyring is replaced": (
        {LIST: f'deb [signed-by="/tmp/k.gpg"] {ARCHIVE} sid main\n', KEYRING: "keys"},
        "",
        {
            LIST: None,
            SOURCES: (
                f"Types: deb\nURIs: {ARCHIVE}\nSuites: sid\nComponents: main\n"
                f"Signed-By: /{KEYRING}\n"
            ),
        },
    ),
    "without a keyring apt decides": (
        {LIST: f"deb {ARCHIVE} sid main contrib\n"},
        "",
        {
            LIST: None,
            SOURCES: f"Types: deb\nURIs: {ARCHIVE}\nSuites: sid\nComponents: main contrib\n",
        },
    ),
    "options of the user stay": ({LIST: f"deb [trusted=yes] {ARCHIVE} sid main\n"}, "", {}),
    "the user's own stanzas stay": ({LIST: ENTRIES, SOURCES: "Types: deb\n"}, "", {}),
    "an empty list": ({LIST: "# nothing\n"}, "", {}),
    "no list": ({}, "", {}),
    "a mirror is replaced, by a new example": (
        {LIST: f"deb {BUILD_MIRROR} trixie main\n", KEYRING: "keys", **DEB822_EXAMPLE},
        BUILD_MIRROR,
        {LIST: None, SOURCES: STANZAS},
    ),
    "a mirror is replaced, by an old example": (
        {LIST: f"deb {BUILD_MIRROR} trixie main\n", KEYRING: "keys", **ONE_LINE_EXAMPLE},
        BUILD_MIRROR,
        {LIST: None, SOURCES: STANZAS},
    ),
    "sid has no updates": (
        {LIST: f"deb {BUILD_MIRROR} sid main\n", **DEB822_EXAMPLE},
        BUILD_MIRROR,
        {
            LIST: None,
            SOURCES: f"Types: deb\nURIs: {ARCHIVE}\nSuites: sid\nComponents: main\n",
        },
    ),
    "a mirror stays where nothing else is known": (
        {LIST: f"deb {BUILD_MIRROR} sid main\n"},
        BUILD_MIRROR,
        {
            LIST: None,
            SOURCES: f"Types: deb\nURIs: {BUILD_MIRROR}\nSuites: sid\nComponents: main\n",
        },
    ),
}


@pytest.mark.root
@pytest.mark.parametrize(("files", "mirror", "changes"), APT_SOURCES.values(), ids=APT_SOURCES)
def test_apt_sources(
    tmp_path: Path, files: Mapping[str, str], mirror: str, changes: Changes
) -> None:
    root = Root(tmp_path / "root", {**files, "etc/apt/sources.list.d/other.list": ""})
    root.run("020-apt-sources.chroot", MIRROR=mirror)
    assert root.changes() == changes


@pytest.mark.root
def test_apt_sources_are_left_to_live_build(tmp_path: Path) -> None:
    """It tells no hook of its mirror, and writes its own list when all hooks have run."""
    root = Root(tmp_path / "root", {LIST: ENTRIES})
    root.run("020-apt-sources.chroot")
    assert root.changes() == {}


CONFIG = "etc/cloud/cloud.cfg.d/90_datasources.cfg"
KNOWN = {
    f"usr/lib/python3/dist-packages/cloudinit/sources/DataSource{name}.py": ""
    for name in ("Ec2", "NoCloud", "None", "Future")
}
CLOUD_CONFIG = {"etc/cloud/cloud.cfg": "users: [default]\n", "etc/cloud/cloud.cfg.d/05_x.cfg": ""}
LISTED = "datasource_list: [ NoCloud, Ec2, None ]\n"
SHADOW = "root:{}:20000:0:99999:7:::\nother:$6$x:20000:0:99999:7:::\n"
PASSWD = {"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n"}

# hook: (what it finds, what it changes, what it says)
OTHERS: dict[str, tuple[str, Mapping[str, str], Changes, str]] = {
    "a locale": (
        "010-locale.chroot",
        {"etc/default/locale": "#  File generated by update-locale\n"},
        {"etc/default/locale": "LANG=C.UTF-8\n"},
        "locale: LANG=C.UTF-8 in /etc/default/locale\n",
    ),
    "the user's locale": (
        "010-locale.chroot",
        {"etc/default/locale": "LANG=de_DE.UTF-8\n"},
        {},
        "locale: nothing to do, LANG=de_DE.UTF-8 is set\n",
    ),
    "data sources that the installed version knows": (
        "040-cloud-init.chroot",
        {**KNOWN, **CLOUD_CONFIG},
        {CONFIG: LISTED},
        "cloud-init: NoCloud, Ec2, None\n",
    ),
    "the distribution's own data sources": (
        "040-cloud-init.chroot",
        {**KNOWN, **CLOUD_CONFIG, "etc/cloud/cloud.cfg.d/90_dpkg.cfg": LISTED},
        {},
        "cloud-init: nothing to do, the list in /etc/cloud/cloud.cfg.d/90_dpkg.cfg stays\n",
    ),
    "no cloud-init": (
        "040-cloud-init.chroot",
        {},
        {},
        "cloud-init: nothing to do, it is not installed\n",
    ),
    "a locked root": (
        "060-root-account.chroot",
        {"etc/shadow": SHADOW.format("*"), **PASSWD},
        {},
        "root-account: nothing to do, it is locked\n",
    ),
    "a locked root, by passwd": (
        "060-root-account.chroot",
        {"etc/shadow": SHADOW.format("!*"), **PASSWD},
        {},
        "root-account: nothing to do, it is locked\n",
    ),
    "a root without accounts": (
        "060-root-account.chroot",
        {},
        {},
        "root-account: nothing to do, there are no passwords\n",
    ),
    "logs": (
        "920-logs.chroot",
        {
            "var/log/dpkg.log": "x",
            "var/log/apt/term.log": "x",
            "var/log/wtmp": "x",
            "var/log/journal/0123/system.journal": "x",
            "var/log/new": "",
        },
        {
            "var/log/dpkg.log": None,
            "var/log/apt/term.log": None,
            "var/log/wtmp": "",
            "var/log/journal/0123/system.journal": None,
        },
        "logs: 4 files removed or emptied\n",
    ),
    "lists, archives and copies": (
        "910-package-state.chroot",
        {
            "var/lib/apt/lists/x_InRelease": "",
            "var/lib/apt/extended_states": "",
            "var/cache/apt/archives/x.deb": "",
            "var/cache/apt/pkgcache.bin": "",
            "var/lib/dpkg/status": "",
            "var/lib/dpkg/status-old": "",
            "var/cache/debconf/config.dat-old": "",
            "etc/shadow-": "",
        },
        {
            "var/lib/apt/lists/x_InRelease": None,
            "var/cache/apt/archives/x.deb": None,
            "var/cache/apt/pkgcache.bin": None,
            "var/lib/dpkg/status-old": None,
            "var/cache/debconf/config.dat-old": None,
            "etc/shadow-": None,
        },
        "package-state: 0 KiB removed\n",
    ),
}


@pytest.mark.root
@pytest.mark.parametrize(("hook", "files", "changes", "said"), OTHERS.values(), ids=OTHERS)
def test_hook(
    tmp_path: Path, hook: str, files: Mapping[str, str], changes: Changes, said: str
) -> None:
    root = Root(tmp_path / "root", files)
    assert root.run(hook) == said
    assert root.changes() == changes


# A root of essential packages has no usermod, which is in none of these folders.
WITH_AND_WITHOUT_USERMOD = (ENV["PATH"], "/usr/bin:/bin")


@pytest.mark.root
@pytest.mark.parametrize("path", WITH_AND_WITHOUT_USERMOD)
def test_a_root_with_a_password_is_locked(tmp_path: Path, path: str) -> None:
    root = Root(tmp_path / "root", {"etc/shadow": SHADOW.format(""), **PASSWD})
    said = root.run("060-root-account.chroot", SOURCE_DATE_EPOCH="1728000000", PATH=path)
    assert said == "root-account: locked\n"
    entries = (tmp_path / "root/etc/shadow").read_text().splitlines()
    assert [entry.split(":")[:2] for entry in entries] == [["root", "*"], ["other", "$6$x"]]


HASH = "$6$saltsalt$" + "x" * 86


@pytest.mark.root
@pytest.mark.parametrize("path", WITH_AND_WITHOUT_USERMOD)
def test_a_password_that_was_asked_for(tmp_path: Path, path: str) -> None:
    root = Root(tmp_path / "root", {"etc/shadow": SHADOW.format("*"), **PASSWD})
    asked = {"SOURCE_DATE_EPOCH": "1728000000", "ROOT_PASSWORD_HASH": HASH, "PATH": path}
    said = root.run("060-root-account.chroot", **asked)
    assert said == "root-account: the password that was asked for\n"
    entries = (tmp_path / "root/etc/shadow").read_text().splitlines()
    assert [entry.split(":")[:2] for entry in entries] == [["root", HASH], ["other", "$6$x"]]


DRIVERS = ("VIRTIO_PCI", "VIRTIO_BLK", "EXT4_FS", "EFI_PARTITION", "DEVTMPFS_MOUNT")
BUILT_IN = "".join(f"CONFIG_{driver}=y\n" for driver in DRIVERS)
WITHOUT = "initramfs: none for 6.12, which reaches its root without\n"


@pytest.mark.root
def test_a_minimized_image_has_no_initramfs_where_its_kernel_needs_none(tmp_path: Path) -> None:
    files = {"boot/vmlinuz-6.12": "", "boot/initrd.img-6.12": "", "boot/config-6.12": BUILT_IN}
    root = Root(tmp_path / "root", files)
    assert root.run("900-initramfs.chroot", SUBPROJECT="minimized") == WITHOUT
    assert root.changes() == {"boot/initrd.img-6.12": None}


@pytest.mark.root
@pytest.mark.parametrize(
    ("config", "subproject"),
    [
        (BUILT_IN, ""),
        (BUILT_IN, "desktop"),
        (BUILT_IN.replace("VIRTIO_BLK=y", "VIRTIO_BLK=m"), "minimized"),
        ("", "minimized"),
    ],
    ids=["standard", "another variant", "a module", "nothing known"],
)
def test_any_other_image_keeps_its_initramfs(tmp_path: Path, config: str, subproject: str) -> None:
    """Whatever makes one on this host: it is told of no such kernel, or not there."""
    files = {"boot/vmlinuz-6.12": "", "boot/initrd.img-6.12": "old", "boot/config-6.12": config}
    root = Root(tmp_path / "root", files)
    try:
        said = root.run("900-initramfs.chroot", SUBPROJECT=subproject)
    except CommandError as error:
        said = error.completed.stdout
    assert WITHOUT not in said
    assert "boot/initrd.img-6.12" in root.files()


@pytest.mark.root
def test_identity_is_that_of_no_machine(tmp_path: Path) -> None:
    root = Root(tmp_path / "root", {**BUILDER, **dict.fromkeys(SECRETS, "builder.example\n")})
    root.run("890-identity.chroot")
    changes = root.changes()
    resolver = changes.pop("etc/resolv.conf", None)
    assert changes == {**NEUTRAL, **dict.fromkeys(SECRETS)}
    assert resolver in {None, "-> ../run/systemd/resolve/stub-resolv.conf"}


@pytest.mark.root
def test_what_live_build_keeps_beside_becomes_neutral_too(tmp_path: Path) -> None:
    """It puts the kept file back after the hooks; its own one for their time stays."""
    files = {"etc/hosts": "for a while\n", "etc/hosts.orig": "builder.example\n"}
    root = Root(tmp_path / "root", files)
    root.run("890-identity.chroot")
    changes = root.changes()
    assert changes["etc/hosts.orig"] == NEUTRAL["etc/hosts"]
    assert "etc/hosts" not in changes
