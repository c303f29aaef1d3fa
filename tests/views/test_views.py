"""A small plan in each of its forms, and what is said of its parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livecd_rootfs.build import plan as plans
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.header import HookHeader
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.resolve import Resolution, resolve
from livecd_rootfs.views import data, drawing, explanation, graph, text
from livecd_rootfs.views.outline import outline

FILES = {
    "base/series/box": "base/first.binary\ndepends disk\nbase/box.binary\nprovides ${PREFIX}.box\n",
    "base/series/disk": "# the disk\nbase/disk.binary\nprovides ${PREFIX}.disk\n",
    "base/first.binary": "",
    "base/disk.binary": "",
    "base/box.binary": "",
    "base/other.binary": "",
    "base/final.binary": "",
    "chroot/010-clean.chroot": "",
}


@pytest.fixture
def resolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resolution:
    for name, content in FILES.items():
        path = tmp_path / "hooks.d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return resolve(["box"], HookTree("hooks.d"), prefix="livecd.x")


@pytest.fixture
def plan(resolution: Resolution) -> BuildPlan:
    headers = {hook.name: HookHeader(network=False, tools=("xz",)) for hook in resolution.hooks}
    return plans.make(resolution, headers, Base(kind=BaseKind.BOOTSTRAP), {"xz": "no xz here"})


TEXT = """\
heading

before all
    1  tools root                no xz here
    2  bootstrap                 no --base was given
    3  chroot/010-clean.chroot

box                              target
├─   4  base/first.binary        hooks.d/base/series/box:1:1
├─ disk                          hooks.d/base/series/box:2:9
│  ├─   5  base/disk.binary      hooks.d/base/series/disk:2:1
│  └─ =>   livecd.x.disk         dropped by the pruner
├─   6  base/box.binary          hooks.d/base/series/box:3:1
└─ =>   livecd.x.box             kept

after all
    7  base/final.binary
"""


def test_as_text_every_line_has_its_place(plan: BuildPlan, resolution: Resolution) -> None:
    assert text.render(outline(plan, resolution), "heading") == TEXT


def test_as_json_steps_and_artifacts_have_their_reasons(
    plan: BuildPlan, resolution: Resolution
) -> None:
    shown = json.loads(data.render(plan, resolution))
    assert [step["name"] for step in shown["steps"]] == [
        "tools root",
        "bootstrap",
        "chroot/010-clean.chroot",
        "base/first.binary",
        "base/disk.binary",
        "base/box.binary",
        "base/final.binary",
    ]
    assert shown["steps"][4] == {
        "number": 5,
        "kind": "binary",
        "name": "base/disk.binary",
        "reason": None,
        "network": False,
        "aside": None,
        "joins": [],
        "place": "hooks.d/base/series/disk:2:1",
        "chain": [
            {"series": "box", "place": None},
            {"series": "disk", "place": "hooks.d/base/series/box:2:9"},
        ],
    }
    assert [(row["artifact"], row["explicit"], row["kept"]) for row in shown["provides"]] == [
        ("livecd.x.disk", False, False),
        ("livecd.x.box", True, True),
    ]


DOT = """\
digraph plan {
  rankdir=LR;
  "series box" [label="box" shape=folder];
  "series disk" [label="disk" shape=folder];
  "hook base/first.binary" [label="4 base/first.binary" shape=box];
  "hook base/disk.binary" [label="5 base/disk.binary" shape=box];
  "hook base/box.binary" [label="6 base/box.binary" shape=box];
  "artifact livecd.x.disk" [label="livecd.x.disk" shape=note];
  "artifact livecd.x.box" [label="livecd.x.box" shape=note];
  "series box" -> "series disk" [label="2"];
  "series box" -> "hook base/first.binary" [label="1"];
  "series disk" -> "hook base/disk.binary" [label="2"];
  "series box" -> "hook base/box.binary" [label="3"];
  "series disk" -> "artifact livecd.x.disk" [label="3"];
  "series box" -> "artifact livecd.x.box" [label="4"];
}
"""

MERMAID = """\
flowchart LR
  n0(["box"])
  n1(["disk"])
  n2["4 base/first.binary"]
  n3["5 base/disk.binary"]
  n4["6 base/box.binary"]
  n5[/"livecd.x.disk"/]
  n6[/"livecd.x.box"/]
  n0 -->|2| n1
  n0 -->|1| n2
  n1 -->|2| n3
  n0 -->|3| n4
  n1 -->|3| n5
  n0 -->|4| n6
