"""A hook's header: what it needs, declared in comment lines near its top.

In the manner of init scripts' headers, within the first 40 lines of the file::

    # hook: env=IMAGE_SIZE,FS_LABEL inputs=ovf network=no
    # hook: tools=mke2fs,sfdisk reads=chroot writes=binary/boot/disk-uefi.ext4

Words are apart by white space, the values of a key by commas; several lines add up.
``aside=NAME`` puts a hook on a side branch, whose changes the next hooks do not see;
``joins=NAME/PATH`` gives a hook what that branch has at a path of its build directory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 40
MARK = "hook:"
KEYS = ("env", "inputs", "network", "tools", "reads", "writes", "aside", "joins")
_BRANCH = re.compile(r"[a-z0-9][a-z0-9-]*")
# Relative, and without a part that leads upwards.
_JOINED = re.compile(r"[a-z0-9][a-z0-9-]*(/(?!\.{1,2}(/|$))[^/]+)+")
SWITCH = {"yes": True, "no": False}
# What a hook gets whatever its header declares: without these nothing runs right.
ALWAYS = frozenset(
    {"PATH", "HOME", "TERM", "LANG", "LC_ALL", "TZ", "DEBIAN_FRONTEND", "SOURCE_DATE_EPOCH"}
    | {"PREFIX", "LIVECD_SEED", "LIVECD_TOOLS"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookHeader:
    """What a hook declares; in the order of its lines, each value once.

    Attributes:
        env: the variables that it reads besides the fixed ones; ``None`` when it does not
            say, ``()`` when it reads none.
        inputs: its support files and folders in ``hooks.d``; ``None`` when it does not say.
        network: whether it needs the network; it does when it does not say.
        tools: the programs that it runs.
        reads: what it reads in the build directory; ``None`` when it does not say.
        writes: what it writes there; ``None`` when it does not say.
        aside: the side branch that it is on; empty for the main line.
        joins: ``NAME/PATH``: what it takes of the build directories of side branches.
    """

    env: tuple[str, ...] | None = None
    inputs: tuple[str, ...] | None = None
    network: bool = True
    tools: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None
    aside: str = ""
    joins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedHeader:
    """A header, without the words that have a fault, and what is wrong with those."""

    header: HookHeader
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """``key=value`` of a header line, and where it stands."""

    span: Span

    @property
    def key(self) -> str:
        return self.span.text.partition("=")[0]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(filter(None, self.span.text.partition("=")[2].split(",")))

    @property
    def key_span(self) -> Span:
        start = self.span.start
        return Span(source=self.span.source, start=start, end=start + len(self.key))

    @property
    def value_span(self) -> Span:
        start = min(self.key_span.end + 1, self.span.end - 1)
        return Span(source=self.span.source, start=start, end=self.span.end)


def parse(path: str, data: bytes) -> ParsedHeader:
    """The header in the beginning of a hook's file.

    A hook may be any executable: what is no text in it is passed over.

    Args:
        path: the file's name, as it is shown.
        data: the file's content, or as much of it as holds its first lines.
    """
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    source = Source(path, text)
    lists: dict[str, tuple[str, ...]] = {}
    switches: dict[str, bool] = {}
    found: list[Diagnostic] = []
    for word in _words(source):
        fault = _fault(word, switches, lists)
        if fault:
            found.append(fault)
        elif word.key == "network":
            switches[word.key] = SWITCH[word.values[0]]
        else:
            together = (*lists.get(word.key, ()), *word.values)
            lists[word.key] = tuple(dict.fromkeys(together))
    header = HookHeader(
        env=lists.get("env"),
        inputs=lists.get("inputs"),
        network=switches.get("network", True),
        tools=lists.get("tools", ()),
        reads=lists.get("reads"),
        writes=lists.get("writes"),
        aside="".join(lists.get("aside", ())),
        joins=lists.get("joins", ()),
    )
    return ParsedHeader(header=header, diagnostics=tuple(found))


def _words(source: Source) -> Iterator[_Word]:
    offset = 0
    for line in source.text.split("\n", LINES)[:LINES]:
        if line.startswith("#") and MARK in line:
            rest = line.lstrip("# \t")
            if rest.startswith(MARK):
                start = offset + len(line) - len(rest) + len(MARK)
                yield from _words_of_line(source, start, offset + len(line))
        offset += len(line) + 1


def _words_of_line(source: Source, start: int, end: int) -> Iterator[_Word]:
    for text in source.text[start:end].split():
        start = source.text.index(text, start)
        yield _Word(span=Span(source=source, start=start, end=start + len(text)))
        start += len(text)


def _fault(
    word: _Word, switches: dict[str, bool], lists: dict[str, tuple[str, ...]]
) -> Diagnostic | None:
    if word.key not in KEYS:
        return _unknown_key(word)
    if "=" not in word.span.text:
        return _error(
            "header-without-value",
            f"the header names '{word.key}', but gives it no value",
            Label(span=word.span, text=f"write {word.key}=, with nothing behind it for none"),
        )
    if word.key == "network":
        return _network_fault(word, switches)
    if word.key in {"aside", "joins"}:
        return _branch_fault(word, lists)
    return None


def _network_fault(word: _Word, switches: dict[str, bool]) -> Diagnostic | None:
    if len(word.values) != 1 or word.values[0] not in SWITCH:
        return _error("header-bad-value", "network is yes or no", Label(span=word.value_span))
    if switches.get("network", SWITCH[word.values[0]]) != SWITCH[word.values[0]]:
        return _error(
            "header-contradiction",
            "another line of the header says the opposite about the network",
            Label(span=word.span),
        )
    return None


def _branch_fault(word: _Word, lists: dict[str, tuple[str, ...]]) -> Diagnostic | None:
    if word.key == "aside" and not (len(word.values) == 1 and _BRANCH.fullmatch(word.values[0])):
        text = "aside names one side branch, in small letters, digits and dashes"
        return _error("header-bad-value", text, Label(span=word.value_span))
    if word.key == "joins" and not all(map(_JOINED.fullmatch, word.values)):
        text = "joins names a side branch, a slash, and a path in its build directory"
        return _error("header-bad-value", text, Label(span=word.value_span))
    other = "joins" if word.key == "aside" else "aside"
    if lists.get(other) or lists.get("aside", word.values) != word.values:
        return _error(
            "header-contradiction",
            "a hook is on one side branch, or on the main line, where it may join some",
            Label(span=word.span),
        )
    return None


def _unknown_key(word: _Word) -> Diagnostic:
    names = near(word.key, KEYS)
    fix = None
    if len(names) == 1:
        edit = Edit(span=word.key_span, replacement=names[0])
        fix = Fix(message=f"replace by '{names[0]}'", edits=(edit,), is_safe=False)
    return _error(
        "header-unknown-key",
        f"a hook's header has no key '{word.key}'",
        Label(span=word.key_span),
        remedy=did_you_mean(names) or f"the keys are {', '.join(KEYS)}",
        fix=fix,
    )


def _error(
    code: str,
    message: str,
    label: Label,
    *,
    remedy: str | None = None,
    fix: Fix | None = None,
) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        message=message,
        labels=(label,),
        help=remedy,
        fix=fix,
    )
