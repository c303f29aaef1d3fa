"""The order of a build's steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.build import plan
from livecd_rootfs.build.plan import Base, BaseKind
from livecd_rootfs.header import HookHeader
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.resolve import resolve

# Series, what it lists -> the steps behind the bootstrap.
ORDERS: Mapping[str, tuple[str, list[str]]] = {
    "what closes a root waits for the series": (
        "base/x.binary\nbase/more.chroot\n",
        ["010-a", "799-b", "more", "800-c", "x"],
    ),
    "nothing to wait for": ("base/x.binary\n", ["010-a", "799-b", "800-c", "x"]),
    "a number in a series says nothing": (
        "base/900-late.chroot\nbase/more.chroot\n",
        ["010-a", "799-b", "900-late", "more", "800-c"],
    ),
    "early hooks stay first": (
        "base/more.chroot\nbase/900-soon.chroot_early\n",
        ["900-soon", "010-a", "799-b", "more", "800-c"],
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        *("chroot/010-a.chroot", "chroot/799-b.chroot", "chroot/800-c.chroot"),
        *("base/x.binary", "base/more.chroot", "base/900-late.chroot"),
        *("base/900-soon.chroot_early", "base/series/one"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return tmp_path


@pytest.mark.parametrize("case", ORDERS)
def test_order(tree: Path, case: str) -> None:
    listed, wanted = ORDERS[case]
    (tree / "base/series/one").write_text(listed)
    resolution = resolve(["one"], HookTree(str(tree)), prefix="livecd.x")
    headers = {hook.name: HookHeader() for hook in resolution.hooks}
    made = plan.make(resolution, headers, Base(kind=BaseKind.BOOTSTRAP), {})
    assert [Path(step.name).stem for step in made.steps[1:]] == wanted
    assert [step.number for step in made.steps] == list(range(1, len(made.steps) + 1))


@pytest.mark.parametrize("base", [BaseKind.BOOTSTRAP, BaseKind.NONE])
def test_the_flavour_is_the_setting_until_a_hook_brings_a_kernel(
    tree: Path, base: BaseKind
) -> None:
    """What runs before it is shared with builds that have another kernel."""
    (tree / "base/kernel-generic.chroot").touch(mode=0o755)
    (tree / "base/series/one").write_text("base/kernel-generic.chroot\nbase/x.binary\n")
    resolution = resolve(["one"], HookTree(str(tree)), prefix="livecd.x")
    headers = {hook.name: HookHeader() for hook in resolution.hooks}
    made = plan.make(resolution, headers, Base(kind=base), {})
    flavours = {Path(step.name).stem: step.flavour for step in made.steps[1:]}
    in_root = {"010-a": None, "799-b": None, "kernel-generic": "generic", "800-c": "generic"}
    assert flavours == (in_root if base is BaseKind.BOOTSTRAP else {}) | {"x": "generic"}
