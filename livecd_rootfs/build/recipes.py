"""What a step's layer is made of: the parts of its key, gathered from files and settings.

Anything that a hook can see and that is not here is a fault.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from livecd_rootfs import archive, mmdebstrap, shell, toolsroot
from livecd_rootfs.build import derived, environment
from livecd_rootfs.build.base import SKELETON_MODULE, skeleton_of, skeleton_trees
from livecd_rootfs.build.environment import Identity
from livecd_rootfs.build.forest import OWN_VARIABLES, Forest, Node
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan, Step, StepKind
from livecd_rootfs.build.stepview import FUNCTIONS
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.header import HookHeader
from livecd_rootfs.image.sources import WITHHELD
from livecd_rootfs.importmemory import ImportMemory
from livecd_rootfs.layers.digests import Digests
from livecd_rootfs.layers.inputs import Inputs
from livecd_rootfs.layers.key import Part, PartKind, Recipe, key, of_bytes, of_text, title
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.settings import FILES, TABLE, Kind, ProjectFile, Settings
from livecd_rootfs.tools import Host, Mode, Toolbox, describe, tool_named

BUNDLE = "livecd_rootfs.zip"
BASE_MODULE = "livecd_rootfs.build.newroot"


@dataclass(frozen=True, kw_only=True)
class Kitchen:
    """What all recipes of one run have in common.

    Attributes:
        tree: the hooks.d.
        settings: decided settings.
        identity: what names the builds.
        base: where the root comes from.
        bootstrap: how it is bootstrapped, if it is.
        archive: what the archive offers, if it was asked.
        root: the recipe of the stored root to begin with, where the archive may not be asked.
        toolbox: where tools are taken from.
        tools_request: the tools root, if one is used.
        environ: the user's environment, for variables that hooks declare.
        own: directories of this program, which are no sources of a project around them.
        digests: what is known of the trees that steps read.
        imports: what modules import, as far as it is known.
    """

    tree: Path
    settings: Settings
    identity: Identity
    base: Base
    bootstrap: mmdebstrap.Request
    archive: archive.State | None
    root: Recipe | None
    toolbox: Toolbox
    tools_request: toolsroot.Request | None
    environ: Mapping[str, str]
    own: tuple[Path, ...] = ()
    digests: Digests = field(default_factory=Digests)
    imports: ImportMemory = field(default_factory=lambda: ImportMemory(path=None))

    def recipe(
        self,
        node: Node,
        plan: BuildPlan,
        after: Recipe | None,
        date: int,
        joined: Iterable[Part] = (),
    ) -> Recipe:
        """The recipe of a node.

        Args:
            node: the step.
            plan: one of the builds that it belongs to.
            after: the recipe of the step before.
            date: SOURCE_DATE_EPOCH.
            joined: what it takes of side branches, in place of their keys.
        """
        base = node.step.kind is StepKind.BASE
        if base and self.root is not None:
            return self.root
        return Recipe(
            parent=key(after) if after else None,
            after=after.name if after else "",
            kind=node.step.kind.value,
            name=node.step.name,
            parts=self._base_parts(date)
            if base
            else (*self._hook_parts(node, plan, date), *joined),
        )

    def _base_parts(self, date: int) -> tuple[Part, ...]:
        """What the root at the beginning depends on."""
        match self.base.kind:
            case BaseKind.BOOTSTRAP:
                return self._bootstrap_parts(date)
            case BaseKind.DIRECTORY if self.base.path:
                digest = self.digests.of(self.base.path)
                return (Part(kind=PartKind.ARCHIVE, name="base", digest=digest),)
            case BaseKind.TAR if self.base.path:
                with self.base.path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                return (Part(kind=PartKind.ARCHIVE, name="base", digest=digest),)
        return ()

    def _bootstrap_parts(self, date: int) -> tuple[Part, ...]:
        releases = self.archive.releases if self.archive else ()
        words = mmdebstrap.argv(self.bootstrap)
        modules = (SKELETON_MODULE,) if self.skeleton_trees() else ()
        return (
            *(Part(kind=PartKind.ARCHIVE, name=each.name, digest=each.sha256) for each in releases),
            of_text(PartKind.SETTING, "bootstrap", "\n".join(words)),
            of_text(PartKind.SETTING, "date", str(date)),
            *skeleton_parts(self.skeleton_trees(), self.digests),
            *self._inputs.of_modules(BASE_MODULE, *modules),
        )

    def skeleton_trees(self) -> tuple[ProjectFile, ...]:
        """What a bootstrap puts into the root before packages."""
        return skeleton_trees(self.settings, self.bootstrap)

    def _hook_parts(self, node: Node, plan: BuildPlan, date: int) -> tuple[Part, ...]:
        step = node.step
        header = step.header or HookHeader()
        variables = self.variables(node, plan, date)
        return (
            *self._inputs.of_hook(step.name, header.inputs),
            of_text(PartKind.SUPPORT, FUNCTIONS, shell.functions()),
            *(_variable_part(name, text) for name, text in variables.items()),
            *self._shown_parts(step, variables),
            of_text(PartKind.SETTING, "network", "yes" if header.network else "no"),
            *((of_text(PartKind.BRANCH, "", header.aside),) if header.aside else ()),
            *(self._tool_part(name) for name in header.tools),
            *((self._tools_root_part(),) if self.uses_tools_root(step) else ()),
            *(self._provides_parts(plan) if step.kind is StepKind.FINAL else ()),
        )

    def _shown_parts(self, step: Step, variables: Mapping[str, str]) -> Iterator[Part]:
        """The files of the user and of the project, which a step sees where they are."""
        yield from (_file_part(name, path) for name, path in self.named_files(step).items())
        yield from (_tree_part(file, self.digests) for file in self._project_files(step))
        yield from self._file_parts(variables)

    def copied(self, step: Step) -> None:
        """See that a step's hook and support files, just copied, are those of its recipe.

        Raises:
            LivecdError: one of them has changed meanwhile.
        """
        declared = step.header.inputs if step.header else None
        before = self._inputs.of_hook(step.name, declared)
        now = Inputs(self.tree, memory=self.imports).of_hook(step.name, declared)
        changed = {part for part in {*before} ^ {*now} if part.kind is not PartKind.MODULE}
        if changed:
            part = min(changed, key=lambda part: part.name)
            raise _has_changed(part, step.name, str(self.tree / part.name))

    def unchanged(self, recipe: Recipe, node: Node, plan: BuildPlan, date: int) -> None:
        """See that what a step has seen of files outside is still what its recipe says.

        Raises:
            LivecdError: one of them has changed, and nobody knows what the step has seen of it.
        """
        now = replace(self, digests=self.digests.anew())
        known = set(recipe.parts)
        for part in now.outside(recipe, node, plan, date):
            if part not in known:
                places = {file.place: str(file.path) for file in self._project_files(node.step)}
                raise _has_changed(part, recipe.name, places.get(part.name, ""))

    def outside(self, recipe: Recipe, node: Node, plan: BuildPlan, date: int) -> Iterator[Part]:
        """What of a recipe is made from files that the step sees, while it runs, where they are."""
        modules = [part.name for part in recipe.parts if part.kind is PartKind.MODULE]
        yield from self._inputs.of_modules(*modules)
        if node.step.kind is not StepKind.BASE:
            yield from self._shown_parts(node.step, self.variables(node, plan, date))
        elif self.root is None:
            yield from self._base_parts(date)

    def _file_parts(self, variables: Mapping[str, str]) -> Iterator[Part]:
        """The content of the files that settings name."""
        for setting in TABLE:
            path = variables.get(setting.variable) if setting.kind is Kind.FILE else None
            if path:
                yield self._inputs.of_file(setting.option, Path(path))

    def _provides_parts(self, plan: BuildPlan) -> tuple[Part, ...]:
        names = "\n".join(plan.places)
        bundle = self.tree / BUNDLE
        found = (self._inputs.of_file(BUNDLE, bundle),) if bundle.is_file() else ()
        return (of_text(PartKind.SETTING, "explicit_provides", names), *found)

    def uses_tools_root(self, step: Step) -> bool:
        """Whether a step sees the tools root: it declares a tool from there, or nothing at all."""
        if self.tools_request is None or step.kind not in {StepKind.BINARY, StepKind.FINAL}:
            return False
        header = step.header or HookHeader()
        return header == HookHeader() or bool(self.toolbox.needs_root(header.tools))

    def _tools_root_part(self) -> Part:
        """The tools root by its content: the archive gives other versions at other times."""
        found = toolsroot.digest(self.tools_request) if self.tools_request else None
        return of_text(PartKind.TOOLS, "root", found or "still to be made")

    def _tool_part(self, name: str) -> Part:
        """A tool of the host is known by its version, one of the tools root by that root."""
        if self.toolbox.needs_root((name,)):
            return of_text(PartKind.TOOLS, name, "of the tools root")
        place = self.toolbox.where(name)
        found = describe(tool_named(name), place.path) if isinstance(place, Host) else str(place)
        return of_text(PartKind.TOOLS, name, found)

    def variables(self, node: Node, plan: BuildPlan, date: int) -> dict[str, str]:
        """The environment of a node's step, without proxies, which change no result."""
        step = node.step
        found = environment.of_hooks(self.identity, self.settings, plan.targets, date)
        found = self._asked(step) | derived.variables(step.header, self.settings) | found
        found["LIVECD_TOOLS"] = self.toolbox.mode.value
        found["KERNEL_FLAVOUR"] = step.flavour or found["KERNEL_FLAVOUR"]
        if not node.own:
            found = {name: text for name, text in found.items() if name not in OWN_VARIABLES}
        seen = environment.narrowed(found, step.header, self.environ)
        return seen | {name: f"{FILES}/{name}" for name in self.named_files(step)}

    def _asked(self, step: Step) -> dict[str, str]:
        """What only hooks get which declare it: settings, and what follows from them."""
        packages, base = self.bootstrap.packages, self.base.kind.value
        known = environment.derived(self.settings, packages, base)
        return environment.declared(self.settings, known, step.header)

    def named_files(self, step: Step) -> dict[str, Path]:
        """The user's files that a step sees, by the variables that name them."""
        return environment.files(step.header, self.environ)

    def seen_files(self, step: Step) -> dict[str, Path]:
        """All files of the user and of the project that a step sees, by their places."""
        mine = self._project_files(step)
        return {**self.named_files(step), **{file.place: file.path for file in mine}}

    def _project_files(self, step: Step) -> tuple[ProjectFile, ...]:
        named = environment.project_files(step.header, self.settings)
        sources = derived.project_files(step.header, self.settings, self.own)
        return tuple({file.place: file for file in (*named, *sources)}.values())

    def withheld(self, step: Step) -> dict[str, str]:
        """What scripts do not see of the project's files: known to the step, and in no key."""
        files = self._project_files(step)
        lines = [f"{FILES}/{file.place}/{name}" for file in files for name in file.without]
        return {WITHHELD: "\n".join(lines)} if lines else {}

    def build_directory(self, step: Step) -> Path | None:
        """The project's folder that is kept between builds, made if a step sees it.

        Raises:
            LivecdError: it can't be made.
        """
        declared = step.header.env if step.header else None
        text = self.settings.text("build_directory")
        if not text or "BUILD_DIRECTORY" not in (declared or ()):
            return None
        path = (self.settings.directory / text).absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LivecdError(
                f"the build directory '{path}' can't be made",
                place=self.settings.values["build_directory"].where,
                why=error.strerror,
            ) from error
        return path

    def files(self, step: Step) -> tuple[str, ...]:
        """What of the hooks.d a step can see: just what its key holds."""
        header = step.header or HookHeader()
        parts = self._inputs.of_hook(step.name, header.inputs)
        names = [step.name, *(part.name for part in parts if part.kind is PartKind.SUPPORT)]
        bundle = [BUNDLE] if step.kind is StepKind.FINAL and (self.tree / BUNDLE).is_file() else []
        found = dict.fromkeys(name.rstrip("/") for name in (*names, *bundle))
        return tuple(name for name in found if os.path.lexists(self.tree / name))

    @cached_property
    def _inputs(self) -> Inputs:
        return Inputs(self.tree, memory=self.imports)


