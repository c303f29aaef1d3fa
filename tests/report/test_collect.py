"""What a collector makes of a story: which worker, how long, what it waited for, what was reused."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.report.collect import OTHER_PROCESS, TOOLS_ROOT
from livecd_rootfs.report.record import BuildRecord, Outcome, Record
from tests.report.conftest import Tell
from tests.runs import LOGS, plan

# Steps 1 and 2 are shared; 3 is the first build's, 4 the second's, 5 the third's.
ONE = plan("one", "bootstrap", "chroot/1.chroot", "base/one.binary")
TWO = plan("two", "bootstrap", "chroot/1.chroot", "base/two.binary")
THREE = plan("three", "bootstrap", "chroot/1.chroot", "base/three.binary")


def outcomes(run: Record) -> list[Outcome]:
    return [step.outcome for step in run.steps]


def workers(run: Record) -> list[int | None]:
    return [step.worker for step in run.steps]


def test_each_step_has_the_lowest_free_worker(telling: Tell) -> None:
    told = telling(ONE, TWO, THREE)
    told.story.began(jobs=2).starts(1, 1, "it never ran before").ends(5, 1, size=10)
    told.story.reuses(5, 2, saved=4).starts(6, 3).starts(7, 4).ends(8, 3).starts(9, 5)
    told.story.ends(10, 5).ends(12, 4).over(12)
    run = told.collector.record()
    assert workers(run) == [1, None, 1, 2, 1]
    assert outcomes(run) == [Outcome.RAN, Outcome.REUSED, *[Outcome.RAN] * 3]
    assert [(step.begun, step.ended) for step in run.steps] == [
        (1, 5), (5, 5), (6, 8), (7, 12), (9, 10)
    ]  # fmt: skip
    first = run.steps[0]
    assert (first.why, first.log, first.size) == (("it never ran before",), LOGS / "1.log", 10)
    assert (run.work, run.longest, run.saved, run.seconds) == (12, 9, 4, 12)


def test_a_step_is_queued_while_all_workers_are_busy(telling: Tell) -> None:
    """Step 5 could run from second 2 on; from 3 to 6 both workers are busy."""
    told = telling(ONE, TWO, THREE)
    told.story.began(jobs=2).reuses(1, 1).reuses(2, 2).starts(2, 3).starts(3, 4).ends(6, 3)
    told.story.starts(7, 5)
    assert [step.queued for step in told.collector.record().steps] == [0, 0, 0, 0, 3]


def test_waiting_for_another_process(telling: Tell) -> None:
    """Step 1 is reused from it; step 2 is not, as that one failed."""
    told = telling(ONE)
    told.story.began(jobs=1).waits(1, 1).reuses(4, 1).waits(5, 2).starts(7, 2).ends(9, 2)
    first, second, _ = told.collector.record().steps
    assert (first.outcome, first.worker, first.waits) == (Outcome.REUSED, 1, (OTHER_PROCESS,))
    assert (first.begun, first.free, first.ended) == (1, 4, 4)
    assert (second.outcome, second.waits) == (Outcome.RAN, (OTHER_PROCESS,))
    assert (second.begun, second.free, second.ended) == (5, 7, 9)
    assert second.working == 2


def test_steps_with_image_tools_wait_for_the_tools_root(telling: Tell) -> None:
    told = telling(ONE)
    told.story.began(jobs=1).tell(1, events.ToolsTick(seconds=0.5, line="unpacking"))
    told.story.reuses(1, 1, 2).starts(2, 3)
    told.story.tell(6, events.ToolsEnded(seconds=5.5, status=0)).ends(8, 3)
    run = told.collector.record()
    assert run.tools is not None
    assert (run.tools.begun, run.tools.ended, run.tools.outcome) == (0.5, 6, Outcome.RAN)
    assert (run.steps[2].waits, run.steps[2].free, run.steps[2].working) == ((TOOLS_ROOT,), 6, 2)


def test_what_follows_a_failure_is_not_run(telling: Tell) -> None:
    told = telling(ONE, TWO)
    told.story.began(jobs=2).reuses(1, 1).starts(1, 2).ends(2, 2, status=7).over(2, failed=1)
    told.collector.fail("chroot/1.chroot failed")
    run = told.collector.record()
    assert outcomes(run) == [Outcome.REUSED, Outcome.FAILED, Outcome.NEVER, Outcome.NEVER]
    assert (run.steps[1].status, run.failures) == (7, ("chroot/1.chroot failed",))


def test_what_runs_at_the_end_was_stopped(telling: Tell) -> None:
    told = telling(ONE)
    told.story.began(jobs=1).starts(1, 1).tell(4)
    run = told.collector.record()
    assert outcomes(run) == [Outcome.STOPPED, Outcome.NEVER, Outcome.NEVER]
    assert (run.steps[0].working, run.seconds) == (3, 4)


def test_builds_and_notes(telling: Tell) -> None:
    told = telling(ONE)
    built = events.BuildEnded(plan=ONE, output=Path("out"), artifacts=(), packages=())
    told.story.began(jobs=1, date=1_700_000_000).tell(1, events.Note(text="a note"), built)
    run = told.collector.record()
    assert run.builds == (BuildRecord(targets=("one",), artifacts=(), packages=()),)
    assert (run.notes, run.date, run.jobs) == (("a note",), 1_700_000_000, 1)


@pytest.mark.parametrize("second", [0.0, 2.0])
def test_a_run_that_never_began(telling: Tell, second: float) -> None:
    told = telling(ONE)
    told.story.tell(second)
    run = told.collector.record()
    assert (run.forest, run.steps, run.seconds, run.longest) == (None, (), second, 0)
