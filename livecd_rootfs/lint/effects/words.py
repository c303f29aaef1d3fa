"""Words of a shell script as the texts that they can become."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable

from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.memory import DEVICE, NOTHING, UNKNOWN, Memory, Texts, joined, union
from livecd_rootfs.lint.effects.syntax import Node, Script

# Operators of ${name:-word} that say what to do when the variable is not set.
GUARDS = {":-", "-", ":=", "=", ":+", "+"}
DEFAULTS = {":-", "-", ":=", "="}
ALTERNATIVES = {":+", "+"}
_ESCAPED = {"\\\n": "", '\\"': '"', "\\$": "$", "\\`": "`", "\\\\": "\\", "\\ ": " "}
# Set by the shell itself.
OF_THE_SHELL = frozenset(
    [
        "PWD",
        "OLDPWD",
        "IFS",
        "PPID",
        "UID",
        "EUID",
        "HOSTNAME",
        "HOSTTYPE",
        "MACHTYPE",
        "OSTYPE",
        "RANDOM",
        "SECONDS",
        "LINENO",
        "OPTARG",
        "OPTIND",
        "OPTERR",
        "REPLY",
        "SHELL",
        "SHLVL",
        "SHELLOPTS",
        "BASHOPTS",
        "FUNCNAME",
        "PIPESTATUS",
        "BASHPID",
        "BASH",
        "BASH_SOURCE",
        "BASH_LINENO",
        "BASH_REMATCH",
        "BASH_VERSION",
        "BASH_VERSINFO",
        "BASH_COMMAND",
        "BASH_ENV",
        "BASH_SUBSHELL",
        "DIRSTACK",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "COLUMNS",
        "LINES",
        "PS1",
        "PS2",
        "PS3",
        "PS4",
        "MAPFILE",
        "COPROC",
        "GROUPS",
        "SRANDOM",
        "POSIXLY_CORRECT",
        "TMPDIR",
        "USER",
        "LOGNAME",
    ]
)


_PLAIN = ("word", "number", "extglob_pattern", "regex", "test_operator")
_OF_PARTS = ("string", "concatenation", "command_name", "translated_string")


class Words:
    """Reads the words of one script.

    Args:
        script: the script.
        run: runs the commands of ``$(...)``, and says what they print, as far as that is known.
        used: told of each variable that the script has not set itself.
    """

    def __init__(
        self,
        script: Script,
        run: Callable[[Node, Memory], Texts],
        used: Callable[[str, Node, bool], None],
    ) -> None:
        self._script = script
        self._used = used
        self._readers: dict[str, Callable[[Node, Memory], Texts]] = {
            **dict.fromkeys(_PLAIN, self._word),
            **dict.fromkeys(_OF_PARTS, self._parts),
            "raw_string": lambda node, _: (script.text(node)[1:-1],),
            "ansi_c_string": lambda node, _: (script.text(node)[2:-1],),
            "string_content": lambda node, _: (_unescaped(script.text(node)),),
            "heredoc_content": lambda node, _: (_unescaped(script.text(node)),),
            "simple_expansion": self._variable,
            "expansion": self._expansion,
            "command_substitution": run,
        }

    def texts(self, node: Node, memory: Memory) -> Texts:
        """What a word can become."""
        reader = self._readers.get(node.type)
        if reader is not None:
            return reader(node, memory)
        self._look_into(node, memory)
        return UNKNOWN

    def _word(self, node: Node, memory: Memory) -> Texts:
        if node.named_children:
            return self._parts(node, memory)
        text = self._script.text(node)
        if "\\" in text:
            text = _unescaped(text)
        return (text.replace("?", names.UNKNOWN),)

    def _parts(self, node: Node, memory: Memory) -> Texts:
        """A string's parts lie apart by blanks that belong to no node."""
        parts: list[Texts] = []
        end = node.start_byte + (node.type == "string")
        for child in node.named_children:
            gap = self._script.between(end, child.start_byte)
            parts += [(gap,)] if gap else []
            parts.append(self.texts(child, memory))
            end = child.end_byte
        gap = self._script.between(end, node.end_byte - (node.type == "string"))
        return joined([*parts, (gap,)]) if gap else joined(parts)

    def _look_into(self, node: Node, memory: Memory) -> None:
        """Nothing is known of the word, but of what it reads and runs."""
        for child in node.named_children:
            self.texts(child, memory)

    def _variable(self, node: Node, memory: Memory) -> Texts:
        name = self._script.text(node.named_children[0]) if node.named_children else ""
        self._note(name, node, memory, guarded=False)
        return memory.get(name) if name else UNKNOWN

    def _note(self, name: str, node: Node, memory: Memory, *, guarded: bool) -> None:
        known = memory.knows(name) or name in OF_THE_SHELL or not name.isidentifier()
        if not known:
            self._used(name, node, guarded)

    def _expansion(self, node: Node, memory: Memory) -> Texts:
        """``${name}`` with whatever stands behind the name."""
        operator, name, rest = self._taken_apart(node)
        if not name:
            self._look_into(node, memory)
            return UNKNOWN
        self._note(name, node, memory, guarded=operator in GUARDS)
        values = memory.get(name)
        words = [self.texts(child, memory) for child in rest]
        if operator == "":
            return values
        if operator in DEFAULTS:
            return _or_default(values, joined(words), is_set=memory.knows(name))
        if operator in ALTERNATIVES:
            return _if_set(name, joined(words))
        if operator in {"?", ":?"}:
            return values
        return _changed(values, operator, joined(words))

    def _taken_apart(self, node: Node) -> tuple[str, str, list[Node]]:
        """The operator, the variable's name, and the words behind them."""
        operator, name, rest = "", "", list[Node]()
        for child in node.children:
            if child.type == "variable_name" and not name and not operator:
                name = self._script.text(child)
            elif child.type in {"special_variable_name", "subscript"} and not name:
                return operator, "", []
            elif child.is_named:
                rest.append(child)
            elif child.type not in {"${", "}"}:
                operator += self._script.text(child)
        return operator, name, rest


