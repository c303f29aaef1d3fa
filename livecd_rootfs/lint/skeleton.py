"""A new target: a series file and a hook, to begin from; both pass lint and build as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.hooktree import SERIES_FOLDERS
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.graph import unknown_series

EXTRA = "extra"
_NAME = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
# What is listed where nothing is known of what the other series makes.
_ROOT = "chroot"

SERIES = """\
# {name}: a list of files, until its hook makes something better.
{depends}extra/{name}.binary
provides ${{PREFIX}}.{name}.txt
"""
HOOK = """\
#!/bin/sh
# hook: env=PREFIX network=no
# hook: reads={declared} writes=${{PREFIX}}.{name}.txt
#
# {name}: lists the files of {declared}, with their sizes.
# It runs in the build directory; what it makes has another name until it is whole.

set -eu

out=$PREFIX.{name}.txt
find {written} -xdev -printf '%p\\t%s\\n' | LC_ALL=C sort >"$out.part"
mv "$out.part" "$out"
echo "{name}: $(wc -l <"$out") files in $out"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to be made.

    Attributes:
        path: its path.
        text: what it holds.
        mode: its permissions.
    """

    path: Path
    text: str
    mode: int


def plan(context: Context, name: str, depends: str | None) -> tuple[NewFile, NewFile]:
    """The series file and the hook of a new target.

    Args:
        context: the tree.
        name: the target.
        depends: a series that it builds on.

    Raises:
        UsageError: the name can't be one, is taken, or the other series is not there.
    """
    if not _NAME.fullmatch(name) or name.endswith((".", "-")):
        raise UsageError(
            f"'{name}' can't be the name of a target",
            remedy="take lower-case letters, digits and dashes, as in my-image",
        )
    if depends is not None and depends not in context.series:
        raise unknown_series(context, depends)
    root = Path(context.tree.root)
    declared, written = _made(context, depends)
    words: Mapping[str, str] = {
        "name": name,
        "declared": declared,
        "written": written,
        "depends": f"depends {depends}\n" if depends else "",
    }
    series = NewFile(path=root / SERIES_FOLDERS[0] / name, text=SERIES.format(**words), mode=0o644)
    hook = NewFile(path=root / EXTRA / f"{name}.binary", text=HOOK.format(**words), mode=0o755)
    _check_free(context, name, hook.path)
    return series, hook


def _check_free(context: Context, name: str, hook: Path) -> None:
    series = context.series.get(name)
    taken = series.source.path if series else str(hook) if hook.exists() else None
    if taken:
        raise UsageError(f"{taken} is there already", remedy="take another name")


def _made(context: Context, depends: str | None) -> tuple[str, str]:
    """Something that the other series makes: as a header names it, and as a shell does."""
    made = sorted(context.flow.made_for(depends)) if depends else []
    known = [name for name in made if names.is_known(name) and name[0] not in "/."]
    inner = [name for name in known if not names.is_artifact(name)]
    if inner or not known:
        return (inner or [_ROOT])[0], (inner or [_ROOT])[0]
    suffix = known[0].removeprefix(names.PREFIX)
    return known[0], f'"$PREFIX{suffix}"'


def write(files: tuple[NewFile, ...]) -> None:
    """Make all of the files, or none.

    Raises:
        LivecdError: one can't be written.
    """
    made: list[Path] = []
    try:
        for file in files:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            with file.path.open("x", encoding="utf-8") as stream:
                made.append(file.path)
                stream.write(file.text)
            file.path.chmod(file.mode)
    except BaseException as error:
        for path in made:
            path.unlink()
        if isinstance(error, OSError):
            raise LivecdError(
                f"{error.filename} can't be written", why=str(error.strerror)
            ) from error
        raise
