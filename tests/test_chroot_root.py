"""A small real root after all chroot hooks: clean, and made ready to boot."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from livecd_rootfs import mmdebstrap, sandbox
from livecd_rootfs.build import chroot
from livecd_rootfs.settings import DEFAULT_SUITE, host_architecture
from tests.chroothooks import BUILDER, ENV, FOLDER, HOOKS, SECRETS

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("mmdebstrap"),
]

PACKAGES = (
    *("systemd-sysv", "systemd-resolved", "openssh-server", "initramfs-tools", "zstd"),
    f"linux-image-cloud-{host_architecture()}",
)
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
HOOK_ENV = {**ENV, **EPOCH, "DEBIAN_FRONTEND": "noninteractive", "MIRROR": ""}
# Traces of a builder that a bootstrap, or a user's own root, may bring.
TRACES = {
    **BUILDER,
    **dict.fromkeys(SECRETS, "builder.example\n"),
    "etc/resolv.conf": "search builder.example\n",
    "root/.bash_history": "ssh builder.example\n",
    "usr/sbin/policy-rc.d": "exit 101 # builder.example\n",
    "var/cache/man/index.db": "builder.example\n",
    "var/log/apt/term.log": "builder.example\n",
    "var/tmp/builder.example": "builder.example\n",
}


def run_all(root: Path) -> None:
    """Run the hooks in order, as a build does."""
    config = root.parent / "config"
    config.mkdir(exist_ok=True)
    for name in HOOKS:
        with chroot.scaffold(root, FOLDER / name) as inside:
            sandbox.run(chroot.sandbox(root, config, HOOK_ENV, network=False), (inside,))


def snapshot(root: Path) -> dict[str, str]:
    """Type, mode, owner and content of each file; times are clamped when an image is packed."""
    found = {}
    for path in root.rglob("*"):
        status = path.lstat()
        text = f"{status.st_mode:o} {status.st_uid}:{status.st_gid}"
        if path.is_symlink():
            text += f" {path.readlink()}"
        elif path.is_file():
            text += f" {hashlib.sha256(path.read_bytes()).hexdigest()}"
        found[str(path.relative_to(root))] = text
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real root with a builder's traces, after all hooks."""
    root = tmp_path_factory.mktemp("chroot") / "root"
    request = mmdebstrap.Request(
        suite=DEFAULT_SUITE, target=root, variant="minbase", packages=PACKAGES
    )
    mmdebstrap.bootstrap(request, environ={**EPOCH, "INITRD": "No"}, on_line=lambda _: None)
    assert not list((root / "boot").glob("initrd*")), "the bootstrap made an initramfs"
    for name, text in TRACES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    run_all(root)
    return root


CLEAN = {
    "machine id": ("etc/machine-id", ["uninitialized\n"]),
    "host name": ("etc/hostname", ["localhost\n"]),
    "locale": ("etc/default/locale", ["LANG=C.UTF-8\n"]),
    "ssh host keys": ("etc/ssh/ssh_host_*", []),
    "password log-in": ("etc/ssh/sshd_config.d/*", ["PasswordAuthentication no\n"]),
    "apt's lists": ("var/lib/apt/lists/*_*", []),
    "apt's cache": ("var/cache/apt/*.bin", []),
    "packages": ("var/cache/apt/archives/*.deb", []),
    "old states": ("var/lib/dpkg/*-old", []),
    "old passwords": ("etc/*-", []),
    "logs with content": ("var/log/**/*.log", []),
    "policy": ("usr/sbin/policy-rc.d", []),
    "temporary files": ("var/tmp/*", []),
    "one-line sources": ("etc/apt/sources.list", []),
    "setting for the initramfs": ("etc/initramfs-tools/conf.d/*", []),
    "up to date": ("*/.updated", ["", ""]),
}


@pytest.mark.parametrize(("pattern", "contents"), CLEAN.values(), ids=CLEAN)
def test_a_real_root_is_clean(finished: Path, pattern: str, contents: list[str]) -> None:
    assert [path.read_text() for path in sorted(finished.glob(pattern))] == contents


LINKS = {
    "etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf",
    "etc/systemd/system/multi-user.target.wants/systemd-networkd.service": (
        "/usr/lib/systemd/system/systemd-networkd.service"
    ),
    "etc/systemd/system/sysinit.target.wants/systemd-resolved.service": (
        "/usr/lib/systemd/system/systemd-resolved.service"
    ),
}


@pytest.mark.parametrize(("name", "target"), LINKS.items(), ids=LINKS)
def test_a_real_root_has_its_network(finished: Path, name: str, target: str) -> None:
    assert str((finished / name).readlink()) == target


def test_no_trace_of_the_builder_is_left(finished: Path) -> None:
    traces = ("builder.example", str(finished))
    found = [
        str(path.relative_to(finished))
        for folder in ("boot", "etc", "root", "usr/sbin", "var")
        for path in (finished / folder).rglob("*")
        if path.is_file() and not path.is_symlink()
        if any(trace.encode() in path.read_bytes() for trace in traces)
    ]
    assert found == []


def test_each_kernel_has_an_initramfs(finished: Path) -> None:
    versions = [path.name.removeprefix("vmlinuz-") for path in finished.glob("boot/vmlinuz-*")]
    assert versions
    assert sorted(path.name for path in finished.glob("boot/initrd.img-*")) == sorted(
        f"initrd.img-{version}" for version in versions
    )


def test_a_second_time_changes_nothing(finished: Path) -> None:
    before = snapshot(finished)
    run_all(finished)
    assert snapshot(finished) == before
