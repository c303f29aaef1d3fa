"""A file that is edited while a step sees it: no layer is kept under the key of the old content."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

# It shows that it runs, and waits to be told to go on.
WAITS = (
    'touch "$BUILD_DIRECTORY/started"\nwhile ! test -e "$BUILD_DIRECTORY/go"; do sleep 0.05; done\n'
)
SECONDS = 30.0
FILES = {
    "base/series/one": "base/one.binary\nbase/two.binary\nprovides ${PREFIX}.one\n",
    "base/one.binary": "#!/bin/sh\n# hook: env=EXTRA_TREES,BUILD_DIRECTORY,NOTE_FILE\n"
    "test -e /build/config/hooks.d/base/note\n"
    "cat /livecd/files/EXTRA_TREES/0/motd > livecd.test.one\n" + WAITS,
    "base/two.binary": "#!/bin/sh\n# hook: env=HOSTNAME\nexit 0\n",
    "base/note": "support\n",
}


@pytest.fixture(autouse=True)
def project(tree: Tree, command: Command) -> Path:
    tree(FILES)
    here = command.folder
    (here / "mkosi.extra").mkdir()
    (here / "mkosi.extra/motd").write_text("old\n")
    (here / "mkosi.builddir").mkdir()
    (here / "note").write_text("old\n")
    return here


def edited_meanwhile(command: Command, name: str) -> subprocess.CompletedProcess[str]:
    """A build during whose first step a file gets other content of the same size."""
    started = command.folder / "mkosi.builddir/started"
    running = command.start("one", NOTE_FILE=str(command.folder / "note"))
    end = time.monotonic() + SECONDS
    while not started.exists() and running.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    path = command.folder / name
    path.write_text(path.read_text().replace("old", "new").replace("exit 0", "exit  0"))
    (command.folder / "mkosi.builddir/go").touch()
    out, err = running.communicate(timeout=SECONDS)
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mkosi.extra/motd", "project file EXTRA_TREES/0"),
        ("note", "variable NOTE_FILE (content)"),
    ],
)
def test_what_a_step_has_seen_of_an_edited_file_is_not_kept(
    command: Command, name: str, told: str
) -> None:
    ended = edited_meanwhile(command, name)
    assert ended.returncode == 1
    assert f"the {told} has changed while base/one.binary ran" in ended.stderr
    assert "run again" in ended.stderr
    assert command.made() == []
    assert command.run("one", NOTE_FILE=str(command.folder / "note")).returncode == 0
    made = (command.output / "livecd.test.one").read_text()
    assert made == ("new\n" if name == "mkosi.extra/motd" else "old\n")


def test_a_support_file_that_was_read_before_its_edit_is_not_copied_after_it(
    command: Command,
) -> None:
    (command.folder / "hooks.d/base/note").write_text("old\n")
    ended = edited_meanwhile(command, "hooks.d/base/note")
    assert ended.returncode == 1
    assert "the support file base/note has changed while base/two.binary ran" in ended.stderr


def test_a_hook_may_be_edited_while_it_runs(command: Command) -> None:
    """Its copy runs; the next build runs the new one."""
    hook = command.folder / "hooks.d/base/one.binary"
    hook.write_text(f"{hook.read_text()}# old\n")
    assert edited_meanwhile(command, "hooks.d/base/one.binary").returncode == 0
    said = layered.events(command, "one", NOTE_FILE=str(command.folder / "note"))
    assert layered.ran(said)["base/one.binary"] == ["hook bytes base/one.binary changed"]
