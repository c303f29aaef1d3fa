"""A stand-in for live-build: it tells its version, writes what hooks source, and fails on demand."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import checkout

LB = """\
#!/bin/sh
echo "$*" >>lb.log
case $1 in
--version) echo "$LB_VERSION" ;;
config)
    mkdir -p config .build
    for name in common bootstrap chroot binary source; do echo 'LB_MODE="x"' >config/$name; done
    echo 'LB_MIRROR_CHROOT="http://archive.test/debian/"' >>config/bootstrap
    ;;
bootstrap) mkdir -p .build chroot/bin chroot/root chroot/run ;;
chroot) find chroot/run chroot/usr chroot/etc -type f >.build/seen 2>&1 ;;
binary)
    mkdir -p binary/boot
    for hook in config/hooks/*.binary config/hooks/normal/*.binary; do
        [ ! -e "$hook" ] || "$hook" || exit
    done
    ;;
esac
[ "$1" != "${LB_FAIL-}" ] || exit 3
"""
DEBIAN, UBUNTU = "20230502", "3.0~a57-1ubuntu41"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A build directory with the scripts of ``auto`` linked into it, and a PATH with an ``lb``."""

    path: Path
    path_variable: str
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": self.path_variable, "LB_VERSION": DEBIAN, **self.variables, **more}
        return subprocess.run(
            (f"auto/{script}", *options),
            cwd=self.path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What lb was called with."""
        log = self.path / "lb.log"
        return log.read_text().splitlines() if log.exists() else []

    def plant(self, files: Mapping[str, str]) -> None:
        """Write files of the build's own hooks.d; hooks can be run."""
        for name, text in {"chroot/README": "", **files}.items():
            file = self.path / "hooks.d" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if file.suffix else 0o644)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """In a folder whose name a shell would take apart; hooks.d makes one artifact."""
    path, programs = tmp_path / "a build", tmp_path / "bin"
    (path / "auto").mkdir(parents=True)
    for script in ("config", "build", "clean"):
        (path / "auto" / script).symlink_to(checkout.ROOT / "auto" / script)
    programs.mkdir()
    (programs / "lb").write_text(LB)
    (programs / "lb").chmod(0o755)
    made = Place(
        path=path,
        path_variable=f"{programs}:{os.environ['PATH']}",
        variables={"PROJECT": "p", "SUITE": "bookworm", "ARCH": "amd64", "IMAGE_TARGETS": "one"},
    )
    made.plant(
        {
            "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
            "base/one.binary": '#!/bin/sh\nset -e\necho "$SUITE" >"$PREFIX.one"\n',
        }
    )
    return made
