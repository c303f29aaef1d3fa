"""The findings of an earlier run, as long as nothing has changed that they hang on.

A file ``lint/KEY.json`` in the cache: the findings, as `_record` writes one. The key is of the
program's own files, the rules and settings, and of names, sizes and times of all files in the
trees. A change of a file that leaves all of these as they were would go unseen, so nothing is
kept of a tree in which something changed a moment ago.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.tree import LintTree
from livecd_rootfs.source import Span

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = "lint"
# A clock of files may be as coarse as this; in nanoseconds.
A_MOMENT = 100_000_000
KEPT_AT_MOST = 32


def findings(
    folder: str, tree: LintTree, given: Sequence[str], find: Callable[[], tuple[Diagnostic, ...]]
) -> tuple[Diagnostic, ...]:
    """What an earlier run found, or else this one finds.

    Args:
        folder: the cache; it need not be there, nor be writable.
        tree: the ``hooks.d``.
        given: whatever else the findings hang on, such as the names of rules.
        find: finds them.
    """
    key, newest = _key(tree, given)
    path = os.path.join(folder, FOLDER, f"{key}.json")
    known = _read(path, tree)
    if known is not None:
        return known
    found = find()
    if time.time_ns() - newest > A_MOMENT and _key(tree, given) == (key, newest):
        _keep(path, found)
    return found


def _key(tree: LintTree, given: Sequence[str]) -> tuple[str, int]:
    """The key, and when the newest file of the tree was changed, in nanoseconds."""
    digest, newest = hashlib.sha256(repr((os.getcwd(), tree.root, *given)).encode()), 0
    beside = os.path.join(os.path.dirname(os.path.realpath(tree.root)), "livecd_rootfs")
    for root in dict.fromkeys((tree.root, tree.base, beside, PACKAGE)):
        for name, status in _states(root) if root else ():
            seen = (name, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            digest.update(repr(seen).encode())
            if root != PACKAGE:
                newest = max(newest, status.st_ctime_ns)
    digest.update(repr([_program("shellcheck")]).encode())
    return digest.hexdigest(), newest


def _states(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below a folder, in an order that stays the same; links and what they lead to."""
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _states(entry.path)
            continue
        yield entry.path, entry.stat(follow_symlinks=False)
        if entry.is_symlink() and os.path.exists(entry.path):
            yield os.readlink(entry.path), entry.stat()


def _program(name: str) -> tuple[str, int, int] | None:
    path = shutil.which(name)
    if path is None:
        return None
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns


def _read(path: str, tree: LintTree) -> tuple[Diagnostic, ...] | None:
    try:
        with open(path, "rb") as file:
            records = json.load(file)
        return tuple(_finding(record, tree) for record in records)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # there is none, or another program wrote it


def _keep(path: str, found: Iterable[Diagnostic]) -> None:
    folder, ready = os.path.dirname(path), f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, exist_ok=True)
        with open(ready, "w", encoding="ascii") as file:
            json.dump([_record(one) for one in found], file)
        os.replace(ready, path)
        old = sorted(os.scandir(folder), key=lambda entry: entry.stat().st_mtime_ns)
        for entry in old[:-KEPT_AT_MOST]:
            os.unlink(entry.path)
    except OSError:
        return  # a cache that can't be written, or that another run tidies, costs time only


def _record(found: Diagnostic) -> dict[str, Any]:
    fix = found.fix
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "labels": [(_place(label.span), label.text) for label in found.labels],
        "notes": found.notes,
        "help": found.help,
        "fix": fix
        and {
            "message": fix.message,
            "edits": [(_place(edit.span), edit.replacement) for edit in fix.edits],
            "executable": fix.executable,
            "is_safe": fix.is_safe,
        },
    }


def _place(span: Span) -> tuple[str, int, int]:
    return span.source.path, span.start, span.end


def _finding(record: dict[str, Any], tree: LintTree) -> Diagnostic:
    fix = record["fix"]
    return Diagnostic(
        code=record["code"],
        severity=Severity(record["severity"]),
        message=record["message"],
        labels=tuple(Label(span=_span(at, tree), text=text) for at, text in record["labels"]),
        notes=tuple(record["notes"]),
        help=record["help"],
        fix=fix
        and Fix(
            message=fix["message"],
            edits=tuple(Edit(span=_span(at, tree), replacement=text) for at, text in fix["edits"]),
            executable=tuple(fix["executable"]),
            is_safe=fix["is_safe"],
        ),
    )


def _span(place: tuple[str, int, int], tree: LintTree) -> Span:
    path, start, end = place
    return tree.shown(path).span(start, end)
