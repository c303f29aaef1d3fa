"""Imports point down, the middle is pure, and what travels with hooks.d needs only Python."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from livecd_rootfs import bundle
from livecd_rootfs.build import base, recipes
from livecd_rootfs.imports import closure
from tests import checkout, imports

# The map of the house in the README, lowest first: a line of names, two blanks, what they are.
MAP = re.compile(r"^  ([a-z]+(?:, [a-z]+)*)  ", re.MULTILINE)
LEVELS = tuple(
    names.split(", ") for names in MAP.findall((checkout.ROOT / "README.cpc.md").read_text("utf-8"))
)
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}
STRANGERS = (("lint", "build"),)
# Values in, values out: these neither read nor write anything.
PURE = ("resolve", "build.plan")
INPUT_OUTPUT = {
    "http",
    "io",
    "logging",
    "os",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "time",
    "urllib",
}
# A path is a value, but these of its methods look at the disk.
PATH_METHODS = {
    "exists",
    "is_dir",
    "is_file",
    "is_symlink",
    "iterdir",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "readlink",
    "resolve",
    "stat",
    "unlink",
    "write_text",
}
OLDEST_BUILDER = (3, 10)
# Only the type checker imports it: it has what typing of the oldest Python lacks.
TYPES_ONLY = {"typing_extensions"}
MODULES = imports.modules()
# The package itself, which has nothing but its version, and what `python -m` starts.
NOT_ON_THE_MAP = {"", "__main__"}
HOOKS = {
    checkout.name(path): path
    for path in sorted((checkout.ROOT / "hooks.d").glob("*/*.binary"))
    if b"python" in path.read_bytes().partition(b"\n")[0]
}


def unit(module: str) -> str:
    """The file or folder right below the package that a module is or lies in."""
    return [*module.split("."), ""][1]


def modules_of(name: str) -> list[str]:
    return [module for module in MODULES if unit(module) == name]


def test_the_map_names_each_module_once() -> None:
    named = [name for names in LEVELS for name in names]
    assert sorted(named) == sorted({unit(module) for module in MODULES} - NOT_ON_THE_MAP)


@pytest.mark.parametrize("module", [module for module in MODULES if unit(module) in LEVEL])
def test_imports_point_down(module: str) -> None:
    level = LEVEL[unit(module)]
    found = imports.own(MODULES[module])
    assert not {name for name in found if LEVEL.get(unit(name), 0) > level}


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_strangers_do_not_know_each_other(one: str, other: str) -> None:
    for name, stranger in ((one, other), (other, one)):
        for module in modules_of(name):
            found = {unit(loaded) for loaded in imports.loaded(MODULES[module])}
            assert stranger not in found, module


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_itself_by_a_detour(module: str) -> None:
    """The packages around a module are set aside: they import what lies in them."""
    seen: set[str] = set()
    queue = sorted(imports.own(MODULES[module]))
    while queue:
        found = queue.pop()
        assert found != module, f"a cycle through {sorted(seen)}"
        if found not in seen:
            seen.add(found)
            queue += sorted(imports.own(MODULES[found]))


@pytest.mark.parametrize("name", PURE)
def test_the_middle_does_no_input_or_output(name: str) -> None:
    path = MODULES[f"{imports.PACKAGE}.{name}"]
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(imports.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not calls & {"print", "input", *PATH_METHODS}
    assert not {found.split(".")[0] for found in imports.imported(path)} & INPUT_OUTPUT


@pytest.mark.parametrize("script", imports.TRAVELLERS)
def test_what_travels_with_hooks_d_needs_only_python(script: str) -> None:
    path = checkout.ROOT / script
    modules = imports.loaded(path)
    assert modules, "the script is thin over the package"
    for file in (path, *(MODULES[module] for module in modules)):
        foreign = {name.split(".")[0] for name in imports.imported(file)} - {imports.PACKAGE}
        assert foreign <= sys.stdlib_module_names | TYPES_ONLY, checkout.name(file)
        ast.parse(file.read_text(encoding="utf-8"), feature_version=OLDEST_BUILDER)


def test_the_bundle_has_all_that_travels_and_no_more() -> None:
    bundled = {f"{imports.PACKAGE}/{module}.py" for module in bundle.MODULES}
    assert bundled == {checkout.name(MODULES[module]) for module in imports.travellers()}


@pytest.mark.parametrize("start", [*HOOKS, recipes.BASE_MODULE, base.SKELETON_MODULE])
def test_a_step_runs_not_again_for_an_option_that_it_does_not_read(start: str) -> None:
    """Modules are part of a step's key: with the table of options in it every edit reruns all."""
    names = imports.own(HOOKS[start]) if start in HOOKS else {start}
    modules = closure(frozenset(names), imports.FOLDER)
    assert modules
    assert not {module for module in modules if unit(module) == "settings"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import os.path, json\n", {"os.path", "json"}),
        ("from livecd_rootfs import errors\n", {"livecd_rootfs.errors"}),
        ("from livecd_rootfs.errors import LivecdError\n", {"livecd_rootfs.errors"}),
        ("def f():\n    import re\n", {"re"}),
        ("'import os'\n", set()),
    ],
)
def test_imported(tmp_path: Path, text: str, found: set[str]) -> None:
    module = tmp_path / "module.py"
    module.write_text(text)
    assert imports.imported(module) == found
