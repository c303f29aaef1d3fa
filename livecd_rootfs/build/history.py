"""The history of a step in the store: whether it is there, and why it was, or will be, made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from livecd_rootfs.build.forecast import Outlook
from livecd_rootfs.layers.key import parent_changed, reasons
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.units import duration, size


def history(chain: Sequence[Outlook], stored: Iterable[Layer]) -> tuple[str, ...]:
    """What the store tells of a step, in lines.

    Args:
        chain: the outlook of the step, and before it those of all steps before it.
        stored: all layers.
    """
    outlook = chain[-1]
    if outlook.layer is not None:
        layers = [each.layer for each in chain if each.layer is not None]
        return _of_layer(layers, tuple(stored))
    first = next(each for each in chain if each.layer is None)
    lines = tuple(f"To run: {reason}." for reason in outlook.why)
    return lines if first is outlook else (*lines, *_first(first.node.step.name, first.why))


def _first(name: str, why: Iterable[str]) -> tuple[str, ...]:
    """The step with which it began."""
    return tuple(f"First: {name}: {reason}." for reason in why)


def _of_layer(chain: Sequence[Layer], stored: Sequence[Layer]) -> tuple[str, ...]:
    """Why the last layer of a chain was made."""
    layer = chain[-1]
    why = _why(layer, stored)
    return (
        f"Cached: {size(layer.meta.size)}, which took {duration(layer.meta.seconds)}.",
        *(f"Made because: {reason}." for reason in why),
        *(_cause(chain[:-1], stored) if _is_from_before(layer, why) else ()),
    )


def _cause(before: Sequence[Layer], stored: Sequence[Layer]) -> tuple[str, ...]:
    """The nearest step before that was made anew for a reason of its own."""
    for layer in reversed(before):
        why = _why(layer, stored)
        if not _is_from_before(layer, why):
            return _first(layer.name, why)
    return ()


def _why(layer: Layer, stored: Sequence[Layer]) -> tuple[str, ...]:
    """What had changed when a layer was made, against the nearest one that there was."""
    older = (each.meta.recipe for each in stored if each.meta.created < layer.meta.created)
    return reasons(layer.meta.recipe, older)


def _is_from_before(layer: Layer, why: Sequence[str]) -> bool:
    """Whether nothing of the step itself had changed."""
    return why == (parent_changed(layer.meta.recipe.after),)
