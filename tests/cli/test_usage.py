"""What a user reads whose command line is wrong, or who asks what there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs import __version__

Ran = subprocess.CompletedProcess[str]


def run(*words: str, cwd: Path | None = None) -> Ran:
    command = (sys.executable, "-m", "livecd_rootfs", *words)
    env = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)


def test_without_a_command_the_help_is_shown_and_nothing_else() -> None:
    bare = run()
    assert (bare.returncode, bare.stdout) == (2, "")
    assert bare.stderr == run("-h").stdout


@pytest.mark.parametrize("words", [(), ("cache",)])
def test_what_a_command_does_is_not_cut_short(words: tuple[str, ...]) -> None:
    commands = run(*words, "--help").stdout.partition("Commands:\n")[2]
    assert commands
    assert "..." not in commands


def test_the_version_is_told_to_either_question() -> None:
    assert run("--version").stdout == run("version").stdout == f"livecd-rootfs {__version__}\n"


def test_who_names_no_target_is_told_which_there_are(tmp_path: Path) -> None:
    (tmp_path / "hooks.d/base/series").mkdir(parents=True)
    (tmp_path / "hooks.d/base/series/mine").touch()
    failed = run("build", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stderr == (
        "livecd-rootfs: Missing argument 'TARGET...'.\n"
        "  help: one of mine; `livecd-rootfs build --help` lists arguments and options\n"
    )


def test_a_target_that_there_is_not_is_a_wrong_command_line(tmp_path: Path) -> None:
    (tmp_path / "hooks.d/base/series").mkdir(parents=True)
    (tmp_path / "hooks.d/chroot").mkdir()
    (tmp_path / "hooks.d/base/series/mine").write_text("depends thine\n")
    for command in ("plan", "summary"):
        failed = run(command, "mien", cwd=tmp_path)
        assert (failed.returncode, failed.stdout) == (2, "")
        assert failed.stderr.splitlines()[1:] == [" = help: did you mean 'mine'?"]
    in_a_file = run("plan", "mine", cwd=tmp_path)
    assert in_a_file.returncode == 1
    assert "hooks.d/base/series/mine:1:9" in in_a_file.stderr


def test_a_word_that_no_command_knows_leads_to_the_list_of_commands() -> None:
    assert run("bild").stderr == (
        "livecd-rootfs: No such command 'bild'. Did you mean 'build'?\n"
        "  help: `livecd-rootfs --help` lists commands and options\n"
    )


def test_no_steps_at_a_time_are_refused() -> None:
    failed = run("build", "all", "--jobs", "0")
    assert failed.returncode == 2
    assert "'--jobs' / '-j'" in failed.stderr


def test_a_stream_that_the_caller_closed_is_no_fault() -> None:
    words = f"exec {sys.executable} -m livecd_rootfs"
    for closed in ("version <&-", "version >&-", "bild 2>&-", "version <&- >&- 2>&-"):
        shell = ("sh", "-c", f"{words} {closed}")
        ended = subprocess.run(shell, check=False, capture_output=True)
        assert ended.returncode == (2 if "bild" in closed else 0), closed
        assert ended.stderr == b""


def test_a_full_disk_under_the_output_is_told_in_a_line() -> None:
    with Path("/dev/full").open("w") as full:
        command = (sys.executable, "-m", "livecd_rootfs", "version")
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "livecd-rootfs: the system refuses a file\n"
        "  at:   standard output\n"
        "  why:  No space left on device\n"
    )


def test_characters_that_the_locale_lacks_are_shown_as_question_marks(tmp_path: Path) -> None:
    (tmp_path / "hooks.d/base/series").mkdir(parents=True)
    (tmp_path / "hooks.d/chroot").mkdir()
    (tmp_path / "hooks.d/base/series/mine").write_text("provides x\n")
    command = (sys.executable, "-m", "livecd_rootfs", "plan", "mine")
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path, env=env)
    assert b"?? =>   x" in shown.stdout


def test_a_suite_that_nobody_knows_is_told_with_where_it_was_set(tmp_path: Path) -> None:
    (tmp_path / "hooks.d/base/series").mkdir(parents=True)
    (tmp_path / "hooks.d/chroot").mkdir()
    for words in (("--suite", "trixi"), ("--set", "Release=trixi")):
        failed = run("plan", "mine", *words, cwd=tmp_path)
        assert failed.returncode == 2
        assert failed.stderr.splitlines()[1].startswith(f"  at:   {words[0]}"), failed.stderr


def test_interrupted_while_it_is_being_loaded_it_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = (sys.executable, "-m", "livecd_rootfs", "version")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(command, capture_output=True, check=False, env=env)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")
