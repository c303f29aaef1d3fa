"""The digests of the trees that the steps of one run read: each is looked through once.

A tree whose stamp is as it was has the digest that it had; in another one only the
files that may have changed are read again. Of big trees later runs know both:

    CACHE/digests/KEY.files   what is known of the files (see ``contents``)
    CACHE/digests/KEY.tree    a stamp, and the digest that belongs to it
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path

from livecd_rootfs import cachefile
from livecd_rootfs.layers import contents, treehash
from livecd_rootfs.layers.contents import Contents

FOLDER = "digests"
Asked = tuple[Path, frozenset[str]]


class Digests:
    """The trees of a run.

    Args:
        cache: the directory in which later runs find what is known of big trees;
            ``None`` keeps nothing.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._contents: dict[Asked, Contents] = {}
        self._stamped: dict[Asked, tuple[str, str]] = {}
        self._digests: dict[Asked, str] = {}

    def anew(self) -> Digests:
        """The same trees, to be looked through again, by what is known of them."""
        again = Digests(self._cache)
        again._contents, again._stamped = self._contents, self._stamped
        return again

    def of(self, top: Path, without: frozenset[str] = frozenset()) -> str:
        """The digest of a tree or a file, as in ``treehash``.

        Args:
            top: the tree.
            without: paths in it that do not count.

        Raises:
            OSError: something in it can't be read.
        """
        asked = (top, without)
        if asked not in self._digests:
            self._digests[asked] = self._look(asked)
        return self._digests[asked]

    def _look(self, asked: Asked) -> str:
        top, without = asked
        since = time.time_ns()
        stamp = treehash.stamp(top, without)
        big = stamp.count >= contents.WORTH_KEEPING
        kept = self._kept(asked) if big else None
        before, digest = self._stamped.get(asked) or _read(kept)
        if before == stamp.text:
            return digest
        known = self._contents.setdefault(asked, Contents(kept and kept.with_suffix(".files")))
        digest = treehash.digest(top, without=without, contents=known.of)
        if contents.is_old(stamp.newest, since):
            self._stamped[asked] = (stamp.text, digest)
            if kept:
                cachefile.keep(kept, f"{stamp.text} {digest}\n")
        return digest

    def _kept(self, asked: Asked) -> Path | None:
        top, without = asked
        name = "\0".join((str(top), *sorted(without)))
        key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return self._cache / FOLDER / f"{key}.tree" if self._cache else None


def _read(kept: Path | None) -> tuple[str, str]:
    """The stamp and the digest that an earlier run knew; empty if its file is damaged."""
    if kept is not None:
        with suppress(OSError, ValueError):
            stamp, digest = kept.read_text(encoding="ascii").split()
            return stamp, digest
    return "", ""
