"""The plan of a build: every step in order, with the reason why it is there.

Making it reads nothing and changes nothing; ``plan`` prints it and the
executor consumes it, so what is shown is what runs.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from livecd_rootfs.header import HookHeader
from livecd_rootfs.resolve import OrderedHook, Resolution, kernel_flavour


class StepKind(Enum):
    """What a step is, in the order in which the kinds run."""

    TOOLS = "tools"
    BASE = "base"
    CHROOT_EARLY = "chroot_early"
    CHROOT = "chroot"
    BINARY = "binary"
    FINAL = "final"


class BaseKind(Enum):
    """Where the target root comes from."""

    BOOTSTRAP = "bootstrap"
    DIRECTORY = "directory"
    TAR = "tar"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The beginning of the target root.

    Attributes:
        kind: what it is.
        path: of the directory or tar file.
        origin: who asked for it.
    """

    kind: BaseKind
    path: Path | None = None
    origin: str = "--base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        number: its place, from 1.
        kind: what it is.
        name: how it is called in progress, logs and messages.
        hook: the resolved hook with its chain of reasons, for steps that run one.
        header: what the hook declares.
        reason: why it is there, in words, for steps without a hook.
        reads_targets: whether the hook's text names IMAGE_TARGETS without a declaration.
        flavour: the kernel's flavour, where a hook before it sees to that, and not a setting.
    """

    number: int
    kind: StepKind
    name: str
    hook: OrderedHook | None = None
    header: HookHeader | None = None
    reason: str = ""
    reads_targets: bool = False
    flavour: str | None = None

    @property
    def network(self) -> bool:
        """Whether the step may use the network."""
        return self.header is None or self.header.network

    @property
    def aside(self) -> str:
        """The side branch that the step is on; empty for the main line."""
        return self.header.aside if self.header else ""

    @property
    def joins(self) -> tuple[str, ...]:
        """``NAME/PATH``: what the step takes of the build directories of side branches."""
        return self.header.joins if self.header else ()

    @property
    def place(self) -> str | None:
        """Where a series file lists the hook."""
        return self.hook.span.place if self.hook and self.hook.span else None

    @property
    def chain(self) -> tuple[str, ...]:
        """What brought the hook in, a line for each series file from the target down."""
        return chain(self.hook) if self.hook else ()


def chain(hook: OrderedHook) -> tuple[str, ...]:
    """What brought a hook in, a line for each series file from the target down."""
    if hook.reach is None:
        return (f"{hook.origin} hooks always run",)
    links = []
    for reach in hook.reach.chain:
        place = f" ({reach.by.place})" if reach.by else ""
        how = "depends on it" if reach.by else "is a target"
        links.append(f"{reach.series.name}: {how}{place}")
    return tuple(links)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """Everything that one build will do.

    Attributes:
        targets: the explicit image targets.
        base: where the root comes from.
        steps: in the order in which they run.
        places: names that the explicit targets provide, with where a series file says so.
        claims: names that a hook must have made, likewise: those, or with targets that
            provide nothing themselves, such as aggregates, all of what they depend on.
        tools: tools that only the tools root can give, with the reasons.
    """

    targets: tuple[str, ...]
    base: Base
    steps: tuple[Step, ...]
    places: Mapping[str, str]
    claims: Mapping[str, str]
    tools: Mapping[str, str]


_SUFFIXES = (
    (".chroot_early", StepKind.CHROOT_EARLY),
    (".chroot", StepKind.CHROOT),
    (".binary", StepKind.BINARY),
)
_ORDER = tuple(StepKind)
CLOSING = 800


def kind_of(name: str) -> StepKind | None:
    """The phase that a hook's name says; ``None`` when it says none."""
    if name.endswith("/final.binary"):
        return StepKind.FINAL
    return next((kind for suffix, kind in _SUFFIXES if name.endswith(suffix)), None)


