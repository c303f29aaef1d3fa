"""The hook that exchanges the kernel, with programs that play apt and dpkg."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs import hostroot, sandbox
from livecd_rootfs.mounts import Bind, Tmpfs
from livecd_rootfs.process import CommandError
from livecd_rootfs.sandbox import Sandbox
from tests import checkout
from tests.chroothooks import ENV
from tests.steps.builds import plant

HOOKS = checkout.ROOT / "hooks.d/base"
# Each file in /state is an installed package; the second word of PROVIDES needs the first.
DPKG_QUERY = '#!/bin/sh\nfor each in /state/*; do echo "ii ${each##*/}"; done\n'
DPKG = "#!/bin/sh\necho amd64\n"
APT_GET = """\
#!/bin/sh
echo "apt-get $*" >>/seen/calls
case "$*" in *sources.list*)
    for word; do case $word in Dir::Etc::SourceList=*) cat "${word#*=}" >>/seen/calls ;; esac; done
esac
for last; do package=$last; done
case "$*" in
*--simulate*)
    echo "Purg $package [1]"
    if grep -qx "$package $GENERIC" /programs/needs; then echo "Purg $GENERIC [1]"; fi ;;
*\\ install\\ *) touch "/state/$package" ;;
esac
"""
SOURCES = "Types: deb\nURIs: http://public.example/\nSuites: x\nComponents: main extra\n"


CLOSING = {
    f"{name}.chroot": f'#!/bin/sh\necho "{name} ${{INITRD-unset}}" >>/seen/calls\n'
    for name in ("060-opens", "890-closes", "900-initramfs")
}


def run(
    tmp_path: Path, installed: tuple[str, ...], environ: Mapping[str, str], **files: str
) -> tuple[str, str]:
    """Run the hook; gives what it says, and apt's command lines."""
    (tmp_path / "seen").mkdir()
    (tmp_path / "state").mkdir()
    for name in installed:
        (tmp_path / "state" / name).touch()
    programs = {"apt-get": APT_GET, "dpkg": DPKG, "dpkg-query": DPKG_QUERY, "needs": ""}
    plant(tmp_path / "programs", {**programs, **files})
    plant(tmp_path / "etc", {"os-release": f"ID={environ.get('ID', 'debian')}\n"})
    plant(tmp_path / "apt", {"sources.list.d/x.sources": SOURCES})
    plant(tmp_path / "config/hooks.d/chroot", CLOSING)
    seen = Sandbox(
        operations=(
            *hostroot.operations(),
            *(
                Bind(source=tmp_path / name, target=f"/{name}", writable=True)
                for name in ("seen", "state", "programs")
            ),
            Bind(source=tmp_path / "etc/os-release", target="/etc/os-release"),
            Bind(source=tmp_path / "apt", target="/etc/apt"),
            Bind(source=HOOKS, target="/hooks"),
            Tmpfs(target="/root"),
            Bind(source=tmp_path / "config", target="/root/config"),
        ),
        env={**ENV, "PATH": f"/programs:{ENV['PATH']}", **environ},
    )
    said = sandbox.run(seen, ("/hooks/kernel-generic.chroot",)).stdout
    calls = tmp_path / "seen/calls"
    return said, calls.read_text() if calls.exists() else ""


DEBIAN = {"MIRROR": "", "SUITE": "trixie", "GENERIC": "linux-image-amd64"}
UBUNTU = {**DEBIAN, "ID": "ubuntu", "GENERIC": "linux-image-generic"}
pytestmark = pytest.mark.root


def test_debian(tmp_path: Path) -> None:
    old = ("linux-image-6.1-cloud-amd64", "linux-image-cloud-amd64")
    said, calls = run(tmp_path, old, DEBIAN)
    assert said == f"kernel-generic: linux-image-amd64 instead of {' '.join(old)}\n"
    lines = calls.splitlines()
    assert lines[0].endswith(" update")
    assert lines[1].endswith(" install linux-image-amd64")
    assert lines[-1].endswith(f" purge {' '.join(old)}")
    assert "SourceList" not in calls


def test_ubuntu_keeps_the_kernel_that_both_metapackages_need(tmp_path: Path) -> None:
    said, calls = run(
        tmp_path,
        ("linux-image-6.8-generic", "linux-image-virtual"),
        UBUNTU,
        needs="linux-image-6.8-generic linux-image-generic\n",
    )
    assert said == "kernel-generic: linux-image-generic instead of linux-image-virtual\n"
    assert calls.splitlines()[-1].endswith(" purge linux-image-virtual")


def test_it_is_there(tmp_path: Path) -> None:
    said, calls = run(tmp_path, ("linux-image-amd64", "linux-image-6.1-amd64"), DEBIAN)
    assert said == "kernel-generic: nothing to do, linux-image-amd64 is installed\n"
    assert calls == ""


def test_the_mirror_of_the_build_is_asked(tmp_path: Path) -> None:
    mirror = {**DEBIAN, "MIRROR": "http://127.0.0.1:3142/debian"}
    _, calls = run(tmp_path, ("linux-image-cloud-amd64",), mirror)
    assert calls.count("http://127.0.0.1:3142/debian trixie main extra") >= 3
    assert "SourceParts=/dev/null" in calls


def test_a_distribution_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        run(tmp_path, (), {**DEBIAN, "ID": "plan9"})
    assert "nobody knows how plan9 calls its generic kernel" in caught.value.notes[0]


@pytest.mark.parametrize(
    ("links", "closes"),
    [
        (("009-initramfs.chroot", "015-kernel-generic.chroot"), True),
        (("normal/9109-initramfs.hook.chroot", "normal/9115-kernel-generic.hook.chroot"), True),
        (("normal/9107-kernel-generic.hook.chroot", "normal/9109-initramfs.hook.chroot"), False),
    ],
)
def test_under_live_build_a_root_that_is_closed_is_closed_again(
    tmp_path: Path, links: tuple[str, ...], *, closes: bool
) -> None:
    """There nobody tells of a mirror, and the numbers say what has run before."""
    plant(tmp_path / "config/hooks", dict.fromkeys(links, ""))
    told = {name: text for name, text in DEBIAN.items() if name != "MIRROR"}
    _, calls = run(tmp_path, ("linux-image-cloud-amd64",), told)
    closed = ["890-closes unset", "900-initramfs unset"]
    assert (calls.splitlines()[-2:] == closed) == closes
    assert ("closes" in calls) == closes


def test_in_our_own_build_the_root_is_closed_later(tmp_path: Path) -> None:
    _, calls = run(tmp_path, ("linux-image-cloud-amd64",), DEBIAN)
    assert "closes" not in calls
