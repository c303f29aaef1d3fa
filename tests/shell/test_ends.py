"""However a hook ends, nothing stays mounted or attached, and its own trap has its turn."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.shell.conftest import BuildDirectory

SHELLS = ("bash", "dash")
MOUNT = "mount_disk_image binary/boot/disk-uefi.ext4 mountpoint\n"
mounting = [
    pytest.mark.root,
    pytest.mark.tools("mke2fs", "debugfs", "mkfs.vfat", "mcopy", "sfdisk", "fuse2fs"),
]


def wait_for_sleep(group: int) -> None:
    """bash forgets a signal that comes while it starts a program."""
    running = ["pgrep", "--pgroup", str(group), "--exact", "sleep"]
    while subprocess.run(running, capture_output=True, check=False).returncode != 0:
        time.sleep(0.01)


@pytest.mark.usefixtures("mounts")
class TestMounts:
    """Of hooks that have a disk mounted when they end."""

    pytestmark = mounting

    @pytest.mark.parametrize("shell", SHELLS)
    @pytest.mark.parametrize(
        ("end", "status"),
        [("false", 1), ("exit 99999", 99999 % 256), ("cd mountpoint; exit 7", 7),
         ("echo $UNKNOWN", None), ("exit 0", 0), ("", 0)],
    )  # fmt: skip
    def test_by_itself(
        self, build: BuildDirectory, shell: str, end: str, status: int | None
    ) -> None:
        ended, said = build.run(f"set -eu\n. config/functions\n{MOUNT}{end}\n", shell)
        # An unset variable is 127 in bash 5.2, and 2 in dash.
        assert ended == status or (status is None and ended != 0), said
        assert build.left() == []
        assert build.fsck() == 0

    @pytest.mark.parametrize("shell", SHELLS)
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_by_a_signal_while_something_runs_in_the_root(
        self, build: BuildDirectory, shell: str, number: signal.Signals
    ) -> None:
        """A terminal's ^C is for all; others for the hook alone, whose child then holds the disk."""
        with build.start(
            f"set -eu\n. config/functions\n{MOUNT}cd mountpoint\necho mounted\nsleep 1000\n", shell
        ) as hook:
            assert hook.stdout is not None
            line = ""
            while line != "mounted\n":
                line = hook.stdout.readline()
            wait_for_sleep(hook.pid)
            os.killpg(hook.pid, number)
            hook.communicate(timeout=30)
        # Some see first that what they ran was ended.
        assert hook.returncode in {-number, 128 + number}
        assert build.left() == []
        assert build.fsck() == 0

    def test_what_still_runs_there_is_ended(self, build: BuildDirectory) -> None:
        status, said = build.run(
            f"set -eu\n. config/functions\n{MOUNT}"
            "(cd mountpoint/etc && exec sleep 1000) </dev/null >/dev/null 2>&1 &\n"
            'while [ "$(readlink /proc/$!/exe)" != "$(command -v sleep)" ]; do :; done\nexit 3'
        )
        assert status == 3
        assert said.splitlines()[-1].endswith("mountpoint: sleep 1000 ")
        assert build.left() == []

    def test_a_program_of_somebody_else_is_left_alone(self, build: BuildDirectory) -> None:
        """It keeps the disk from being unmounted, which is told."""
        (build.path / "go").mkdir()
        with build.start(
            f"set -eu\n. config/functions\n{MOUNT}echo mounted\nread -r _ < go/on\nexit 3"
        ) as hook:
            os.mkfifo(build.path / "go/on")
            assert hook.stdout is not None
            line = ""
            while line != "mounted\n":
                line = hook.stdout.readline()
            with subprocess.Popen(
                ["sleep", "1000"], cwd=build.path / "mountpoint/etc", env={}
            ) as sleeper:
                (build.path / "go/on").write_text("\n")
                said, _ = hook.communicate(timeout=30)
                assert sleeper.poll() is None
                sleeper.kill()
        assert hook.returncode == 3
        assert f"left behind: mounted {build.path}/mountpoint" in said
        subprocess.run(["umount", "--recursive", build.path / "mountpoint"], check=True)
        loops = subprocess.run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"],
                               capture_output=True, text=True, check=True).stdout  # fmt: skip
        assert str(build.disk) not in loops

    def test_in_the_middle_of_mounting(self, build: BuildDirectory) -> None:
        """A root that lacks what is mounted there."""
        build.made(
            "mount_image binary/boot/disk-uefi.ext4\nmount $rootfs_dev_mapper mountpoint\n"
            "rmdir mountpoint/sys\numount mountpoint\nclean_loops"
        )
        status, said = build.run(f"set -eu\n. config/functions\n{MOUNT}")
        assert status == 1
        assert (
            said.splitlines()[-1]
            == "old.binary: setup_mountpoint: mountpoint could not be made ready"
        )
        assert build.left() == []
        assert "stub-resolv.conf" in build.in_root("stat /etc/resolv.conf")

    def test_a_step_in_a_pipe_is_undone_at_the_end_of_the_hook(self, build: BuildDirectory) -> None:
        said = build.made(
            "{ mount_disk_image binary/boot/disk-uefi.ext4 mountpoint && echo done; } | cat\n"
            "ls mountpoint/boot"
        )
        assert said.split() == ["done", "efi", "grub"]
        assert build.left() == []

    @pytest.mark.parametrize("shell", SHELLS)
    def test_the_hooks_own_trap_unmounts(self, build: BuildDirectory, shell: str) -> None:
        status, said = build.run(
            "set -eu\ntrap 'umount_disk_image mountpoint; rm -rf mountpoint' EXIT\n"
            f". config/functions\n{MOUNT}false",
            shell,
        )
        assert status == 1, said
        assert not (build.path / "mountpoint").exists()
        assert "os-release" in build.in_root("ls /etc")
        assert build.left() == []

    def test_a_detached_device_and_an_unmounted_disk_are_no_trouble(
        self, build: BuildDirectory
    ) -> None:
        """Hooks that tidy up by hand."""
        build.made(
            f"{MOUNT}umount -R mountpoint\nlosetup -d $loop_device\n"
            'clean_loops\nclean_loops\necho "${loop_device:-none}"'
        )
        assert build.left() == []


