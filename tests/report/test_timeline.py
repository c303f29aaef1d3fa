"""The time line of a story: lanes of bars, and a scale that people can read."""

from __future__ import annotations

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.report.timeline import facts, tick_seconds, timeline
from tests.report.conftest import Tell
from tests.runs import plan

ONE = plan("one", "bootstrap", "chroot/1.chroot", "base/one.binary", "base/final.binary")
TWO = plan("two", "bootstrap", "chroot/1.chroot", "base/two.binary")


def test_lanes(telling: Tell) -> None:
    told = telling(ONE, TWO)
    told.story.began(jobs=2).tell(1, events.ToolsTick(seconds=1, line=""))
    told.story.reuses(1, 1).starts(1, 2).ends(2, 2).starts(2, 3).starts(3, 5)
    told.story.tell(4, events.ToolsEnded(seconds=4, status=0))
    told.story.ends(8, 3).starts(8, 4).ends(10, 5, status=1).over(10)
    shown = timeline(told.collector.record())
    assert {
        lane.name: [(bar.left, bar.width, bar.looks, bar.label, bar.step) for bar in lane.bars]
        for lane in shown.lanes
    } == {
        "tools root": [(0, 40, "tools ran", "tools root", 0)],
        "job 1": [
            (10, 10, "chroot ran", "1.chroot", 2),
            (20, 20, "waits", "waits", 3),
            (40, 40, "binary ran", "one.binary", 3),
            (80, 20, "final stopped", "final.binary", 4),
        ],
        "job 2": [
            (30, 10, "waits", "waits", 5),
            (40, 60, "binary failed", "two.binary", 5),
        ],
        "reused": [(10, 0, "base reused", "bootstrap", 1)],
    }
    assert shown.lanes[2].bars[1].hover == (
        "base/two.binary\nfailed with status 1 after 6.0 s\nwaited 1.0 s for the tools root"
    )


def test_facts(telling: Tell) -> None:
    told = telling(ONE, TWO)
    told.story.began(jobs=1).reuses(0, 1, saved=62).starts(0, 2, "it never ran before").ends(4, 2)
    told.story.starts(4, 3).ends(5, 3).starts(5, 5).tell(7)
    assert [facts(step) for step in told.collector.record().steps] == [
        ("reused: saves 1 min 2 s",),
        ("ran 4.0 s", "it never ran before"),
        ("ran 1.0 s",),
        ("not run: what it needs was not made",),
        ("stopped after 2.0 s", "no worker was free for 1.0 s"),
    ]


@pytest.mark.parametrize(
    ("whole", "apart"),
    [(0.02, 0.01), (1, 0.2), (8, 1), (9, 2), (61, 10), (600, 120), (36000, 7200), (1e6, 126000)],
)
def test_ticks_are_round_and_few(whole: float, apart: float) -> None:
    assert tick_seconds(whole) == apart


def test_the_scale(telling: Tell) -> None:
    told = telling(ONE)
    told.story.began(jobs=1).over(250)
    shown = timeline(told.collector.record())
    assert [(tick.left, tick.label) for tick in shown.ticks] == [
        (0, "0 s"), (24, "1:00 min"), (48, "2:00 min"), (72, "3:00 min"), (96, "4:00 min")
    ]  # fmt: skip
    assert shown.distance == 24


def test_a_run_that_took_no_time_has_a_scale(telling: Tell) -> None:
    told = telling(ONE)
    told.story.began(jobs=1).over(0)
    assert timeline(told.collector.record()).ticks[0].label == "0 s"
