"""What image targets mean: ordered hooks, each with its chain of ``depends``, and provides."""

from __future__ import annotations

from livecd_rootfs.series import Series
from livecd_rootfs.source import Span
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, Protocol

    from livecd_rootfs.diagnostics import Diagnostic
    from livecd_rootfs.hooktree import HookState

    Origin = Literal["chroot", "series", "final"]

    class Tree(Protocol):
        """What the resolver asks of a ``hooks.d``; `HookTree` is one."""

        root: str

        def series(self, name: str) -> Series | None:
            """The series file of this name."""

        def series_names(self) -> tuple[str, ...]:
            """All of them, to suggest from."""

        def chroot_hooks(self) -> tuple[str, ...]:
            """The hooks that always come first."""

        def final_hooks(self) -> tuple[str, ...]:
            """The hooks that always come last."""

        def hook_state(self, hook: str) -> HookState:
            """What stands at a hook's path."""

        def hook_names(self) -> tuple[str, ...]:
            """All files, to suggest from."""


class Reach(Value):
    """A reading of a series file: because it is a target, or because a line depends on it.

    Attributes:
        series: the file that is read.
        by: the name in the ``depends`` line that brought it in; ``None`` for a target.
        parent: the reading in which that line stands; ``None`` for a target.
    """

    series: Series
    by: Span | None
    parent: Reach | None

    @property
    def chain(self) -> tuple[Reach, ...]:
        """The readings from the target down to this one."""
        upwards = [self]
        while upwards[-1].parent is not None:
            upwards.append(upwards[-1].parent)
        return tuple(reversed(upwards))

    @property
    def target(self) -> str:
        """The target, as the user named it, that brought this in."""
        return self.chain[0].series.name


class OrderedHook(Value):
    """A hook at its place in the order.

    Attributes:
        name: its path relative to ``hooks.d``, as the series file has it.
        origin: ``chroot`` for those that always come first, ``final`` for those that
            always come last, else ``series``.
        span: where a series file lists it first; ``None`` when none does.
        reach: the reading of that series file.
    """

    name: str
    origin: Origin
    span: Span | None
    reach: Reach | None


class Provided(Value):
    """An artifact that a series file claims to make.

    Attributes:
        artifact: its name in the build directory, with ``${PREFIX}`` replaced.
        span: where the series file says so.
        reach: the reading of that series file.
        explicit: whether the series is a target, so that the pruner keeps the artifact.
    """

    artifact: str
    span: Span
    reach: Reach
    explicit: bool


class Resolution(Value):
    """What the targets mean.

    Attributes:
        targets: as they were given.
        hooks: in the order in which they run.
        provides: of all series that were read, in order.
        reaches: all readings, in order.
        diagnostics: errors first found first; with errors the rest is incomplete.
    """

    targets: tuple[str, ...]
    hooks: tuple[OrderedHook, ...]
    provides: tuple[Provided, ...]
    reaches: tuple[Reach, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def explicit_provides(self) -> tuple[str, ...]:
        """The artifacts of the targets themselves; none means that the pruner keeps all."""
        return tuple(provided.artifact for provided in self.provides if provided.explicit)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop a command."""
        return tuple(found for found in self.diagnostics if found.is_error)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The findings that don't."""
        return tuple(found for found in self.diagnostics if not found.is_error)
