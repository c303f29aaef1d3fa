"""``livecd-rootfs verify`` as a user runs it, on a tiny root: what it finds, and what it leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.build import variation
from livecd_rootfs.build.comparison import Difference
from livecd_rootfs.commands import verify as verifying
from livecd_rootfs.layers import flatten
from livecd_rootfs.layers.store import Store
from tests.build.conftest import PACKAGE, Command, Tree
from tests.layers import steps as layers

pytestmark = pytest.mark.root

SERIES = {"base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n"}
# What a hook sees of these is always the same, whatever the user has.
STEADY = """\
#!/bin/sh
mkdir -p chroot/etc
touch chroot/etc/new
{
    hostname; umask; env | sort; pwd; ls -ln chroot/etc | cut -d " " -f 1-5
    ls -lnR --full-time config; stat -c %Y config
} > livecd.test.one
"""


def start(command: Command, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    argv = (
        sys.executable, "-m", "livecd_rootfs", "verify", *arguments, "--tree", "hooks.d",
        "--base", str(command.root), "--cache", str(command.cache), "--tools", "host",
        "--project", "test",
    )  # fmt: skip
    return subprocess.Popen(
        argv,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), **environ},
        cwd=command.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def verify(command: Command, *arguments: str, **environ: str) -> tuple[int, str, str]:
    running = start(command, *arguments, **environ)
    out, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    assert not list((command.cache / "builds").iterdir())
    return running.returncode, out, err


def hook(script: str) -> dict[str, str]:
    return {**SERIES, "base/one.binary": script}


def test_what_must_not_matter_does_not(tree: Tree, command: Command) -> None:
    tree(hook(STEADY))
    status, out, err = verify(command, "one", "--jobs", "3")
    assert (status, err) == (0, "")
    pattern = r"""first build: 2 steps
first build: base directory: .* s
first build: base/one.binary: .* s
second build: 2 steps
second build: base directory: .* s
second build: base/one.binary: .* s
comparing layers and artifacts

varied +first build +second build
directory +\.\.\./first +\.\.\./the-second-build-has-a-longer-name
time +\d+-\d\d-\d\d \d\d:\d\d:\d\d +[2-9].* s later
host name +first +second.example
TZ +UTC +<\+14>-14
LANG +C.UTF-8 +tr_TR.UTF-8
PYTHONHASHSEED +1 +2
umask +022 +077
cores +\d+ +1
jobs +3 +1

2 of 2 layers are equal

artifact +sha256
livecd.test.one +equal +[0-9a-f]{64}
livecd.test.one.provenance.json +equal +[0-9a-f]{64}
"""
    assert re.fullmatch(pattern, out), out


MANY_CORES = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="has one core only")
UNSTEADY: Mapping[str, str] = {
    "the time": "#!/bin/sh\ndate +%s > livecd.test.one\n",
    "chance": "#!/bin/sh\ncat /proc/sys/kernel/random/uuid > livecd.test.one\n",
    "how many cores there are": "#!/bin/sh\nnproc > livecd.test.one\n",
}


@pytest.mark.parametrize(
    "case", ["the time", "chance", pytest.param("how many cores there are", marks=MANY_CORES)]
)
def test_an_artifact_must_not_hold(tree: Tree, command: Command, case: str) -> None:
    tree(hook(UNSTEADY[case]))
    status, out, err = verify(command, "one", PATH="/usr/bin:/bin")
    assert status == 1
    assert "1 of 2 layers are equal\nbase/one.binary: 1 file differs, 1 left in the end" in out
    assert re.search("^livecd.test.one +differs +[0-9a-f]{64}, [0-9a-f]{64}$", out, re.MULTILINE)
    assert err.startswith(
        "livecd-rootfs: the two builds differ: livecd.test.one\n"
        "  at:   livecd.test.one, in the layer of base/one.binary\n"
        "  why:  differs: content\n"
    )


def test_the_first_layer_is_named_and_not_what_follows_from_it(
    tree: Tree, command: Command
) -> None:
    tree({
        **SERIES,
        "chroot/010-stamp.chroot": "#!/bin/sh\nread up idle < /proc/uptime; echo $up > /etc/stamp\n",
        "base/one.binary": "#!/bin/sh\ncp chroot/etc/stamp livecd.test.one\n",
    })  # fmt: skip
    # In place of the real one, which not every machine has.
    diffoscope = command.folder / "bin" / "diffoscope"
    diffoscope.parent.mkdir()
    diffoscope.write_text("#!/bin/sh\necho it sees two stamps\nexit 1\n")
    diffoscope.chmod(0o755)
    status, _, err = verify(command, "one", PATH=f"{diffoscope.parent}:{os.environ['PATH']}")
    assert status == 1
    assert err == (
        "livecd-rootfs: the two builds differ: livecd.test.one\n"
        "  at:   chroot/etc/stamp, in the layer of chroot/010-stamp.chroot\n"
        "  why:  differs: content\n"
        "  | it sees two stamps\n"
    )


def test_diffoscope_is_recommended_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Difference(step="x", place="x", what="mode", stays=True, paths=(tmp_path, tmp_path))
    failure = verifying._failure([found], [])
    assert failure is not None
    assert failure.remedy == "diffoscope, once installed, shows more"


def test_flattened_chains_are_no_steps(tmp_path: Path) -> None:
    place, _ = variation.surroundings(tmp_path, {0}, jobs=1)
    store = Store.open(place.cache)
    (made,) = layers.make(store, "one")
    flat = replace(layers.recipe("flatten after one", made), kind=flatten.KIND)
    with store.lease() as lease, store.staging(made) as staging:
        lease.commit(staging, flat, made, seconds=1)
    assert layers.left(store) == {"one", "flatten after one"}
    assert verifying._layers(place) == (made,)


def test_what_a_later_step_removes_does_no_harm(tree: Tree, command: Command) -> None:
    tree({
        **SERIES,
        "chroot/010-key.chroot": "#!/bin/sh\ncat /proc/sys/kernel/random/uuid > /etc/key\n",
        "chroot/020-clean.chroot": "#!/bin/sh\nrm /etc/key\n",
        "base/one.binary": "#!/bin/sh\necho 1 > livecd.test.one\n",
    })  # fmt: skip
    status, out, err = verify(command, "one")
    assert (status, err) == (0, "")
    assert "3 of 4 layers are equal" in out
    assert "chroot/010-key.chroot: 1 file differs, none left in the end: chroot/etc/key\n" in out


def test_a_build_that_fails_says_which_and_why(tree: Tree, command: Command) -> None:
    tree(hook("#!/bin/sh\necho broken\nexit 3\n"))
    status, _, err = verify(command, "one")
    assert status == 1
    assert "livecd-rootfs: base/one.binary failed with status 3" in err
    assert "| broken" in err
    assert err.endswith("livecd-rootfs: the first of the two builds failed with status 1\n")
    log = re.search("the whole log is (.*)", err)
    assert log is not None
    assert Path(log.group(1)).read_text() == "broken\n"


def test_an_interruption_leaves_nothing(tree: Tree, command: Command) -> None:
    tree(hook("#!/bin/sh\nsleep 60\n"))
    running = start(command, "one")
    assert running.stdout is not None
    assert running.stdout.readline() == "first build: 2 steps\n"
    time.sleep(0.5)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "interrupted (SIGTERM)" in err
    assert "Traceback" not in err
    assert not list((command.cache / "builds").iterdir())