def make(
    resolution: Resolution,
    headers: Mapping[str, HookHeader],
    base: Base,
    tools: Mapping[str, str],
    readers: Container[str] = frozenset(),
) -> BuildPlan:
    """The plan for resolved targets.

    Args:
        resolution: hooks in series order, with their chains.
        headers: what each hook declares, by its path.
        base: where the root comes from.
        tools: tools that only the tools root can give, with the reason of each.
        readers: hooks that name IMAGE_TARGETS without declaring what they read.

    Hooks run in the `order` of phases. With no root at all there is nothing to
    run chroot hooks in.
    """
    steps = [*_tools_step(tools), *_base_step(base)]
    hooks = [hook for hook in order(resolution.hooks) if _runs(hook, base)]
    steps += _with_flavours(
        [_hook_step(hook, headers[hook.name], readers) for hook in hooks],
        kernel_flavour(hook.name for hook in resolution.hooks),
    )
    places = _places(resolution, explicit=True)
    return BuildPlan(
        targets=resolution.targets,
        base=base,
        steps=tuple(_numbered(step, number) for number, step in enumerate(steps, start=1)),
        places=places,
        claims=places or _places(resolution, explicit=False),
        tools=tools,
    )


def order(hooks: Iterable[OrderedHook]) -> tuple[OrderedHook, ...]:
    """Hooks of series in the order in which they run.

    Chroot hooks run as one batch before all binary hooks, however a series
    file interleaves them, as live-build has it; within a phase the order of
    the series stays. But the hooks in ``chroot/`` that close a root (the
    initramfs, clean-up) run after those of series, which may still install
    something.
    """
    return tuple(sorted(hooks, key=_place))


def _with_flavours(steps: Iterable[Step], last: str | None) -> Iterator[Step]:
    """The steps, each with the flavour that a hook before it, or it itself, sees to.

    Args:
        steps: in the order in which they run.
        last: the flavour after all chroot hooks, be they run or not.
    """
    flavour = None
    for step in steps:
        in_root = step.kind in {StepKind.CHROOT_EARLY, StepKind.CHROOT}
        flavour = kernel_flavour([step.name]) or flavour if in_root else last
        yield replace(step, flavour=flavour)


def _places(resolution: Resolution, *, explicit: bool) -> Mapping[str, str]:
    """Where series files say that they provide something: targets themselves, or what is below."""
    return {
        provided.artifact: provided.span.place
        for provided in reversed(resolution.provides)
        if provided.explicit is explicit
    }


def _place(hook: OrderedHook) -> tuple[int, bool]:
    """What hooks are sorted by: their phase, and in it those last that close the root."""
    kind = kind_of(hook.name) or StepKind.BINARY
    return _ORDER.index(kind), kind is StepKind.CHROOT and closes(hook)


def closes(hook: OrderedHook) -> bool:
    """Whether a hook closes the root: one in ``chroot/`` with a number from 800 on."""
    number = hook.name.rpartition("/")[2].partition("-")[0]
    return hook.origin == "chroot" and number.isdecimal() and int(number) >= CLOSING


def _runs(hook: OrderedHook, base: Base) -> bool:
    kind = kind_of(hook.name)
    in_root = kind in (StepKind.CHROOT_EARLY, StepKind.CHROOT)
    return kind is not None and not (in_root and base.kind is BaseKind.NONE)


def _tools_step(tools: Mapping[str, str]) -> list[Step]:
    if not tools:
        return []
    reason = "; ".join(dict.fromkeys(tools.values()))
    return [Step(number=0, kind=StepKind.TOOLS, name="tools root", reason=reason)]


_BASE_NAMES = {
    BaseKind.BOOTSTRAP: ("bootstrap", "no --base was given"),
    BaseKind.DIRECTORY: ("base directory", ""),
    BaseKind.TAR: ("base tar file", ""),
    BaseKind.NONE: ("empty root", "--base none"),
}


def _base_step(base: Base) -> list[Step]:
    name, reason = _BASE_NAMES[base.kind]
    reason = f"{base.origin} {base.path}" if base.path else reason
    return [Step(number=0, kind=StepKind.BASE, name=name, reason=reason)]


def _hook_step(hook: OrderedHook, header: HookHeader, readers: Container[str]) -> Step:
    return Step(
        number=0,
        kind=kind_of(hook.name) or StepKind.BINARY,
        name=hook.name,
        hook=hook,
        header=header,
        reads_targets=hook.name in readers,
    )


def _numbered(step: Step, number: int) -> Step:
    return replace(step, number=number)