@pytest.fixture(name="mounts")
def _mounts(build: BuildDirectory) -> None:
    """So that what a failed test leaves is found by name."""
    assert build.left() == []


ENDS = {
    "it sees the status": ("trap 'echo seen $?' EXIT", "(exit 4)", 4, "seen 4\n"),
    "it decides on the status": ("trap 'exit 9' EXIT", "false", 9, ""),
    "it sees the hook's variables": ("trap 'echo $name' EXIT\nname=value", "", 0, "value\n"),
    "a failure in it does not count": ("trap 'false; echo on' EXIT", "exit 0", 0, "on\n"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", ENDS)
def test_the_hooks_own_trap_before(build: BuildDirectory, shell: str, case: str) -> None:
    trap, end, status, said = ENDS[case]
    assert build.run(f"set -eu\n{trap}\n. config/functions\n{end}", shell) == (status, said)
    assert build.left() == []


@pytest.mark.parametrize("case", ENDS)
def test_the_hooks_own_trap_after(build: BuildDirectory, case: str) -> None:
    trap, end, status, said = ENDS[case]
    assert build.run(f"set -eu\n. config/functions\n{trap}\n{end}") == (status, said)
    assert build.left() == []


TRAPS = {
    "a trap of several lines": ("trap 'echo 1\necho 2' EXIT", "1\n2\n"),
    "the last one counts": ("trap 'echo 1' EXIT\ntrap 'echo 2' 0", "2\n"),
    "one that is taken back": ("trap 'echo 1' EXIT\ntrap - EXIT", ""),
    "one for a signal that is not fatal then": (
        "trap 'echo got it' USR1\nkill -USR1 $$",
        "got it\n",
    ),
    "in a subshell it is that one's": ("(trap 'echo inner' EXIT)\necho outer", "inner\nouter\n"),
    "of a hook that sources twice": ("trap 'echo 1' EXIT\n. config/functions", "1\n"),
    "two words": ("trap -- 'echo 1' EXIT", "1\n"),
}


@pytest.mark.parametrize("case", TRAPS)
def test_traps_are_as_bash_has_them(build: BuildDirectory, case: str) -> None:
    text, said = TRAPS[case]
    assert build.run(f"set -eu\n. config/functions\n{text}\n") == (0, said)


def test_a_trap_for_errors_lasts(build: BuildDirectory) -> None:
    text = "set -eE\n. config/functions\ntrap 'echo failed' ERR\nlook() { false; }\nlook"
    status, said = build.run(text)
    assert (status, said.splitlines()[0]) == (1, "failed")


@pytest.mark.parametrize("shell", SHELLS)
def test_sourcing_leaves_nothing_and_says_nothing(build: BuildDirectory, shell: str) -> None:
    assert build.made("", shell) == ""
    assert build.left() == []


def test_a_shell_that_is_asked_to_be_of_posix(build: BuildDirectory) -> None:
    text = "set -eu\nset -o posix\ntrap 'echo mine' EXIT\n. config/functions\nexit 3"
    assert build.run(text) == (3, "mine\n")
    assert build.left() == []


def test_a_killed_hook_is_ended_as_by_the_signal(build: BuildDirectory) -> None:
    for shell in SHELLS:
        status, _ = build.run(". config/functions\nkill -TERM $$\nsleep 10", shell)
        assert status == -signal.SIGTERM
