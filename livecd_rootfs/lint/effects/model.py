"""What a hook does, as its text tells it: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from livecd_rootfs.source import Source, Span


class Kind(Enum):
    """What a hook does with a name."""

    READ = "reads"
    WRITE = "writes"
    REMOVE = "removes"
    # Makes a directory, and fails where there is one.
    MKDIR = "makes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One name that a hook deals with.

    Attributes:
        kind: what it does with it.
        name: see ``names``; ``*`` where nothing is known.
        source: the file that says so.
        start: where it does.
        end: where that ends.
        certain: whether each run that goes well does it.
        by: the command that does it.
    """

    kind: Kind
    name: str
    source: Source
    start: int
    end: int
    certain: bool
    by: str

    @property
    def span(self) -> Span:
        """Where the hook says so."""
        return Span(source=self.source, start=self.start, end=self.end)


def touched(kind: Kind, name: str, span: Span, *, certain: bool, by: str) -> Touch:
    """A name that a hook deals with at a place."""
    return Touch(
        kind=kind, name=name, source=span.source, start=span.start, end=span.end,
        certain=certain, by=by,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A variable that a hook takes from its environment.

    Attributes:
        name: the variable.
        source: the file that reads it.
        start: where it does first.
        end: where that ends.
        guarded: whether the hook says, anywhere, what to do when it is not set.
    """

    name: str
    source: Source
    start: int
    end: int
    guarded: bool

    @property
    def span(self) -> Span:
        """Where it is read first."""
        return Span(source=self.source, start=self.start, end=self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that a hook runs on the builder, not inside a target root.

    Attributes:
        words: its name and arguments, each as far as it is known.
        source: the file that runs it.
        places: where each word starts and ends.
    """

    words: tuple[str, ...]
    source: Source
    places: tuple[tuple[int, int], ...]

    def span(self, number: int) -> Span:
        """Where a word stands; the name is number 0."""
        start, end = self.places[number]
        return Span(source=self.source, start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """All that is known of a hook; in the order in which it happens.

    Attributes:
        touches: the names that it deals with.
        uses: the variables that it takes from its environment.
        commands: what it runs.
        is_parsed: whether its language is understood at all.
        has_config: whether it sources files that set variables.
    """

    touches: tuple[Touch, ...] = ()
    uses: tuple[Use, ...] = ()
    commands: tuple[Command, ...] = ()
    is_parsed: bool = True
    has_config: bool = False

    def of(self, *kinds: Kind) -> tuple[Touch, ...]:
        """The names that it deals with in these ways."""
        return tuple(touch for touch in self.touches if touch.kind in kinds)

    @property
    def produced(self) -> tuple[Touch, ...]:
        """What it writes in every run and leaves there, each name once."""
        from livecd_rootfs.lint.effects import names  # noqa: PLC0415 (see `names`: a leaf)

        found: dict[str, Touch] = {}
        for number, touch in enumerate(self.touches):
            if touch.kind is Kind.WRITE and touch.certain:
                later = self.touches[number + 1 :]
                if not any(
                    t.kind is Kind.REMOVE and names.covers(t.name, touch.name) for t in later
                ):
                    found.setdefault(touch.name, touch)
        return tuple(found.values())


NOTHING = Effects()
