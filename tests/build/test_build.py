"""Builds as a user runs them, on a tiny root: what hooks see, what comes out, what goes wrong."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

# A name for the sleepers of this very test run: another may go on beside it.
SLEEP = f"74.{os.getpid():07}"

ONE_ARTIFACT = {
    "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
    "base/one.binary": "#!/bin/sh\necho content > livecd.test.one\n",
}


def succeeded(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def failed(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_an_artifact_comes_out_with_its_checksum(tree: Tree, command: Command) -> None:
    tree(ONE_ARTIFACT)
    succeeded(command.run("one"))
    assert command.made() == ["SHA256SUMS", "livecd.test.one"]
    assert (command.output / "livecd.test.one").read_text() == "content\n"
    assert command.workspaces() == []


@pytest.mark.tools("sha256sum")
def test_its_provenance_lies_beside_it(tree: Tree, command: Command) -> None:
    tree(ONE_ARTIFACT)
    succeeded(command.run("one"))
    subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=command.output, check=True
    )
    found = json.loads((command.output / "livecd.test.one.provenance.json").read_text())
    digest = hashlib.sha256(b"content\n").hexdigest()
    assert found["subject"] == [{"name": "livecd.test.one", "digest": {"sha256": digest}}]
    inner = found["predicate"]["buildDefinition"]["internalParameters"]
    keys = {path.name for path in (command.cache / "store/layers").iterdir()}
    assert {each["key"] for each in inner["layers"]} == keys
    assert [each["step"] for each in inner["layers"]] == ["base directory", "base/one.binary"]


def test_a_key_that_can_not_sign_is_told_before_anything_is_built(
    tree: Tree, command: Command
) -> None:
    tree(ONE_ARTIFACT)
    ended = command.run("one", "--sign-key", "minisign:/nonexistent")
    assert failed(ended).startswith("livecd-rootfs: ")
    assert command.made() == []
    assert not (command.cache / "store").exists()


def test_a_missing_tool_is_told_before_anything_is_built(
    tree: Tree, command: Command, tmp_path: Path
) -> None:
    files = {
        "base/series/one": "base/one.binary\nbase/two.binary\n",
        "base/one.binary": "#!/bin/sh\n",
        "base/two.binary": "#!/bin/sh\n# hook: tools=zstd\n",
    }
    tree(files)
    ended = command.run("one", PATH=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "livecd-rootfs: the host lacks a fit 'zstd'\n"
        "  why:  the host has no zstd (package zstd)\n"
        "  help: apt-get install zstd, or choose `--tools auto`\n"
    )


def test_what_was_only_depended_on_is_not_published(tree: Tree, command: Command) -> None:
    tree({
        **ONE_ARTIFACT,
        "base/series/two": "depends one\nbase/two.binary\nprovides ${PREFIX}.two\n",
        "base/two.binary": "#!/bin/sh\ncp livecd.test.one livecd.test.two\n",
    })  # fmt: skip
    succeeded(command.run("two"))
    assert command.made() == ["SHA256SUMS", "livecd.test.two"]


LOOK = """\
#!/bin/sh
{
    echo "0=$0"
    echo "pwd=$(pwd)"
    echo "HOME=$HOME LANG=$LANG TERM=$TERM DEBIAN_FRONTEND=$DEBIAN_FRONTEND TZ=$TZ"
    echo "PROJECT=$PROJECT SUITE=$SUITE ARCH=$ARCH PREFIX=$PREFIX TARGETS=$IMAGE_TARGETS"
    echo "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH FOREIGN=${FOREIGN-unset}"
    echo "config=$(ls $1config)"
    . $1config/binary
    echo "sourced=$PROJECT $LB_DISTRIBUTION"
} > seen
"""


def test_a_chroot_hook_runs_as_under_live_build(tree: Tree, command: Command) -> None:
    tree({
        "base/series/look": "base/look.binary\nprovides ${PREFIX}.seen\n",
        "chroot/010-look.chroot": LOOK.replace("$1", "/root/"),
        "base/look.binary": "#!/bin/sh\nmv chroot/root/seen livecd.test.seen\n",
    })  # fmt: skip
    succeeded(command.run("look", FOREIGN="x", SUITE="bookworm"))
    assert (command.output / "livecd.test.seen").read_text().splitlines() == [
        "0=/root/010-look.chroot",
        "pwd=/root",
        "HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive TZ=UTC",
        "PROJECT=test SUITE=bookworm ARCH=amd64 PREFIX=livecd.test TARGETS=look",
        "SOURCE_DATE_EPOCH=1600000000 FOREIGN=unset",
        "config=binary",
        "bootstrap",
        "chroot",
        "common",
        "functions",
        "hooks.d",
        "sourced=test bookworm",
    ]


def test_a_binary_hook_runs_in_the_build_directory(tree: Tree, command: Command) -> None:
    tree({
        "base/series/look": "base/look.binary\nbase/keep.binary\nprovides ${PREFIX}.seen\n",
        "base/look.binary": LOOK.replace("$1", ""),
        "base/keep.binary": "#!/bin/sh\nmv seen livecd.test.seen\n",
    })  # fmt: skip
    succeeded(command.run("look", FOREIGN="x"))
    seen = (command.output / "livecd.test.seen").read_text().splitlines()
    assert seen[:2] == ["0=/build/config/hooks.d/base/look.binary", "pwd=/build"]


def test_phases_are_kept_apart_whatever_the_order_of_lines(tree: Tree, command: Command) -> None:
    log = "#!/bin/sh\necho $0 >> /root/log\n"
    tree({
        "base/series/all": "base/b.binary\nbase/c.chroot\nbase/a.chroot_early\n"
        "base/d.binary\nprovides ${PREFIX}.log\n",
        "chroot/z.chroot_early": log,
        "base/a.chroot_early": log,
        "base/c.chroot": log,
        "base/b.binary": "#!/bin/sh\necho b >> chroot/root/log\n",
        "base/d.binary": "#!/bin/sh\nmv chroot/root/log livecd.test.log\n",
    })  # fmt: skip
    succeeded(command.run("all"))
    assert (command.output / "livecd.test.log").read_text().split() == [
        "/root/z.chroot_early",
        "/root/a.chroot_early",
        "/root/c.chroot",
        "b",
    ]


def test_a_python_hook_can_import_the_steps(tree: Tree, command: Command) -> None:
    tree({
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
        "base/one.binary": "#!/usr/bin/env python3\nfrom pathlib import Path\n"
        "import livecd_rootfs\nPath('livecd.test.one').write_text(livecd_rootfs.__file__)\n",
    })  # fmt: skip
    succeeded(command.run("one"))
    where = (command.output / "livecd.test.one").read_text()
    assert where == "/livecd/lib/livecd_rootfs/__init__.py"


def test_a_header_narrows_the_environment_and_the_network(tree: Tree, command: Command) -> None:
    tree({
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
        "base/one.binary": "#!/bin/sh\n# hook: env=FLAVOUR,SUITE network=no\n"
        "echo $FLAVOUR ${SUITE-unset} ${ARCH-unset} $(grep -c : /proc/net/dev) > livecd.test.one\n",
    })  # fmt: skip
    succeeded(command.run("one", FLAVOUR="lemon"))
    assert (command.output / "livecd.test.one").read_text() == "lemon trixie unset 1\n"


def test_the_tree_is_as_it_was_when_the_build_began(tree: Tree, command: Command) -> None:
    """Data beside a hook is found through its own name, links included."""
    folder = tree({
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
        "base/one.binary": "#!/bin/sh\ncat $(dirname $(readlink -f $0))/data/text "
        "$(dirname $(readlink -f $0))/data/linked > livecd.test.one\n",
        "base/data/text": "beside\n",
    })  # fmt: skip
    outside = command.folder / "outside"
    outside.write_text("from outside\n")
    (folder / "base/data/linked").symlink_to(outside)
    succeeded(command.run("one"))
    assert (command.output / "livecd.test.one").read_text() == "beside\nfrom outside\n"


def test_a_base_may_be_a_tar_file_or_none(tree: Tree, command: Command) -> None:
    tree({
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
        "base/one.binary": "#!/bin/sh\nls chroot > livecd.test.one\n",
    })  # fmt: skip
    tar = command.folder / "root.tar.gz"
    subprocess.run(["tar", "-C", command.root, "-czf", tar, "."], check=True)
    succeeded(command.run("one", base=str(tar)))
    assert "usr" in (command.output / "livecd.test.one").read_text().split()
    succeeded(command.run("one", base="none"))
    assert (command.output / "livecd.test.one").read_text() == ""


def test_progress_for_machines_is_one_object_a_line(tree: Tree, command: Command) -> None:
    tree(ONE_ARTIFACT)
    lines = succeeded(command.run("one", "--progress", "json")).splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events if event["event"] != "step-tick"] == [
        "run-started", "step-started", "step-ended", "step-started", "step-ended", "build-ended", "run-ended",
    ]  # fmt: skip
    assert events[-2]["artifacts"][0]["path"].endswith("out/livecd.test.one")
    assert events[-2]["attestations"][0]["path"].endswith("out/livecd.test.one.provenance.json")


@pytest.mark.parametrize("phase", ["chroot_early", "chroot", "binary"])
def test_a_failing_hook_says_where_it_stands_and_what_it_said(
    tree: Tree, command: Command, phase: str
) -> None:
    tree({
        "base/series/top": "depends below\n",
        "base/series/below": f"# comment\nbase/bad.{phase}\nbase/one.binary\n",
        f"base/bad.{phase}": "#!/bin/sh\necho last words\nmissing\nexit 7\n",
        "base/one.binary": ONE_ARTIFACT["base/one.binary"],
    })  # fmt: skip
    said = failed(command.run("top"))
    assert said.startswith(f"livecd-rootfs: base/bad.{phase} failed with status 7\n")
    assert f"at:   {command.folder}/hooks.d/base/series/below:2:1\n" in said
    assert "via:  top: is a target\n" in said
    assert f"via:  below: depends on it ({command.folder}/hooks.d/base/series/top:1:9)\n" in said
    assert "| last words\n" in said
    assert f"| {command.folder}/hooks.d/base/bad.{phase}: 3: missing: not found\n" in said
    assert f"the whole log is {command.cache}/logs/" in said
    assert (command.made(), command.workspaces()) == ([], [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/no/such/interpreter\n", "status 127"),
        ("#!/bin/sh\nkill -SEGV $$\n", "ended by SIGSEGV"),
        ("#!/bin/sh\nexit 99999\n", "failed with status 159"),
    ],
)
def test_odd_ends_of_hooks_are_explained(
    tree: Tree, command: Command, text: str, words: str
) -> None:
    tree({"base/series/one": "base/one.binary\n", "base/one.binary": text})
    assert words in failed(command.run("one"))


def test_an_artifact_that_was_promised_and_not_made_fails_the_build(
    tree: Tree, command: Command
) -> None:
    tree({
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\nprovides ${PREFIX}.two\n",
        "base/one.binary": ONE_ARTIFACT["base/one.binary"],
    })  # fmt: skip
    said = failed(command.run("one"))
    assert "livecd.test.two" in said
    assert command.made() == []


def test_an_aggregate_fails_when_what_it_depends_on_did_not_make_all(
    tree: Tree, command: Command
) -> None:
    """It provides nothing itself and keeps everything, but everything must be there."""
    tree({
        "base/series/every": "depends one\n",
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\nprovides ${PREFIX}.two\n",
        "base/one.binary": ONE_ARTIFACT["base/one.binary"],
    })  # fmt: skip
    said = failed(command.run("every"))
    assert said.startswith("livecd-rootfs: no hook made the artifact 'livecd.test.two'\n  at:   ")
    assert "hooks.d/base/series/one:3:10\n" in said
    assert command.made() == []


def test_what_only_a_dependency_promises_is_not_missed(tree: Tree, command: Command) -> None:
    tree({
        **ONE_ARTIFACT,
        "base/series/zero": "provides ${PREFIX}.never\n",
        "base/series/one": f"depends zero\n{ONE_ARTIFACT['base/series/one']}",
    })  # fmt: skip
    succeeded(command.run("one"))
    assert command.made() == ["SHA256SUMS", "livecd.test.one"]


@pytest.mark.parametrize(
    "made", ["mkfifo NAME", "mknod NAME c 1 3", "ln -s /etc/hostname NAME", "touch x; ln -s x NAME"]
)
def test_only_plain_files_are_artifacts(tree: Tree, command: Command, made: str) -> None:
    """A link may lead out of the build directory; to read a fifo would wait for ever."""
    folder = tree({
        **ONE_ARTIFACT, "base/one.binary": f"#!/bin/sh\n{made.replace('NAME', 'livecd.test.one')}\n"
    })  # fmt: skip
    said = failed(command.run("one"))
    assert said.startswith("livecd-rootfs: the artifact 'livecd.test.one' is not a plain file\n")
    assert f"at:   {folder}/base/series/one:2:10\n" in said
    assert command.made() == []


def test_signals_within_a_sandbox_stay_there(tree: Tree, command: Command) -> None:
    tree({
        "base/series/one": "base/one.binary\n",
        "base/one.binary": "#!/bin/sh\nkill -TERM 1\nsleep 5\n",
    })  # fmt: skip
    assert "base/one.binary failed with status 143" in failed(command.run("one"))


def test_background_processes_and_mounts_of_a_hook_end_with_it(
    tree: Tree, command: Command
) -> None:
    tree({
        **ONE_ARTIFACT,
        "chroot/010-bad.chroot": f"#!/bin/sh\nsleep {SLEEP} &\n",
        "base/one.binary": "#!/bin/sh\nmkdir mountpoint\nmount -t tmpfs tmpfs mountpoint\n"
        f"sleep {SLEEP} &\necho x > livecd.test.one\n",
    })  # fmt: skip
    succeeded(command.run("one"))
    assert not running(SLEEP)
    assert str(command.folder) not in Path("/proc/self/mountinfo").read_text()


def running(seconds: str) -> bool:
    listing = subprocess.run(["pgrep", "-f", f"^sleep {seconds}"], capture_output=True, check=False)
    return listing.returncode == 0


PHASES = {
    "chroot": {"chroot/010-slow.chroot": f"#!/bin/sh\nsleep {SLEEP}\n"},
    "binary": {"base/one.binary": f"#!/bin/sh\ntouch livecd.test.one\nsleep {SLEEP}\n"},
    "final": {"base/final.binary": f"#!/bin/sh\nsleep {SLEEP}\n"},
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("phase", PHASES)
def test_a_build_that_is_interrupted_leaves_nothing(
    tree: Tree, command: Command, phase: str, number: signal.Signals
) -> None:
    tree({**ONE_ARTIFACT, **PHASES[phase]})
    process = command.start("one")
    wait_until(lambda: running(SLEEP))
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    wait_until(lambda: not running(SLEEP))
    assert command.made() == []
    assert str(command.cache) not in Path("/proc/self/mountinfo").read_text()
    if number is not signal.SIGKILL:
        assert process.returncode == 130
        assert said == f"livecd-rootfs: interrupted ({number.name}); nothing was left behind\n"
        assert command.workspaces() == []
    tree({**ONE_ARTIFACT, **dict.fromkeys(PHASES[phase], "#!/bin/sh\necho content > /dev/null\n"),
          "base/one.binary": ONE_ARTIFACT["base/one.binary"]})  # fmt: skip
    succeeded(command.run("one"))
    assert command.workspaces() == []


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def test_a_full_disk_is_told_and_leaves_nothing(tree: Tree, command: Command) -> None:
    tree(ONE_ARTIFACT)
    command.cache.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", command.cache], check=True)
    try:
        assert "no space left" in failed(command.run("one"))
        assert (command.made(), command.workspaces()) == ([], [])
    finally:
        subprocess.run(["umount", command.cache], check=True)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("/no/such/root", "there is no such file or directory"),
        ("/etc/hostname", "it is no tar file"),
        ("/usr/share/keyrings", "the base has no /bin/sh"),
    ],
)
def test_a_base_that_is_none_is_refused(
    tree: Tree, command: Command, base: str, words: str
) -> None:
    tree({**ONE_ARTIFACT, "chroot/010-x.chroot": "#!/bin/sh\n"})
    ended = command.run("one", base=base)
    assert ended.returncode in {1, 2}
    assert words in ended.stderr


def test_without_root_and_without_a_range_of_ids_the_way_out_is_named(
    tree: Tree, command: Command
) -> None:
    """nobody has no subordinate ids anywhere."""
    tree(ONE_ARTIFACT)
    for folder in [command.folder, *command.folder.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o755)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    ended = subprocess.run(
        (*nobody, *command.argv("one")),
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        cwd="/", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "has no range of subordinate ids" in ended.stderr or "user namespace" in ended.stderr
    assert "run as root" in ended.stderr
