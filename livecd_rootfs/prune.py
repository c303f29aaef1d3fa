"""The pruner: deletes the artifacts that no target of this build provides itself.

Several builders run in parallel, each for some targets, and publish to one place. What a
builder makes only on the way belongs to another one, and must not overwrite its copy.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.series import artifact_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    Kind = Literal["file", "link", "dangling link", "directory", "missing"]

# What auto/build links from binary/boot/filesystem.* after `lb binary` has ended, and the
# kernels and initramfs of each flavour.
LATER_SUFFIXES = ("ext4", "manifest", "size", "squashfs", "filelist", "packages")
LATER_STEMS = ("kernel-", "initrd-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands under a name in the build directory; sizes in bytes."""

    name: str
    kind: Kind
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to become of the artifacts.

    Attributes:
        kept: provided by a target, or all of them when no target provides any.
        removed: made on the way.
        left: directories, which are no artifacts.
        missing: provided, but not made.
        later: provided, and made only after the binary hooks have run.
    """

    kept: tuple[Found, ...]
    removed: tuple[Found, ...]
    left: tuple[Found, ...]
    missing: tuple[Found, ...]
    later: tuple[Found, ...]

    @property
    def freed(self) -> int:
        """The size of all that is removed, in bytes."""
        return sum(found.size for found in self.removed)


def prefixes(project: str | None, subarch: str | None) -> tuple[str, ...]:
    """The beginnings of the names of a project's artifacts, up to their dot.

    Args:
        project: PROJECT; empty or not set means the default one.
        subarch: SUBARCH; empty or not set means none.
    """
    return tuple(dict.fromkeys((artifact_prefix(project, None), artifact_prefix(project, subarch))))


def never_later(_name: str) -> bool:
    """For the last pruning of a build, when all must have been made."""
    return False


def made_by_auto_build(names: Sequence[str]) -> Callable[[str], bool]:
    """Which artifacts a binary hook can't expect yet: see ``LATER_SUFFIXES``.

    Args:
        names: the prefixes, as `prefixes` gives them.
    """

    def is_later(name: str) -> bool:
        rests = [name[len(prefix) + 1 :] for prefix in names if name.startswith(prefix + ".")]
        return any(rest in LATER_SUFFIXES or rest.startswith(LATER_STEMS) for rest in rests)

    return is_later


def choose(
    found: Iterable[Found],
    provides: Sequence[str],
    *,
    is_later: Callable[[str], bool] = never_later,
) -> Choice:
    """Choose what stays and what goes.

    Args:
        found: the artifacts there are, and what stands under each provided name.
        provides: what the targets provide; nothing means that all is kept.
        is_later: tells names that are not missed when they are not there.
    """
    found, wanted = tuple(found), frozenset(provides)
    files = [one for one in found if one.kind in ("file", "link", "dangling link")]
    absent = [one for one in found if one.name in wanted and one.kind not in ("file", "link")]
    return Choice(
        kept=tuple(one for one in files if (one.name in wanted or not wanted)),
        removed=tuple(one for one in files if wanted and one.name not in wanted),
        left=tuple(one for one in found if one.kind == "directory"),
        missing=tuple(one for one in absent if not is_later(one.name)),
        later=tuple(one for one in absent if is_later(one.name)),
    )


def look(build_dir: str, names: Sequence[str], provides: Sequence[str]) -> tuple[Found, ...]:
    """What the build directory has, in code-point order, then what else is provided.

    Args:
        build_dir: where the artifacts are; nothing below it is looked at.
        names: the prefixes of the artifacts' names.
        provides: more names to look for, without ``.`` and ``..`` in them.

    Raises:
        LivecdError: the directory can't be listed.
    """
    beginnings = tuple(f"{prefix}." for prefix in names)
    try:
        entries = sorted(os.listdir(build_dir))
    except OSError as error:
        raise LivecdError(f"{build_dir} can't be listed", why=error.strerror) from None
    candidates = [name for name in entries if name.startswith(beginnings)]
    return tuple(_found(build_dir, name) for name in dict.fromkeys((*candidates, *provides)))


def read_provides(path: str) -> tuple[str, ...]:
    """The names in a file ``explicit_provides``, one a line.

    Raises:
        LivecdError: it can't be read.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return tuple(line for line in file.read().split("\n") if line)
    except OSError as error:
        raise LivecdError(
            f"{path} can't be read, so nothing is deleted",
            why=error.strerror,
            remedy="run make-hooks, which writes it, or name it by --provides-file",
        ) from None


