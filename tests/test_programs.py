"""Every program that is called by its name has a package that can be told when it is missing."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from livecd_rootfs import process, programs
from livecd_rootfs.process import CommandMissing
from livecd_rootfs.tools import TOOLS

PACKAGE = Path(programs.__file__).parent
# What starts a program of this system, as `module.function` or `Class.method`.
STARTERS = {
    "process.run", "HostProcess.start", "subprocess.run", "subprocess.Popen", "os.execvpe",
}  # fmt: skip
# Whose argv is an argument of theirs; it is looked at where they are called.
DOORS = {"process.py", "running.py", "sandbox.py"}
# Their programs are paths that were looked for before, by `tools` itself or by `shutil.which`.
FOUND_BEFORE = {"tools.py", "lint/rules/shellcheck.py"}
# What every shell script needs, and this program itself.
ALWAYS_THERE = {"sys.executable"}
# Packages of Debian 13, which a system before that does not know.
LATER = {"systemd-repart", "systemd-ukify"}


class Module:
    """A module, and what is called in it."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(PACKAGE))
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    def programs(self) -> Iterator[str]:
        """The first words of all command lines that it starts."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in STARTERS:
                yield from self.words(node.args[0])

    def words(self, node: ast.expr) -> Iterator[str]:
        """What an expression may begin with: a literal, or what a name or a function here gives."""
        match node:
            case ast.Tuple(elts=[first, *_]) | ast.List(elts=[first, *_]):
                yield from self.words(first)
            case ast.Starred(value=value) | ast.Subscript(value=value):
                yield from self.words(value)
            case ast.Constant(value=str(word)):
                yield word
            case ast.Name(id=name) if found := list(self.values(name)):
                for value in found:
                    yield from self.words(value)
            case ast.Name(id=name) if owner := self.imported(name):
                yield from owner.words(node)
            case ast.Call(func=ast.Attribute(attr=name)) if found := list(self.returned(name)):
                for value in found:
                    yield from self.words(value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if owner := self.imported(
                name
            ):
                yield from owner.words(node)
            case _:
                yield ast.unparse(node)

    def imported(self, name: str) -> Module | None:
        """The module that a name is imported from, or is."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and name in {each.name for each in node.names}:
                place = PACKAGE.parent / (node.module or "").replace(".", "/")
                for path in (place / f"{name}.py", place.with_suffix(".py")):
                    if path.is_file():
                        return Module(path)
        return None

    def values(self, name: str) -> Iterator[ast.expr]:
        """What is assigned to a name, wherever in the module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                targets: Iterable[ast.expr] = node.targets
                if any(isinstance(each, ast.Name) and each.id == name for each in targets):
                    yield node.value

    def returned(self, name: str) -> Iterator[ast.expr]:
        """What the functions of a name return."""
        for function in ast.walk(self.tree):
            if isinstance(function, ast.FunctionDef) and function.name == name:
                for node in ast.walk(function):
                    if isinstance(node, ast.Return) and node.value is not None:
                        yield node.value


@cache
def called() -> dict[str, set[str]]:
    """Programs, and the modules that call them."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        module = Module(path)
        if module.name in DOORS | FOUND_BEFORE:
            continue
        for word in module.programs():
            found.setdefault(word, set()).add(module.name)
    return found


def test_every_program_has_a_package() -> None:
    known = programs.PACKAGES.keys() | TOOLS.keys() | ALWAYS_THERE
    assert {word: where for word, where in called().items() if word not in known} == {}


def test_the_commands_are_found() -> None:
    """So that the test above sees something."""
    assert {"cp", "dd", "gpg", "minisign", "nice", "unshare", "ssh-add"} <= called().keys()


@pytest.mark.network
@pytest.mark.tools("apt-cache")
def test_each_is_a_package() -> None:
    names = set(programs.PACKAGES.values()) | {tool.package for tool in TOOLS.values()}
    argv = ["apt-cache", "show", "--no-all-versions", *sorted(names - LATER)]
    shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    assert names - LATER - set(re.findall("^Package: (.*)$", shown, re.MULTILINE)) == set()


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(CommandMissing, match="'no-such-program' is not installed") as failure:
        process.run(["no-such-program"])
    assert failure.value.remedy is None
    assert CommandMissing("setpriv").remedy == "apt-get install util-linux"
