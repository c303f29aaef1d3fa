"""What a hook in Python reads and writes, by its syntax; it is followed into the steps.

The hooks in ``hooks.d/base`` are a few lines over a module of ``livecd_rootfs.steps``, where
every artifact is named by ``context.artifact``: of these all is known. Any other hook in
Python may do what nobody sees.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from livecd_rootfs.lint.effects import names, pycalls, pyvalues
from livecd_rootfs.lint.effects.memory import UNKNOWN, Texts, union
from livecd_rootfs.lint.effects.model import Effects, Kind
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.lint.effects.record import Record
from livecd_rootfs.source import Source, Span

STEPS = "livecd_rootfs.steps"
EDGE = f"{STEPS}.hook.main"
DEEPEST = 8
# Finds a module of the steps by its dotted name.
Modules = Callable[[str], Source | None]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def effects(source: Source, loader: Loader) -> Effects:
    """What a script in Python does.

    Args:
        source: the script.
        loader: parses the modules of the steps.
    """
    record = Record()
    module = loader.parse(source)
    if module is None:
        record.unclear(Span(source=source, start=0, end=0), "python")
        return record.effects()
    step = _step(module)
    if step is None:
        reader = _Reader(module, record, loader, in_steps=False)
        reader.body(module.tree.body, dict(module.constants))
        record.unclear(Span(source=source, start=0, end=0), "python")
        return record.effects()
    _follow(step, record, loader)
    return _without_own(record.effects())


def _without_own(found: Effects) -> Effects:
    """Naming what it is about to write is no reading of what another has made."""
    own = {touch.name for touch in found.of(Kind.WRITE)}
    touches = (t for t in found.touches if t.kind is not Kind.READ or t.name not in own)
    return replace(found, touches=tuple(touches))


def _step(module: Module) -> str | None:
    """The function that a thin hook hands to the edge, as ``livecd_rootfs.steps.x.run``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and module.dotted(node.func) == EDGE and node.args:
            return module.dotted(_called(node.args[0]))
    return None


def _called(node: ast.AST) -> ast.AST:
    """The function behind a ``lambda`` or a ``partial`` that only gives it more arguments."""
    if isinstance(node, ast.Lambda) and isinstance(node.body, ast.Call):
        return node.body.func
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith("partial"):
        return node.args[0]
    return node


def _follow(function: str, record: Record, loader: Loader) -> None:
    name, _, attribute = function.rpartition(".")
    module = loader.module(name)
    found = module.functions.get(attribute) if module else None
    if module is None or found is None:
        return
    _Reader(module, record, loader, in_steps=True).body(found.body, dict(module.constants))


@dataclass(slots=True)
class Module:
    """A parsed file, and the names at its top.

    Attributes:
        source: the file.
        tree: its syntax.
        imports: the dotted names that its names stand for.
        functions: its functions.
        constants: its constants that are texts.
    """

    source: Source
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, _Function] = field(default_factory=dict)
    constants: dict[str, Texts] = field(default_factory=dict)

    def dotted(self, node: ast.AST) -> str:
        """What an expression such as ``qcow2.run`` names, from the package down."""
        if not isinstance(node, ast.Attribute | ast.Name):
            return ""
        first, _, rest = ast.unparse(node).partition(".")
        whole = self.imports.get(first, first)
        return f"{whole}.{rest}" if rest else whole

    def span(self, node: ast.AST) -> Span:
        """Where an expression stands; ast counts columns in bytes."""
        start = self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
        end = self._offset(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))
        return Span(source=self.source, start=start, end=max(start, end))

    def _offset(self, line: int, column: int) -> int:
        lines = self.source.text.split("\n")
        before = sum(len(text) + 1 for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode(errors="replace"))