def require(choice: Choice) -> None:
    """Refuse a build that lacks what its targets provide.

    Raises:
        LivecdError: something is missing.
    """
    if not choice.missing:
        return
    names = [f"'{one.name}'" + _why_absent(one) for one in choice.missing]
    raise LivecdError(
        f"the targets provide {names[0]}, which was not made",
        why="nothing was deleted; a build must make what its series files promise",
        notes=tuple(f"nor was {name}" for name in names[1:]),
        remedy="see the log of the hook that should have made it, mend the `provides` line, "
        "or pass --allow-missing",
    )


def remove(build_dir: str, choice: Choice) -> None:
    """Delete what was chosen; links themselves, never what they lead to.

    Raises:
        LivecdError: a file can't be deleted; those before it are gone.
    """
    for one in choice.removed:
        path = os.path.join(build_dir, one.name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LivecdError(f"{path} can't be deleted", why=error.strerror) from None


def report(choice: Choice, *, dry_run: bool = False) -> str:
    """What was done, or with ``dry_run`` would be, line by line."""
    lines = [f"[KEEP] {one.name} ({one.size} bytes)" for one in choice.kept]
    lines += [f"[LATER] {one.name} is made after the binary hooks" for one in choice.later]
    lines += [f"[LEAVE] {one.name} is a directory" for one in choice.left]
    lines += [f"[MISSING] {one.name}{_why_absent(one)}" for one in choice.missing]
    lines += [f"[REMOVE] {one.name} ({one.size} bytes)" for one in choice.removed]
    would = "would be " if dry_run else ""
    lines.append(
        f"[PRUNED] {len(choice.kept)} kept, {len(choice.removed)} {would}removed, "
        f"{choice.freed} bytes {would}freed"
    )
    return "\n".join(lines) + "\n"


def survey(
    build_dir: str,
    provides: Sequence[str],
    *,
    names: Sequence[str],
    is_later: Callable[[str], bool] = never_later,
) -> Choice:
    """Choose among what the build directory has; nothing is changed.

    Args:
        build_dir: where the artifacts are.
        provides: what the targets provide; nothing means that all is kept.
        names: the prefixes of the artifacts' names, see `prefixes`.
        is_later: tells names that are not missed yet, see `made_by_auto_build`.

    Raises:
        LivecdError: the directory can't be listed.
    """
    wanted = tuple(os.path.normpath(name) for name in provides)  # ./x is x
    return choose(look(build_dir, names, wanted), wanted, is_later=is_later)


def prune(build_dir: str, choice: Choice, *, allow_missing: bool = False) -> None:
    """Delete the artifacts that no target provides.

    Args:
        build_dir: where the artifacts are.
        choice: made by `survey`.
        allow_missing: do not mind when a provided artifact was not made.

    Raises:
        LivecdError: an artifact is missing, and nothing was deleted; or one can't be deleted.
    """
    if not allow_missing:
        require(choice)
    remove(build_dir, choice)


def _found(build_dir: str, name: str) -> Found:
    if name.startswith(("/", "..")):
        return Found(name=name, kind="missing")  # outside of the build directory
    path = os.path.join(build_dir, name)
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return Found(name=name, kind="missing")
    if os.path.islink(path):
        return Found(name=name, kind="link" if os.path.exists(path) else "dangling link")
    return Found(
        name=name, kind="directory" if os.path.isdir(path) else "file", size=status.st_size
    )


def _why_absent(one: Found) -> str:
    return "" if one.kind == "missing" else f" (there is a {one.kind} of this name)"