"""


def test_as_a_graph_for_graphviz_and_for_mermaid(plan: BuildPlan, resolution: Resolution) -> None:
    shown = graph.graph(plan, resolution)
    assert drawing.dot(shown) == DOT
    assert drawing.mermaid(shown) == MERMAID


EXPLANATIONS = {
    "disk.binary": """\
base/disk.binary is a hook: step 5, phase binary.
  Why: hooks.d/base/series/disk:2:1 lists it.
       box: is a target
       disk: depends on it (hooks.d/base/series/box:2:9)
  Network: no.
  Tools: xz.
""",
    "chroot/010-clean.chroot": """\
chroot/010-clean.chroot is a hook: step 3, phase chroot.
  Why: all hooks in chroot/ run, whatever the targets are; this one first.
  Network: no.
  Tools: xz.
""",
    "livecd.x.disk": """\
livecd.x.disk is an artifact.
  Made for: the series disk, hooks.d/base/series/disk:3:10.
  By: one of its hooks (base/disk.binary).
  Dropped by the pruner: 'disk' was not named as a target, only depended on.
  To keep it, name it: livecd-rootfs build box,disk
""",
    "livecd.x.box": """\
livecd.x.box is an artifact.
  Made for: the series box, hooks.d/base/series/box:4:10.
  By: one of its hooks (base/first.binary, base/box.binary).
  Kept: a target that was named provides it.
""",
    "disk": """\
disk is a series, hooks.d/base/series/disk.
  Why: box is a target; disk, which hooks.d/base/series/box:2:9 depends on.
""",
}


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_why_it_is_there(name: str, plan: BuildPlan, resolution: Resolution) -> None:
    assert explanation.explain(name, plan, resolution, list) == EXPLANATIONS[name]


@pytest.mark.parametrize("name", ["010", "010-clean", "chroot/010", "dis", "01", ""])
def test_a_hook_is_known_by_the_words_that_it_alone_begins_with(
    name: str, plan: BuildPlan, resolution: Resolution
) -> None:
    whole = "chroot/010-clean.chroot"
    if "010" in name:
        assert explanation.explain(name, plan, resolution, list) == EXPLANATIONS[whole]
        return
    with pytest.raises(LivecdError) as failure:
        explanation.explain(name, plan, resolution, list)
    offered = {"01": f"did you mean '{whole}'?", "": "`livecd-rootfs plan box` shows all names"}
    assert failure.value.remedy == offered.get(name, failure.value.remedy)


def test_a_name_that_nothing_has_offers_the_nearest(
    plan: BuildPlan, resolution: Resolution
) -> None:
    with pytest.raises(LivecdError, match=r"called 'disc\.binary'") as failure:
        explanation.explain("disc.binary", plan, resolution, list)
    assert failure.value.remedy == "did you mean 'base/disk.binary'?"


def test_a_hook_that_no_series_lists_says_where_it_could_be_listed(
    plan: BuildPlan, resolution: Resolution
) -> None:
    with pytest.raises(LivecdError, match=r"base/other\.binary is not part of") as failure:
        explanation.explain("other.binary", plan, resolution, lambda: ["base/other.binary"])
    assert failure.value.remedy == (
        "list it in one of: hooks.d/base/series/box, hooks.d/base/series/disk"
    )
