"""make-hooks over whole trees: each folder in ``golden`` is an example, run as users run it.

In a case's folder: ``command`` (the arguments, as a shell reads them), ``hooks.d``, maybe
``hooks`` and other files as they are before, and ``expected``, with what the run must print
and leave behind. LIVECD_UPDATE_GOLDEN=1 writes ``expected`` anew; read the difference.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import checkout

GOLDEN = Path(__file__).parent / "golden"
MAKE_HOOKS = checkout.ROOT / "hooks.d" / "make-hooks"
CASES = sorted(path.name for path in GOLDEN.iterdir())
INPUT = ("command", "expected", "hooks.d")


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, tmp_path: Path) -> None:
    build = tmp_path / "build"
    shutil.copytree(GOLDEN / case, build, symlinks=True)
    expected = build / "expected"
    arguments = shlex.split((build / "command").read_text(encoding="utf-8"))
    tree = () if "--tree" in arguments else ("--tree", "hooks.d")

    ended = subprocess.run(
        [sys.executable, str(MAKE_HOOKS), *tree, *arguments],
        cwd=build,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    outcome = "".join(
        (
            f"status {ended.returncode}\n",
            *section("stdout", ended.stdout.decode()),
            *section("stderr", ended.stderr.decode().replace(str(build), "BUILD")),
            *section("files", "".join(left_behind(build))),
        )
    )

    if os.environ.get("LIVECD_UPDATE_GOLDEN"):
        (GOLDEN / case / "expected").write_text(outcome, encoding="utf-8")
    else:
        assert outcome == expected.read_text(encoding="utf-8")


def section(name: str, text: str) -> tuple[str, ...]:
    return (f"--- {name}\n", text) if text else ()


def left_behind(build: Path) -> Iterator[str]:
    """All but the case's own files: links with what they hold, files with their content."""
    for path in sorted(build.rglob("*")):
        name = path.relative_to(build)
        if name.parts[0] in INPUT:
            continue
        if path.is_symlink():
            yield f"{name} -> {path.readlink()}{'' if path.exists() else ' (dangling)'}\n"
        elif path.is_dir():
            yield f"{name}/\n"
        else:
            yield f"{name}:\n" + "".join(f"  {line}\n" for line in path.read_text().splitlines())
