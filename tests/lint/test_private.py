"""A private tree as people have them, in the manner of old hooks: there is nothing to say of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.lint import engine, examples
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects.model import Kind
from livecd_rootfs.lint.rules import RULES, shellcheck
from livecd_rootfs.lint.tree import LintTree

TEXT = (Path(__file__).parent / "private.txt").read_text(encoding="utf-8")
QUICK = tuple(rule for rule in RULES if rule is not shellcheck)
BASE = """\
== base/series/root-dir
base/root-dir.binary
== base/root-dir.binary
#!/usr/bin/env python3
# hook: reads=chroot writes=rootfs.dir
import sys
from livecd_rootfs.steps import hook, root_dir
sys.exit(hook.main(root_dir.run))
== chroot/010-locale.chroot
"""


def context(folder: Path, text: str = TEXT) -> Context:
    base = examples.plant(BASE, folder / "public/hooks.d")
    examples.plant(text, folder / "hooks.d")
    os.rmdir(folder / "hooks.d/chroot")  # noqa: PTH106 (a private tree has none, and is laid over ours)
    return Context(LintTree(str(folder / "hooks.d"), base=str(base)))


@pytest.mark.tools("shellcheck")
def test_there_are_no_false_alarms(tmp_path: Path) -> None:
    found = engine.run(context(tmp_path)).findings
    assert "".join(map(render, found)) == ""


def test_its_hooks_are_understood(tmp_path: Path) -> None:
    """Silence is worth something only where it is not for want of understanding."""
    tree = context(tmp_path)
    own = {name for name in tree.listings if name.startswith("extra/")}
    vague = {
        name
        for name in own
        if any(touch.name == "*" for touch in tree.effects(name).of(Kind.WRITE))
    }
    assert vague <= {"extra/license-report.binary", "extra/disk-bios.binary",
                     "extra/disk-efi.binary"}  # fmt: skip


def test_what_the_tree_below_provides_is_told_in_ones_own(tmp_path: Path) -> None:
    """Whichever of the two names comes first."""
    tree = context(tmp_path)
    below = tmp_path / "public/hooks.d/base"
    (below / "series/zzz").write_text("base/zzz.binary\nprovides ${PREFIX}.ova\n")
    (below / "zzz.binary").write_text('#!/bin/sh\n: >"$PREFIX.ova"\n')
    (found,) = engine.run(tree, QUICK).findings
    assert (found.code, found.labels[0].span.text) == ("shared-provides", "livecd.ubuntu-cpc.ova")
    assert found.labels[1].span.source.path == str(below / "series/zzz")


def test_what_nobody_provides_is_suggested(tmp_path: Path) -> None:
    """However its project is written, and not what another series has already."""
    text = TEXT.replace("provides livecd.ubuntu-cpc.ova\n", "provides ${PREFIX}.ovaa\n")
    (found,) = engine.run(context(tmp_path, text), QUICK).findings
    assert found.help == "did you mean 'livecd.ubuntu-cpc.ova'?"
    assert found.notes == ("its hooks make livecd.ubuntu-cpc.ova, which no series provides",)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (
            "provides livecd.ubuntu-cpc.ova\n",
            "provides livecd.ubuntu-cpc.ovf\n",
            "provided-not-produced",
            "extra/series/ova:3:10",
        ),
        (
            "provides livecd.ubuntu-cpc.gcp.manifest\n",
            "",
            "produced-not-provided",
            "extra/gcp.binary:37:30",
        ),
        (
            "depends root-dir\nextra/wsl.binary",
            "depends root-dir\ndepends vmdk-private\nextra/wsl.binary",
            "unneeded-depends",
            "extra/series/wsl:2:9",
        ),
        (
            "provides livecd.ubuntu-cpc.wsl.rootfs.manifest",
            "provides livecd.ubuntu-core.wsl.rootfs.manifest",
            "prefix-mismatch",
            "extra/series/wsl:4:10",
        ),
        (
            "    umount_partition mountpoint\n    rmdir mountpoint\n}\n\ndisk_image=binary/boot/disk.ext4",
            "    umount_partition mountpoint\n}\n\ndisk_image=binary/boot/disk.ext4",
            "fixed-scratch-name",
            "extra/disk-efi.binary:39:11",
        ),
        (
            "rm disk.raw\n",
            "rm disk.raw\nsleep 10\n",
            "host-dependence",
            "extra/gcp.binary:44:1",
        ),
        (
            "Built of ${SUBPROJECT:-the usual}",
            "Built of ${SUBPROJECT:-the usual} at $NOW",
            "undeclared-environment",
            "extra/gcp.binary:35:38",
        ),
    ],
)
def test_one_accident_is_found_where_it_is(
    old: str, new: str, code: str, place: str, tmp_path: Path
) -> None:
    assert TEXT.count(old) == 1
    found = engine.run(context(tmp_path, TEXT.replace(old, new)), QUICK).findings
    told = {
        (one.code, os.path.relpath(one.labels[0].span.place, tmp_path / "hooks.d")) for one in found
    }
    assert told == {(code, place)}
