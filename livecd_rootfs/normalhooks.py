"""The hooks directory as Debian's live-build (5 and later) reads it: ``normal/`` and ``live/``.

There a hook runs with another working directory and another configuration directory than
hooks know, and is not looked for beside these folders. So each hook gets a small wrapper::

    normal/9101-name.hook.chroot          makes /root/config what it is, and runs the hook
    normal/9102-name.hook.binary          goes to the build directory, and runs the hook
    normal/9103-name.hook.chroot_early    a link, since only auto/build runs these
    live/9100-gate.hook.chroot            does nothing: without one in live/ none runs at all

Debian's own hooks are numbered up to 9020, so ours come after them.
"""

from __future__ import annotations

import os
import shlex

from livecd_rootfs import hooksdir
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.folder import Folder
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from livecd_rootfs.hooksdir import HooksPlan

NORMAL, LIVE = "normal", "live"
FIRST = "91"
NUMBER_WIDTH = 2
GATE = "9100-gate.hook.chroot"
MARK = "# Made by make-hooks"
# The settings of the build, which live-build itself gives to no hook.
SETTINGS = "settings"

_SETTINGS_OF = """\
if [ -f {config}/{settings} ]; then
    set -a
    . {config}/{settings}
    set +a
fi
"""
_BINARY = (
    """\
#!/bin/sh
{mark}, of {hook}.
# live-build runs binary hooks in binary/; they expect the directory above it.
set -e
cd "$(dirname "$0")/../../.."
"""
    + _SETTINGS_OF
    + "exec ./{path}\n"
)
_CHROOT = (
    """\
#!/bin/sh
{mark}, of {hook}.
# live-build shows the configuration as /live-build/config; hooks know it as /root/config.
set -e
if [ -e /root/config ] && [ ! -L /root/config ]; then
    echo "{program}: the target root has a /root/config of its own" >&2
    exit 1
fi
trap 'rm -f /root/config' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
ln -sfn /live-build/config /root/config
"""
    + _SETTINGS_OF
    + "/root/config/{path}\n"
)
_GATE = f"""\
#!/bin/sh
{MARK}: live-build runs no chroot hook at all when there is none in this folder.
exit 0
"""


class Wrapper(Value):
    """An entry of ``normal/``.

    Attributes:
        name: its file name.
        hook: the hook, as the series file has it.
        text: of the script; of the link, for a hook that only auto/build runs.
        is_link: which of the two it is.
    """

    name: str
    hook: str
    text: str
    is_link: bool


def wrappers(plan: HooksPlan) -> tuple[Wrapper, ...]:
    """The wrappers of a plan's hooks, in order.

    Args:
        plan: its directory is ``config/hooks`` of the build directory.

    Raises:
        LivecdError: a hook has no suffix by which live-build would find it, or it is one for
            the target root and lies outside of ``config``.
    """
    width = max(NUMBER_WIDTH, len(str(len(plan.links))))
    return tuple(
        _wrapper(plan, link.hook, f"{FIRST}{number:0{width}d}")
        for number, link in enumerate(plan.links, start=1)
    )


def listing(plan: HooksPlan, *, flat: bool) -> str:
    """The wrappers, and with ``flat`` also the links, as make-hooks prints them."""
    hooks = [f"[HOOK] {NORMAL}/{one.name} => {one.hook}\n" for one in wrappers(plan)]
    return "".join(hooks) + hooksdir.listing(plan if flat else _without_links(plan))


def apply(plan: HooksPlan, *, flat: bool) -> bool:
    """Make the hooks directory what the plan says, whole or not at all.

    Args:
        plan: the hooks.
        flat: whether the numbered links of older live-builds are made beside the wrappers.

    Returns:
        Whether something was in the directory before.

    Raises:
        LivecdError: see `wrappers` and `hooksdir.apply`. All is then as it was before.
    """
    wanted = wrappers(plan)
    before = os.path.isdir(plan.directory) and bool(os.listdir(plan.directory))
    try:
        with (
            Folder(os.path.join(plan.directory, NORMAL)) as normal,
            Folder(os.path.join(plan.directory, LIVE)) as live,
        ):
            _change(normal, wanted)
            _change(live, [Wrapper(name=GATE, hook="", text=_GATE, is_link=False)])
            hooksdir.apply(plan if flat else _without_links(plan))
    except OSError as error:
        raise hooksdir.cannot_write(plan.directory, error) from None
    return before


def _without_links(plan: HooksPlan) -> HooksPlan:
    return hooksdir.HooksPlan(
        tree=plan.tree,
        directory=plan.directory,
        links=(),
        provides=plan.provides,
        provides_path=plan.provides_path,
    )


def _wrapper(plan: HooksPlan, hook: str, number: str) -> Wrapper:
    stem, dot, suffix = hooksdir.bare_name(hook).rpartition(".")
    name = f"{number}-{stem}.hook{dot}{suffix}"
    config = os.path.dirname(plan.directory)
    if suffix == "binary":
        path = os.path.relpath(os.path.join(plan.tree, hook), os.path.dirname(config))
        text = _script(_BINARY, hook, path, config="./config")
    elif suffix == "chroot":
        text = _script(_CHROOT, hook, _inside(plan, hook, config), config="/root/config")
    elif suffix == "chroot_early":
        text = os.path.relpath(os.path.join(plan.tree, hook), os.path.join(plan.directory, NORMAL))
    else:
        raise _never_run(hook)
    return Wrapper(name=name, hook=hook, text=text, is_link=suffix == "chroot_early")


def _script(template: str, hook: str, path: str, *, config: str) -> str:
    return template.format(
        mark=MARK,
        hook=hook,
        path=shlex.quote(path),
        config=config,
        settings=SETTINGS,
        program="make-hooks",
    )


def _inside(plan: HooksPlan, hook: str, config: str) -> str:
    path = os.path.relpath(os.path.join(plan.tree, hook), config)
    if path.startswith("../"):
        raise LivecdError(
            f"hook '{hook}' can't be reached from inside the target root",
            why=f"there only {config} is shown, read-only",
            remedy="copy hooks.d to config/hooks.d, and run make-hooks from there",
        )
    return path


def _change(folder: Folder, wanted: Iterable[Wrapper]) -> None:
    own = _own(folder)
    entries = {one.name: one for one in wanted}
    foreign = sorted(name for name in folder.names() if name in entries and name not in own)
    if foreign:
        raise hooksdir.in_the_way(folder.path, foreign)
    for name, text in own.items():
        one = entries.get(name)
        if one is None or one.text != text:
            folder.remove(name)
    for one in entries.values():
        if own.get(one.name) != one.text:
            _make(folder, one)


def _make(folder: Folder, one: Wrapper) -> None:
    if one.is_link:
        folder.symlink(one.name, one.text)
    else:
        folder.script(one.name, one.text)


def _own(folder: Folder) -> Mapping[str, str]:
    """What an earlier run made, by name, with its text."""
    own = {}
    for name in folder.names():
        if not name.startswith(FIRST):
            continue
        text = folder.link_text(name)
        if text is None:
            text = folder.text(name)
            if not text.startswith(f"#!/bin/sh\n{MARK}"):
                continue
        elif not name.endswith(".hook.chroot_early"):
            continue
        own[name] = text
    return own


def _never_run(hook: str) -> LivecdError:
    return LivecdError(
        f"live-build would never run the hook '{hook}'",
        why="it knows hooks by the end of their names",
        remedy="let it end in .binary, .chroot or .chroot_early",
    )
