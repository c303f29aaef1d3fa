"""The functions, as hooks source them, pass shellcheck for both shells."""

from __future__ import annotations

import subprocess

import pytest

from livecd_rootfs import shell


@pytest.mark.tools("shellcheck")
@pytest.mark.parametrize("dialect", ["bash", "dash"])
def test_the_functions(dialect: str) -> None:
    found = subprocess.run(
        ["shellcheck", f"--shell={dialect}", "--format=gcc", "-"],
        input=shell.functions(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout == ""
