"""Trees as nobody would write them on purpose: each is told in its place, and nothing stumbles."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.errors import EXIT_USAGE
from livecd_rootfs.lint import examples
from livecd_rootfs.lint.rules import shellcheck
from tests.lint.trees import lint

MAKES = '#!/bin/sh -e\n: >"$PREFIX.a"\n'
GOOD = f"""\
== extra/series/a
extra/a.binary
provides ${{PREFIX}}.a
== extra/a.binary
{MAKES}== chroot/010-x.chroot
#!/bin/sh
"""
DEEP = "/".join(["deep"] * 150)
Spoil = Callable[[Path], object]


def put(name: str, content: str | bytes, mode: int = 0o644) -> Spoil:
    """Write a file, in the place of what is there."""

    def spoil(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    return spoil


def instead(name: str, make: Callable[[Path], object]) -> Spoil:
    """Something else in the place of a file."""

    def spoil(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        make(root / name)

    return spoil


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def chained(root: Path) -> None:
    for number in range(150):
        put(f"extra/series/s{number}", f"depends s{number + 1}\n")(root)
    put("extra/series/s150", "depends s0\n")(root)


HOOK = "hooks.d/extra/a.binary"
SERIES = "hooks.d/extra/series/a"
NO_FILE = f"{SERIES}:1:1: missing-script hook 'extra/a.binary' is not a file"
UNLISTED = (
    "hooks.d/chroot/010-x.chroot:1:1: missing-script hook 'chroot/010-x.chroot' is not a file"
)
# What is done to a good tree, and the findings.
SPOILT: tuple[tuple[str, Spoil, list[str]], ...] = (
    ("UTF-16 series", put("extra/series/a", "extra/a.binary\r\n".encode("utf-16")),
     [f"{SERIES}:1:1: bad-encoding the series file is not UTF-8 text"]),
    ("UTF-16 hook", put("extra/a.binary", MAKES.encode("utf-16"), 0o755),
     [f"{HOOK}:1:1: missing-shebang the hook 'extra/a.binary' names no interpreter"]),
    ("a program", put("extra/a.binary", Path("/bin/true").read_bytes(), 0o755), []),
    ("random bytes", put("extra/a.binary", b"#!/bin/sh\n\xff\xfe\0\x80\n", 0o755), []),
    ("a folder for a hook", instead("extra/a.binary", Path.mkdir), [NO_FILE]),
    ("a pipe for a hook", instead("extra/a.binary", os.mkfifo), [NO_FILE]),
    ("a socket for a hook", instead("extra/a.binary", bound), [NO_FILE]),
    ("a device for a hook", instead("extra/a.binary", lambda path: path.symlink_to("/dev/zero")),
     [NO_FILE]),
    ("a pipe in chroot", instead("chroot/010-x.chroot", os.mkfifo), [UNLISTED]),
    ("a pipe that nobody lists", instead("extra/b.binary", os.mkfifo), []),
    ("a folder for a series", instead("extra/series/b", Path.mkdir), []),
    ("a pipe for a series", instead("extra/series/b", os.mkfifo), []),
    ("leftovers of editors", lambda root: [
        put(f"extra/series/{name}", b"b0VIM\0\xff")(root)
        for name in (".a.swp", "a~", "a.orig", "#a#", ".gitignore")
    ], []),
    ("a lock of an editor", instead("extra/series/.#a", lambda path: path.symlink_to("me@here.1")),
     []),
    ("links in a circle", instead("extra/loop", lambda path: path.symlink_to("..")), []),
    ("a link to itself", instead("extra/self", lambda path: path.symlink_to("self")),
     [("hooks.d/extra/self:1:1: dangling-symlink the symbolic link leads to 'self', which does "
      "not exist")]),
    ("it depends on itself", put("extra/series/b", "depends b\n"),
     [("hooks.d/extra/series/b:1:9: dependency-cycle series files depend on each other in a cycle: "
      "b -> b")]),
    ("5,000 lines", put("extra/series/a", "#\n" * 5000 + "extra/a.binary\nprovides ${PREFIX}.a\n"),
     []),
    ("a line of a megabyte", put("extra/series/a", f"extra/a.binary\n#{'x' * (1 << 20)}\n"
                                                   "provides ${PREFIX}.a\n"), []),
    ("a deep folder", lambda root: [
        put(f"extra/{DEEP}/h.binary", "#!/bin/sh\n", 0o755)(root),
        put("extra/series/b", f"extra/{DEEP}/h.binary\n")(root),
    ], []),
    ("no end of blocks", put("extra/a.binary", f"#!/bin/sh\n{'if :; then ' * 3000}:{'; fi' * 3000}",
                             0o755), []),
    ("no end of parentheses", put("extra/b.binary", f"#!/usr/bin/env python3\nx = {'(' * 5000}\n",
                                  0o755),
     ["hooks.d/extra/b.binary:1:1: orphan-script", "hooks.d/extra/b.binary:2:205: bad-syntax"]),
    ("a sum of 10,000", put("extra/a.binary", f"#!/usr/bin/env python3\nx = {'1+' * 10_000}1\n"
                            "open('x', 'w')\n", 0o755), []),
    ("names that are no text", put(os.fsdecode(b"extra/\xff.binary"), MAKES, 0o755),
     ["hooks.d/extra/\\udcff.binary:1:1: orphan-script"]),
    ("a name of two lines", put("extra/a\nb.binary", MAKES, 0o755),
     ["hooks.d/extra/a\\nb.binary:1:1: orphan-script"]),
    ("a NUL in a name", put("extra/series/b", b"extra/a\0.binary\n"),
     ["hooks.d/extra/series/b:1:8: bad-encoding"]),
    ("carriage returns", put("extra/series/a", "extra/a.binary\rprovides ${PREFIX}.a\r"), []),
)  # fmt: skip


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return examples.plant(GOOD, Path("hooks.d"))


@pytest.mark.parametrize(("name", "spoil", "expected"), SPOILT, ids=lambda one: str(one)[:40])
def test_it_is_told_in_its_place(name: str, spoil: Spoil, expected: list[str], root: Path) -> None:
    spoil(root)
    outcome = lint("--ignore", shellcheck.CODE, "--fail-on=info", "--format=concise")
    found = outcome.out.splitlines()
    assert len(found) == len(expected), (name, outcome)
    assert all(map(str.startswith, found, expected)), (name, outcome)
    assert (outcome.status == 1) == bool(expected)


def test_a_long_circle_is_told_once(root: Path) -> None:
    chained(root)
    (line,) = lint("--select=dependency-cycle", "--format=concise").out.splitlines()
    assert line.startswith("hooks.d/extra/series/s")


def test_a_file_in_the_place_of_a_series_is_told(root: Path) -> None:
    (root / "extra/series/b").mkdir()
    put("extra/series/a", "depends b\nextra/a.binary\nprovides ${PREFIX}.a\n")(root)
    assert "note: hooks.d/extra/series/b is no file" in lint("--ignore", shellcheck.CODE).out


def test_a_hook_that_is_no_file_is_not_suggested_for_itself(root: Path) -> None:
    instead("extra/a.binary", os.mkfifo)(root)
    assert "did you mean 'extra/a.binary'" not in lint("--ignore", shellcheck.CODE).out


@pytest.mark.parametrize("name", ["extra/series/a", "extra/a.binary", "extra"])
def test_what_can_not_be_read_is_named(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is for anyone but root, whom nothing stops."""
    real_open, real_scandir = open, os.scandir

    def deny(real: Callable[..., object]) -> Callable[..., object]:
        def denied(path: object, *more: object, **options: object) -> object:
            if str(path) == str(root / name):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *more, **options)

        return denied

    monkeypatch.setattr("builtins.open", deny(real_open))
    monkeypatch.setattr(os, "scandir", deny(real_scandir))
    outcome = lint("--no-cache", "--ignore", shellcheck.CODE)
    assert outcome.status == EXIT_USAGE
    assert f"hooks.d/{name} can't be " in outcome.err
    assert "why:  Permission denied" in outcome.err
