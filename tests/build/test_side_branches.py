"""Side branches: what is aside is not below the main line, and what is joined counts by content."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecd_rootfs.layers import gc, layout, treehash, verify
from livecd_rootfs.layers.gc import Limits
from livecd_rootfs.layers.store import Store
from tests.build import layered
from tests.build.conftest import PACKAGE, Command, Tree, plant
from tests.layers import changes

pytestmark = pytest.mark.root

FILES = {
    "base/series/x": (
        "base/first.binary\nbase/prepare.binary\nbase/make.binary\n"
        "base/install.binary\nbase/pack.binary\nprovides ${PREFIX}.x\n"
    ),
    "base/first.binary": "#!/bin/sh -e\n# hook: env= inputs=\necho first > made\n",
    "base/prepare.binary": (
        "#!/bin/sh -e\n# hook: env=PREPARED inputs= aside=build\n"
        'echo "compiler $PREPARED" > compiler; rm made\n'
    ),
    "base/make.binary": (
        "#!/bin/sh -e\n# hook: env=SOURCE inputs= aside=build\n"
        "test -e compiler; test ! -e made\n"
        'mkdir dest; echo "${SOURCE%#*}" > dest/program\n'
    ),
    "base/install.binary": (
        "#!/bin/sh -e\n# hook: env= inputs= joins=build/dest\n"
        "test -e made; test ! -e compiler; test ! -e dest\n"
        'if touch "$LIVECD_BRANCHES/build/dest/x" 2>/dev/null; then exit 1; fi\n'
        'cp -a "$LIVECD_BRANCHES/build/dest/program" program\n'
    ),
    "base/pack.binary": "#!/bin/sh -e\n# hook: env= inputs=\ncat made program > livecd.test.x\n",
}
ALL = [f"base/{name}.binary" for name in ("first", "prepare", "make", "install", "pack")]


def build(command: Command, **environ: str) -> tuple[list[str], str]:
    """A build: the names of the hooks that ran, and the artifact."""
    said = layered.events(command, "x", **{"PREPARED": "1", "SOURCE": "one", **environ})
    ran = [name for name in layered.ran(said) if name.startswith("base/")]
    return ran, (command.output / "livecd.test.x").read_text()


def test_the_main_line_sees_of_a_branch_what_it_joins_and_no_more(
    tree: Tree, command: Command
) -> None:
    tree(FILES)
    assert build(command) == (ALL, "first\none\n")
    assert build(command) == ([], "first\none\n")


def test_a_branch_that_makes_the_same_again_stops_there(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    assert build(command, SOURCE="one# a remark") == (["base/make.binary"], "first\none\n")


def test_a_branch_that_makes_something_else_reaches_the_main_line(
    tree: Tree, command: Command
) -> None:
    tree(FILES)
    build(command)
    assert build(command, SOURCE="two") == (ALL[2:], "first\ntwo\n")
    assert build(command, SOURCE="one") == ([], "first\none\n")


def test_why_what_joins_ran_again_is_told(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    said = layered.events(command, "x", PREPARED="1", SOURCE="two")
    assert layered.ran(said)["base/install.binary"] == ["joined tree build/dest changed"]
    assert layered.ran(said)["base/pack.binary"] == ["the step before it changed: " + ALL[3]]
    steps = next(event for event in said if event["event"] == "run-started")["steps"]
    names = {step["number"]: step["name"] for step in steps}
    joined = {step["name"]: [names[number] for number in step["joined"]] for step in steps}
    assert joined.pop("base/install.binary") == ["base/make.binary"]
    assert not any(joined.values())


def test_a_hook_put_before_the_branch_runs_all(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    tree(FILES | {"base/first.binary": FILES["base/first.binary"].replace("made", "made; true")})
    assert build(command)[0] == ALL


def test_hooks_of_a_branch_may_be_apart(tree: Tree, command: Command) -> None:
    """What stands between them in the series is not below the branch, nor it below that."""
    between = "#!/bin/sh -e\n# hook: env= inputs=\ntest ! -e compiler; echo between >> made\n"
    series = FILES["base/series/x"].replace("base/make", "base/between.binary\nbase/make")
    tree(FILES | {"base/series/x": series, "base/between.binary": between})
    assert build(command)[1] == "first\nbetween\none\n"


def test_without_the_branch_nothing_is_joined(tree: Tree, command: Command) -> None:
    lines = [line for line in FILES["base/series/x"].splitlines() if "make" not in line]
    lines.remove("base/prepare.binary")
    install = (
        "#!/bin/sh -e\n# hook: env= inputs= joins=build/dest\n"
        'test ! -e "$LIVECD_BRANCHES/build"; echo nothing > program\n'
    )
    tree(FILES | {"base/series/x": "\n".join(lines), "base/install.binary": install})
    assert build(command)[1] == "first\nnothing\n"


def test_a_link_can_not_lead_what_is_joined_elsewhere(tree: Tree, command: Command) -> None:
    make = "#!/bin/sh -e\n# hook: env= inputs= aside=build\nln -s /etc dest\n"
    tree(FILES | {"base/make.binary": make})
    ended = command.run("x")
    assert ended.returncode == 1
    assert "dest of the side branch can't be joined, for it is behind a link" in ended.stderr


def test_a_branch_that_fails_ends_its_build(tree: Tree, command: Command) -> None:
    make = "#!/bin/sh -e\n# hook: env= inputs= aside=build\nexit 3\n"
    tree(FILES | {"base/make.binary": make})
    ended = command.run("x", "--progress", "json")
    assert ended.returncode == 1
    assert "base/make.binary failed with status 3" in ended.stderr
    assert "base/install.binary" not in layered.ran(layered.parsed(ended.stdout))
    assert command.made() == []


def test_builds_share_a_branch(tree: Tree, command: Command) -> None:
    other = FILES["base/series/x"].replace("pack", "other").replace("}.x", "}.y")
    pack = "#!/bin/sh -e\n# hook: env= inputs=\ncat program > livecd.test.y\n"
    tree(FILES | {"base/series/y": other, "base/other.binary": pack})
    said = layered.events(command, "x", "y", PREPARED="1", SOURCE="one")
    ran = [event["name"] for event in said if event["event"] == "step-started"]
    assert sorted(name for name in ran if name.startswith("base/")) == sorted(
        [*ALL, "base/other.binary"]
    )


def test_a_branch_removed_from_the_cache_is_made_again_and_no_more(
    tree: Tree, command: Command
) -> None:
    tree(FILES)
    build(command)
    store = Store.open(command.cache)
    for layer in store.layers():
        if layer.branch:
            store.discard(layer.key)
    assert build(command) == (ALL[1:3], "first\none\n")


def test_gc_and_verify_know_side_layers(tree: Tree, command: Command) -> None:
    """They are leaves like others: a limit takes them away, and nothing that lies on another."""
    tree(FILES)
    build(command)
    store = Store.open(command.cache)
    branches = {layer.name: layer.branch for layer in store.layers() if layer.branch}
    assert branches == {"base/prepare.binary": "build", "base/make.binary": "build"}
    assert not [finding for finding in verify.verify(store) if finding.is_bad]
    now = max(layer.last_used for layer in store.layers()) + 100
    collected = gc.collect(store, Limits(age=50), now)
    assert len(collected.removed) == 6
    assert build(command) == (ALL, "first\none\n")


def test_a_digest_that_was_lost_is_taken_again(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    kept = list(Store.open(command.cache).layout.layers.glob("*/joined.json"))
    assert [sorted(json.loads(path.read_bytes())) for path in kept] == [["dest"]]
    kept[0].write_text("{")
    assert build(command) == ([], "first\none\n")
    assert "joined.json" in layout.README


def test_the_provenance_names_the_layers_of_a_branch(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    (statement,) = command.output.glob("*.provenance.json")
    found = json.loads(statement.read_bytes())["predicate"]["buildDefinition"]
    layers = found["internalParameters"]["layers"]
    assert [layer["step"] for layer in layers[-2:]] == ALL[1:3]
    assert [layer["branch"] for layer in layers if "branch" in layer] == ["build", "build"]


def test_the_forecast_says_what_depends_on_a_branch(tree: Tree, command: Command) -> None:
    tree(FILES)
    build(command)
    assert [word for word, _ in forecast(command, SOURCE="one").values()] == ["cached"] * 6
    shown = forecast(command, SOURCE="two")
    assert {name for name, (word, _) in shown.items() if word == "run"} == set(ALL[2:])
    assert shown["base/install.binary"][1] == (
        "unless the side branch 'build', which is made anew, makes the same again"
    )


def forecast(command: Command, **environ: str) -> dict[str, tuple[str, str]]:
    """What `plan --builds` says of each step: whether it is cached, and why not."""
    ended = livecd(command, "plan", "--builds", PREPARED="1", **environ)
    assert ended.returncode == 0, ended.stderr
    rows = [re.split(r"\s{2,}", line.strip()) for line in ended.stdout.splitlines()[2:]]
    return {row[3]: (row[1], row[5] if len(row) > 5 else "") for row in rows}


def test_verify_looks_into_branches(tree: Tree, command: Command) -> None:
    """What a branch makes, and nobody takes, may differ; what is taken may not."""
    tree(FILES | {"base/prepare.binary": FILES["base/prepare.binary"] + "date +%N > when\n"})
    ended = livecd(command, "verify")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "base/prepare.binary: 1 file differs, none left in the end: when" in ended.stdout
    make = FILES["base/make.binary"] + "date +%N >> dest/program\n"
    tree(FILES | {"base/make.binary": make})
    ended = livecd(command, "verify")
    assert ended.returncode == 1
    assert "the two builds differ: livecd.test.x" in ended.stderr
    assert "dest/program, in the layer of base/make.binary" in ended.stderr


def livecd(command: Command, verb: str, *more: str, **environ: str) -> CompletedProcess[str]:
    words = command.argv("x", *more)[4:]
    output = words.index("--output")
    argv = [sys.executable, "-m", "livecd_rootfs", verb, *words[:output], *words[output + 2 :]]
    return subprocess.run(
        argv,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), **environ},
        cwd=command.folder,
        capture_output=True,
        text=True,
        check=False,
    )


@given(source=st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None)
def test_with_branches_layered_equals_flat(
    tiny_root: Path, tmp_path_factory: pytest.TempPathFactory, source: random.Random
) -> None:
    """The main line is what its own hooks make of a root; a branch what those before it make, too."""
    command = Command(folder=tmp_path_factory.mktemp("side"), root=tiny_root)
    main = layered.random_builds(source)["a"]
    side = [
        layered.Hook(name=f"base/side{number}.binary", place="binary", changes=steps)
        for number, steps in enumerate(changes.random_steps(source)[:3])
    ]
    place = source.randrange(len(main) + 1)
    names = [hook.name for hook in (*main[:place], *side, *main[place:])]
    files = layered.program() | {hook.name: hook.text for hook in main}
    files |= {hook.name: hook.text.replace("\n", "\n# hook: aside=s\n", 1) for hook in side}
    files["base/series/a"] = "\n".join([*names, "base/join.binary"])
    files["base/join.binary"] = (
        "#!/bin/sh -e\n# hook: joins=s/binary\n"
        'cp -a "$LIVECD_BRANCHES/s/binary" joined || test ! -e "$LIVECD_BRANCHES/s"\n'
    )
    plant(command.folder, files)
    kept = command.folder / "kept"
    layered.events(command, "a", "--jobs", "2", "--keep", str(kept))
    branch = layered.flat(command.root, [*main[:place], *side], command.folder / "flat-side")
    expected = layered.flat(command.root, main, command.folder / "flat")
    if side:
        shutil.move(branch / "binary", expected / "joined")
    assert not list(treehash.differences(expected, kept / "a"))
