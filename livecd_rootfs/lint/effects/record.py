"""The record of what a hook does, as it is read line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.memory import Texts
from livecd_rootfs.lint.effects.model import Command, Effects, Kind, Touch, Use, touched
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.source import Span

# Names that are no files of a build.
_NOWHERE = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "-", "")


@dataclass(slots=True)
class Record:
    """What is known so far.

    Attributes:
        touches: the names that the hook deals with.
        uses: the variables that it has not set, each where it is read first.
        commands: what it runs on the builder.
        set_somewhere: the variables that it sets, wherever that is.
        has_config: whether it sources files that set variables.
    """

    touches: list[Touch] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    set_somewhere: set[str] = field(default_factory=set)
    has_config: bool = False

    def touch(self, deed: Deed, span: Span, by: str, folder: Texts, *, certain: bool) -> None:
        """Take what a command does with a name, seen from its working directory."""
        is_certain = certain and deed.sure and len(deed.texts) == len(folder) == 1
        for text in deed.texts:
            for place in folder:
                self._take(deed.kind, _below(place, text), span, by, is_certain=is_certain)

    def _take(self, kind: Kind, text: str, span: Span, by: str, *, is_certain: bool) -> None:
        if text in _NOWHERE:
            return
        name = names.normal(text)
        certain = is_certain and names.is_known(name)
        self.touches.append(touched(kind, name, span, certain=certain, by=by))

    def unclear(self, span: Span, by: str) -> None:
        """Something goes on there that may read and write anything."""
        for kind in (Kind.READ, Kind.WRITE):
            self.touches.append(touched(kind, names.UNKNOWN, span, certain=False, by=by))

    def use(self, name: str, span: Span, *, guarded: bool) -> None:
        """A variable is read that was not set before."""
        old = self.uses.get(name)
        if old is None:
            self.uses[name] = Use(
                name=name, source=span.source, start=span.start, end=span.end, guarded=guarded
            )
        elif guarded and not old.guarded:
            self.uses[name] = replace(old, guarded=True)

    def effects(self, *, more: Iterable[Touch] = ()) -> Effects:
        """All of it."""
        uses = (use for name, use in self.uses.items() if name not in self.set_somewhere)
        return Effects(
            touches=(*self.touches, *more),
            uses=tuple(uses),
            commands=tuple(self.commands),
            has_config=self.has_config,
        )


def _below(folder: str, text: str) -> str:
    if not text or text.startswith(("/", "${")) or folder == names.BUILD:
        return text
    return f"{folder}/{text}"
