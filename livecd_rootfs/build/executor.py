"""The executor: takes a forest of builds and makes it so, several steps at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livecd_rootfs.build import newroot
from livecd_rootfs.build.assumption import Confirmed, at_once
from livecd_rootfs.build.failure import BuildsFailed
from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.build.plan import BaseKind, BuildPlan, StepKind
from livecd_rootfs.build.runner import Runner, Turn
from livecd_rootfs.build.schedule import weights
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.layer import Layer

# Gets a plan, the layers of its main line, and those of side branches that it joins.
Publish = Callable[[BuildPlan, tuple[Layer, ...], tuple[Layer, ...]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How a run goes.

    Attributes:
        jobs: how many steps run at the same time.
        date: SOURCE_DATE_EPOCH; ``None`` if only the given root can tell it.
        durations: seconds that steps took before, by their names.
        confirmed: waited for before anything is published.
    """

    jobs: int
    date: int | None
    durations: Mapping[str, float]
    confirmed: Confirmed = at_once


async def execute(forest: Forest, runner: Runner, orders: Orders, publish: Publish) -> None:
    """Run every step that has no layer yet, the one on the longest path first.

    A step that fails ends its own builds; the others go on.

    Raises:
        BuildsFailed: at least one step failed.
    """
    run = _Run(forest=forest, runner=runner, orders=orders, publish=publish)
    try:
        await run.all()
    finally:
        await run.stop()
    if run.failures:
        raise BuildsFailed(tuple(run.failures))


class _Run:
    """One execution: what has become of the nodes so far."""

    def __init__(self, *, forest: Forest, runner: Runner, orders: Orders, publish: Publish) -> None:
        self._forest = forest
        self._runner = runner
        self._orders = orders
        self._give = publish
        self._weight = weights(forest, orders.durations)
        self._waiting = forest.waiting()
        self._chains: dict[int | None, tuple[Layer, ...]] = {None: ()}
        self._last = {forest.last(build).number for build in range(len(forest.builds))}
        self._ready = list(self._waiting.get(None, []))
        self._running: dict[asyncio.Task[Layer], Node] = {}
        self.failures: list[LivecdError] = []

    async def all(self) -> None:
        """Run the nodes until none is left that can run."""
        while self._ready or self._running:
            self._start()
            done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._take(self._running.pop(task), task)

    async def stop(self) -> None:
        """End what still runs, when something unforeseen or the user ends the whole."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self) -> None:
        self._ready.sort(key=lambda node: (self._weight[node.number], -node.number))
        while self._ready and len(self._running) < self._orders.jobs:
            node = self._ready.pop()
            self._running[asyncio.create_task(self._layer(node))] = node

    async def _layer(self, node: Node) -> Layer:
        chain = self._chains[node.parent]
        plan = self._forest.builds[node.builds[0]]
        joined = {name: self._chains[number] for name, number in node.joined}
        date = self._date(plan, node, chain)
        turn = Turn(node=node, plan=plan, chain=chain, branches=joined, date=date)
        layer = await self._runner.layer(turn)
        if node.number in self._last:
            await self._orders.confirmed()
        return layer

    def _date(self, plan: BuildPlan, node: Node, chain: tuple[Layer, ...]) -> int:
        """The time of all files: as ordered, else that of the root that was given."""
        if self._orders.date is not None:
            return self._orders.date
        if plan.base.kind is BaseKind.NONE or node.step.kind is StepKind.BASE:
            return newroot.EARLIEST
        return newroot.date_of_root(chain[0].diff / "chroot")

    def _take(self, node: Node, task: asyncio.Task[Layer]) -> None:
        """Take the result of a node: its children are ready, or its builds are over."""
        failure = task.exception()
        if failure is None:
            self._chains[node.number] = (*self._chains[node.parent], task.result())
            self._ready += self._released(node)
            self._publish(node)
        elif isinstance(failure, LivecdError):
            self.failures.append(failure)
        else:
            raise failure

    def _released(self, node: Node) -> list[Node]:
        """The nodes for which this one was the last that they waited for."""
        waiting = self._waiting.get(node.number, [])
        return [each for each in waiting if all(need in self._chains for need in each.needs)]

    def _publish(self, node: Node) -> None:
        for build in node.builds:
            if self._forest.last(build).number != node.number:
                continue
            aside = tuple(self._chains[each.number][-1] for each in self._forest.aside(build))
            try:
                self._give(self._forest.builds[build], self._chains[node.number], aside)
            except LivecdError as error:
                self.failures.append(error)