class Loader:
    """Parses modules, each once.

    Args:
        modules: finds the modules of the steps.
    """

    def __init__(self, modules: Modules) -> None:
        self._find = modules
        self._found: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """A module of the steps."""
        if name not in self._found:
            self._found[name] = None
            source = self._find(name) if name.startswith(STEPS) else None
            self._found[name] = self.parse(source) if source else None
        return self._found[name]

    def parse(self, source: Source) -> Module | None:
        """A file, with the constants that it imports; ``None`` if it is no Python."""
        try:
            module = Module(source=source, tree=ast.parse(source.text))
        except (SyntaxError, ValueError):
            return None
        module.imports = dict(_imports(module.tree))
        module.functions = {
            node.name: node for node in module.tree.body if isinstance(node, _Function)
        }
        module.constants = self._constants(module)
        return module

    def _constants(self, module: Module) -> dict[str, Texts]:
        found: dict[str, Texts] = {}
        for name, whole in module.imports.items():
            owner, _, attribute = whole.rpartition(".")
            other = self.module(owner) if whole.startswith(f"{STEPS}.") else None
            if other is not None and attribute in other.constants:
                found[name] = other.constants[attribute]
        for node in module.tree.body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    _assign(target, node.value, found)
        return found


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from ((a.asname, a.name) for a in node.names if a.asname)


def _assign(target: ast.AST, value: ast.AST, scope: dict[str, Texts]) -> None:
    """``a, b = x, y`` sets one by one."""
    parts, values = _targets(target), _targets(value)
    if len(parts) == len(values) > 1:
        for part, one in zip(parts, values, strict=True):
            _bind(part, pyvalues.texts(one, scope), scope)
    else:
        _bind(target, pyvalues.texts(value, scope), scope)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Tuple | ast.List):
        return list(node.elts)
    return [node] if isinstance(node, ast.expr) else []


def _bind(target: ast.AST, value: Texts, scope: dict[str, Texts]) -> None:
    """Names that are set in several places can be any of it."""
    if isinstance(target, ast.Name):
        scope[target.id] = union(scope[target.id], value) if target.id in scope else value
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            _bind(part, UNKNOWN, scope)


