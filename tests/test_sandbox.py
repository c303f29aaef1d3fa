"""What a command in a sandbox sees, and that nothing of it is left afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs import hostroot, kernel, mounts, sandbox
from livecd_rootfs.mounts import Bind, Link, Overlay, Tmpfs
from livecd_rootfs.process import CommandError
from livecd_rootfs.sandbox import Sandbox, SandboxError
from tests import checkout

pytestmark = pytest.mark.root

ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def shell(script: str, *operations: mounts.Operation, network: bool = True) -> str:
    seen = Sandbox(operations=(*hostroot.operations(), *operations), env=ENV, network=network)
    return sandbox.run(seen, ("sh", "-ec", script)).stdout


def test_the_host_is_read_only_and_tmp_is_private(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.touch()
    assert shell("ls -A /tmp") == ""
    assert shell("touch /usr/new 2>/dev/null || echo refused") == "refused\n"
    assert shell("touch /etc/new 2>/dev/null || echo refused") == "refused\n"


def test_a_writable_bind_is_the_directory_itself(tmp_path: Path) -> None:
    bind = Bind(source=tmp_path, target="/build", writable=True)
    shell("echo made > /build/file", bind)
    assert (tmp_path / "file").read_text() == "made\n"


def test_a_bind_without_writable_can_not_be_written(tmp_path: Path) -> None:
    bind = Bind(source=tmp_path, target="/build")
    assert shell("touch /build/file 2>/dev/null || echo refused", bind) == "refused\n"


def test_links_directories_in_memory_and_single_files_are_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("content")
    seen = shell(
        "readlink /alias; stat -c %a /room; cat /given/file",
        Link(target="/alias", to="usr"),
        Tmpfs(target="/room", mode=0o700),
        Bind(source=file, target="/given/file"),
    )
    assert seen == "usr\n700\ncontent"


def test_an_optional_source_that_is_missing_is_left_out(tmp_path: Path) -> None:
    absent = Bind(source=tmp_path / "absent", target="/absent", optional=True)
    assert shell("test -e /absent || echo left out", absent) == "left out\n"


def test_a_source_that_is_missing_is_a_failure_with_its_name(tmp_path: Path) -> None:
    absent = Bind(source=tmp_path / "absent", target="/absent")
    with pytest.raises(SandboxError, match="could not be set up") as failure:
        shell("true", absent)
    assert failure.value.why == f"{tmp_path}/absent: No such file or directory"


def test_without_network_there_is_only_loopback() -> None:
    assert shell("cat /proc/net/dev | grep -c :", network=False) == "1\n"


DEVICES = "ls /sys/class/net; if touch /sys/new 2>/dev/null; then echo writable; fi"
# As an ordinary user's build: in a user namespace of its own, which does not own the network.
LIST_DEVICES = f"""
from tests import test_sandbox
print(test_sandbox.shell({DEVICES!r}, network=False), end="")
"""


def hosts_devices() -> list[str]:
    return sorted(path.name for path in Path("/sys/class/net").iterdir())


def test_without_network_no_device_of_the_host_is_seen() -> None:
    assert shell(DEVICES, network=False) == "lo\n"


def test_with_network_its_devices_are_the_hosts() -> None:
    assert shell(DEVICES).split() == hosts_devices()


def test_in_a_user_namespace_neither() -> None:
    namespaces = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc")
    listed = subprocess.run(
        ("unshare", *namespaces, sys.executable, "-c", LIST_DEVICES),
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout == "lo\n"


def test_where_a_container_forbids_it_the_devices_of_the_host_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str = "") -> None:
        if kind == "sysfs":
            raise PermissionError
        real(source, target, kind, flags, data)

    real = kernel.mount
    monkeypatch.setattr(kernel, "mount", mount)
    assert shell(DEVICES, network=False).split() == hosts_devices()


def test_the_host_name_and_the_process_table_are_its_own() -> None:
    assert shell("hostname") == "localhost\n"
    assert "python" in shell("cat /proc/1/cmdline")


def test_an_overlay_takes_writes_into_its_upper_directory(tmp_path: Path) -> None:
    lower, upper, work = (tmp_path / name for name in ("lower", "upper", "work"))
    for folder in (lower, upper, work):
        folder.mkdir()
    (lower / "old").touch()
    over = Overlay(target="/over", lowers=(lower,), upper=upper, work=work)
    assert shell("rm /over/old; touch /over/new; ls /over", over) == "new\n"
    assert [path.name for path in lower.iterdir()] == ["old"]
    assert (upper / "new").is_file()


def test_the_status_and_both_streams_come_back() -> None:
    with pytest.raises(CommandError, match="failed with status 3") as failure:
        shell("echo out; echo err >&2; exit 3")
    assert failure.value.completed.stdout == "out\n"
    assert failure.value.completed.stderr == "err\n"


def test_a_signal_is_told_as_a_shell_tells_it() -> None:
    seen = Sandbox(operations=hostroot.operations(), env=ENV)
    ended = sandbox.run(seen, ("sh", "-c", "kill -KILL $$"), check=False)
    assert ended.status == 128 + signal.SIGKILL


def test_a_missing_program_is_status_127() -> None:
    seen = Sandbox(operations=hostroot.operations(), env=ENV)
    ended = sandbox.run(seen, ("no-such-program",), check=False)
    assert (ended.status, ended.stderr) == (127, "no-such-program: not found\n")


def test_a_program_that_cannot_be_executed_is_status_126_and_says_why() -> None:
    seen = Sandbox(operations=hostroot.operations(), env=ENV)
    ended = sandbox.run(seen, ("/etc/passwd",), check=False)
    assert ended.status == 126
    assert ended.stderr.startswith("/etc/passwd: it is not executable")


def test_input_reaches_the_command() -> None:
    seen = Sandbox(operations=hostroot.operations(), env=ENV)
    assert sandbox.run(seen, ("cat",), stdin="text").stdout == "text"


def sleepers(seconds: str) -> list[int]:
    """The processes ``sleep SECONDS``; the seconds are a name that no other process has."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_text() == f"sleep\0{seconds}\0":
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_background_processes_end_with_the_command() -> None:
    shell(f"sleep 71.{os.getpid():07} & exit 0")
    assert not sleepers(f"71.{os.getpid():07}")


def test_mounts_made_inside_are_not_seen_outside() -> None:
    before = Path("/proc/self/mountinfo").read_text()
    shell("mount -t tmpfs tmpfs /mnt")
    assert Path("/proc/self/mountinfo").read_text() == before


PARENT = """
import sys
from pathlib import Path
from livecd_rootfs import hostroot, kernel, mounts, sandbox
seen = sandbox.Sandbox(operations=hostroot.operations(), env={"PATH": "/usr/bin:/bin"})
sandbox.run(seen, ("sh", "-c", "trap '' TERM; sleep SECONDS; sleep SECONDS"))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_when_the_program_dies_all_in_the_sandbox_dies(number: signal.Signals) -> None:
    """Also what ignores SIGTERM, and also when the program had no time to clean up."""
    package = Path(sandbox.__file__).parents[1]
    parent = subprocess.Popen(
        (sys.executable, "-c", PARENT.replace("SECONDS", f"72.{os.getpid():07}")),
        env={**os.environ, "PYTHONPATH": str(package)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: bool(sleepers(f"72.{os.getpid():07}")))
    parent.send_signal(number)
    parent.wait(timeout=20)
    wait_until(lambda: not sleepers(f"72.{os.getpid():07}"))


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
