"""The key of a layer: a digest over everything that the step could see, with its parts kept by name.

Two steps have one key exactly when they have the same inputs after the same steps, so the
parts are kept beside the layer, and a miss can say which of them changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

# Part of every key: a layer of another format is never found.
FORMAT = 1
LONGEST_TEXT = 200
NEVER_RAN = "it never ran before"


class PartKind(Enum):
    """What a part is; the value is how it is called in messages and in stored layers."""

    HOOK = "hook bytes"
    MODE = "hook mode"
    SUPPORT = "support file"
    MODULE = "module"
    VARIABLE = "variable"
    SETTING = "setting"
    PROJECT = "project file"
    ARCHIVE = "archive"
    TOOLS = "tools"
    BRANCH = "side branch"
    JOINED = "joined tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One input of a step.

    Attributes:
        kind: what it is.
        name: its name among those of its kind; empty where there is only one.
        digest: sha256 of its content, in hex.
        text: its content, if that is short and text; for messages only.
    """

    kind: PartKind
    name: str = ""
    digest: str
    text: str | None = None


def of_text(kind: PartKind, name: str, text: str, *, secret: bool = False) -> Part:
    """A part that is a value, such as a variable.

    Args:
        kind: what it is.
        name: its name.
        text: its value.
        secret: keep only the digest, so that no message and no store shows the value.
    """
    data = text.encode("utf-8", "surrogateescape")
    shown = text if len(text) <= LONGEST_TEXT and not secret else None
    return Part(kind=kind, name=name, digest=hashlib.sha256(data).hexdigest(), text=shown)


def of_bytes(kind: PartKind, name: str, data: bytes) -> Part:
    """A part that is the content of a file."""
    return Part(kind=kind, name=name, digest=hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a layer is made: all that its key is made of.

    Attributes:
        parent: key of the step before; ``None`` for the first one.
        after: name of the step before, for messages only.
        kind: the step's kind, such as ``chroot``.
        name: the step's name: the hook's path in ``hooks.d``.
        parts: its inputs; their order has no meaning, and no two have both one kind and one name.
    """

    parent: str | None
    after: str = ""
    kind: str
    name: str
    parts: tuple[Part, ...] = ()

    @property
    def by_name(self) -> Mapping[tuple[str, str], Part]:
        """The parts by kind and name, in order of these.

        Raises:
            ValueError: two parts have both one kind and one name.
        """
        found = {(part.kind.value, part.name): part for part in self.parts}
        if len(found) != len(self.parts):
            raise ValueError(f"{self.name}: a part is given twice")
        return dict(sorted(found.items()))


def key(recipe: Recipe) -> str:
    """The key, 64 hex digits: sha256 over the recipe as canonical JSON.

    JSON marks where each text begins and ends, so no two recipes are written alike. Names may
    hold bytes that are no UTF-8 (as os.fsdecode gives them); they are escaped like all that
    is not ASCII.
    """
    parts = [[kind, name, part.digest] for (kind, name), part in recipe.by_name.items()]
    data = [FORMAT, recipe.parent, recipe.kind, recipe.name, parts]
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def changes(old: Recipe, new: Recipe) -> tuple[str, ...]:
    """Why two recipes have different keys, a line for each difference; none if they are equal.

    The step's own inputs come first: when one of them changed, so did every step after it.
    """
    lines = [*_step_changes(old, new), *_part_changes(old, new)]
    if old.parent != new.parent:
        lines.append(_parent_change(old, new))
    return tuple(lines)


def _step_changes(old: Recipe, new: Recipe) -> Iterable[str]:
    if old.name != new.name:
        yield f"the step was {old.name}, is {new.name}"
    if old.kind != new.kind:
        yield f"the step was of kind {old.kind}, is of kind {new.kind}"


def _part_changes(old: Recipe, new: Recipe) -> Iterable[str]:
    before, after = old.by_name, new.by_name
    for place in (*after, *(place for place in before if place not in after)):
        line = _change(before.get(place), after.get(place), new.name)
        if line:
            yield line


def _change(old: Part | None, new: Part | None, step: str) -> str | None:
    """One part, before and now, in words; ``None`` if it is the same."""
    if old is not None and new is not None:
        return None if old.digest == new.digest else f"{title(new, step)} {_values(old, new)}"
    if new is not None:
        return f"{title(new, step)} is new{_value(new)}"
    return f"{title(old, step)} is gone{_value(old)}" if old is not None else None


def title(part: Part, step: str) -> str:
    """What a part of a step's recipe is called in messages."""
    return f"{part.kind.value} {part.name}" if part.name else f"{part.kind.value} of {step}"


def _values(old: Part, new: Part) -> str:
    if old.text is None or new.text is None:
        return "changed"
    if "\n" in f"{old.text}{new.text}":
        return _lines(old.text.splitlines(), new.text.splitlines())
    return f"was {old.text!r}, is {new.text!r}"


def _lines(before: Sequence[str], after: Sequence[str]) -> str:
    """What changed of a list that is written a name a line."""
    lost = [line for line in before if line not in after]
    got = [line for line in after if line not in before]
    told = [f"{verb} {_several(lines)}" for verb, lines in (("lost", lost), ("got", got)) if lines]
    return ", ".join(told) or "is in another order"


def _several(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]!r}{more}"


def _value(part: Part) -> str:
    return "" if part.text is None else f" ({part.text!r})"


def _parent_change(old: Recipe, new: Recipe) -> str:
    if new.parent is None:
        return f"it was after {old.after or 'another step'}, is the first step"
    if old.parent is None:
        return f"it was the first step, is after {new.after or 'another step'}"
    if old.after != new.after:
        return f"the step before it was {old.after}, is {new.after}"
    return parent_changed(new.after)


def parent_changed(after: str | None) -> str:
    """The reason of a step of whose own inputs nothing changed."""
    return f"the step before it changed: {after}"


def reasons(new: Recipe, others: Iterable[Recipe]) -> tuple[str, ...]:
    """Why a step is made anew: what changed against the nearest of the recipes of the same step."""
    best = nearest(new, others)
    return (NEVER_RAN,) if best is None else changes(best, new)


def nearest(new: Recipe, others: Iterable[Recipe]) -> Recipe | None:
    """Of the recipes of the same step, the one with the fewest changes; of equals, the first."""
    same = (other for other in others if (other.kind, other.name) == (new.kind, new.name))
    return min(same, key=lambda other: len(changes(other, new)), default=None)


def to_json(recipe: Recipe) -> dict[str, object]:
    """The recipe as it is stored beside its layer."""
    return {
        "parent": recipe.parent,
        "after": recipe.after,
        "kind": recipe.kind,
        "name": recipe.name,
        "parts": [
            {"kind": kind, "name": name, "digest": part.digest, "text": part.text}
            for (kind, name), part in recipe.by_name.items()
        ],
    }


def from_json(data: Mapping[str, object]) -> Recipe:
    """A stored recipe.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    parts = data["parts"]
    if not isinstance(parts, list):
        raise TypeError("parts is no list")
    parent = data["parent"]
    return Recipe(
        parent=None if parent is None else str(parent),
        after=str(data["after"]),
        kind=str(data["kind"]),
        name=str(data["name"]),
        parts=tuple(_part_from_json(part) for part in parts),
    )


def _part_from_json(data: Mapping[str, str | None]) -> Part:
    text = data["text"]
    return Part(
        kind=PartKind(data["kind"]),
        name=str(data["name"]),
        digest=str(data["digest"]),
        text=text if text is None else str(text),
    )
