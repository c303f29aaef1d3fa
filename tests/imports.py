"""Which module imports which, read from the syntax: nothing is run.

As a program it prints the files that hooks.d/make-hooks and the pruner load,
which must run on older Pythons than the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests import checkout

PACKAGE = "livecd_rootfs"
# The scripts that run where nothing is installed but python3.
TRAVELLERS = ("hooks.d/make-hooks", "hooks.d/base/final.binary")


def modules() -> dict[str, Path]:
    """The package's modules by their dotted names; a package stands for its ``__init__``."""
    return {dotted(path): path for path in sorted((checkout.ROOT / PACKAGE).rglob("*.py"))}


def dotted(path: Path) -> str:
    parts = path.relative_to(checkout.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> frozenset[str]:
    """What a file imports anywhere in it; from the package, the modules rather than names."""
    known = modules()
    return frozenset(
        found if found in known or not found.startswith(f"{PACKAGE}.") else found.rpartition(".")[0]
        for node in ast.walk(tree(path))
        for found in _names(node)
    )


def _names(node: ast.AST) -> Iterator[str]:
    """``from a import b`` may mean the module ``a.b`` or a name in ``a``: both are given as a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def own(path: Path) -> frozenset[str]:
    """The package's modules that a file imports."""
    return imported(path) & modules().keys()


def loaded(start: Path) -> frozenset[str]:
    """The package's modules that importing a file loads, the packages around them included."""
    known = modules()
    found: set[str] = set()
    queue = list(own(start))
    while queue:
        module = queue.pop()
        if module not in found:
            found.add(module)
            parent = module.rpartition(".")[0]
            queue += [*own(known[module]), *([parent] if parent else [])]
    return frozenset(found)


def travellers() -> tuple[str, ...]:
    """The modules that the scripts of a copied hooks.d load."""
    scripts = (checkout.ROOT / name for name in TRAVELLERS)
    return tuple(sorted(frozenset().union(*(loaded(path) for path in scripts if path.exists()))))


if __name__ == "__main__":
    print(*(checkout.name(modules()[module]) for module in travellers()))  # noqa: T201 (its output)
