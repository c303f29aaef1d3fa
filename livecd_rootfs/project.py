"""A project: its tree of hooks and its settings, and the plan that targets make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from livecd_rootfs import header, series
from livecd_rootfs.build import plan as plans
from livecd_rootfs.build.plan import Base, BuildPlan
from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.errors import EXIT_USAGE, LivecdError, UsageError
from livecd_rootfs.header import HookHeader
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.image import artifacts
from livecd_rootfs.resolve import Resolution, resolve, split_targets
from livecd_rootfs.settings import TABLE, Settings
from livecd_rootfs.tools import Mode, Toolbox

HEADER_BYTES = 16384
NOT_EXECUTABLE = "not-executable"
MISSING_SERIES = "missing-series"
TREE = "hooks.d"


class Findings(LivecdError):
    """Faults found in the tree: they are shown one by one instead of this message."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} errors in the series files")
        self.diagnostics = tuple(diagnostics)
        if all(_is_of_command_line(each) for each in diagnostics):
            self.exit_code = EXIT_USAGE


def _is_of_command_line(diagnostic: Diagnostic) -> bool:
    """Whether a target that there is not was named there: in a file it would have a place."""
    return diagnostic.code == MISSING_SERIES and not diagnostic.labels


def find_tree(option: Path | None, directory: Path) -> Path:
    """The hooks.d to use: the one named, else that of the directory, else the shipped one.

    Raises:
        UsageError: there is none.
    """
    package = Path(__file__).parent
    choices = (directory / TREE, package.parent / TREE, package / "_data" / TREE)
    if option is not None:
        if not option.is_dir():
            raise UsageError(f"--tree {option} is not a directory", remedy="name a hooks.d")
        if not _is_tree(option) and _is_tree(option / TREE):
            raise UsageError(f"--tree {option} is no hooks.d", remedy=f"--tree {option / TREE}")
        return option
    for choice in choices:
        if _is_tree(choice):
            return _shortest(choice, directory)
    raise UsageError("no hooks.d was found", remedy="name one with --tree DIR")


def _is_tree(path: Path) -> bool:
    return (path / "base").is_dir() or (path / "extra").is_dir()


def _shortest(path: Path, directory: Path) -> Path:
    """Below the working directory, places in messages are shorter, and as they were typed."""
    return path.relative_to(directory) if path.is_relative_to(directory) else path


# Without slots: what is read of the tree is kept beside the fields.
@dataclass(frozen=True, kw_only=True)
class Project:
    """What all commands on targets begin with.

    Attributes:
        tree: the hooks.d.
        settings: with distribution, architecture, project and components decided.
        warn: called with each finding that does not stop a command.
        strict: refuse hooks that can't be executed, which would fail when their turn comes.
    """

    tree: Path
    settings: Settings
    warn: Callable[[Diagnostic], None] = lambda _: None
    strict: bool = False

    @cached_property
    def _hooks(self) -> HookTree:
        """The tree, of which each file is read once, however many builds there are."""
        return HookTree(str(self.tree))

    @cached_property
    def _declared(self) -> _Declared:
        return _Declared(self._hooks)

    @property
    def prefix(self) -> str:
        """What the names of artifacts begin with."""
        return series.artifact_prefix(self.settings.text("project"), self.settings.text("subarch"))

    def resolve(self, words: Sequence[str]) -> Resolution:
        """The hooks of targets.

        Raises:
            Findings: the series files have errors.
            UsageError: no target was named.
        """
        targets = split_targets(words)
        if not targets:
            raise UsageError(
                "no image target was named",
                remedy=f"one of: {', '.join(self._hooks.series_names())}",
            )
        resolution = resolve(
            targets,
            self._hooks,
            prefix=self.prefix,
            flavour=self.settings.text("kernel_flavour"),
        )
        if errors := resolution.errors + self._never_to_run(resolution):
            raise Findings(errors)
        for warning in resolution.warnings:
            self.warn(warning)
        return self._as_asked(resolution)

    def _never_to_run(self, resolution: Resolution) -> tuple[Diagnostic, ...]:
        """The hooks that can't be executed, as errors, if they are to be refused."""
        found = (each for each in resolution.warnings if each.code == NOT_EXECUTABLE)
        return tuple(replace(each, severity=Severity.ERROR) for each in found if self.strict)

    def _as_asked(self, resolution: Resolution) -> Resolution:
        """Of what the image pipeline may make, only what the settings ask for is promised."""
        settings = self.settings
        variables = {row.variable: settings.for_hooks(row.name) for row in TABLE}
        return Resolution(
            targets=resolution.targets,
            hooks=resolution.hooks,
            provides=artifacts.asked(resolution.provides, self.prefix, variables),
            reaches=resolution.reaches,
            diagnostics=resolution.diagnostics,
        )

    def plan(self, resolution: Resolution, base: Base, mode: Mode) -> BuildPlan:
        """The plan for resolved targets; looks at hooks' headers and at the host's tools.

        Raises:
            Findings: a hook's header can't be understood.
        """
        headers = self.headers(resolution)
        readers = frozenset(name for name in headers if self._declared.reads_targets(name))
        return plans.make(resolution, headers, base, needed_tools(headers, mode), readers)

    def headers(self, resolution: Resolution) -> dict[str, HookHeader]:
        """What each hook declares."""
        found = {hook.name: self._declared.header(hook.name) for hook in resolution.hooks}
        errors = [each for parsed in found.values() for each in parsed.diagnostics if each.is_error]
        if errors:
            raise Findings(errors)
        return {name: parsed.header for name, parsed in found.items()}


class _Declared:
    """What hooks say of themselves."""

    def __init__(self, tree: HookTree) -> None:
        self._tree = tree
        self._headers: dict[str, header.ParsedHeader] = {}
        self._readers: dict[str, bool] = {}

    def header(self, name: str) -> header.ParsedHeader:
        """Its header."""
        if name not in self._headers:
            self._headers[name] = read_header(Path(self._tree.path(name)))
        return self._headers[name]

    def reads_targets(self, name: str) -> bool:
        """Whether it names IMAGE_TARGETS and declares no variables: an old one that reads it."""
        if name not in self._readers:
            undeclared = self.header(name).header.env is None
            text = Path(self._tree.path(name)).read_bytes() if undeclared else b""
            self._readers[name] = b"IMAGE_TARGETS" in text
        return self._readers[name]


def read_header(path: Path) -> header.ParsedHeader:
    """The header of a hook's file."""
    with path.open("rb") as stream:
        return header.parse(str(path), stream.read(HEADER_BYTES))


def needed_tools(headers: Mapping[str, HookHeader], mode: Mode) -> dict[str, str]:
    """The declared tools that only the tools root can give, each with the reason."""
    names = {tool for declared in headers.values() for tool in declared.tools}
    return Toolbox(mode=mode).needs_root(sorted(names))