# What a store must not show, nor a message tell.
SECRETS = frozenset(row.variable for row in TABLE if row.kind is Kind.HASH)


def _variable_part(name: str, text: str) -> Part:
    return of_text(PartKind.VARIABLE, name, text, secret=name in SECRETS)


def read_modules(tree: Path, planted: Forest, memory: ImportMemory) -> None:
    """Read what of this package the steps' hooks import, which is then known.

    A hook whose inputs can't be read is told of when its own recipe is made.
    """
    inputs = Inputs(tree, memory=memory)
    inputs.of_modules(BASE_MODULE)
    for node in planted.nodes:
        if node.step.hook is not None:
            inputs.read_modules(node.step.name)


def check_files(planted: Forest, environ: Mapping[str, str]) -> None:
    """See that the files which the user's variables name for the steps can be read.

    Raises:
        LivecdError: one can't.
    """
    for node in planted.nodes:
        for name, path in environment.files(node.step.header, environ).items():
            _file_part(name, path)


def check_tools(planted: Forest, toolbox: Toolbox) -> None:
    """See that the host has what the steps declare, where nothing else is to be taken.

    Raises:
        ToolError: it lacks a tool; the remedy names its package.
    """
    if toolbox.mode is not Mode.HOST:
        return
    headers = [node.step.header for node in planted.nodes if node.step.header]
    for name in dict.fromkeys(name for header in headers for name in header.tools):
        toolbox.where(name)


