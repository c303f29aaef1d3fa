"""A collector with a clock that is set, and the story that it listens to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from livecd_rootfs.build.forest import forest
from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.report.collect import Collector
from livecd_rootfs.report.record import Fact, Heading
from tests.runs import Clock, Story

HEADING = Heading(
    targets=("one", "two"),
    facts=(Fact(name="suite", text="trixie", origin="--suite"),),
    began=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
    version="1.2.3",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story and who listens to it."""

    story: Story
    collector: Collector


Tell = Callable[..., Told]


@pytest.fixture
def telling() -> Tell:
    """Makes a story of plans."""

    def make(*plans: BuildPlan, heading: Heading = HEADING) -> Told:
        clock = Clock()
        collector = Collector(heading, clock)
        return Told(story=Story(forest(plans), collector, clock), collector=collector)

    return make
