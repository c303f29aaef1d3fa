"""What was found in hooks before: kept by their content, since following a script takes time.

One JSON file for each tree: for every hook, by the digest of its path and its text, what it
does, and the digests of the other files that this was read from. What is new since it was
written stands in a second one beside it, as long as that is little. Both count only for the
very code that wrote them, and may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from livecd_rootfs import cachefile
from livecd_rootfs.lint.effects.model import Command, Effects, Kind, Touch, Use
from livecd_rootfs.source import Source

FOLDER = "lint-hooks"
# The file by its path, or nothing where there is none.
Open = Callable[[str], Source | None]
Row = Mapping[str, Any]
_KINDS = tuple(Kind)
# With more new hooks than this all are written anew, and what nobody used is forgotten.
NEW_AT_MOST = 100


class Memo:
    """What is remembered of one tree.

    Args:
        cache_directory: where it is kept.
        tree: the ``hooks.d``.
    """

    def __init__(self, cache_directory: Path, tree: str) -> None:
        # Places are told by the path that the tree has from here.
        told = f"{os.path.realpath(tree)}\0{tree}"
        name = hashlib.sha256(os.fsencode(told)).hexdigest()[:32]
        self._path = cache_directory / FOLDER / f"{name}.json"
        self._beside = self._path.with_suffix(".new.json")
        whole = _load(self._path)
        self._is_whole = bool(whole)
        self._new = _load(self._beside)
        self._known = whole | self._new
        self._used: dict[str, Row] = {}
        self._is_new = False

    def has(self, key: str) -> bool:
        """Whether something is known of a hook, be it out of date.

        Args:
            key: see `key_of`.
        """
        return key in self._known

    def find(self, key: str, sources: Open) -> Effects | None:
        """What is known of a hook, if nothing has changed that it was read from.

        Args:
            key: see `key_of`.
            sources: opens the files that the places are in.
        """
        row = self._known.get(key)
        if row is None:
            return None
        try:
            if any(digest(sources(path)) != told for path, told in row["from"].items()):
                return None
            found = _decoded(row, sources)
        except (KeyError, IndexError, TypeError, ValueError):
            return None  # someone else wrote it
        self._used[key] = row
        return found

    def adopt(self, rows: Mapping[str, Row]) -> None:
        """Remember what hooks do, by their keys; see `row_of`."""
        self._is_new = True
        self._known.update(rows)
        self._new.update(rows)
        self._used.update(rows)

    def save(self) -> None:
        """Write what is new, or all that was used; a cache that can't be written is done without."""
        if self._is_new and self._is_whole and len(self._new) <= NEW_AT_MOST:
            _write(self._beside, self._new)
        elif self._is_new:
            _write(self._path, self._used)
            with suppress(OSError):
                self._beside.unlink()


def row_of(found: Effects, read: Mapping[str, str]) -> Row:
    """What is kept of a hook.

    Args:
        found: what it does.
        read: the digests of the other files that this was read from, by their paths.
    """
    return {"from": dict(read), **_encoded(found)}


def key_of(source: Source) -> str:
    """The name under which a hook is remembered."""
    data = f"{source.path}\0{source.text}".encode(errors="surrogateescape")
    return hashlib.sha256(data).hexdigest()[:32]


def digest(source: Source | None) -> str:
    """What tells a file's content from any other; empty for a file that is not there."""
    if source is None:
        return ""
    return hashlib.sha256(source.text.encode(errors="surrogateescape")).hexdigest()[:32]


@cache
def _code() -> str:
    """The digest of the code that follows hooks."""
    whole = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:32]


def _write(path: Path, rows: Mapping[str, Row]) -> None:
    text = json.dumps({"code": _code(), "hooks": rows}, separators=(",", ":"))
    cachefile.keep(path, text)


def _load(path: Path) -> dict[str, Row]:
    try:
        found = json.loads(path.read_bytes())
        return dict(found["hooks"]) if found["code"] == _code() else {}
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def _encoded(found: Effects) -> Row:
    paths: dict[str, int] = {}

    def number(source: Source) -> int:
        return paths.setdefault(source.path, len(paths))

    touches = [
        (_KINDS.index(t.kind), t.name, number(t.source), t.start, t.end, t.certain, t.by)
        for t in found.touches
    ]
    uses = [(u.name, number(u.source), u.start, u.end, u.guarded) for u in found.uses]
    commands = [(c.words, number(c.source), c.places) for c in found.commands]
    flags = (found.is_parsed, found.has_config)
    return {"touches": touches, "uses": uses, "commands": commands, "flags": flags,
            "paths": list(paths)}  # fmt: skip


def _decoded(row: Row, sources: Open) -> Effects:
    files = [sources(path) for path in row["paths"]]
    if None in files:
        raise KeyError(row["paths"])
    texts = [file for file in files if file is not None]
    is_parsed, has_config = row["flags"]
    return Effects(
        touches=tuple(
            Touch(kind=_KINDS[k], name=n, source=texts[s], start=a, end=b, certain=c, by=by)
            for k, n, s, a, b, c, by in row["touches"]
        ),
        uses=tuple(
            Use(name=n, source=texts[s], start=a, end=b, guarded=g) for n, s, a, b, g in row["uses"]
        ),
        commands=tuple(
            Command(words=tuple(w), source=texts[s], places=tuple(map(tuple, p)))
            for w, s, p in row["commands"]
        ),
        is_parsed=is_parsed,
        has_config=has_config,
    )
