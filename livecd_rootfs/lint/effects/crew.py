"""Processes that follow many hooks at once, each its share.

They are forked, so that they have the tree and need not be told of it; what they find comes back
as rows of the memo. A crew that breaks down (one is killed, there is no memory for it) leaves its
hooks to be followed one after another.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

# How many hooks one process is given at a time.
SHARE = 64
Rows = Mapping[str, Mapping[str, Any]]
# From the places of some hooks in a list that everyone has to what they do.
Follow = Callable[[range], Rows]
_followers: list[Follow] = []


def rows(follow: Follow, hooks: int, processes: int) -> Iterator[Rows]:
    """Follow hooks in several processes.

    Args:
        follow: follows those at some places; it is called in another process.
        hooks: how many there are.
        processes: how many may run at once.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        return
    shares = [range(start, min(start + SHARE, hooks)) for start in range(0, hooks, SHARE)]
    try:
        with ProcessPoolExecutor(
            min(processes, len(shares)),
            mp_context=multiprocessing.get_context("fork"),
            initializer=_followers.append,
            initargs=(follow,),
        ) as crew:
            yield from crew.map(_share, shares)
    except (BrokenProcessPool, OSError):
        return


def _share(places: range) -> Rows:
    return _followers[0](places)
