"""A file of the cache is there whole or not at all, and nobody fails for one that can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import cachefile


@pytest.mark.parametrize("content", ["text, é\n", b"\xff\0"])
def test_it_is_there_and_nothing_else(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "new/folder/file.json"
    cachefile.keep(path, "old")
    cachefile.keep(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(path.parent.iterdir()) == [path]


def test_where_none_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cachefile.keep(tmp_path / "file/below", "x")
    (tmp_path / "taken/by-a-directory").mkdir(parents=True)
    cachefile.keep(tmp_path / "taken", "x")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "taken"}
