"""What a shell script's variables can hold at one of its lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from livecd_rootfs.lint.effects import names

Texts = tuple[str, ...]
# A word that could be more texts than this is taken for one that nobody knows.
MOST = 16
UNKNOWN: Texts = (names.UNKNOWN,)
NOTHING: Texts = ("",)
# One that the kernel gives, whichever that is.
DEVICE: Texts = ("/dev/*",)
# What every hook finds without setting it.
GIVEN: Mapping[str, Texts] = {
    "PREFIX": (names.PREFIX,),
    "PROJECT": ("${PROJECT}",),
    "SUBARCH": ("${SUBARCH}",),
    "PWD": (names.BUILD,),
    "0": (names.HOOK,),
    "BASH_SOURCE": (names.HOOK,),
    "TMPDIR": ("/tmp",),  # noqa: S108 (the name in a hook)
    "HOME": ("/root",),
}


def union(*sets: Texts) -> Texts:
    """All that any of these can be."""
    found = tuple(dict.fromkeys(itertools.chain(*sets)))
    return found if len(found) <= MOST else UNKNOWN


def joined(parts: Iterable[Texts]) -> Texts:
    """What the parts of a word can be together."""
    found: Texts = NOTHING
    for part in parts:
        if len(found) * len(part) > MOST:
            return UNKNOWN
        found = tuple(dict.fromkeys(before + text for before in found for text in part))
    return found


@dataclass(slots=True)
class Memory:
    """What is known at one line of a script; a copy of it follows each branch.

    Attributes:
        values: the variables that were set, and what they can hold.
        arguments: ``$1`` and those behind it; ``None`` if their number is not known.
        folder: the working directory.
    """

    values: dict[str, Texts] = field(default_factory=dict)
    arguments: tuple[Texts, ...] | None = ()
    folder: Texts = (names.BUILD,)

    def copy(self) -> Memory:
        """The same, to be changed apart."""
        return Memory(values=dict(self.values), arguments=self.arguments, folder=self.folder)

    def get(self, name: str) -> Texts:
        """What a variable can hold."""
        if name == "PWD":
            return self.folder
        if name in self.values:
            return self.values[name]
        if name.isdigit() and name != "0":
            return self._argument(int(name) - 1)
        if name in {"@", "*"}:
            return self._all_arguments()
        return GIVEN.get(name, UNKNOWN)

    def knows(self, name: str) -> bool:
        """Whether the script itself has set it."""
        return name in self.values

    def take(self, branches: Iterable[Memory]) -> None:
        """Go on with what holds after any one of these."""
        ends = list(branches)
        if not ends:
            return
        every = dict.fromkeys(name for end in ends for name in end.values)
        self.values = {name: union(*(end.get(name) for end in ends)) for name in every}
        self.folder = union(*(end.folder for end in ends))
        if any(end.arguments != ends[0].arguments for end in ends):
            self.arguments = None
        else:
            self.arguments = ends[0].arguments

    def _argument(self, number: int) -> Texts:
        if self.arguments is None:
            return UNKNOWN
        return self.arguments[number] if number < len(self.arguments) else NOTHING

    def _all_arguments(self) -> Texts:
        if self.arguments is None:
            return UNKNOWN
        return union(*self.arguments) if self.arguments else NOTHING
