"""Joining side branches: what a step takes of them, as a part of its key and mounted for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.build.plan import Step
from livecd_rootfs.build.workspace import Slot, Workspace
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import flatten, joined, overlay, treehash
from livecd_rootfs.layers.key import Part, PartKind, of_text
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Lease, Store
from livecd_rootfs.layers.treehash import Times
from livecd_rootfs.mounts import Bind

BRANCHES = "/livecd/branches"
VARIABLE = "LIVECD_BRANCHES"
NOTHING = "nothing"
# The layers of each side branch, oldest first, by its name.
Branches = Mapping[str, tuple[Layer, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """Looks into side branches.

    Attributes:
        store: where their layers are.
        lease: keeps them.
        workspace: has folders, where a branch has to be mounted.
        on_wait: called when another process flattens a chain of layers.
    """

    store: Store
    lease: Lease
    workspace: Workspace
    on_wait: Callable[[], None]

    async def parts(self, step: Step, branches: Branches, date: int) -> tuple[Part, ...]:
        """What a step joins, by its content: a branch that was run again may have made the same.

        Args:
            step: the step.
            branches: the side branches that there are.
            date: SOURCE_DATE_EPOCH, which no time in an image is later than.

        Raises:
            LivecdError: the tree is none of the branch's own.
        """
        found = []
        for word in step.joins:
            name, _, path = word.partition("/")
            if name not in branches:
                found.append(of_text(PartKind.JOINED, word, NOTHING))
                continue
            text = joined.digest(branches[name][-1], path)
            if text is None:
                text = await self._digest(branches[name], path, date)
            found.append(part(word, text))
        return tuple(found)

    async def _digest(self, chain: tuple[Layer, ...], path: str, date: int) -> str:
        with self.workspace.slot() as slot, self._mounted(chain, slot.build):
            tree = inside(slot.build, path)
            times = Times(counted=True, latest=date)
            text = NOTHING
            if tree.exists():
                text = await asyncio.to_thread(treehash.digest, tree, times)
        if self.store.writable:
            joined.keep(chain[-1], path, text)
        return text

    @contextmanager
    def mounted(self, step: Step, branches: Branches, slot: Slot) -> Iterator[tuple[Bind, ...]]:
        """The branches that a step joins, read-only; gives what its sandbox sees of them."""
        names = dict.fromkeys(word.partition("/")[0] for word in step.joins)
        with ExitStack() as stack:
            for name in names:
                if name in branches:
                    place = slot.branches / name
                    place.mkdir(parents=True)
                    stack.enter_context(self._mounted(branches[name], place))
            yield tuple(_binds(step, slot.branches))

    @contextmanager
    def _mounted(self, chain: tuple[Layer, ...], place: Path) -> Iterator[None]:
        short = flatten.shortened(self.store, self.lease, chain, place, self.on_wait)
        with overlay.mounted(overlay.lowers(short, self.store.layout.empty), place):
            yield


def part(word: str, digest: str) -> Part:
    """The part of a key that stands for a joined tree.

    Args:
        word: ``NAME/PATH``, as the header has it.
        digest: of the tree, or ``nothing``.
    """
    if digest == NOTHING:
        return of_text(PartKind.JOINED, word, NOTHING)
    return Part(kind=PartKind.JOINED, name=word, digest=digest)


def _binds(step: Step, folder: Path) -> Iterator[Bind]:
    for word in step.joins:
        name, _, path = word.partition("/")
        tree = inside(folder / name, path)
        if tree.exists():
            yield Bind(source=tree, target=f"{BRANCHES}/{word}")


def inside(build: Path, path: str) -> Path:
    """A path of a branch's build directory, seen from outside.

    Raises:
        LivecdError: a link in it leads elsewhere, which may be out of the build directory.
    """
    tree = build / path
    if tree.resolve() != build.resolve() / path:
        raise LivecdError(
            f"{path} of the side branch can't be joined, for it is behind a link",
            place=str(tree),
            remedy="have the hooks of the branch make a directory there",
        )
    return tree
