"""Patterns for paths of a root: what they match, and that nothing outside is matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.image import rootglob


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in (
        "usr/bin/tool",
        "usr/lib/a/x.pyc",
        "usr/lib/a/b/y.pyc",
        "usr/lib/.z.pyc",
        "etc/[x]",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "bin").symlink_to("usr/bin")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(".")
    return root


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/usr/bin/tool", ["usr/bin/tool"]),
        ("usr/bin/tool", ["usr/bin/tool"]),
        ("//usr/./bin/", ["usr/bin"]),
        ("/usr/*/tool", ["usr/bin/tool"]),
        ("/usr/lib/**/*.pyc", ["usr/lib/.z.pyc", "usr/lib/a/b/y.pyc", "usr/lib/a/x.pyc"]),
        ("/**/[!x].pyc", ["usr/lib/a/b/y.pyc"]),
        ("/usr/lib/a/**", ["usr/lib/a/b", "usr/lib/a/b/y.pyc", "usr/lib/a/x.pyc"]),
        ("/usr/lib/a/?", ["usr/lib/a/b"]),
        ("/etc/[[]x]", ["etc/[x]"]),
        ("/bin", ["bin"]),
        ("/bin/tool", []),
        ("/out/file", []),
        ("/loop/usr", []),
        ("/**/file", []),
        ("/none/*", []),
    ],
)
def test_find(root: Path, pattern: str, found: list[str]) -> None:
    assert [str(path.relative_to(root)) for path in rootglob.find(root, pattern)] == found


@pytest.mark.parametrize("pattern", ["/", "", "/../etc/passwd", "/usr/../..", "/**", "/*", "*/**"])
def test_what_can_not_be_meant(root: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match=r"leads upwards|names nothing"):
        rootglob.find(root, pattern)


@pytest.mark.parametrize(
    ("pattern", "link"), [("/bin/x", "/bin"), ("/usr/bin/x", None), ("/bin", None), ("/no/x", None)]
)
def test_link_on_the_way(root: Path, pattern: str, link: str | None) -> None:
    assert rootglob.link_on_the_way(root, pattern) == link
