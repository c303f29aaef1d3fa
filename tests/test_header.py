"""A hook's header."""

from __future__ import annotations

import pytest

from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.header import HookHeader, parse


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("", HookHeader()),
        ("#!/bin/sh\necho hook: env=A\n", HookHeader()),
        ("# hook: env=A,B network=no", HookHeader(env=("A", "B"), network=False)),
        ("#hook: env=A\n## hook:\tenv=B,A,C\n", HookHeader(env=("A", "B", "C"))),
        ("# hook: env= inputs=", HookHeader(env=(), inputs=())),
        ("# hook: inputs=ovf network=yes", HookHeader(inputs=("ovf",))),
        ("# hook: tools=mke2fs,,sfdisk,", HookHeader(tools=("mke2fs", "sfdisk"))),
        (
            "# hook: reads=chroot\r\n# hook: writes=a,b\r\n",
            HookHeader(reads=("chroot",), writes=("a", "b")),
        ),
        ("# hook: network=no\n# hook: network=no", HookHeader(network=False)),
        ("# hook: env=A=B", HookHeader(env=("A=B",))),
        ("  # hook: env=A", HookHeader()),
        ("# the hook: env=A", HookHeader()),
        ("# hooks: env=A", HookHeader()),
        ("#\n" * 39 + "# hook: env=A", HookHeader(env=("A",))),
        ("#\n" * 40 + "# hook: env=A", HookHeader()),
        ("# hook:", HookHeader()),
        ("# hook: aside=build\n# hook: aside=build", HookHeader(aside="build")),
        (
            "# hook: joins=build/dest,docs/usr/share\n# hook: joins=build/..d",
            HookHeader(joins=("build/dest", "docs/usr/share", "build/..d")),
        ),
        ("# hook: joins=", HookHeader()),
    ],
)
def test_parse(text: str, header: HookHeader) -> None:
    parsed = parse("hook", text.encode())
    assert parsed.header == header
    assert parsed.diagnostics == ()


def test_a_program_in_machine_code_has_no_header() -> None:
    assert parse("hook", b"\x7fELF\x02\xff\x00\n" * 100).header == HookHeader()


@pytest.mark.parametrize(
    ("line", "rendered"),
    [
        (
            "# hook: env=A netwrok=no",
            (
                "p: a hook's header has no key 'netwrok'\n"
                "  --> hook:1:15\n"
                "  |\n"
                "1 | # hook: env=A netwrok=no\n"
                "  |               ^^^^^^^\n"
                "  |\n"
                "  = help: did you mean 'network'?\n"
            ),
        ),
        (
            "# hook: env=A something",
            (
                "p: a hook's header has no key 'something'\n"
                "  --> hook:1:15\n"
                "  |\n"
                "1 | # hook: env=A something\n"
                "  |               ^^^^^^^^^\n"
                "  |\n"
                "  = help: the keys are env, inputs, network, tools, reads, writes, aside, joins\n"
            ),
        ),
        (
            "# hook: env=A inputs",
            (
                "p: the header names 'inputs', but gives it no value\n"
                "  --> hook:1:15\n"
                "  |\n"
                "1 | # hook: env=A inputs\n"
                "  |               ^^^^^^ write inputs=, with nothing behind it for none\n"
            ),
        ),
        (
            "# hook: env=A network=maybe",
            (
                "p: network is yes or no\n"
                "  --> hook:1:23\n"
                "  |\n"
                "1 | # hook: env=A network=maybe\n"
                "  |                       ^^^^^\n"
            ),
        ),
        (
            "# hook: env=A network=",
            (
                "p: network is yes or no\n"
                "  --> hook:1:22\n"
                "  |\n"
                "1 | # hook: env=A network=\n"
                "  |                      ^\n"
            ),
        ),
        (
            "# hook: env=A network=no network=yes",
            (
                "p: another line of the header says the opposite about the network\n"
                "  --> hook:1:26\n"
                "  |\n"
                "1 | # hook: env=A network=no network=yes\n"
                "  |                          ^^^^^^^^^^^\n"
            ),
        ),
    ],
)
def test_faults(line: str, rendered: str) -> None:
    parsed = parse("hook", line.encode())
    assert parsed.header.env == ("A",)  # the rest of the header counts
    (found,) = parsed.diagnostics
    assert found.is_error
    assert render(found, program="p") == rendered


BRANCHES = {
    "no name": ("aside=", "aside names one side branch, in small letters, digits and dashes"),
    "two names": ("aside=a,b", "aside names one side branch, in small letters, digits and dashes"),
    "a path": ("aside=a/b", "aside names one side branch, in small letters, digits and dashes"),
    "no path": ("joins=a", "joins names a side branch, a slash, and a path in its build directory"),
    "upwards": (
        "joins=a/../b",
        "joins names a side branch, a slash, and a path in its build directory",
    ),
    "absolute": ("joins=a//b", "joins names a side branch, a slash, and a path in its build "),
    "another branch": ("aside=a aside=b", "a hook is on one side branch, or on the main line"),
    "both": ("joins=a/b aside=a", "a hook is on one side branch, or on the main line"),
    "both the other way": ("aside=a joins=a/b", "a hook is on one side branch, or on the main"),
}


@pytest.mark.parametrize(("words", "message"), BRANCHES.values(), ids=BRANCHES)
def test_faults_of_branches(words: str, message: str) -> None:
    (found,) = parse("hook", f"# hook: {words}".encode()).diagnostics
    assert found.is_error
    assert found.message.startswith(message)


def test_fix_replaces_the_key() -> None:
    (found,) = parse("hook", b"# hook: netwrok=no").diagnostics
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert (edit.span.text, edit.replacement) == ("netwrok", "network")
