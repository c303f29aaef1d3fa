"""The outer edge of the scripts: output, errors and exit codes of a real process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import checkout

PROGRAM = """
import sys
from livecd_rootfs.edge import Outcome, main
from livecd_rootfs.errors import LivecdError, UsageError
def command():
    {body}
sys.exit(main("prog", command))
"""


def run(body: str, redirection: str = "", **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command's body at the edge, under a shell for the sake of its redirections."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {redirection}', sys.executable, PROGRAM.format(body=body)],
        cwd=checkout.ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout.ROOT), **environ},
        capture_output=True,
        check=False,
    )


def says(out: str, err: str = "", status: int = 0) -> str:
    return f"return Outcome(status={status}, out={out!r}, err={err!r})"


@pytest.mark.parametrize(
    ("body", "status", "out", "err"),
    [
        (says("out\n"), 0, b"out\n", b""),
        (says("", "warning\n", 1), 1, b"", b"warning\n"),
        ("raise LivecdError('no', why='so')", 1, b"", b"prog: no\n  why:  so\n"),
        ("raise UsageError('what')", 2, b"", b"prog: what\n"),
        ("raise KeyboardInterrupt", 130, b"", b"prog: interrupted\n"),
        (
            "open('/nowhere/at/all')",
            1,
            b"",
            b"prog: [Errno 2] No such file or directory: '/nowhere/at/all'\n",
        ),
    ],
)
def test_outcome(body: str, status: int, out: bytes, err: bytes) -> None:
    ended = run(body)
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, out, err)


@pytest.mark.parametrize(
    ("redirection", "status", "err"),
    [
        (">&-", 0, b""),  # closed before Python starts
        ("2>&-", 0, b""),
        ("| true", 0, b""),  # the reader goes away
        ("> /dev/full", 1, b"prog: can't write to standard output: No space left on device\n"),
    ],
)
def test_output_that_nobody_takes(redirection: str, status: int, err: bytes) -> None:
    ended = run("return Outcome(status=0, out='x' * 1_000_000, err='warned\\n')", redirection)
    assert ended.returncode == status
    assert ended.stderr == (b"" if redirection == "2>&-" else b"warned\n") + err


@pytest.mark.parametrize(
    ("environ", "out"),
    [
        ({"LC_ALL": "C.UTF-8"}, b"\xff \xc3\xa9\n"),
        ({"PYTHONIOENCODING": "ascii"}, b"\\udcff \\xe9\n"),
        ({"PYTHONIOENCODING": "latin-1"}, b"\xff \xe9\n"),
    ],
)
def test_names_that_the_terminal_can_not_show(environ: dict[str, str], out: bytes) -> None:
    assert run(says("\udcff é\n"), **environ).stdout == out


def test_a_current_directory_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = checkout.ROOT / "hooks.d/make-hooks"
    ended = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$0" "$1" nothing', sys.executable, script],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("make-hooks: ")
