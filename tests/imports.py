"""Which module imports which, read from the syntax: nothing is run.

As a program it prints the files that hooks.d/make-hooks and the pruner load,
which must run on older Pythons than the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import imports
from tests import checkout

PACKAGE = "livecd_rootfs"
FOLDER = checkout.ROOT / PACKAGE
# The scripts that run where nothing is installed but python3.
TRAVELLERS = ("hooks.d/make-hooks", "hooks.d/base/final.binary")


def modules() -> Mapping[str, Path]:
    """The package's modules by their dotted names; a package stands for its ``__init__``."""
    return imports.modules(FOLDER)


def tree(path: Path) -> ast.Module:
    return imports.tree(path)


def imported(path: Path) -> frozenset[str]:
    """What a file imports anywhere in it; from the package, the modules rather than names."""
    return imports.imported(path, FOLDER)


def own(path: Path) -> frozenset[str]:
    """The package's modules that a file imports."""
    return imports.own(path, FOLDER)


def loaded(start: Path) -> frozenset[str]:
    """The package's modules that importing a file loads, the packages around them included."""
    return imports.loaded(start, FOLDER)


def travellers() -> tuple[str, ...]:
    """The modules that the scripts of a copied hooks.d load."""
    scripts = (checkout.ROOT / name for name in TRAVELLERS)
    return tuple(sorted(frozenset().union(*(loaded(path) for path in scripts if path.exists()))))


if __name__ == "__main__":
    print(*(checkout.name(modules()[module]) for module in travellers()))  # noqa: T201 (its output)
