"""The hooks directory: names of links, and a directory changed whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs import hooksdir
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.resolve import resolve
from tests import checkout, trees


def plan(
    root: Path, hooks: Sequence[str], provides: Sequence[str] = (), *, path: str | None = None
) -> hooksdir.HooksPlan:
    text = "\n".join([*hooks, *(f"provides {name}" for name in provides)])
    resolution = resolve(["one"], trees.PaperTree({"one": text}), prefix="livecd.p")
    return hooksdir.plan(
        resolution,
        tree=str(root / "hooks.d"),
        directory=str(root / "hooks"),
        provides_path=path,
    )


def content(directory: Path) -> dict[str, str]:
    """Every entry of a directory with the text of the link or the file."""
    return {
        path.name: str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(directory.iterdir())
    }


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        ("base/a.binary", "007-a.binary"),
        ("base/010-a.binary", "007-a.binary"),
        ("base/010-020-a.binary", "007-a.binary"),
        ("base/1-2-3-a.binary", "007-3-a.binary"),
        ("010-a/b.binary", "007-b.binary"),
        ("base/a-1-b.binary", "007-a-1-b.binary"),
        ("base/10a.binary", "007-10a.binary"),
        ("base/-1-a", "007--1-a"),
        ("base/12-", "007-"),
        ("base/\u0661-a", "007-a"),  # a decimal digit in the sense of \d
        ("base/\u00b2-a", "007-\u00b2-a"),  # a digit, but no decimal one
    ],
)
def test_link_name(hook: str, name: str) -> None:
    assert hooksdir.link_name(7, hook) == name


@pytest.mark.parametrize(
    ("hooks", "first", "last"),
    [
        (999, "001-h0", "999-h998"),
        (1000, "0001-h0", "1000-h999"),
        (12345, "00001-h0", "12345-h12344"),
    ],
)
def test_all_numbers_are_equally_wide(tmp_path: Path, hooks: int, first: str, last: str) -> None:
    links = plan(tmp_path, [f"h{n}" for n in range(hooks)]).links
    assert (links[0].name, links[-1].name) == (first, last)
    assert [link.name for link in links] == sorted(link.name for link in links)


def test_listing(tmp_path: Path) -> None:
    assert hooksdir.listing(plan(tmp_path, ["base/1-a", "base/b"], ["x", "y", "x"])) == (
        "[HOOK] 001-a => base/1-a\n"
        "[HOOK] 002-b => base/b\n"
        "[PROVIDES] x\n[PROVIDES] y\n[PROVIDES] x\n"
    )


def test_text_goes_from_the_directory_to_the_hook(tmp_path: Path) -> None:
    hooks = ["base/a", "../private/b", "/opt/c", "base/../extra/d"]
    top = "../" * len(tmp_path.parts)
    assert [link.text for link in plan(tmp_path, hooks).links] == [
        "../hooks.d/base/a",
        "../private/b",
        f"{top}opt/c",
        "../hooks.d/extra/d",
    ]


def test_apply_makes_the_directory(tmp_path: Path) -> None:
    assert not hooksdir.apply(plan(tmp_path, ["base/a"], ["x", "é"]))
    assert content(tmp_path / "hooks") == {
        "001-a": "../hooks.d/base/a",
        "explicit_provides": "x\né\n",
    }


def test_apply_twice_changes_nothing(tmp_path: Path) -> None:
    wanted = plan(tmp_path, ["base/a", "/opt/b", "../c"], ["x"])
    hooksdir.apply(wanted)
    before = {path.name: path.lstat().st_ino for path in (tmp_path / "hooks").glob("0*")}
    assert hooksdir.apply(wanted)
    assert {path.name: path.lstat().st_ino for path in (tmp_path / "hooks").glob("0*")} == before


HOOKS = st.lists(st.sampled_from(["base/a", "base/2-b", "extra/c", "../d", "/e"]), unique=True)


@given(st.lists(st.tuples(HOOKS, st.lists(st.sampled_from("xyz"))), min_size=1, max_size=4))
def test_only_the_last_plan_counts(
    tmp_path_factory: pytest.TempPathFactory, plans: list[tuple[list[str], list[str]]]
) -> None:
    root = tmp_path_factory.mktemp("root")
    inside = [([hook for hook in hooks if hook[0] not in "./"], made) for hooks, made in plans]
    for hooks, made in inside:
        hooksdir.apply(plan(root, hooks, made))
    wanted = plan(root, *inside[-1])
    assert content(root / "hooks") == {
        **{link.name: link.text for link in wanted.links},
        "explicit_provides": "".join(f"{name}\n" for name in inside[-1][1]),
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("001-a", "../hooks.d/base/other"),  # the name is not that of the hook
        ("001-a", "../elsewhere/a"),
        ("001-a", "../hooks.dd/a"),
        ("01-a", "../hooks.d/base/a"),  # never that few digits
        ("x01-a", "../hooks.d/base/a"),
        ("001_a", "../hooks.d/base/a"),
    ],
)
def test_links_of_others_stay(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / name).symlink_to(text)
    hooksdir.apply(plan(tmp_path, ["base/new"]))
    assert content(tmp_path / "hooks") == {
        name: text,
        "001-new": "../hooks.d/base/new",
        "explicit_provides": "",
    }


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link"])
def test_what_is_in_the_way_is_refused_before_anything_is_written(
    tmp_path: Path, kind: str
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "009-old").symlink_to("../hooks.d/base/old")
    foreign = hooks / "002-b"
    if kind == "file":
        foreign.write_text("mine")
    elif kind == "directory":
        foreign.mkdir()
    else:
        foreign.symlink_to({"link": "/", "dangling link": "../elsewhere/b"}[kind])
    before = trees.names(hooks)
    with pytest.raises(LivecdError, match=r"'002-b' in .*/hooks is not a link that make-hooks"):
        hooksdir.apply(plan(tmp_path, ["base/a", "base/b"], ["x"]))
    assert trees.names(hooks) == before


def test_provides_can_be_put_elsewhere(tmp_path: Path) -> None:
    hooksdir.apply(plan(tmp_path, ["base/a"], ["old"]))
    hooksdir.apply(plan(tmp_path, ["base/a"], ["x"], path=str(tmp_path / "list")))
    assert content(tmp_path / "hooks") == {"001-a": "../hooks.d/base/a"}
    assert (tmp_path / "list").read_text() == "x\n"


@pytest.mark.parametrize("path", ["missing/list", "folder"])
def test_provides_that_can_not_be_written(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(LivecdError, match="can't be written"):
        hooksdir.apply(plan(tmp_path, ["base/a"], ["x"], path=str(tmp_path / path)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch, call: str, count: int, error: BaseException
) -> Iterator[None]:
    """Let the ``count``-th call of a function of ``os`` fail; all others work."""
    real: Callable[..., object] = getattr(os, call)
    calls = 0

    def function(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == count:
            raise error
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, function)
        yield


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
FAULTS = [
    *(("symlink", count) for count in (1, 2, 3)),
    *(("unlink", count) for count in (1, 2)),
    ("replace", 1),
    ("listdir", 1),
]


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full disk", "^C"])
@pytest.mark.parametrize(("call", "count"), FAULTS)
def test_a_failure_leaves_all_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    count: int,
    error: BaseException,
) -> None:
    hooksdir.apply(plan(tmp_path, ["base/a", "base/b", "base/c"], ["x"]))
    (tmp_path / "hooks/README").write_text("mine")
    before = content(tmp_path / "hooks")
    changed = plan(tmp_path, ["base/c", "base/d", "base/e", "base/f"], ["y"])
    kind = LivecdError if error is FULL else KeyboardInterrupt
    with failing(monkeypatch, call, count, error), pytest.raises(kind):
        hooksdir.apply(changed)
    assert content(tmp_path / "hooks") == before

    hooksdir.apply(changed)  # and it works once there is room again
    assert content(tmp_path / "hooks")["004-f"] == "../hooks.d/base/f"


@pytest.mark.parametrize(("call", "count"), [("symlink", 2), ("replace", 1), ("mkdir", 2)])
def test_a_failure_leaves_no_new_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, count: int
) -> None:
    made = plan(tmp_path / "deep/er", ["base/a", "base/b"])
    with failing(monkeypatch, call, count, FULL), pytest.raises(LivecdError) as caught:
        hooksdir.apply(made)
    assert list(tmp_path.iterdir()) == []
    assert caught.value.why == "No space left on device; nothing was changed"


def test_what_a_killed_run_left_is_mended(tmp_path: Path) -> None:
    hooksdir.apply(plan(tmp_path, ["base/a", "base/b"], ["old"]))
    (tmp_path / "hooks/explicit_provides.new").write_text("half")
    (tmp_path / "hooks/001-a").unlink()
    (tmp_path / "hooks/001-c").symlink_to("../hooks.d/base/c")
    wanted = plan(tmp_path, ["base/b"], ["new"])
    hooksdir.apply(wanted)
    assert content(tmp_path / "hooks") == {
        "001-b": "../hooks.d/base/b",
        "explicit_provides": "new\n",
    }


def test_where_the_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    hooksdir.apply(plan(tmp_path, ["base/a"]))
    assert (tmp_path / "hooks/001-a").is_symlink()


def test_two_at_once_leave_one_of_two_results(tmp_path: Path) -> None:
    """Six processes in turns; the result is whole, whoever was last."""
    shuffled = random.Random(1)  # noqa: S311 (an order, not a secret)
    series = {}
    for name in ("one", "two"):
        hooks = [f"base/{name}{number}" for number in range(60)]
        shuffled.shuffle(hooks)
        series[name] = "\n".join([*hooks, f"provides {name}"])
    program = """
import sys
from livecd_rootfs import hooksdir
from livecd_rootfs.resolve import resolve
from tests.trees import PaperTree
root, name, text = sys.argv[1:]
resolution = resolve([name], PaperTree({name: text}), prefix="p")
wanted = hooksdir.plan(resolution, tree=root + "/hooks.d", directory=root + "/hooks")
for _ in range(30):
    hooksdir.apply(wanted)
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, name, text], cwd=checkout.ROOT)
        for name, text in [*series.items()] * 3
    ]
    assert [process.wait() for process in running] == [0] * len(running)
    found = content(tmp_path / "hooks")
    name = found.pop("explicit_provides").strip()
    hooks = [Path(text).name for text in found.values()]
    assert hooks == [line.removeprefix("base/") for line in series[name].split("\n")[:60]]
