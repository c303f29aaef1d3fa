"""The Debian package: built, installed and used in a fresh root, and gone without a trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import checkout

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("mmdebstrap", "dpkg-deb"),
]

SUITE = "bookworm"
INSTALLED = "/usr/share/livecd-rootfs/live-build"
# Run inside the fresh root. A line that begins with == names what is printed next.
USE = f"""\
#!/bin/sh
set -eu
exec >/told
dpkg --install /package.deb >/dev/null
mkdir -p /build/auto && cd /build
ln -s {INSTALLED}/auto/* auto/
lb clean --purge >/dev/null
IMAGE_TARGETS=squashfs PROJECT=debian-cpc SUITE={SUITE} lb config >/dev/null
echo == wrappers
ls config/hooks/normal | grep '^91.*binary'
echo == promised
cat config/hooks/explicit_provides
echo == a hook without its root
config/hooks.d/base/squashfs.binary 2>&1 || echo status $?
lb clean --purge >/dev/null
echo == left
find . -type f
echo == make-hooks
make-hooks --hooks-dir /hooks qcow2 | tail -n 1
echo == series-lint
series-lint --tree {INSTALLED}/hooks.d 2>&1
echo == plan
livecd-rootfs plan qcow2 --suite {SUITE} | head -n 1
echo == wrong
livecd-rootfs plann 2>&1 || echo status $?
echo == after
dpkg --purge livecd-rootfs >/dev/null
find / -xdev -path '*livecd-rootfs*' -o -xdev -path '*livecd_rootfs*'
echo == end
"""


def output(*argv: str | Path) -> str:
    ended = subprocess.run(
        argv,
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    return ended.stdout


@pytest.fixture(name="package", scope="module")
def _package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(output("scripts/deb", tmp_path_factory.mktemp("deb")).strip())


@pytest.fixture(name="used", scope="module")
def _used(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each use printed, in a root with nothing but what the package depends on."""
    folder = tmp_path_factory.mktemp("use")
    script, told = folder / "use", folder / "told"
    script.write_text(USE)
    depends = output("dpkg-deb", "--field", package, "Depends").replace("\n", " ").split(",")
    names = (each.split()[0] for each in depends)
    output(
        *("mmdebstrap", "--quiet", "--variant=apt", "--format=null"),
        f"--include={','.join(names)}",
        f"--customize-hook=upload {package} /package.deb",
        f"--customize-hook=upload {script} /use",
        '--customize-hook=chroot "$1" sh /use',
        f"--customize-hook=download /told {told}",
        SUITE,
        "-",
    )
    parts = (part.splitlines() for part in told.read_text().split("== ")[1:])
    return {part[0]: part[1:] for part in parts}


def test_it_has_the_modes_and_owners_of_a_system(package: Path) -> None:
    rows = [line.split(None, 5) for line in output("dpkg-deb", "--contents", package).splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    modes = {row[5].removeprefix("."): row[0] for row in rows}
    for script in ("auto/config", "auto/build", "auto/clean", "hooks.d/make-hooks", "series-lint"):
        assert modes[f"{INSTALLED}/{script}"] == "-rwxr-xr-x"
    assert {mode for name, mode in modes.items() if name.endswith(".py")} == {"-rw-r--r--"}
    assert not any("__pycache__" in name for name in modes)


def test_live_build_s_scripts_find_everything(used: dict[str, list[str]]) -> None:
    assert [name.partition("-")[2] for name in used["wrappers"]] == [
        "root-dir.hook.binary",
        "squashfs.hook.binary",
        "final.hook.binary",
    ]
    assert "livecd.debian-cpc.squashfs" in used["promised"]
    assert used["left"] == []


def test_a_copied_hook_finds_its_package(used: dict[str, list[str]]) -> None:
    """There is no root to pack, nor a mount namespace to do it in: that is told by the package."""
    told = used["a hook without its root"]
    assert told[0].startswith("squashfs.binary: ")
    assert told[1:] == ["status 1"]


def test_the_commands_run(used: dict[str, list[str]]) -> None:
    assert used["make-hooks"][0].startswith("[PROVIDES] livecd.ubuntu-cpc.img")
    assert used["plan"][0].startswith("qcow2: ")
    assert used["wrong"][0].startswith("livecd-rootfs: No such command 'plann'.")
    assert used["wrong"][-1] == "status 2"


def test_series_lint_reads_shell(used: dict[str, list[str]]) -> None:
    assert used["series-lint"] == ["nothing found"]


def test_removed_it_leaves_nothing(used: dict[str, list[str]]) -> None:
    assert used["after"] == []
