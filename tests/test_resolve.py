"""The resolver: order, chains, provides, findings."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs.resolve import Resolution, resolve, split_targets
from tests import checkout
from tests.trees import PaperTree

PREFIX = "livecd.ubuntu-cpc"


def run(tree: PaperTree, *targets: str, lenient: bool = False) -> Resolution:
    return resolve(targets, tree, prefix=PREFIX, lenient=lenient)


def names(resolution: Resolution) -> list[str]:
    return [hook.name for hook in resolution.hooks]


CLOUD = PaperTree(
    {
        "cloud": "depends image\ncloud.binary\nprovides ${PREFIX}.cloud\n",
        "image": "# first the disk\ndepends disk\n\nimage.binary\nprovides ${PREFIX}.img\n",
        "disk": "disk.binary\nprovides ${PREFIX}.ext4\n",
        "all": "depends cloud\ndepends disk\n",
    },
    chroot=("chroot/1.chroot",),
    final=("base/final.binary",),
)


def test_hooks_know_how_they_came_in() -> None:
    resolution = run(CLOUD, "cloud")
    assert [
        (
            hook.name,
            hook.origin,
            hook.span.place if hook.span else None,
            [step.by.place for step in hook.reach.chain if step.by] if hook.reach else None,
        )
        for hook in resolution.hooks
    ] == [
        ("chroot/1.chroot", "chroot", None, None),
        (
            "disk.binary",
            "series",
            "base/series/disk:1:1",
            ["base/series/cloud:1:9", "base/series/image:2:9"],
        ),
        ("image.binary", "series", "base/series/image:4:1", ["base/series/cloud:1:9"]),
        ("cloud.binary", "series", "base/series/cloud:2:1", []),
        ("base/final.binary", "final", None, None),
    ]
    assert {hook.reach.target for hook in resolution.hooks if hook.reach} == {"cloud"}
    assert resolution.diagnostics == ()


def test_provides_tell_who_makes_what() -> None:
    resolution = run(CLOUD, "disk", "image")
    assert [
        (one.artifact, one.explicit, one.reach.target, one.span.place)
        for one in resolution.provides
    ] == [
        ("livecd.ubuntu-cpc.ext4", True, "disk", "base/series/disk:2:10"),
        ("livecd.ubuntu-cpc.ext4", False, "image", "base/series/disk:2:10"),
        ("livecd.ubuntu-cpc.img", True, "image", "base/series/image:5:10"),
    ]
    assert resolution.explicit_provides == ("livecd.ubuntu-cpc.ext4", "livecd.ubuntu-cpc.img")


def test_readings_in_order() -> None:
    resolution = run(CLOUD, "all", "disk")
    assert [(reach.series.name, reach.target) for reach in resolution.reaches] == [
        ("all", "all"),
        ("cloud", "all"),
        ("image", "all"),
        ("disk", "all"),
        ("disk", "disk"),
    ]


def test_final_hook_in_a_series_keeps_the_place_of_its_line() -> None:
    tree = PaperTree({"a": "base/final.binary\nx\n"}, final=("base/final.binary",))
    last = run(tree, "a").hooks[-1]
    assert (last.name, last.origin) == ("base/final.binary", "final")
    assert last.span is not None
    assert last.span.place == "base/series/a:1:1"


def test_chain_of_ten_thousand() -> None:
    depth = 10_000
    series = {f"s{n}": f"depends s{n + 1}\nh{n}\n" for n in range(depth)}
    resolution = run(PaperTree({**series, f"s{depth}": "last\n"}), "s0")
    assert names(resolution) == ["last", *(f"h{n}" for n in reversed(range(depth)))]
    assert resolution.hooks[0].reach is not None
    assert len(resolution.hooks[0].reach.chain) == depth + 1


def test_cycle_of_ten_thousand_is_written_short() -> None:
    depth = 10_000
    series = {f"s{n}": f"depends s{(n + 1) % depth}\n" for n in range(depth)}
    (found,) = run(PaperTree(series), "s0").errors
    assert found.message == (
        "series files depend on each other in a cycle: "
        "s0 -> s1 -> s2 -> s3 -> ... 9993 more ... -> s9997 -> s9998 -> s9999 -> s0"
    )
    assert found.labels[-1].span.text == "s0"
    assert len(found.labels) == 8


def test_one_cycle_is_one_finding() -> None:
    tree = PaperTree({"a": "depends b\n", "b": "depends a\n", "c": "depends c\n"})
    found = run(tree, "a", "b", "c", "a").errors
    assert [one.message.rpartition(": ")[2] for one in found] == ["a -> b -> a", "c -> c"]


def test_many_cycles_end_soon() -> None:
    """Each finding costs as much as its cycle is long; thousands would take minutes."""
    depth = 2_000
    series = {f"s{n}": f"depends s0\ndepends s{n + 1}\n" for n in range(depth)}
    found = run(PaperTree({**series, f"s{depth}": ""}), "s0").errors
    assert len(found) == 20


def test_warnings_do_not_hide_a_cycle() -> None:
    plain = [f"plain{n}" for n in range(100)]
    series = {"a": "\n".join([*plain, "depends a"])}
    tree = PaperTree(series, states=dict.fromkeys(plain, "not executable"))
    resolution = run(tree, "a")
    assert [found.code for found in resolution.errors] == ["dependency-cycle"]
    assert len(resolution.warnings) == 100


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ([], ()),
        (["a"], ("a",)),
        (["squashfs,vagrant;wsl"], ("squashfs", "vagrant", "wsl")),
        (["a, b", "c;", ";,;"], ("a", "b", "c")),
        (["a\tb\nc\u2003d"], ("a", "b", "c", "d")),
        ([" ", ""], ()),
    ],
)
def test_split_targets(words: list[str], targets: tuple[str, ...]) -> None:
    assert split_targets(words) == targets


SILENT = PaperTree(
    {
        "all": "depends a\ndepends b\n",
        "a": "a.binary\nprovides a\n",
        "b": "b.binary\nprovides b\n",
        "tool": "tool.binary\n",
        "nothing": "",
        "just-a": "depends a\n",
        "ring": "depends ring2\nprovides ring\n",
        "ring2": "depends ring\nring.binary\n",
    }
)


@pytest.mark.parametrize(
    ("targets", "notes"),
    [
        (("all",), []),
        (("all", "tool"), []),
        (("a", "b"), []),
        (("all", "a"), [("the pruner will remove b",)]),
        (("a", "all", "all"), [("the pruner will remove b",)]),
        (("a", "tool"), [()]),
        (("a", "nothing"), []),
        (("a", "just-a"), []),
        (("b", "just-a", "tool"), [("the pruner will remove a",)]),
    ],
)
def test_warning_of_targets_that_provide_nothing(
    targets: tuple[str, ...], notes: list[tuple[str, ...]]
) -> None:
    assert [found.notes for found in run(SILENT, *targets).warnings] == notes


def test_warning_of_silent_targets_ends_in_a_cycle() -> None:
    warnings = run(SILENT, "a", "ring2", lenient=True).warnings
    assert [found.code for found in warnings] == ["dependency-cycle", "silent-target"]


def test_fix_replaces_the_word() -> None:
    tree = PaperTree({"a": "depends dsk\n", "disk": ""})
    (found,) = run(tree, "a").errors
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert (edit.span.text, edit.replacement) == ("dsk", "disk")


def test_search_for_near_names_is_bounded() -> None:
    missing = [f"missing{n}" for n in range(300)]
    tree = PaperTree({"a": "\n".join(missing)}, states=dict.fromkeys(missing, "missing"))
    assert len(run(tree, "a").errors) == 300


# The model: what the contract says, in the words of a recursive function.


def model(  # noqa: C901 (it must read as one piece)
    series: dict[str, str], targets: list[str]
) -> tuple[list[str], list[str], bool]:
    """Hooks, provides of the targets, and whether an unknown series or a cycle was met."""
    hooks: list[str] = []
    provides: list[str] = []
    expanded: set[str] = set()
    faults: list[str] = []

    def expand(name: str, path: tuple[str, ...]) -> None:
        if name not in series:
            faults.append(name)
            return
        for line in series[name].splitlines():
            keyword, _, rest = line.partition(" ")
            if keyword == "depends":
                if rest in (*path, name):
                    faults.append(rest)
                if rest not in expanded:
                    expanded.add(rest)
                    expand(rest, (*path, name))
            elif keyword == "provides":
                if not path:
                    provides.append(rest)
            elif line not in hooks:
                hooks.append(line)

    for target in targets:
        expand(target, ())
    return hooks, provides, bool(faults)


NAMES = st.sampled_from("abcdefg")
ENTRIES = st.one_of(
    NAMES.map("depends {}".format),
    st.sampled_from(["x", "y", "z", "base/x"]),
    st.sampled_from(["p", "q"]).map("provides {}".format),
)
SERIES = st.dictionaries(NAMES, st.lists(ENTRIES, max_size=6).map("\n".join), min_size=1)


@given(SERIES, st.lists(NAMES, min_size=1, max_size=4))
def test_resolves_as_the_model_does(series: dict[str, str], targets: list[str]) -> None:
    known = [target for target in targets if target in series]
    hooks, provides, faulty = model(series, known)
    lenient = run(PaperTree(series), *known, lenient=True)
    assert names(lenient) == hooks
    assert list(lenient.explicit_provides) == provides

    strict = run(PaperTree(series), *known)
    assert bool(strict.errors) == faulty
    if not faulty:
        assert names(strict) == hooks


@given(SERIES, st.lists(NAMES, min_size=1, max_size=3))
def test_each_hook_is_where_its_chain_says(series: dict[str, str], targets: list[str]) -> None:
    for hook in run(PaperTree(series), *targets, lenient=True).hooks:
        assert hook.span is not None
        assert hook.reach is not None
        assert hook.span.text == hook.name
        assert hook.span.source is hook.reach.series.source
        chain = hook.reach.chain
        assert chain[0].series.name in targets
        for upper, lower in pairwise(chain):
            assert lower.by is not None
            assert lower.by.source is upper.series.source
            assert lower.by.text == lower.series.name


PROGRAM = """
from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.resolve import resolve
from tests.trees import PaperTree
tree = PaperTree({
    "a": "depends b\\nx\\ndepends gone\\nprovides p\\ny\\n",
    "b": "depends c\\nz\\ndepends a", "c": "w\\nprovides q\\nprovides r",
    **{name: "" for name in ("goon", "gono", "gong", "gine", "done")},
})
found = resolve(["a", "b", "nothing"], tree, prefix="livecd.p", lenient=True)
print([hook.name for hook in found.hooks], found.explicit_provides)
for one in found.diagnostics:
    print(render(one))
"""


def test_result_does_not_depend_on_the_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=checkout.ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(checkout.ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3", "42")
    }
    assert len(outputs) == 1
    assert "depend on each other in a cycle" in outputs.pop()


@pytest.mark.parametrize(
    ("target", "asked", "named"),
    [
        ("disk", None, "cloud"),
        ("disk", "rt", "rt"),
        ("vmdk", None, "generic"),
        ("vmdk", "rt", "generic"),
        ("both", None, "lowlatency"),
    ],
)
def test_the_flavour_is_that_of_the_hook_that_brings_a_kernel(
    target: str, asked: str | None, named: str
) -> None:
    """Also of an artifact whose series says so before the hook is listed."""
    tree = PaperTree(
        {
            "disk": "provides ${PREFIX}.kernel-${FLAVOUR}\ndisk.binary\n",
            "vmdk": "depends disk\nbase/kernel-generic.chroot\n",
            "both": "depends vmdk\nextra/kernel-lowlatency.chroot\nextra/kernel-none.binary\n",
        }
    )
    resolution = resolve([target], tree, prefix=PREFIX, flavour=asked)
    assert [one.artifact for one in resolution.provides] == [f"{PREFIX}.kernel-{named}"]
