"""Every shell script of the project, wherever it lies, passes shellcheck."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import checkout

SHELLS = {"sh", "bash", "dash"}
SCRIPTS = [path for path in checkout.files() if checkout.shebang(path) in SHELLS]


@pytest.mark.tools("shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=checkout.name)
def test_shellcheck(script: Path) -> None:
    found = subprocess.run(
        ["shellcheck", "--format=gcc", script],
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_scripts_are_found_by_what_runs_them() -> None:
    names = {checkout.name(path) for path in SCRIPTS}
    assert {".ci/run", "scripts/clean", "scripts/setup-venv"} <= names
    assert not any(name.endswith((".py", ".md")) for name in names)


@pytest.mark.parametrize(
    ("line", "interpreter"),
    [
        ("#!/bin/sh\n", "sh"),
        ("#! /bin/bash -eu\n", "bash"),
        ("#!/usr/bin/env bash\n", "bash"),
        ("#!/usr/bin/env -S python3 -I\n", "python3"),
        ("# a comment\n", ""),
        ("", ""),
    ],
)
def test_shebang(tmp_path: Path, line: str, interpreter: str) -> None:
    script = tmp_path / "script"
    script.write_text(f"{line}true\n")
    assert checkout.shebang(script) == interpreter
