"""A root that takes no time to make, trees of hooks, and the command as a user runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from livecd_rootfs.build import provenance

PROGRAMS = (
    "sh",
    "cat",
    "chmod",
    "env",
    "id",
    "ls",
    "rm",
    "sleep",
    "touch",
    "ln",
    "mkdir",
    "readlink",
)
PACKAGE = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A target root of a shell and a few programs, copied from the host with their libraries."""
    root = tmp_path_factory.mktemp("tiny") / "root"
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "etc", "root", "proc", "sys", "dev", "run",
                   "tmp", "var/lib/dpkg"):  # fmt: skip
        (root / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (root / name).symlink_to(f"usr/{name}")
    for program in PROGRAMS:
        _copy_program(Path(shutil.which(program, path="/usr/bin:/bin") or ""), root)
    (root / "var/lib/dpkg/status").write_text("")
    os.utime(root / "var/lib/dpkg/status", (1_600_000_000, 1_600_000_000))
    return root


def _copy_program(program: Path, root: Path) -> None:
    shutil.copy(program.resolve(), root / "usr/bin" / program.name)
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+)", listing):
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(Path(library).resolve(), target)


Tree = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Makes a hooks.d of files."""
    return partial(plant, tmp_path)


def plant(place: Path, files: Mapping[str, str]) -> Path:
    """A hooks.d of files; everything with a phase in its name becomes executable."""
    folder = place / "hooks.d"
    (folder / "chroot").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix in {".chroot", ".chroot_early", ".binary"}:
            path.chmod(0o755)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``livecd-rootfs build`` on a tiny root, with everything it leaves below one folder."""

    folder: Path
    root: Path

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def argv(self, *arguments: str, base: str | None = None) -> tuple[str, ...]:
        return (
            sys.executable, "-m", "livecd_rootfs", "build", *arguments,
            "--tree", str(self.folder / "hooks.d"), "--base", base or str(self.root),
            "--output", str(self.output), "--cache", str(self.cache), "--tools", "host",
            "--project", "test",
        )  # fmt: skip

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*arguments),
            env={**os.environ, "PYTHONPATH": str(PACKAGE), **environ},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, base: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*arguments, base=base),
            env={**os.environ, "PYTHONPATH": str(PACKAGE), **environ},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def made(self) -> list[str]:
        """What came out, but for the provenance that each build has."""
        found = sorted(path.name for path in self.output.iterdir()) if self.output.is_dir() else []
        return [name for name in found if not name.endswith(provenance.SUFFIX)]

    def workspaces(self) -> list[Path]:
        return sorted((self.cache / "builds").iterdir())


@pytest.fixture
def command(tmp_path: Path, tiny_root: Path) -> Command:
    return Command(folder=tmp_path, root=tiny_root)
