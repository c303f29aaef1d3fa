"""A host whose emulator plays a part, and the real tools of a tools root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from livecd_rootfs import tools, toolsroot
from livecd_rootfs.settings import cache_directory, host_architecture, proxies
from livecd_rootfs.tools import Mode, Toolbox

EMULATOR = """\
#!/bin/sh
[ "$1" = --version ] && { echo "QEMU emulator version 10.0.1"; exit; }
nonce=$(sed -n 's/.*"local-hostname": "boot-\\([0-9a-f]*\\)".*/\\1/p' meta-data 2>/dev/null)
echo $$ > "$PLAY.pid"
case $* in *isa-debug-exit*) part=probe;; *"-accel kvm"*) part=kvm;; *) part=tcg;; esac
. "$PLAY"
"""
IMAGER = """\
#!/bin/sh
case $1 in
--version) echo "qemu-img version 10.0.1" ;;
info) echo '{"format": "qcow2", "virtual-size": 1048576}' ;;
create) echo "$@" > "$PLAY.overlay" ;;
esac
"""
KEY_MAKER = """\
#!/bin/sh
for word; do file=$word; done
echo private > "$file"
echo "ssh-ed25519 AAAA livecd-rootfs" > "$file.pub"
"""
SSH = """\
#!/bin/sh
for word; do command=$word; done
sh -c "$command"
"""
NOTHING = "#!/bin/sh\n"
PROGRAMS = {
    "qemu-system-x86_64": EMULATOR,
    "qemu-img": IMAGER,
    "mformat": NOTHING,
    "mcopy": NOTHING,
    "ssh-keygen": KEY_MAKER,
    "ssh": SSH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The host that plays; ``play`` says what its emulator does, in shell."""

    folder: Path

    @property
    def toolbox(self) -> Toolbox:
        return Toolbox(mode=Mode.HOST)

    @property
    def image(self) -> Path:
        return self.folder / "image.qcow2"

    @property
    def script(self) -> Path:
        return self.folder / "play"

    @property
    def device(self) -> Path:
        return self.folder / "kvm"

    def play(self, script: str) -> None:
        """What the emulator does; it knows ``$nonce`` and its ``$part``: probe, kvm or tcg."""
        self.script.write_text(script)

    def emulator_runs(self) -> bool:
        """Whether it is there and is no zombie, which only its new parent can take away."""
        try:
            pid = self.script.with_name("play.pid").read_text().strip()
            return Path("/proc", pid, "stat").read_text().rpartition(") ")[2][0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    made = Stage(folder=tmp_path)
    made.image.write_bytes(b"image")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PLAY", str(made.script))
    monkeypatch.setattr("livecd_rootfs.boot.accelerator.DEVICE", made.device)
    return made


@pytest.fixture(scope="session")
def real_toolbox() -> Toolbox:
    """The host's tools where they suffice, else those of a tools root, made if need be.

    It is the one in the user's own cache: a build and a boot by hand use it, too.
    """
    wanted = ("qemu-system-x86_64", "qemu-img", "mcopy")
    if not Toolbox().needs_root(wanted):
        return Toolbox()
    request = toolsroot.Request(
        cache=cache_directory(None, os.environ), architecture=host_architecture()
    )
    root = toolsroot.ensure(request, environ=proxies(os.environ), progress=lambda _: None)
    return tools.Toolbox(root=root)