def _file_part(name: str, path: Path) -> Part:
    try:
        return of_bytes(PartKind.VARIABLE, f"{name} (content)", path.read_bytes())
    except OSError as error:
        raise LivecdError(
            f"the file that {name} names can't be read",
            place=str(path),
            why=error.strerror,
            remedy=f"mend {name}, or unset it",
        ) from error


def _has_changed(part: Part, name: str, place: str) -> LivecdError:
    return LivecdError(
        f"the {title(part, name)} has changed while {name} ran",
        place=place,
        why="what was made may be of its old content or of its new, so it is not kept",
        remedy="run again: the steps before are kept",
    )


def _tree_part(file: ProjectFile, digests: Digests) -> Part:
    """A file or a folder of the project by its content, wherever it is."""
    try:
        digest = digests.of(file.path.resolve(), frozenset(file.without))
    except OSError as error:
        raise LivecdError(
            f"'{error.filename or file.path}' can't be read",
            place=str(file.path),
            why=error.strerror,
            remedy="a build must be able to read the whole of what its settings name",
        ) from error
    return Part(kind=PartKind.PROJECT, name=file.place, digest=digest)


def skeleton_parts(trees: Iterable[ProjectFile], digests: Digests) -> tuple[Part, ...]:
    """The trees that come before packages: where they go, and their content."""
    files = tuple(trees)
    lines = skeleton_of(files).variables.items()
    return (
        *(_variable_part(*each) for each in lines),
        *(_tree_part(file, digests) for file in files),
    )


def newest_root(
    bootstrap: mmdebstrap.Request, skeleton: Iterable[ProjectFile], stored: Iterable[Layer]
) -> Recipe:
    """The recipe of the newest stored root that a bootstrap would make.

    Raises:
        LivecdError: there is none.
    """
    words = of_text(PartKind.SETTING, "bootstrap", "\n".join(mmdebstrap.argv(bootstrap)))
    wanted = {words, *skeleton_parts(skeleton, Digests())}
    fit = [
        layer
        for layer in stored
        if layer.meta.recipe.kind == StepKind.BASE.value and wanted <= set(layer.meta.recipe.parts)
    ]
    if not fit:
        raise LivecdError(
            f"the cache holds no root of '{bootstrap.suite}' with these packages",
            why="--offline asks no archive for one",
            remedy="build once without --offline",
        )
    return max(fit, key=lambda layer: layer.meta.created).meta.recipe


def date_of(root: Recipe) -> int:
    """The SOURCE_DATE_EPOCH with which a stored root was made."""
    part = next(p for p in root.parts if (p.kind, p.name) == (PartKind.SETTING, "date"))
    return int(part.text or 0)
