"""series-lint against a real build: what it finds in hooks' texts is what they wrote."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs import writes
from livecd_rootfs.hooktree import FINAL_HOOKS
from livecd_rootfs.lint import flow
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.tree import LintTree
from livecd_rootfs.writes import Writes
from tests import checkout
from tests.images.conftest import Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

HOOKS = checkout.ROOT / "hooks.d"


@pytest.fixture(name="recorded", scope="module")
def _recorded(built: Built) -> Writes:
    record = writes.read(built.report.read_text(encoding="utf-8"), str(built.report))
    return {hook: made for hook, made in record.items() if flow.is_binary(hook)}


def against(report: Path, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, checkout.ROOT / "series-lint", "--against", report, "--tree", tree,
         "--select=untrue-header", "--fail-on=info", "--format=concise"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_headers_are_true(built: Built, recorded: Writes) -> None:
    assert {"base/disk-image.binary", "base/squashfs.binary"} <= recorded.keys()
    assert against(built.report, HOOKS).stdout == ""


def test_what_the_texts_tell_is_what_was_written(recorded: Writes) -> None:
    context = Context(LintTree(str(HOOKS)))
    assert recorded.keys().isdisjoint(FINAL_HOOKS)
    for hook, made in recorded.items():
        told = [names.in_a_build(touch.name) for touch in context.effects(hook).produced]
        assert [one for one in told if not any(names.covers(one, each) for each in made)] == []
        assert [one for one in made if not any(names.covers(each, one) for each in told)] == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            ",${PREFIX}.img.spdx.json",
            "",
            "writes livecd.debian-cpc.img.spdx.json, which its header",
        ),
        ("=${PREFIX}.img,", "=${PREFIX}.img,binary/x,", "declares that it writes binary/x, and"),
    ],
)
def test_an_untrue_header_is_found(
    old: str, new: str, told: str, built: Built, tmp_path: Path
) -> None:
    hook = Path(shutil.copytree(HOOKS, tmp_path / "hooks.d")) / "base/qcow2-image.binary"
    text = hook.read_text(encoding="utf-8")
    line = text[: text.index("# hook: writes=")].count("\n") + 1
    hook.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = against(built.report, tmp_path / "hooks.d").stdout
    assert f"{hook}:{line}:" in found
    assert told in found
    assert {one.partition(":")[0] for one in found.splitlines()} == {str(hook)}
