"""Which module of a package imports which, read from the syntax: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path


@cache
def modules(package: Path) -> Mapping[str, Path]:
    """A package's modules by their dotted names; a package stands for its ``__init__``."""
    return {dotted(path, package): path for path in sorted(package.rglob("*.py"))}


def dotted(path: Path, package: Path) -> str:
    """The dotted name of a module in a package."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of a file.

    Raises:
        SyntaxError, ValueError: it is no Python.
    """
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imported(path: Path, package: Path) -> frozenset[str]:
    """What a file imports anywhere in it; from the package, the modules rather than names."""
    known, prefix = modules(package), f"{package.name}."
    return frozenset(
        found if found in known or not found.startswith(prefix) else found.rpartition(".")[0]
        for node in ast.walk(tree(path))
        for found in _names(node, package.name)
    )


def _names(node: ast.AST, package: str) -> Iterator[str]:
    """``from a import b`` may mean the module ``a.b`` or a name in ``a``: both are given as a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(package):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


# Gives what a file imports, with the package of which its modules are told.
Reader = Callable[[Path, Path], frozenset[str]]


def own(path: Path, package: Path, read: Reader = imported) -> frozenset[str]:
    """The package's modules that a file imports."""
    return read(path, package) & modules(package).keys()


def loaded(start: Path, package: Path) -> frozenset[str]:
    """The package's modules that importing a file loads, the packages around them included."""
    return closure(own(start, package), package)


def closure(names: frozenset[str], package: Path, read: Reader = imported) -> frozenset[str]:
    """Modules of a package with all that importing them loads."""
    known = modules(package)
    found: set[str] = set()
    queue = list(names)
    while queue:
        module = queue.pop()
        if module not in found:
            found.add(module)
            parent = module.rpartition(".")[0]
            queue += [*own(known[module], package, read), *([parent] if parent else [])]
    return frozenset(found)
