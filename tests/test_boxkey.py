"""The key of boxes that a cache keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from livecd_rootfs import boxkey, process
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.tools import Mode, Toolbox

TOOLBOX = Toolbox(mode=Mode.HOST)

pytestmark = pytest.mark.tools("ssh-keygen")


def test_it_is_made_once(tmp_path: Path) -> None:
    path = boxkey.kept(tmp_path, TOOLBOX)
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert boxkey.kept(tmp_path, TOOLBOX) == path
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["vagrant"]


def test_two_caches_have_two_keys(tmp_path: Path) -> None:
    """No one can make a key that another one has, whatever is built."""
    paths = [boxkey.kept(tmp_path / name, TOOLBOX) for name in ("one", "other")]
    publics = {process.run(["ssh-keygen", "-y", "-f", path]).stdout for path in paths}
    assert len(publics) == 2


def test_of_many_at_once_one_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: boxkey.kept(tmp_path, TOOLBOX).read_bytes(), range(8)))
    assert len(set(paths)) == 1


def test_a_cache_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LivecdError, match="the key of Vagrant boxes can't be kept") as caught:
        boxkey.kept(tmp_path / "file", TOOLBOX)
    assert "VAGRANT_KEY_FILE" in (caught.value.remedy or "")
