"""The command line of make-hooks, as far as whole trees (see ``golden``) don't show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import makehooks
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import LivecdError, UsageError
from tests.trees import plant

FILES = {
    "base/series/img": "base/img.binary\nprovides ${PREFIX}.img\n",
    "base/series/true": "base/true.binary\n",
    "base/img.binary": "",
    "base/true.binary": "",
}


def run(tree: Path, *argv: str, **environ: str) -> Outcome:
    return makehooks.run(argv, tree=str(tree), environ=environ)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "config/hooks.d", FILES)


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["x", "-d", "there"], "hooks_dir", "there"),
        (["-dthere", "x"], "hooks_dir", "there"),
        (["-d=there", "x"], "hooks_dir", "there"),
        (["--hooks-dir", "there", "x"], "hooks_dir", "there"),
        (["--hooks-dir=there", "x"], "hooks_dir", "there"),
        (["--hooks=there", "x"], "hooks_dir", "there"),
        (["-d", "here", "-d", "there", "x"], "hooks_dir", "there"),
        (["-d", "-x", "x"], "hooks_dir", "-x"),
        (["x", "--tree=there"], "tree", "there"),
        (["x", "--provides-file", "there"], "provides_file", "there"),
        (["x", "--lenient"], "lenient", True),
        (["-h"], "help", True),
        (["--help"], "help", True),
        (["x", "-q"], "quiet", True),
        (["x", "--quiet"], "quiet", True),
        (["x", "-q1"], "quiet", True),
        (["x", "-q="], "quiet", False),
        (["x", "--quiet=yes"], "quiet", True),
        (["x", "--quiet="], "quiet", False),
        (["x"], "quiet", False),
        (["--", "-d", "x"], "words", ["-d", "x"]),
        (["x", "-", "y"], "words", ["x", "-", "y"]),
    ],
)
def test_parse(argv: list[str], field: str, value: object) -> None:
    assert getattr(makehooks.parse(argv), field) == value


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x", "-d"], "the option -d needs a value"),
        (["--tree"], "the option --tree needs a value"),
        (["--lenient=1"], "the option --lenient takes no value"),
        (["-hx"], "the option -h takes no value"),
        (["-x"], "there is no option -x"),
        (["--hooks-dirs", "x"], "there is no option --hooks-dirs"),
        (["--=x"], "there is no option --"),
    ],
)
def test_parse_refuses(argv: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        makehooks.parse(argv)
    assert caught.value.message == message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("argv", "quiet"),
    [
        (["img"], False),
        (["-q", "img"], True),
        (["img", "-q"], True),
        (["-q", "1", "img"], True),
        (["-q", "false", "img"], True),  # any value that is not empty
        (["-q", "", "img"], False),
        (["img", "-q", ""], False),
        (["-q", "-d", "out", "img"], True),
        (["-q", "img,nothing-here", "img"], None),  # a word with a target in it is no value
    ],
)
def test_quiet(
    tree: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    argv: list[str],
    quiet: bool | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(tree, *argv)
    assert outcome.status == (1 if quiet is None else 0)
    assert bool(outcome.out) == (quiet is False)


def test_a_target_behind_q_wins_over_a_value(tree: Path) -> None:
    assert run(tree, "-q", "true").status == 0
    assert (tree.parent / "hooks/001-true.binary").is_symlink()


def test_hooks_dir_lies_beside_the_tree(tree: Path) -> None:
    run(tree, "img")
    assert (tree.parent / "hooks/001-img.binary").readlink() == Path("../hooks.d/base/img.binary")


def test_empty_hooks_dir_is_the_default_one(tree: Path) -> None:
    run(tree, "-d", "", "img")
    assert (tree.parent / "hooks/001-img.binary").is_symlink()


def test_other_tree(tree: Path, tmp_path: Path) -> None:
    other = plant(tmp_path / "other", {"base/series/new": "base/x\n", "base/x": ""})
    assert run(tree, "new", "--tree", str(other)).out == "[HOOK] 001-x => base/x\n"
    assert (tmp_path / "hooks/001-x").readlink() == Path("../other/base/x")


def test_tree_reached_through_a_link(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree)
    run(tree, "img", "--tree", str(tmp_path / "link"), "-d", str(tmp_path / "out"))
    assert (tmp_path / "out/001-img.binary").resolve() == tree / "base/img.binary"


@pytest.mark.parametrize(
    ("environ", "artifact"),
    [
        ({}, "livecd.ubuntu-cpc.img"),
        ({"PROJECT": "debian"}, "livecd.debian.img"),
        ({"PROJECT": "", "SUBARCH": "raspi"}, "livecd.ubuntu-cpc-raspi.img"),
        ({"PROJECT": "debian", "SUBARCH": "raspi"}, "livecd.debian-raspi.img"),
    ],
)
def test_prefix_comes_from_the_environment(
    tree: Path, environ: dict[str, str], artifact: str
) -> None:
    assert run(tree, "img", **environ).out.endswith(f"[PROVIDES] {artifact}\n")


def test_second_run_says_that_the_directory_is_not_empty(tree: Path) -> None:
    assert run(tree, "img").err == ""
    assert run(tree, "img").err == "WARNING: Hooks directory exists and is not empty.\n"
    assert run(tree, "-q", "img").err == "WARNING: Hooks directory exists and is not empty.\n"


def test_messages_name_the_tree_from_here_on(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "base/series/bad").write_text("gone\n")
    monkeypatch.chdir(tmp_path)
    assert "--> config/hooks.d/base/series/bad:1:1\n" in run(tree, "bad").err
    monkeypatch.chdir(tree / "base")
    assert f"--> {tree}/base/series/bad:1:1\n" in run(tree, "bad").err


def test_only_the_first_errors_are_printed(tree: Path) -> None:
    (tree / "base/series/bad").write_text("".join(f"gone{n}\n" for n in range(25)))
    err = run(tree, "bad").err
    assert err.count("does not exist") == 20
    assert err.endswith("make-hooks: 5 more of these\n")


def test_an_unknown_series_is_told_first(tree: Path) -> None:
    (tree / "base/series/bad").write_text("gone\n")
    first = run(tree, "bad", "nothing").err.splitlines()[0]
    assert first == "make-hooks: Series file for image set 'nothing' not found."


def test_a_thousand_hooks_keep_their_order_in_a_glob(tree: Path) -> None:
    hooks = [f"base/h{number}" for number in range(1000)]
    plant(tree, {**dict.fromkeys(hooks, ""), "base/series/big": "\n".join(hooks)})
    assert run(tree, "big").status == 0
    links = sorted((tree.parent / "hooks").glob("*-h*"))
    assert [link.readlink().name for link in links] == [hook[5:] for hook in hooks]


def test_nothing_is_written_on_an_error(tree: Path) -> None:
    (tree / "base/series/bad").write_text("gone\n")
    assert run(tree, "img", "bad").status == 1
    with pytest.raises(LivecdError):
        run(tree, "img", "--provides-file", "/nowhere/at/all")
    assert not (tree.parent / "hooks").exists()
