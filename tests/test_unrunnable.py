"""Why a program is not executed, as the kernel and its first line say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import unrunnable


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o755, "not found"),
        ("#!/bin/sh\r\n", 0o755, "its first line ends with a carriage return"),
        ("#!/no/such/sh -e\n", 0o755, "its interpreter /no/such/sh is not there"),
        ("#!/bin/sh\n", 0o644, "it is not executable"),
        ("", 0o755, "Exec format error: its first line names no interpreter"),
        ("echo hello\n", 0o755, "Exec format error: its first line names no interpreter"),
    ],
)
def test_the_reason_is_told(tmp_path: Path, text: str | None, mode: int, said: str) -> None:
    program = tmp_path / "hook"
    if text is not None:
        program.write_text(text, newline="")
        program.chmod(mode)
    with pytest.raises(OSError, match=program.name) as failure:
        subprocess.run([program], check=False)
    assert unrunnable.why(program, failure.value).startswith(said)
