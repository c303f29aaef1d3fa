"""The prefix tree with side branches: what lies on what, and what waits for what."""

from __future__ import annotations

from livecd_rootfs.build.forest import Forest, forest
from livecd_rootfs.build.schedule import weights
from livecd_rootfs.progress.terminal import indents
from tests.runs import plan

NAMES = (
    "base",
    "first.binary",
    "compiler.binary # hook: aside=build",
    "between.binary",
    "make.binary # hook: aside=build",
    "install.binary # hook: joins=build/dest,build/docs,other/x",
    "last.binary",
)


def rows(planted: Forest) -> list[tuple[str, str | None, list[str]]]:
    """Each step, what it lies on, and what it joins, in order."""
    names = {node.number: node.step.name for node in planted.nodes}
    return [
        (
            node.step.name,
            names.get(node.parent or 0),
            [str(names[number]) for _, number in node.joined],
        )
        for node in planted.nodes
    ]


def test_a_side_branch_begins_at_the_main_line_and_is_not_below_it() -> None:
    planted = forest([plan("x", *NAMES)])
    assert rows(planted) == [
        ("base", None, []),
        ("first.binary", "base", []),
        ("compiler.binary", "first.binary", []),
        ("make.binary", "compiler.binary", []),
        ("between.binary", "first.binary", []),
        ("install.binary", "between.binary", ["make.binary"]),
        ("last.binary", "install.binary", []),
    ]
    assert planted.last(0).step.name == "last.binary"
    assert [node.step.name for node in planted.aside(0)] == ["compiler.binary", "make.binary"]
    chain = [node.step.name for node in planted.chain(planted.last(0))]
    assert chain == ["base", "first.binary", "between.binary", "install.binary", "last.binary"]


def test_what_joins_waits_for_both() -> None:
    planted = forest([plan("x", *NAMES)])
    waiting = {
        number: [node.step.name for node in nodes] for number, nodes in planted.waiting().items()
    }
    assert waiting == {
        None: ["base"],
        1: ["first.binary"],
        2: ["compiler.binary", "between.binary"],
        3: ["make.binary"],
        4: ["install.binary"],
        5: ["install.binary"],
        6: ["last.binary"],
    }


def test_a_branch_without_a_join_is_no_part_of_the_end() -> None:
    planted = forest([plan("x", "base", "a.binary # hook: aside=s", "b.binary # hook: aside=s")])
    assert planted.last(0).step.name == "base"
    assert planted.aside(0) == ()


def test_builds_that_join_other_branches_part_there() -> None:
    """The first build meets the join without a branch, whose steps come before it all the same."""
    join = "install.binary # hook: joins=s/x"
    plans = [
        plan("none", "base", join),
        plan("one", "base", "a.binary # hook: aside=s", join),
        plan("two", "base", "a.binary # hook: aside=s", "b.binary # hook: aside=s", join),
        plan("same", "base", "a.binary # hook: aside=s", join, "last.binary"),
    ]
    planted = forest(plans)
    assert [(node.step.name, node.builds, node.needs) for node in planted.nodes] == [
        ("base", (0, 1, 2, 3), ()),
        ("a.binary", (1, 2, 3), (1,)),
        ("b.binary", (2,), (2,)),
        ("install.binary", (0,), (1,)),
        ("install.binary", (1, 3), (1, 2)),
        ("last.binary", (3,), (5,)),
        ("install.binary", (2,), (1, 3)),
    ]


def test_the_longest_path_may_lead_over_a_side_branch() -> None:
    planted = forest([plan("x", *NAMES)])
    seconds = {"compiler.binary": 20.0, "make.binary": 10.0, "between.binary": 5.0}
    known = dict.fromkeys(("base", "first.binary", "install.binary", "last.binary"), 1.0)
    found = weights(planted, known | seconds)
    assert [found[node.number] for node in planted.nodes] == [34, 33, 32, 12, 7, 2, 1]


def test_on_a_terminal_the_branch_is_indented() -> None:
    planted = forest([plan("x", *NAMES)])
    assert list(indents(planted).values()) == [0, 0, 1, 1, 0, 0, 0]
