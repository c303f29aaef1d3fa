"""Fixes: from findings to the bytes of mended files; what no fix speaks of stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint.tree import LintTree

READ_BITS = 0o444


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What fixes change.

    Attributes:
        findings: those that are mended.
        contents: what is to be in files, by their paths.
        executable: the files to be made executable.
    """

    findings: tuple[Diagnostic, ...]
    contents: Mapping[str, bytes]
    executable: tuple[str, ...]


def plan(findings: Iterable[Diagnostic], tree: LintTree, *, unsafe: bool = False) -> Fixed:
    """Apply the fixes that don't touch each other; a second run finds the others again.

    Args:
        findings: those with a fix are looked at.
        tree: where the texts are from.
        unsafe: whether to take those that are only the best guess, too.
    """
    chosen: list[Diagnostic] = []
    taken: dict[str, list[Edit]] = {}
    for found in findings:
        fix = found.fix
        if fix and (fix.is_safe or unsafe) and _is_clear(fix, taken, tree):
            chosen.append(found)
            for edit in fix.edits:
                taken.setdefault(edit.span.source.path, []).append(edit)
    contents = {path: tree.text(path).replaced(edits) for path, edits in taken.items()}
    fixes = [found.fix for found in chosen if found.fix]
    executable = tuple(dict.fromkeys(path for fix in fixes for path in fix.executable))
    return Fixed(findings=tuple(chosen), contents=contents, executable=executable)


def write(fixed: Fixed) -> None:
    """Change the files, each whole or not at all.

    Raises:
        LivecdError: a file can't be written.
    """
    for path, data in fixed.contents.items():
        _write(os.path.realpath(path), data)
    for path in fixed.executable:
        mode = os.stat(path).st_mode
        os.chmod(path, mode | (mode & READ_BITS) >> 2)  # whoever may read it may run it


def _is_clear(fix: Fix, taken: Mapping[str, list[Edit]], tree: LintTree) -> bool:
    """Whether no other fix touches what this one does, and it is about the text as it is."""
    for edit in fix.edits:
        source = edit.span.source
        if source.text != tree.text(source.path).source.text:
            return False
        if any(_touch(edit, other) for other in taken.get(source.path, ())):
            return False
    return True


def _touch(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _write(path: str, data: bytes) -> None:
    ready = f"{path}.series-lint"
    try:
        with open(ready, "xb") as file:
            file.write(data)
        os.chmod(ready, os.stat(path).st_mode)
        os.replace(ready, path)
    except OSError as error:
        raise LivecdError(f"{path} can't be written", why=error.strerror) from None
    finally:
        if os.path.exists(ready):
            os.unlink(ready)
