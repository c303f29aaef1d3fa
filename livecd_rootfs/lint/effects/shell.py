"""What a shell hook reads and writes: its syntax tree, followed line by line.

It is no run: of an `if` each branch is taken in turn, of a loop over words the body once for
each word. What is not understood may do anything, so that no rule builds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from livecd_rootfs.lint.effects import commands, names, words
from livecd_rootfs.lint.effects.follower import End
from livecd_rootfs.lint.effects.memory import NOTHING, UNKNOWN, Memory, Texts, union
from livecd_rootfs.lint.effects.model import Effects, Kind
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.lint.effects.record import Record
from livecd_rootfs.lint.effects.syntax import Node, Script, below
from livecd_rootfs.lint.effects.words import Words
from livecd_rootfs.source import Source, Span

# Finds the file that a script sources or runs, seen from the folder of the hook.
Finder = Callable[[str], Source | None]
DEEPEST = 8
LONGEST_LOOP = 16
_ASSIGNING = ("variable_assignment", "for_statement")
_EXPRESSIONS = {
    "unary_expression", "binary_expression", "parenthesized_expression", "negation_expression",
}  # fmt: skip
_LOOKS = {f"-{letter}" for letter in "abcdefghkprsuwxGLNOS"}
_TESTS = {"[", "test", "[[", "grep", "command", "which", "type", "false"}


def effects(source: Source, find: Finder) -> Effects:
    """What a shell script does.

    Args:
        source: the script.
        find: finds what it sources.
    """
    record = Record()
    shell = Shell(Script(source), record, find)
    shell.run(Memory())
    return record.effects()


class Shell:
    """Follows one script, and what it sources and calls.

    Args:
        script: the script.
        record: where what is found goes.
        find: finds what it sources.
        functions: those that it finds defined.
        depth: how many calls led here.
    """

    def __init__(
        self,
        script: Script,
        record: Record,
        find: Finder,
        *,
        functions: dict[str, tuple[Shell, Node]] | None = None,
        depth: int = 0,
    ) -> None:
        self.script = script
        self.record = record
        self._find = find
        self.depth = depth
        self.functions = {} if functions is None else functions
        self.at_exit: list[tuple[Node, str]] = []
        self.words = Words(script, self._substitute, self._used)
        self.unsure = 0
        self._statements: dict[str, Callable[[Node, Memory], End | None]] = {
            "command": lambda node, memory: commands.run(self, node, memory),
            "variable_assignment": self._assign,
            "variable_assignments": self._sequence,
            "declaration_command": self._declare,
            "unset_command": self._unset,
            "redirected_statement": self._redirected,
            "pipeline": self._pipeline,
            "list": self._list,
            "negated_command": self._sequence,
            "if_statement": self._if,
            "case_statement": self._case,
            "for_statement": self._for,
            "while_statement": self._while,
            "c_style_for_statement": self._while,
            "function_definition": self._define,
            "subshell": self._subshell,
            "compound_statement": self._sequence,
            "do_group": self._sequence,
            "program": self._sequence,
            "else_clause": self._sequence,
            "test_command": self._test,
        }

    # What commands need.

    def find(self, path: str) -> Source | None:
        """The file that a script sources or runs, if it comes with the hook."""
        return self._find(path)

    def has(self, function: str) -> bool:
        """Whether the script defines a function."""
        return function in self.functions

    def run(self, memory: Memory) -> End | None:
        """Follow the whole script."""
        self._note_assigned()
        end = self._sequence(self.script.root, memory)
        with self.perhaps():
            for node, text in self.at_exit:
                self.inner(text, node, memory)
        return end

    def inner(self, text: str, node: Node, memory: Memory) -> End | None:
        """Follow a script that stands in a word of this one, and is all at that place."""
        if self.depth >= DEEPEST:
            self.unclear(node, "sh -c")
            return None
        script = Inlined(Source(self.script.source.path, text), self.script.span(node))
        return self._deeper(script).run(memory)

    def outer(self, source: Source, memory: Memory) -> End | None:
        """Follow another file that this script sources."""
        if self.depth >= DEEPEST:
            return None
        return self._deeper(Script(source)).run(memory)

    def _deeper(self, script: Script) -> Shell:
        shell = Shell(
            script, self.record, self._find, functions=self.functions, depth=self.depth + 1
        )
        shell.unsure = self.unsure
        return shell

    def call(self, name: str, arguments: tuple[Texts, ...], memory: Memory) -> None:
        """Follow a function of the script."""
        shell, body = self.functions[name]
        if self.depth + shell.depth >= DEEPEST:
            return
        kept, memory.arguments = memory.arguments, arguments
        shell.depth += self.depth + 1
        unsure, shell.unsure = shell.unsure, self.unsure
        shell.statement(body, memory)
        shell.unsure = unsure
        shell.depth -= self.depth + 1
        memory.arguments = kept

    def texts(self, node: Node, memory: Memory) -> Texts:
        """What a word can become."""
        return self.words.texts(node, memory)

    def deed(self, deed: Deed, node: Node, by: str, memory: Memory) -> None:
        """Record what is done with a name."""
        certain = not self.unsure
        self.record.touch(deed, self.script.span(node), by, memory.folder, certain=certain)

    def unclear(self, node: Node, by: str) -> None:
        """Record that nobody knows what goes on there."""
        self.record.unclear(self.script.span(node), by)

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """What goes on inside does not happen in every run."""
        self.unsure += 1
        try:
            yield
        finally:
            self.unsure -= 1

    # Statements.

    def statement(self, node: Node, memory: Memory) -> End | None:
        """Follow one command, simple or compound."""
        if node.is_error or node.is_missing:
            self.unclear(node, "a syntax error")
            return None
        method = self._statements.get(node.type)
        if method is not None:
            return method(node, memory)
        if node.type not in {"comment", "heredoc_body", "variable_name"}:
            self.texts(node, memory)
        return None

    def _sequence(self, node: Node, memory: Memory) -> End | None:
        return self._each(node.named_children, memory)

    def _each(self, nodes: Iterable[Node], memory: Memory) -> End | None:
        for node in nodes:
            end = self.statement(node, memory)
            if end is not None:
                return end
        return None

    def _assign(self, node: Node, memory: Memory) -> None:
        name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name_node is None:
            return
        texts = self.texts(value, memory) if value is not None else NOTHING
        if any(child.type == "+=" for child in node.children):
            texts = UNKNOWN
        if name_node.type == "variable_name":
            memory.values[self.script.text(name_node)] = texts
        else:
            memory.values[self.script.text(name_node).partition("[")[0]] = UNKNOWN

    def _declare(self, node: Node, memory: Memory) -> None:
        is_local = self.script.text(node).startswith(("local", "declare", "typeset"))
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._assign(child, memory)
            elif child.type == "variable_name" and is_local:
                memory.values[self.script.text(child)] = NOTHING
                self.record.set_somewhere.add(self.script.text(child))

    def _unset(self, node: Node, memory: Memory) -> None:
        for child in node.named_children:
            memory.values[self.script.text(child)] = NOTHING

    def _redirected(self, node: Node, memory: Memory) -> End | None:
        end = None
        for child in node.named_children:
            if child.type.endswith("_redirect"):
                self.redirect(child, memory)
            else:
                end = self.statement(child, memory)
        return end

    def redirect(self, node: Node, memory: Memory) -> None:
        """Follow ``> file`` and its kin."""
        if node.type != "file_redirect":
            self._here(node, memory)
            return
        operator = next((c.type for c in node.children if not c.is_named), "")
        for target in node.children_by_field_name("destination"):
            texts = self.texts(target, memory)
            if operator in {">&", "<&"} and all(text.isdigit() or text == "-" for text in texts):
                continue
            kinds = {"<": (Kind.READ,), "<>": (Kind.READ, Kind.WRITE)}.get(operator, (Kind.WRITE,))
            for kind in kinds:
                self.deed(Deed(kind=kind, texts=texts, word=0), target, operator, memory)

    def _here(self, node: Node, memory: Memory) -> None:
        """A document in the script: its expansions, and what stands behind it on its line."""
        for child in node.named_children:
            if child.type == "heredoc_body":
                for part in child.named_children:
                    self.texts(part, memory)
            elif child.type in {"file_redirect", "herestring_redirect"}:
                self.redirect(child, memory)
            elif child.type in self._statements:
                self.statement(child, memory)
            elif child.type not in {"heredoc_start", "heredoc_end"}:
                self.texts(child, memory)

    def _pipeline(self, node: Node, memory: Memory) -> None:
        for child in node.named_children:
            inside = memory.copy()
            self.statement(child, inside)

    def _list(self, node: Node, memory: Memory) -> End | None:
        """``a && b``: b counts as done, unless a only tests; of ``a || b`` only a does."""
        left, right = node.named_children[0], node.named_children[-1]
        end = self.statement(left, memory)
        if end is not None:
            return end
        is_and = any(child.type == "&&" for child in node.children)
        if is_and and not self._tests(left):
            return self.statement(right, memory)
        self._branches([[right]], memory, is_complete=False)
        return None

    def _tests(self, node: Node) -> bool:
        if node.type in {"test_command", "negated_command"}:
            return True
        if node.type in {"list", "redirected_statement", "pipeline"} and node.named_children:
            return self._tests(node.named_children[0])
        name = node.child_by_field_name("name") if node.type == "command" else None
        return name is not None and self.script.text(name) in _TESTS

    def _test(self, node: Node, memory: Memory) -> None:
        """``[ -f x ]`` looks at a file; other operators compare words."""
        for word in node.named_children:
            if word.type not in _EXPRESSIONS:
                self.texts(word, memory)
                continue
            operator = word.child_by_field_name("operator")
            looks = operator is not None and self.script.text(operator) in _LOOKS
            for part in (part for part in word.named_children if looks and part != operator):
                deed = Deed(kind=Kind.READ, texts=self.texts(part, memory), word=0, sure=False)
                self.deed(deed, part, "test", memory)
            if not looks:
                self._test(word, memory)

    def _if(self, node: Node, memory: Memory) -> End | None:
        branches, is_complete = list[list[Node]](), False
        condition, body, in_body = list[Node](), list[Node](), False
        for child in node.children:
            if child.type == "then":
                in_body = True
            elif child.type == "elif_clause":
                branches.append(list(child.named_children))
            elif child.type == "else_clause":
                is_complete = True
                branches.append(list(child.named_children))
            elif child.is_named:
                (body if in_body else condition).append(child)
        self._each(condition, memory)
        return self._branches([body, *branches], memory, is_complete=is_complete)

    def _case(self, node: Node, memory: Memory) -> End | None:
        value = node.child_by_field_name("value")
        if value is not None:
            self.texts(value, memory)
        branches, is_complete = list[list[Node]](), False
        for item in (child for child in node.named_children if child.type == "case_item"):
            patterns = item.children_by_field_name("value")
            is_complete |= any(self.script.text(pattern) == "*" for pattern in patterns)
            body = [child for child in item.named_children if child not in patterns]
            branches.append(body)
        return self._branches(branches, memory, is_complete=is_complete)

    def _branches(
        self, branches: list[list[Node]], memory: Memory, *, is_complete: bool
    ) -> End | None:
        """Follow each, and go on with what holds after any that comes to its end."""
        ends, ways = list[Memory](), list[End]()
        with self.perhaps():
            for body in branches:
                inside = memory.copy()
                end = self._each(body, inside)
                if end is None:
                    ends.append(inside)
                else:
                    ways.append(end)
        if not ends and is_complete and ways:
            return ways[0]
        memory.take([*ends, *([] if is_complete else [memory.copy()])])
        return None

    def _for(self, node: Node, memory: Memory) -> End | None:
        variable = self.script.text(node.child_by_field_name("variable") or node)
        body = node.child_by_field_name("body")
        values = node.children_by_field_name("value")
        texts = [self.texts(value, memory) for value in values] or [memory.get("@")]
        choices = union(*texts)
        if body is None:
            return None
        if (
            all(map(names.is_known, choices))
            and len(choices) <= LONGEST_LOOP
            and all(len(text) == 1 for text in texts)
        ):
            for text in choices:
                memory.values[variable] = tuple(text.split()) if " " in text else (text,)
                if self.statement(body, memory) is End.SCRIPT:
                    break
            return None
        memory.values[variable] = choices
        return self._loop([body], memory)

    def _while(self, node: Node, memory: Memory) -> End | None:
        return self._loop(list(node.named_children), memory)

    def _loop(self, nodes: list[Node], memory: Memory) -> End | None:
        """A body that runs who knows how often: what it sets may come from a round before."""
        for name in (name for node in nodes for name in self._assigned(node)):
            memory.values[name] = union(memory.get(name), UNKNOWN)
        inside = memory.copy()
        with self.perhaps():
            self._each(nodes, inside)
        memory.take([memory.copy(), inside])
        return None

    def _define(self, node: Node, _memory: Memory) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[self.script.text(name)] = (self, body)

    def _subshell(self, node: Node, memory: Memory) -> None:
        self._sequence(node, memory.copy())

    # Words.

    def _substitute(self, node: Node, memory: Memory) -> Texts:
        """Follow ``$(...)``; what it prints is known of a few commands."""
        inside = memory.copy()
        self._each(node.named_children, inside)
        last = node.named_children[-1] if node.named_children else None
        while last is not None and last.type == "list":
            last = last.named_children[-1]
        if last is None or last.type != "command":
            return UNKNOWN
        argv = [self.texts(word, inside) for word in commands.words_of(last)]
        if argv and argv[0] == ("pwd",):
            return inside.folder
        return words.printed(argv) if argv else UNKNOWN

    def _used(self, name: str, node: Node, guarded: bool) -> None:  # noqa: FBT001 (a callback)
        self.record.use(name, self.script.span(node), guarded=guarded)

    def _note_assigned(self) -> None:
        self.record.set_somewhere.update(self._assigned(self.script.root))

    def _assigned(self, node: Node) -> Iterator[str]:
        """The variables that are set anywhere below."""
        for each in below(node):
            if each.type in _ASSIGNING:
                name = each.child_by_field_name("name") or each.child_by_field_name("variable")
                if name is not None and not _is_prefix(each):
                    yield self.script.text(name).partition("[")[0]
            elif each.type == "command":
                yield from commands.set_by(self.script, each)


def _is_prefix(node: Node) -> bool:
    """Whether an assignment stands before a command, for that command alone."""
    return node.parent is not None and node.parent.type == "command"


class Inlined(Script):
    """A script in a word of another one: every place in it is that word."""

    def __init__(self, source: Source, place: Span) -> None:
        super().__init__(source)
        self._place = place

    def span(self, node: Node) -> Span:  # noqa: ARG002 (that of a script, for one place)
        """The word."""
        return self._place
