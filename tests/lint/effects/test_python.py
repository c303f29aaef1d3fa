"""What is found in hooks in Python: private ones, and our own over the steps."""

from __future__ import annotations

import pytest

from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import python
from livecd_rootfs.lint.effects.model import Effects, Kind
from livecd_rootfs.lint.effects.python import Loader
from livecd_rootfs.lint.tree import LintTree
from livecd_rootfs.source import Source
from tests import checkout

STEP = """\
from livecd_rootfs.steps import artifact
from livecd_rootfs.steps.names import SUFFIX

ENDS = (".x", ".y")


def run(context):
    artifact.write(context.artifact(SUFFIX), b"")
    made(context, ".b")
    for end in (".c", ".d"):
        artifact.write(context.artifact(end), b"")
    if context.arch == "amd64":
        artifact.write(context.artifact(".e"), b"")
    return context.chroot.name


def made(context, end):
    with artifact.appearing(context.artifact(end + ".gz")) as part:
        part.write_bytes((context.build / "rootfs.dir" / "x").read_bytes())
"""
THIN = """\
#!/usr/bin/env python3
import sys
from livecd_rootfs.steps import hook, step
sys.exit(hook.main(step.run))
"""
MODULES = {
    "livecd_rootfs.steps.step": STEP,
    "livecd_rootfs.steps.names": 'SUFFIX = ".a"\n',
}


def module(name: str) -> Source | None:
    return Source(name, MODULES[name]) if name in MODULES else None


def effects(script: str) -> Effects:
    return python.effects(Source("x.binary", script), Loader(module))


def written(script: str) -> list[str]:
    return [touch.name for touch in effects(script).produced]


def test_a_thin_hook_is_followed_into_its_step() -> None:
    assert written(THIN) == [f"${{PREFIX}}{end}" for end in (".a", ".b.gz", ".c", ".d")]
    found = effects(THIN)
    assert {touch.name for touch in found.of(Kind.READ)} == {"chroot", "rootfs.dir/x", "rootfs.dir"}
    assert "${PREFIX}.e" in {touch.name for touch in found.of(Kind.WRITE)}
    assert "*" not in {touch.name for touch in found.touches}


@pytest.mark.parametrize(
    "given", ["step.run", "lambda context: step.run(context, 1)", "partial(step.run, more=1)"]
)
def test_a_thin_hook_may_give_more_arguments(given: str) -> None:
    assert written(THIN.replace("step.run", given)) == written(THIN) != []


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("open('x', 'w')", ["x"]),
        ("open('x')", []),
        ("from pathlib import Path\nPath('a', ).write_text('x')", ["a"]),
        ("import os\np = os.environ['PREFIX']\nopen(p + '.x', mode='wb')", ["${PREFIX}.x"]),
        ("import os\nopen(f\"{os.environ['PREFIX']}.x\", 'a')", ["${PREFIX}.x"]),
        ("import os\nopen(os.path.join('a', 'b'), 'w')", ["a/b"]),
        ("import shutil\nshutil.copyfile('a', 'b')", ["b"]),
        ("import shutil, os\nshutil.copy('a', 'b')\nos.rename('b', 'c')", ["c"]),
        ("import subprocess\nsubprocess.run(['qemu-img', 'convert', 'a', 'b'])", ["b"]),
        ("def main():\n    open('x', 'w')\nif __name__ == '__main__':\n    main()", ["x"]),
        ("def main():\n    open('x', 'w')", []),
        ("A, B = 'a', 'b'\nopen(B, 'w')", ["b"]),
        ("t = {'a': 1, 'b': 2}\nfor n, _ in t.items():\n    open(n + '.x', 'w')", ["a.x", "b.x"]),
        ("for n in ('a', 'b'):\n    open(n, 'w')", ["a", "b"]),
        ("for n, m in f():\n    open(n, 'w')", []),
        ("for n in []:\n    open(n, 'w')", []),
        ("try:\n    open('x', 'w')\nexcept OSError:\n    open('y', 'w')", ["x"]),
        ("if 1:\n    open('x', 'w')", []),
    ],
)
def test_a_script_of_its_own(script: str, names: list[str]) -> None:
    assert written(script) == names
    assert "*" in {touch.name for touch in effects(script).of(Kind.WRITE)}


@pytest.mark.parametrize(
    ("script", "uses"),
    [
        ("import os\nos.environ['SUITE']", [("SUITE", False)]),
        ("import os\nos.environ.get('SUITE')", [("SUITE", True)]),
        ("import os\nos.getenv('SUITE', 'sid')", [("SUITE", True)]),
        ("import os\nos.environ['a' + 'b']", []),
    ],
)
def test_variables_of_the_environment(script: str, uses: list[tuple[str, bool]]) -> None:
    assert [(use.name, use.guarded) for use in effects(script).uses] == uses


@pytest.mark.parametrize(
    "script", ["", "def", "\x00", "import x", "f()()", "x = [*y]", "class A: f()"]
)
def test_nothing_makes_it_stumble(script: str) -> None:
    assert effects(script).produced == ()


def test_our_own_hooks_make_what_their_series_provide() -> None:
    """The settings of a project alone decide what the target `image` makes: its header says so."""
    context = Context(LintTree(str(checkout.ROOT / "hooks.d")))
    for series in context.series.values():
        hooks = [hook.name for hook in context.resolution(series.name).hooks]
        made = {touch.name for hook in hooks for touch in context.effects(hook).produced}
        provided = {entry.name for entry in series.entries if entry.kind == "provides"}
        unmade = [entry.name for entry in context.flow.unmade(series)]
        assert (provided <= made) if series.name != "image" else not unmade, series.name