def _if_set(name: str, texts: Texts) -> Texts:
    """What stands for a variable that may not be set; SUBARCH is a part of the prefix."""
    return texts if name == "SUBARCH" else union(texts, NOTHING)


def _or_default(values: Texts, default: Texts, *, is_set: bool) -> Texts:
    if is_set:
        return union(*([values] if values != NOTHING else []), *([default] if "" in values else []))
    return values if values != UNKNOWN else union(UNKNOWN, default)


def _changed(values: Texts, operator: str, patterns: Texts) -> Texts:
    """The values without what a pattern fits at their end or beginning."""
    if len(patterns) != 1 or not all(names.is_known(value) for value in values):
        return UNKNOWN
    cut = _CUTS.get(operator)
    return tuple(cut(value, patterns[0]) for value in values) if cut else UNKNOWN


def _without_end(value: str, pattern: str, *, longest: bool) -> str:
    starts = range(len(value) + 1) if longest else range(len(value), -1, -1)
    return next((value[:n] for n in starts if fnmatch.fnmatchcase(value[n:], pattern)), value)


def _without_beginning(value: str, pattern: str, *, longest: bool) -> str:
    ends = range(len(value), -1, -1) if longest else range(len(value) + 1)
    return next((value[n:] for n in ends if fnmatch.fnmatchcase(value[:n], pattern)), value)


_CUTS: dict[str, Callable[[str, str], str]] = {
    "%": lambda value, pattern: _without_end(value, pattern, longest=False),
    "%%": lambda value, pattern: _without_end(value, pattern, longest=True),
    "#": lambda value, pattern: _without_beginning(value, pattern, longest=False),
    "##": lambda value, pattern: _without_beginning(value, pattern, longest=True),
}


def _unescaped(text: str) -> str:
    for escaped, meant in _ESCAPED.items():
        text = text.replace(escaped, meant)
    return text


def printed(argv: list[Texts]) -> Texts:
    """What the commands print that hooks use to find their own files."""
    name = argv[0][0] if len(argv[0]) == 1 else ""
    operands = [word for word in argv[1:] if not word[0].startswith("-")]
    speaker = _SPEAKERS.get(name)
    return speaker(operands) if speaker else UNKNOWN


def _same(operands: list[Texts]) -> Texts:
    return operands[0] if len(operands) == 1 else UNKNOWN


def _basename(operands: list[Texts]) -> Texts:
    path, suffix = [*operands, UNKNOWN][0], [*operands, NOTHING, NOTHING][1]
    return tuple(posixpath.basename(text).removesuffix(suffix[0]) for text in path)


def _spoken(words: list[Texts]) -> Texts:
    parts: list[Texts] = []
    for word in words:
        parts += [(" ",), word] if parts else [word]
    return joined(parts)


def _folder(text: str) -> str:
    if text == names.HOOK:
        return names.HOOK_FOLDER
    return posixpath.dirname(text) or "."


_SPEAKERS: dict[str, Callable[[list[Texts]], Texts]] = {
    "readlink": _same,
    "realpath": _same,
    "dirname": lambda operands: tuple(map(_folder, _same(operands))),
    "basename": _basename,
    "mktemp": lambda operands: UNKNOWN if operands else ("/tmp/*",),  # noqa: S108 (its place)
    "losetup": lambda _: DEVICE,
    "echo": _spoken,
}
