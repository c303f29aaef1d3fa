"""A simple command of a shell script: who takes it, and what it then does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from livecd_rootfs.lint.effects import functions, names, programs
from livecd_rootfs.lint.effects.follower import End, Follower
from livecd_rootfs.lint.effects.memory import UNKNOWN, Memory, Texts
from livecd_rootfs.lint.effects.model import Command, Kind
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.lint.effects.syntax import Node, Script

_WORDS = {
    "word", "string", "raw_string", "ansi_c_string", "concatenation", "simple_expansion",
    "expansion", "command_substitution", "number", "arithmetic_expansion", "brace_expression",
    "process_substitution", "command_name", "translated_string", "regex", "extglob_pattern",
}  # fmt: skip
# Programs that run the one behind them; and their options that take a value.
_WRAPPERS: Mapping[str, str] = {
    "sudo": "-u -g", "env": "-u -C -S", "nice": "-n", "ionice": "-c -n -p", "time": "-f -o",
    "timeout": "-k -s", "nohup": "", "command": "", "builtin": "", "exec": "-a", "setarch": "",
    "chrt": "", "eatmydata": "", "fakeroot": "", "stdbuf": "-i -o -e", "taskset": "", "flock": "",
    "unshare": "", "setsid": "", "xargs": "-I -n -P -d -L -a",
}  # fmt: skip
# How many operands stand before the command.
_LEADING = {"timeout": 1, "setarch": 1, "taskset": 1, "flock": 1, "chrt": 1}
_SHELLS = {"sh", "bash", "dash"}
_LANGUAGES = ("python", "perl", "ruby", "make", "node", "lua")
_SYSTEM_FOLDERS = ("/bin/", "/sbin/", "/usr/")
_INTO_ROOTS = {"chroot", "systemd-nspawn", "arch-chroot", "nsenter"}
# What `lb config` writes, for hooks to source; the first one only defines functions.
FUNCTIONS_FILE = "config/functions"
CONFIG_FILES = tuple(
    f"config/{name}" for name in ("binary", "bootstrap", "chroot", "common", "source")
)


class Argv:
    """The words of a command, as nodes and as the texts that they can become.

    Args:
        nodes: the words.
        texts: what each can become.
    """

    def __init__(self, nodes: Sequence[Node], texts: Sequence[Texts]) -> None:
        self.nodes = tuple(nodes)
        self.texts = tuple(texts)

    @property
    def name(self) -> str:
        """The program; ``*`` if it can be several."""
        return self.texts[0][0] if self.texts and len(self.texts[0]) == 1 else names.UNKNOWN

    def text(self, number: int) -> str:
        """A word, if it can only be one; else ``*``."""
        return self.texts[number][0] if len(self.texts[number]) == 1 else names.UNKNOWN

    def after(self, number: int) -> Argv:
        """The words from this one on."""
        return Argv(self.nodes[number:], self.texts[number:])

    def __len__(self) -> int:
        return len(self.texts)


def words_of(node: Node) -> list[Node]:
    """The words of a command, without assignments and redirections."""
    return [child for child in node.named_children if child.type in _WORDS]


def run(shell: Follower, node: Node, memory: Memory) -> End | None:
    """Follow a command: its words, its redirections, and what it does."""
    for child in node.named_children:
        if child.type == "variable_assignment":
            value = child.child_by_field_name("value")
            if value is not None:
                shell.texts(value, memory)
        elif child.type.endswith("_redirect"):
            shell.redirect(child, memory)
    nodes = words_of(node)
    texts = [shell.texts(word, memory) for word in nodes]
    return _follow(shell, Argv(nodes, texts), memory) if nodes else None


def _follow(shell: Follower, argv: Argv, memory: Memory) -> End | None:
    name = argv.name
    if shell.has(name):
        shell.call(name, argv.texts[1:], memory)
        return None
    if name in _BUILTINS:
        return _BUILTINS[name](shell, argv, memory)
    given = functions.deeds(argv.texts)
    if given is not None:
        _do(shell, argv, given, memory)
        memory.values |= functions.sets(argv.texts)
        return None
    if name in _WRAPPERS:
        return _unwrap(shell, argv, memory)
    return _program(shell, argv, memory)


def _program(shell: Follower, argv: Argv, memory: Memory) -> End | None:
    name = argv.name
    if name in _INTO_ROOTS:
        _into_root(shell, argv, memory)
        return None
    shell.record.commands.append(_command(shell, argv))
    base = name.rsplit("/", 1)[-1]
    if base in _SHELLS:
        return _shell(shell, argv, memory)
    if _is_own(name) or base.startswith(_LANGUAGES):
        _own_program(shell, argv, memory)
        return None
    _do(shell, argv, programs.deeds(argv.texts), memory)
    return None


def _command(shell: Follower, argv: Argv) -> Command:
    spans = [shell.script.span(node) for node in argv.nodes]
    words = tuple(argv.text(number) for number in range(len(argv)))
    places = tuple((span.start, span.end) for span in spans)
    return Command(words=words, source=spans[0].source, places=places)


def _do(shell: Follower, argv: Argv, deeds: Sequence[Deed], memory: Memory) -> None:
    for deed in deeds:
        shell.deed(deed, argv.nodes[deed.word], argv.name, memory)


def _is_own(name: str) -> bool:
    """Whether it is no program of the system: then it may know the names of artifacts."""
    return not names.is_known(name) or ("/" in name and not name.startswith(_SYSTEM_FOLDERS))


def _own_program(shell: Follower, argv: Argv, memory: Memory) -> None:
    """A script that comes with the hooks is followed, if it is one in shell."""
    source = shell.find(argv.name) if names.is_known(argv.name) else None
    if source is not None and _is_shell(source.text):
        inside = Memory(arguments=argv.texts[1:], folder=memory.folder)
        shell.outer(source, inside)
        return
    shell.unclear(argv.nodes[0], argv.name)


def _is_shell(text: str) -> bool:
    line = text.partition("\n")[0]
    return line.startswith("#!") and line.split()[-1 if "-" not in line else 0].endswith("sh")


def _into_root(shell: Follower, argv: Argv, memory: Memory) -> None:
    """What runs in a target root may change anything there, and nothing else."""
    folder = next((n for n in range(1, len(argv)) if not argv.text(n).startswith("-")), None)
    if folder is not None:
        for kind in (Kind.READ, Kind.WRITE):
            deed = Deed(kind=kind, texts=argv.texts[folder], word=folder, sure=False)
            shell.deed(deed, argv.nodes[folder], argv.name, memory)


def _unwrap(shell: Follower, argv: Argv, memory: Memory) -> End | None:
    """Go on with the command behind ``sudo`` and the like."""
    wrapper = argv.name
    values, leading, number = _WRAPPERS[wrapper].split(), _LEADING.get(wrapper, 0), 1
    while number < len(argv):
        text = argv.text(number)
        if text in values:
            number += 1
        elif not (text.startswith("-") or (wrapper == "env" and "=" in argv.texts[number][0])):
            if not leading:
                break
            leading -= 1
        number += 1
    if number >= len(argv):
        return None
    if wrapper == "xargs":
        _fed(shell, argv.after(number))
        return None
    end = _follow(shell, argv.after(number), memory)
    return _ends("exit") if wrapper == "exec" else end


def _fed(shell: Follower, argv: Argv) -> None:
    """A command that gets its operands from its input."""
    deeds = programs.deeds((*argv.texts, UNKNOWN))
    for deed in deeds:
        node = argv.nodes[min(deed.word, len(argv.nodes) - 1)]
        unsure = Deed(kind=deed.kind, texts=UNKNOWN, word=0, sure=False)
        shell.deed(unsure, node, argv.name, Memory())


def _shell(shell: Follower, argv: Argv, memory: Memory) -> End | None:
    """``sh -c SCRIPT`` or ``sh FILE``."""
    for number in range(1, len(argv)):
        text = argv.text(number)
        if text.startswith("-") and text.endswith("c") and number + 1 < len(argv):
            script = argv.text(number + 1)
            if not names.is_known(script):
                shell.unclear(argv.nodes[number + 1], argv.name)
                return None
            arguments = argv.texts[number + 3 :]
            inside = Memory(values=dict(memory.values), arguments=arguments, folder=memory.folder)
            shell.inner(script, argv.nodes[number + 1], inside)
            return None
        if not text.startswith("-"):
            _own_program(shell, argv.after(number), memory)
            return None
    shell.unclear(argv.nodes[0], argv.name)
    return None


# Commands of the shell itself.


def _source(shell: Follower, argv: Argv, memory: Memory) -> None:
    if len(argv) < 2:  # noqa: PLR2004 (the command and its file)
        return
    path = argv.text(1)
    plain = path.removeprefix("./").removeprefix("/root/").removeprefix(f"{names.BUILD}/")
    if plain.removeprefix("/build/") == FUNCTIONS_FILE:
        return
    if plain.removeprefix("/build/").removeprefix("/live-build/") in CONFIG_FILES:
        shell.record.has_config = True
        return
    if path.endswith("/os-release"):
        shell.record.has_config = True
        shell.deed(Deed(kind=Kind.READ, texts=argv.texts[1], word=1), argv.nodes[1], ".", memory)
        return
    source = shell.find(path) if names.is_known(path) else None
    if source is None:
        shell.record.has_config = True
        shell.unclear(argv.nodes[1], ".")
        return
    kept = memory.arguments
    memory.arguments = argv.texts[2:] or memory.arguments
    shell.outer(source, memory)
    memory.arguments = kept


def _cd(shell: Follower, argv: Argv, memory: Memory) -> None:  # noqa: ARG001 (one of a table)
    operands = [n for n in range(1, len(argv)) if not argv.text(n).startswith("-")]
    if argv.text(len(argv) - 1) == "-" or argv.name == "popd" or not operands:
        memory.folder = UNKNOWN
        return
    memory.folder = tuple(
        text if text.startswith(("/", "${")) or folder == names.BUILD else f"{folder}/{text}"
        for folder in memory.folder
        for text in argv.texts[operands[0]]
    )


def _set(shell: Follower, argv: Argv, memory: Memory) -> None:  # noqa: ARG001 (one of a table)
    for number in range(1, len(argv)):
        if argv.text(number) == "--":
            memory.arguments = argv.texts[number + 1 :]
            return


def _shift(shell: Follower, argv: Argv, memory: Memory) -> None:
    count = argv.text(1) if len(argv) > 1 else "1"
    if memory.arguments is not None and count.isdigit() and not shell.unsure:
        memory.arguments = memory.arguments[int(count) :]
    else:
        memory.arguments = None


def _read(shell: Follower, argv: Argv, memory: Memory) -> None:  # noqa: ARG001 (one of a table)
    for number in range(1, len(argv)):
        if argv.text(number).isidentifier():
            memory.values[argv.text(number)] = UNKNOWN


def _eval(shell: Follower, argv: Argv, memory: Memory) -> End | None:
    script = " ".join(argv.text(number) for number in range(1, len(argv)))
    if names.is_known(script):
        return shell.inner(script, argv.nodes[0], memory)
    shell.unclear(argv.nodes[0], "eval")
    return None


def _trap(shell: Follower, argv: Argv, memory: Memory) -> None:  # noqa: ARG001 (one of a table)
    """What it says comes at the very end, with what the variables hold then."""
    if len(argv) > 2 and argv.text(1) != "-":  # noqa: PLR2004 (trap, its command, a signal)
        node = argv.nodes[1]
        is_whole = node.type in {"raw_string", "word"}
        text = argv.text(1) if is_whole or names.is_known(argv.text(1)) else ""
        if text:
            shell.at_exit.append((node, text))
        else:
            shell.unclear(node, "trap")


def _exit(shell: Follower, argv: Argv, memory: Memory) -> End:  # noqa: ARG001 (one of a table)
    return _ends(argv.name)


def _ends(name: str) -> End:
    return {"exit": End.SCRIPT, "return": End.FUNCTION}.get(name, End.LOOP)


def _printf(shell: Follower, argv: Argv, memory: Memory) -> None:  # noqa: ARG001 (one of a table)
    if len(argv) > 2 and argv.text(1) == "-v":  # noqa: PLR2004 (printf, -v, a name)
        memory.values[argv.text(2)] = UNKNOWN


_Builtin = Callable[[Follower, Argv, Memory], End | None]
_BUILTINS: Mapping[str, _Builtin] = {
    ".": _source,
    "source": _source,
    "cd": _cd,
    "pushd": _cd,
    "popd": _cd,
    "set": _set,
    "shift": _shift,
    "read": _read,
    "mapfile": _read,
    "readarray": _read,
    "getopts": _read,
    "eval": _eval,
    "trap": _trap,
    "exit": _exit,
    "return": _exit,
    "break": _exit,
    "continue": _exit,
    "printf": _printf,
}
_SETTERS = {"read", "mapfile", "readarray", "getopts", "printf"}


def set_by(script: Script, node: Node) -> Iterator[str]:
    """The variables that a command sets by its words."""
    nodes = words_of(node)
    if nodes and script.text(nodes[0]) in _SETTERS:
        yield from (script.text(word) for word in nodes[1:] if script.text(word).isidentifier())
    elif nodes:
        yield from functions.sets([(script.text(word),) for word in nodes])
