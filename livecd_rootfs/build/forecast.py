"""The forecast of a run: for each step whether its layer is there, and why not; nothing runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from livecd_rootfs.build import joining, newroot
from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.build.plan import BaseKind, StepKind
from livecd_rootfs.build.recipes import Kitchen
from livecd_rootfs.layers import joined
from livecd_rootfs.layers.key import Part, Recipe, key, reasons
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What will become of one step.

    Attributes:
        node: the step.
        layer: the stored layer that will be used; ``None`` if it will run.
        why: why it will run; empty if it will not.
    """

    node: Node
    layer: Layer | None
    why: tuple[str, ...]


def forecast(
    forest: Forest, kitchen: Kitchen, store: Store, date: int | None
) -> tuple[Outlook, ...]:
    """Look for the layer of every step, in the order of the forest.

    Args:
        forest: the steps.
        kitchen: what their recipes are made from.
        store: where layers are.
        date: SOURCE_DATE_EPOCH; ``None`` if only the root can tell it.
    """
    known = [layer.meta.recipe for layer in store.layers()]
    made: dict[int, Outlook] = {}
    recipes: dict[int, Recipe] = {}
    for node in forest.nodes:
        after = made[node.parent] if node.parent is not None else None
        before = recipes[node.parent] if node.parent is not None else None
        when = date if date is not None else _date_of_root(node, made, forest)
        branches = {name: made[number] for name, number in node.joined}
        joins = tuple(_joined(word, branches) for word in node.step.joins)
        recipe = kitchen.recipe(node, forest.builds[node.builds[0]], before, when, joins)
        recipes[node.number] = recipe
        outlook = _outlook(node, recipe, after, store, known)
        unsure = tuple(_unsure(branches)) if outlook.layer is None else ()
        made[node.number] = replace(outlook, why=unsure or outlook.why)
    return tuple(made.values())


def _joined(word: str, branches: Mapping[str, Outlook]) -> Part:
    """What a step joins, as far as that is known."""
    name, _, path = word.partition("/")
    if name not in branches:
        return joining.part(word, joining.NOTHING)
    layer = branches[name].layer
    return joining.part(word, (layer and joined.digest(layer, path)) or "not known yet")


def _unsure(branches: Mapping[str, Outlook]) -> Iterator[str]:
    """Why a step may have to run: of a branch that runs nobody knows yet what it makes."""
    for name, tip in branches.items():
        if tip.layer is None:
            yield f"unless the side branch '{name}', which is made anew, makes the same again"


def _outlook(
    node: Node, recipe: Recipe, after: Outlook | None, store: Store, known: Sequence[Recipe]
) -> Outlook:
    reachable = after is None or after.layer is not None
    found = store.find(key(recipe), after.layer if after else None) if reachable else None
    if found is not None:
        return Outlook(node=node, layer=found, why=())
    why = reasons(recipe, known)
    return Outlook(node=node, layer=None, why=why or ("a layer before it is made anew",))


def _date_of_root(node: Node, made: dict[int, Outlook], forest: Forest) -> int:
    """The date that a stored root tells; where none is stored every step will run anyway."""
    plan = forest.builds[node.builds[0]]
    if plan.base.kind is BaseKind.NONE or node.step.kind is StepKind.BASE:
        return newroot.EARLIEST
    root = made[forest.chain(node)[0].number].layer
    return newroot.date_of_root(root.diff / "chroot") if root else newroot.EARLIEST
