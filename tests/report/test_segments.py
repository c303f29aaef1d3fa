"""The prefix tree in pieces: plans before, rows of steps after."""

from __future__ import annotations

from livecd_rootfs.report.segments import Segment, segments
from tests.report.conftest import Tell
from tests.runs import plan

ONE = plan("one", "bootstrap", "chroot/1.chroot", "base/disk.binary", "base/one.binary")
TWO = plan("two", "bootstrap", "chroot/1.chroot", "base/disk.binary", "base/two.binary")
DISK = plan("disk", "bootstrap", "chroot/1.chroot", "base/disk.binary")
ROOT = plan("root,x", "bootstrap", "chroot/1.chroot", "base/root.binary", "base/x.binary")


def rows(found: tuple[Segment, ...]) -> list[tuple[int, str, int, tuple[tuple[str, ...], ...]]]:
    return [(piece.level, piece.name, len(piece.steps), piece.ends) for piece in found]


def test_rows_end_where_builds_part_or_end(telling: Tell) -> None:
    told = telling(ONE, TWO, DISK, ROOT)
    told.story.began(jobs=1)
    assert rows(segments(told.collector.record())) == [
        (0, "bootstrap … chroot/1.chroot", 2, ()),
        (1, "base/disk.binary", 1, (("disk",),)),
        (2, "base/one.binary", 1, (("one",),)),
        (2, "base/two.binary", 1, (("two",),)),
        (1, "base/root.binary … base/x.binary", 2, (("root", "x"),)),
    ]


def test_one_build_is_one_row(telling: Tell) -> None:
    told = telling(ONE)
    told.story.began(jobs=1).reuses(0, 1, size=5).starts(1, 2).ends(3, 2, size=7).starts(3, 3)
    told.story.ends(4, 3, status=1)
    (piece,) = segments(told.collector.record())
    assert (piece.tally, piece.seconds, piece.size) == (
        "1 ran, 1 reused, 1 failed, 1 not run", 3, 12
    )  # fmt: skip


def test_nothing_began(telling: Tell) -> None:
    assert segments(telling(ONE).collector.record()) == ()


def test_a_deep_tree_and_a_wide_one(telling: Tell) -> None:
    """As many partings as Python allows calls within calls, and more."""
    names = [f"chroot/{number}.chroot" for number in range(1500)]
    plans = [plan(f"t{end}", "bootstrap", *names[:end]) for end in range(1, len(names), 7)]
    told = telling(*plans)
    told.story.began(jobs=1)
    found = segments(told.collector.record())
    assert [piece.level for piece in found] == list(range(len(plans)))


def test_the_main_line_goes_on_past_a_side_branch(telling: Tell) -> None:
    names = (
        "base",
        "one.binary",
        "a.binary # hook: aside=s",
        "b.binary # hook: aside=s",
        "two.binary # hook: joins=s/x",
    )
    told = telling(plan("x", *names))
    told.story.began(jobs=1)
    found = segments(told.collector.record())
    assert [(piece.level, piece.name, piece.branch) for piece in found] == [
        (0, "base … one.binary", ""),
        (1, "a.binary … b.binary", "s"),
        (0, "two.binary", ""),
    ]
