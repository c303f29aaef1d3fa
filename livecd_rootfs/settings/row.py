"""A row of the table of settings, and the kinds of text that it may hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the text of a setting is read."""

    TEXT = "text"
    # A part of the names of files.
    NAME = "name"
    WORDS = "list"
    LINES = "list of lines"
    ARGUMENTS = "line of arguments"
    BOOL = "yes or no"
    BYTES = "size"
    SECONDS = "time"
    FILE = "file"
    CONSOLE = "serial port"
    HASH = "hash"
    PRIVATE = "private text"
    # Content of the project: files and folders, which a step sees at a fixed place.
    TREES = "list of files and folders"
    SCRIPT = "script"
    # Where something is put; in no layer's key.
    PLACE = "directory"


# What may be given several times, each time with more of it.
LISTS = frozenset({Kind.WORDS, Kind.LINES, Kind.ARGUMENTS, Kind.TREES})
# What names files of the project.
PROJECT_FILES = frozenset({Kind.TREES, Kind.SCRIPT})
YES, NO, AUTO = "yes", "no", "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table.

    Attributes:
        name: how the program calls it; in capitals it is the variable that hooks read.
        section: its section in mkosi.conf.
        option: its name there.
        aliases: other names of it there, by which other releases of mkosi know it.
        kind: how its text is read.
        choices: all that it can be; empty if it is free.
        also: other words for some of the choices, each with the choice that it means.
        default: text when nobody sets it; empty is "decided from the others".
        files: files of the project that are meant when nobody sets it, those that are there.
        flag: whether it has an option and a variable of its own name; the others are set by
            ``--set`` and by ``LIVECD_`` before the name.
        hidden: whether no hook ever gets it.
        apart: what separates items of a list of lines besides line feeds.
        change: whether the list is a change to one that is decided elsewhere, so that what it
            removes (``!name``) is kept in it.
        below: where the targets of its trees are, unless they are paths of the root.
        help: one line for ``--help`` and the manual.
    """

    name: str
    section: str
    option: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    default: str = ""
    files: tuple[str, ...] = ()
    flag: bool = False
    hidden: bool = False
    apart: str = ""
    change: bool = False
    below: str = ""
    help: str

    @property
    def variable(self) -> str:
        """The variable by which a hook reads it."""
        return self.name.upper()

    @property
    def asked(self) -> str:
        """The variable of the user's environment that sets it.

        Only few have a plain name: HOSTNAME or FORMAT may be there for other reasons.
        """
        return self.variable if self.flag else f"LIVECD_{self.variable}"

    @property
    def given_by(self) -> str:
        """How a command line sets it."""
        return f"--{self.name.replace('_', '-')}" if self.flag else f"--set {self.option}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names that it has in mkosi.conf."""
        return (self.option, *self.aliases)
