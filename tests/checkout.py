"""The files of this checkout, as git knows them: what the tests about the whole tree read."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def files() -> tuple[Path, ...]:
    """Every regular file that is tracked, or new and not ignored, in order of names."""
    # A checkout may belong to another user than the one who tests it.
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in sorted(set(listing.stdout.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def name(path: Path) -> str:
    """What a file is called in the checkout, as the id of its test."""
    return path.relative_to(ROOT).as_posix()


def shebang(path: Path) -> str:
    """The interpreter that a script names, without its folder: ``sh``, ``python3``; or empty."""
    with path.open("rb") as file:
        line = file.readline(256)
    words = line[2:].decode(errors="replace").split() if line.startswith(b"#!") else []
    words = [Path(word).name for word in words if not word.startswith("-")]
    return next((word for word in words if word != "env"), "")
