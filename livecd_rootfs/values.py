"""Frozen values with named fields, at a tenth of what dataclasses cost to import.

``make-hooks`` and the hooks are started on every build, ``import dataclasses`` takes about
as long as starting Python does, and each dataclass half a millisecond more. A class that
derives from `Value` reads and type-checks like a
``dataclass(frozen=True, slots=True, kw_only=True)``: its annotations are its fields.
Modules that neither loads on its way use real dataclasses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar, TypeVar

    from typing_extensions import dataclass_transform

    AnyValue = TypeVar("AnyValue", bound="Value")
else:

    def dataclass_transform(**_options: object) -> object:
        """Stands in for the one of ``typing``, which is new in 3.11 and slow to import."""
        return lambda decorated: decorated


@dataclass_transform(kw_only_default=True, frozen_default=True)
class ValueType(type):
    """Makes the annotations of a class its slots."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ValueType:
        """Build the class; defaults stand apart, since a slot can't hold one."""
        names = tuple(namespace.get("__annotations__", ()))
        if "__slots__" not in namespace:
            namespace["__slots__"] = names
            namespace["_defaults"] = {key: namespace.pop(key) for key in names if key in namespace}
        return super().__new__(mcs, name, bases, namespace)


class Value(metaclass=ValueType):
    """A value: built from keywords, compared by content, never changed.

    Raises:
        TypeError: a field is missing, or one is given that the class does not have.
        AttributeError: someone tries to change a field.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Mapping[str, object]] = {}

    def __init__(self, **fields: object) -> None:
        given = {**self._defaults, **fields}
        if len(given) != len(self.__slots__):
            raise TypeError(f"{type(self).__name__} takes the fields {', '.join(self.__slots__)}")
        for name in self.__slots__:
            try:
                object.__setattr__(self, name, given[name])
            except KeyError:
                raise TypeError(f"{type(self).__name__} lacks the field {name}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} can't be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} can't be removed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _fields(self) == _fields(other)

    def __hash__(self) -> int:
        return hash(_fields(self))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({shown})"


def _fields(value: object) -> tuple[object, ...]:
    return tuple(getattr(value, name) for name in getattr(value, "__slots__", ()))


def replaced(value: AnyValue, **changes: object) -> AnyValue:
    """The same value but for these fields, as ``dataclasses.replace`` gives it.

    Raises:
        TypeError: it has no such field.
    """
    kept = {name: getattr(value, name) for name in value.__slots__}
    return type(value)(**{**kept, **changes})
