"""Files that a user's variable names: a hook that declares it sees them, and their content counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
    "base/one.binary": "#!/bin/sh\n# hook: env=KEY_FILE inputs=\n"
    'cat "${KEY_FILE:-/dev/null}" > livecd.test.one\n',
}


@pytest.fixture(autouse=True)
def _tree(tree: Tree) -> None:
    tree(FILES)


def build(command: Command, path: Path) -> bool:
    """Build with a file; whether its hook ran."""
    return "base/one.binary" in layered.ran(layered.events(command, "one", KEY_FILE=str(path)))


def key(folder: Path, text: str) -> Path:
    """A file below /tmp, which hooks have an empty one of."""
    folder.mkdir()
    (folder / "key").write_text(text)
    return folder / "key"


def test_the_content_counts_and_the_place_does_not(command: Command, tmp_path: Path) -> None:
    first = key(tmp_path / "first", "secret\n")
    assert build(command, first)
    assert (command.output / "livecd.test.one").read_text() == "secret\n"
    assert not build(command, key(tmp_path / "second", "secret\n"))
    first.write_text("another\n")
    assert build(command, first)
    assert (command.output / "livecd.test.one").read_text() == "another\n"


def test_what_it_holds_is_not_kept_in_the_cache(command: Command, tmp_path: Path) -> None:
    build(command, key(tmp_path / "first", "very secret\n"))
    for path in command.cache.rglob("meta.json"):
        assert "very secret" not in path.read_text()


def test_a_file_that_is_not_there(command: Command, tmp_path: Path) -> None:
    ended = command.run("one", KEY_FILE=str(tmp_path / "none"))
    assert ended.stdout == ""
    assert ended.returncode == 1
    assert ended.stderr.startswith("livecd-rootfs: the file that KEY_FILE names can't be read\n")
    assert "Traceback" not in ended.stderr
    assert command.made() == []