class _Reader:
    """Follows the statements of one module.

    Args:
        module: the module.
        record: where what is found goes.
        loader: knows the other modules.
        in_steps: whether it is one of the steps, which names artifacts in one way only.
        depth: how many calls led here.
        unsure: more than 0 where not every run comes by.
    """

    def __init__(
        self, module: Module, record: Record, loader: Loader, *,
        in_steps: bool, depth: int = 0, unsure: int = 0,
    ) -> None:  # fmt: skip
        self._module = module
        self._record = record
        self._loader = loader
        self._in_steps = in_steps
        self._depth = depth
        self._unsure = unsure
        # The keys of dictionaries that are written out, by the names of these.
        self._tables: dict[str, list[Texts]] = {}

    def body(self, statements: Sequence[ast.stmt], scope: dict[str, Texts]) -> None:
        """Follow statements, one after the other."""
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: dict[str, Texts]) -> None:
        if isinstance(node, _Function):
            return
        if isinstance(node, ast.ClassDef):
            self._perhaps([part for part in node.body if not isinstance(part, _Function)], scope)
        elif isinstance(node, ast.If):
            self._if(node, scope)
        elif isinstance(node, ast.For):
            self._for(node, scope)
        else:
            self._simple(node, scope)

    def _simple(self, node: ast.stmt, scope: dict[str, Texts]) -> None:
        blocks: list[Sequence[ast.stmt]] = []
        for name, value in ast.iter_fields(node):
            if name in {"body", "orelse", "finalbody"} and isinstance(value, list):
                blocks.append(value)
            elif name == "handlers":
                blocks += [handler.body for handler in value]
            else:
                self._expressions(value, scope)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _assign(target, node.value, scope)
                if isinstance(target, ast.Name) and isinstance(node.value, ast.Dict):
                    self._tables[target.id] = [pyvalues.texts(k, scope) for k in node.value.keys]
        is_certain = isinstance(node, ast.With | ast.Try)
        for number, block in enumerate(blocks):
            if is_certain and (number == 0 or block is getattr(node, "finalbody", None)):
                self.body(block, scope)
            else:
                self._perhaps(block, scope)

    def _perhaps(self, statements: Sequence[ast.stmt], scope: dict[str, Texts]) -> None:
        self._unsure += 1
        self.body(statements, scope)
        self._unsure -= 1

    def _if(self, node: ast.If, scope: dict[str, Texts]) -> None:
        self._expressions(node.test, scope)
        if "__name__" in ast.unparse(node.test):
            self.body(node.body, scope)
            return
        self._perhaps(node.body, scope)
        self._perhaps(node.orelse, scope)

    def _for(self, node: ast.For, scope: dict[str, Texts]) -> None:
        self._expressions(node.iter, scope)
        choices = pyvalues.words(node.iter, scope)
        first, *others = _targets(node.target)
        if choices is None or others:
            choices = self._tables.get(ast.unparse(node.iter).removesuffix(".items()"))
        if choices is None or not isinstance(first, ast.Name):
            _bind(node.target, UNKNOWN, scope)
            self._perhaps(node.body, scope)
            return
        for other in others:
            _bind(other, UNKNOWN, scope)
        for choice in choices:
            self.body(node.body, {**scope, first.id: choice})

    def _expressions(self, value: object, scope: dict[str, Texts]) -> None:
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                for part in ast.walk(node):
                    self._expression(part, scope)

    def _expression(self, node: ast.AST, scope: dict[str, Texts]) -> None:
        found = pyvalues.variable(node)
        if found:
            self._record.use(found[0], self._module.span(node), guarded=found[1])
        if isinstance(node, ast.Call):
            for deed in pycalls.deeds(node, scope):
                self._deed(deed, node)
            self._call(node, scope)
        if isinstance(node, ast.Call | ast.Attribute) or (
            isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        ):
            self._mention(node, scope)

    def _mention(self, node: ast.AST, scope: Mapping[str, Texts]) -> None:
        """Whoever names a file of the build may read it."""
        found = pyvalues.texts(node, scope)
        if any(names.is_known(text) and text != names.BUILD for text in found):
            self._deed(Deed(kind=Kind.READ, texts=found, word=0, sure=False), node)

    def _deed(self, deed: Deed, node: ast.AST) -> None:
        """In the steps, a name that is not known is one in a scratch directory."""
        if self._in_steps:
            known = tuple(text for text in deed.texts if names.is_known(text))
            deed = Deed(kind=deed.kind, texts=known, word=deed.word, sure=deed.sure)
        span = self._module.span(node)
        certain = not self._unsure
        self._record.touch(deed, span, ast.unparse(node), (names.BUILD,), certain=certain)

    def _call(self, node: ast.Call, scope: Mapping[str, Texts]) -> None:
        """Go on in the function that is called, if it is one of the module's or of the steps."""
        if self._depth >= DEEPEST:
            return
        owner, _, attribute = self._module.dotted(node.func).rpartition(".")
        module = self._module if not owner else self._loader.module(owner)
        function = module.functions.get(attribute) if module else None
        if module is None or function is None or owner == f"{STEPS}.artifact":
            return
        inside = {**module.constants, **_arguments(function, node, scope)}
        _Reader(
            module, self._record, self._loader,
            in_steps=self._in_steps, depth=self._depth + 1, unsure=self._unsure,
        ).body(function.body, inside)  # fmt: skip


def _arguments(function: _Function, call: ast.Call, scope: Mapping[str, Texts]) -> dict[str, Texts]:
    """What a function's parameters are in a call."""
    named = [argument.arg for argument in function.args.args]
    found = dict.fromkeys(named, UNKNOWN)
    found |= dict(zip(named, (pyvalues.texts(word, scope) for word in call.args), strict=False))
    found |= {k.arg: pyvalues.texts(k.value, scope) for k in call.keywords if k.arg}
    return found
