"""The hooks directory: numbered links to the hooks, and ``explicit_provides``.

A plan is a value: which links, which names. Applying it changes the directory whole or not
at all, one process at a time. The links of an earlier run are replaced, also those of one
that was killed half-way; files of others stay, and one that stands where a link is to be
made is refused before anything is written.

A link counts as one of an earlier run when its name is ``NNN-`` and the base name of what
it points at, as `link_name` makes it, and it points into the tree or at a hook of the plan.
"""

from __future__ import annotations

import os

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.folder import Folder
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from livecd_rootfs.resolve import Resolution

PROVIDES_FILE = "explicit_provides"
NUMBER_WIDTH = 3


class Link(Value):
    """A symbolic link of the hooks directory.

    Attributes:
        name: ``NNN-`` and the hook's base name without leading numbers.
        text: what the link holds: the way from the directory to the hook.
        hook: the hook, as the series file has it.
    """

    name: str
    text: str
    hook: str


class HooksPlan(Value):
    """What a hooks directory is to hold.

    Attributes:
        tree: the ``hooks.d`` to which the links lead; absolute, without links in it.
        directory: the hooks directory; absolute, without links in it.
        links: in the order of the hooks.
        provides: the lines of ``explicit_provides``.
        provides_path: where that file is written.
    """

    tree: str
    directory: str
    links: tuple[Link, ...]
    provides: tuple[str, ...]
    provides_path: str


def plan(
    resolution: Resolution, *, tree: str, directory: str, provides_path: str | None = None
) -> HooksPlan:
    """Number the hooks of a resolution.

    Args:
        resolution: one without errors.
        tree: the ``hooks.d``; absolute, without links in it (``os.path.realpath``), since
            the links' text is the way from the one directory to the other.
        directory: the hooks directory, likewise.
        provides_path: where ``explicit_provides`` goes; without it, into the directory.
    """
    hooks = [hook.name for hook in resolution.hooks]
    width = max(NUMBER_WIDTH, len(str(len(hooks))))
    links = tuple(
        Link(
            name=link_name(number, hook, width),
            text=os.path.relpath(os.path.join(tree, hook), directory),
            hook=hook,
        )
        for number, hook in enumerate(hooks, start=1)
    )
    return HooksPlan(
        tree=tree,
        directory=directory,
        links=links,
        provides=resolution.explicit_provides,
        provides_path=provides_path or os.path.join(directory, PROVIDES_FILE),
    )


def link_name(number: int, hook: str, width: int = NUMBER_WIDTH) -> str:
    """The name of a hook's link; all numbers of a directory are equally wide.

    The shell's glob, by which live-build finds hooks, sorts names and not numbers.
    """
    return f"{number:0{width}d}-{bare_name(hook)}"


def listing(plan: HooksPlan) -> str:
    """The plan as make-hooks prints it."""
    links = [f"[HOOK] {link.name} => {link.hook}\n" for link in plan.links]
    return "".join(links + [f"[PROVIDES] {artifact}\n" for artifact in plan.provides])


def apply(plan: HooksPlan) -> bool:
    """Make the hooks directory what the plan says.

    Returns:
        Whether something was in the directory before.

    Raises:
        LivecdError: a foreign file is in the way, or the directory or the file of
            provides can't be written. All is then as it was before.
    """
    try:
        with Folder(plan.directory) as folder:
            present = folder.names()
            _change(plan, folder, present)
    except OSError as error:
        raise cannot_write(plan.directory, error) from None
    return bool(present)


def _change(plan: HooksPlan, folder: Folder, present: Sequence[str]) -> None:
    own = _own_links(plan, folder, present)
    wanted = {link.name: link.text for link in plan.links}
    foreign = sorted(name for name in present if name in wanted and name not in own)
    if foreign:
        raise in_the_way(plan.directory, foreign)
    text = "".join(f"{artifact}\n" for artifact in plan.provides)
    ready = folder.write(f"{plan.provides_path}.new", text)
    for name, text in own.items():
        if wanted.get(name) != text:
            folder.unlink(name, text)
    for name, text in wanted.items():
        if own.get(name) != text:
            folder.symlink(name, text)
    os.replace(ready, plan.provides_path)
    stale = os.path.join(plan.directory, PROVIDES_FILE)
    if plan.provides_path != stale and os.path.isfile(stale):
        os.unlink(stale)  # the pruner would look there first


def _own_links(plan: HooksPlan, folder: Folder, present: Sequence[str]) -> Mapping[str, str]:
    """The links of an earlier run, by name, with their text."""
    hooks = {link.text for link in plan.links}
    own = {}
    for name in present:
        number, dash, rest = name.partition("-")
        if not (dash and number.isdecimal() and len(number) >= NUMBER_WIDTH):
            continue
        text = folder.link_text(name)
        if text and rest == bare_name(text) and (text in hooks or _leads_into_tree(plan, text)):
            own[name] = text
    return own


def _leads_into_tree(plan: HooksPlan, text: str) -> bool:
    path = os.path.normpath(os.path.join(plan.directory, text))
    return path.startswith(plan.tree.rstrip("/") + "/")


def bare_name(hook: str) -> str:
    """The base name of a hook without up to two leading numbers."""
    return _without_number(_without_number(hook.rsplit("/", 1)[-1]))


def _without_number(name: str) -> str:
    number, dash, rest = name.partition("-")
    return rest if dash and number.isdecimal() else name


def in_the_way(directory: str, names: Sequence[str]) -> LivecdError:
    """The failure when foreign files stand where entries are to be made."""
    return LivecdError(
        f"'{names[0]}' in {directory} is not a link that make-hooks made",
        why="a link to a hook is to be made under that name; nothing was written",
        remedy="move it away, or choose another directory by --hooks-dir",
        notes=tuple(f"likewise '{name}'" for name in names[1:]),
    )


def cannot_write(path: str, error: OSError) -> LivecdError:
    """The failure when the system refuses a change to the directory."""
    return LivecdError(
        f"{error.filename2 or error.filename or path} can't be written",
        why=f"{error.strerror}; nothing was changed",
        remedy="give it room and permission there, or choose another place by --hooks-dir",
    )
