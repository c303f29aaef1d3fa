"""Expressions of a hook in Python, as the texts that they can become."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.memory import GIVEN, UNKNOWN, Texts, joined, union

# Names that the functions of the steps have for one and the same thing.
_OF_CONTEXT: Mapping[str, Texts] = {
    "build": (names.BUILD,),
    "chroot": ("chroot",),
    "prefix": (names.PREFIX,),
}
_WRAPPERS = {"Path", "PurePath", "str", "fspath", "abspath", "resolve", "absolute", "fsencode"}
Scope = Mapping[str, Texts]


def texts(node: ast.AST | None, scope: Scope) -> Texts:
    """What an expression can become.

    Args:
        node: the expression.
        scope: what the names in it can be.
    """
    reader = _READERS.get(type(node))
    return reader(node, scope) if reader else UNKNOWN


def words(node: ast.AST, scope: Scope) -> list[Texts] | None:
    """The words of an argument list, if it is written out."""
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    return [UNKNOWN if isinstance(word, ast.Starred) else texts(word, scope) for word in node.elts]


def variable(node: ast.AST) -> tuple[str, bool] | None:
    """The environment's variable that an expression reads, and whether it may lack it."""
    if isinstance(node, ast.Subscript) and _tail(node.value) == "environ":
        return _named(node.slice, guarded=False)
    if isinstance(node, ast.Call) and node.args:
        name = ast.unparse(node.func)
        if name.endswith(("environ.get", "getenv")):
            return _named(node.args[0], guarded=True)
    return None


def _named(node: ast.AST, *, guarded: bool) -> tuple[str, bool] | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, guarded
    return None


def _tail(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constant(node: ast.Constant, _scope: Scope) -> Texts:
    return (node.value,) if isinstance(node.value, str) else UNKNOWN


def _name(node: ast.Name, scope: Scope) -> Texts:
    return (names.HOOK,) if node.id == "__file__" else scope.get(node.id, UNKNOWN)


def _joined(node: ast.JoinedStr, scope: Scope) -> Texts:
    return joined(
        texts(part.value if isinstance(part, ast.FormattedValue) else part, scope)
        for part in node.values
    )


def _operation(node: ast.BinOp, scope: Scope) -> Texts:
    left, right = texts(node.left, scope), texts(node.right, scope)
    if isinstance(node.op, ast.Add):
        return joined((left, right))
    if isinstance(node.op, ast.Div):
        return tuple(_inside(one, other) for one in left for other in right)
    return UNKNOWN


def _inside(folder: str, path: str) -> str:
    return path if path.startswith(("/", names.BUILD)) else f"{folder}/{path}"


def _choice(node: ast.IfExp, scope: Scope) -> Texts:
    return union(texts(node.body, scope), texts(node.orelse, scope))


def _alternative(node: ast.BoolOp, scope: Scope) -> Texts:
    return union(*(texts(value, scope) for value in node.values))


def _attribute(node: ast.Attribute, scope: Scope) -> Texts:
    if node.attr in _OF_CONTEXT and _tail(node.value) == "context":
        return _OF_CONTEXT[node.attr]
    if node.attr == "parent":
        values = texts(node.value, scope)
        return tuple(names.HOOK_FOLDER if t == names.HOOK else names.UNKNOWN for t in values)
    return scope.get(ast.unparse(node), UNKNOWN)


def _subscript(node: ast.Subscript, _scope: Scope) -> Texts:
    found = variable(node)
    return GIVEN.get(found[0], UNKNOWN) if found else UNKNOWN


def _call(node: ast.Call, scope: Scope) -> Texts:
    found = variable(node)
    if found:
        return GIVEN.get(found[0], UNKNOWN)
    name = _tail(node.func)
    if name in _CALLS and node.args:
        return _CALLS[name](node, scope)
    if name in {"cwd", "getcwd"}:
        return (names.BUILD,)
    if name in _WRAPPERS:
        of = node.args[0] if node.args else getattr(node.func, "value", None)
        return texts(of, scope)
    return UNKNOWN


def _artifact(node: ast.Call, scope: Scope) -> Texts:
    return joined(((names.PREFIX,), texts(node.args[0], scope)))


def _joined_path(node: ast.Call, scope: Scope) -> Texts:
    """``os.path.join(a, b)``, or ``path.joinpath(b)``; of a separator's join nothing is known."""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
        return UNKNOWN
    parts = [texts(word, scope) for word in node.args]
    return joined(
        part for word in parts for part in ((("/",), word) if word is not parts[0] else (word,))
    )


_CALLS: Mapping[str, Callable[[ast.Call, Scope], Texts]] = {
    "artifact": _artifact,
    "join": _joined_path,
}
_READERS: Mapping[type[ast.AST | None], Callable[..., Texts]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.JoinedStr: _joined,
    ast.BinOp: _operation,
    ast.IfExp: _choice,
    ast.BoolOp: _alternative,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
}
