"""What calls in a hook in Python do with files: those of pathlib, os, shutil, subprocess."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from livecd_rootfs.lint.effects import programs, pyvalues
from livecd_rootfs.lint.effects.memory import UNKNOWN, Texts
from livecd_rootfs.lint.effects.model import Kind
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.lint.effects.pyvalues import Scope

READ, WRITE, REMOVE, MKDIR = Kind.READ, Kind.WRITE, Kind.REMOVE, Kind.MKDIR
# Methods of paths, and what they do with the path itself.
_METHODS: Mapping[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("write_text", "write_bytes", "touch"), (WRITE,)),
    **dict.fromkeys(("read_text", "read_bytes", "stat", "is_file", "is_dir", "exists"), (READ,)),
    **dict.fromkeys(("iterdir", "glob", "rglob", "readlink", "lstat"), (READ,)),
    **dict.fromkeys(("unlink", "rmdir"), (REMOVE,)),
    **dict.fromkeys(("rename", "replace"), (READ, REMOVE)),
}
# Functions, by the modules that they are usually called by, and what they do with each argument.
_FUNCTIONS: Mapping[str, tuple[tuple[Kind, ...], ...]] = {
    **dict.fromkeys(("artifact.appearing", "artifact.write"), ((WRITE,),)),
    **dict.fromkeys(
        ("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree"), ((READ,), (WRITE,))
    ),
    **dict.fromkeys(("os.link", "os.symlink"), ((READ,), (WRITE,))),
    **dict.fromkeys(("shutil.move", "os.rename", "os.replace"), ((READ, REMOVE), (WRITE,))),
    **dict.fromkeys(("shutil.rmtree", "os.remove", "os.unlink", "os.rmdir"), ((REMOVE,),)),
    "os.mkdir": ((MKDIR,),),
    "os.makedirs": ((WRITE,),),
    "os.truncate": ((READ, WRITE),),
}
_RUNNERS = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.Popen",
            "subprocess.check_output", "tools.run")  # fmt: skip
_WRITING = set("wax+")


def deeds(call: ast.Call, scope: Scope) -> Iterator[Deed]:
    """What a call does with files, as far as that is known.

    Args:
        call: the call.
        scope: what the names in it can be.
    """
    name = ast.unparse(call.func) if _is_dotted(call.func) else ""
    if name in _FUNCTIONS:
        yield from _function(name, call, scope)
    elif name == "open" or name.endswith(".open"):
        yield from _open(name, call, scope)
    elif name.endswith(_RUNNERS) and call.args:
        yield from _program(call, scope)
    elif isinstance(call.func, ast.Attribute):
        yield from _method(call.func, call, scope)


def _is_dotted(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _function(name: str, call: ast.Call, scope: Scope) -> Iterator[Deed]:
    for argument, kinds in zip(call.args, _FUNCTIONS[name], strict=False):
        for kind in kinds:
            yield _deed(kind, argument, scope)


def _open(name: str, call: ast.Call, scope: Scope) -> Iterator[Deed]:
    is_function = name in {"open", "io.open", "gzip.open", "lzma.open", "bz2.open", "codecs.open"}
    path = call.args[0] if is_function and call.args else getattr(call.func, "value", None)
    rest = call.args[1:] if is_function else call.args
    given = [k.value for k in call.keywords if k.arg == "mode"] or rest[:1]
    mode = pyvalues.texts(given[0], scope)[0] if given else "r"
    if path is not None:
        yield _deed(WRITE if _WRITING & set(mode) else READ, path, scope)


def _program(call: ast.Call, scope: Scope) -> Iterator[Deed]:
    words = pyvalues.words(call.args[0], scope)
    if not words:
        yield Deed(kind=WRITE, texts=UNKNOWN, word=0, sure=False)
        return
    yield from programs.deeds(words)


def _method(function: ast.Attribute, call: ast.Call, scope: Scope) -> Iterator[Deed]:
    for kind in _METHODS.get(function.attr, ()):
        yield _deed(kind, function.value, scope)
    if function.attr in {"rename", "replace"} and len(call.args) == 1:
        yield _deed(WRITE, call.args[0], scope)
    if function.attr == "mkdir":
        is_plain = not any(k.arg in {"exist_ok", "parents"} for k in call.keywords)
        yield _deed(MKDIR if is_plain else WRITE, function.value, scope)


def _deed(kind: Kind, node: ast.AST, scope: Scope) -> Deed:
    found: Texts = pyvalues.texts(node, scope)
    return Deed(kind=kind, texts=found, word=0)
