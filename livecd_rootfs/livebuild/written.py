"""The settings of a build as auto/config has written them, and those that its root was made with."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import normalhooks
from livecd_rootfs.errors import LivecdError

SETTINGS = Path("config", normalhooks.SETTINGS)
# live-build's marks of what it has done, which `lb clean` removes.
STAGE_FILES = ".build"
BEGUN = Path(STAGE_FILES, "livecd_settings")
# Another one in each call, by default; and what follows from the others.
_NOT_COMPARED = frozenset({"BUILDSTAMP", "LIVECD_SEED"})


def read(path: Path) -> dict[str, str]:
    """The variables in such a file.

    Raises:
        LivecdError: it is not there.
    """
    try:
        words = shlex.split(path.read_text())
    except FileNotFoundError:
        raise LivecdError(
            "there is nothing to build here",
            place=str(path),
            why="auto/config was not run",
            remedy="run `PROJECT=... lb config` first",
        ) from None
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs}


def begin(place: Path) -> None:
    """Note what the root of a build directory is made with."""
    (place / STAGE_FILES).mkdir(exist_ok=True)
    shutil.copyfile(place / SETTINGS, place / BEGUN)


def refuse_another(place: Path, variables: Mapping[str, str]) -> None:
    """A stage that is done is not done again: what it made must be what is asked for now.

    Args:
        place: the build directory.
        variables: what is to be written.

    Raises:
        LivecdError: the directory holds the root of another build.
    """
    if not (place / BEGUN).exists():
        return
    begun = read(place / BEGUN)
    changes = tuple(
        f"{name} was '{begun.get(name, '')}', and is '{value}'"
        for name, value in variables.items()
        if name not in _NOT_COMPARED and begun.get(name, "") != value
    )
    if changes:
        raise LivecdError(
            "what was built here before was asked for otherwise",
            place=str(BEGUN),
            why=changes[0],
            notes=changes[1:],
            remedy="run `lb clean` first, or go on with `lb build`",
        )
