"""The commands of series-lint besides the check: graph, new, lsp."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import command, graph
from livecd_rootfs.lint.context import Context
from livecd_rootfs.steps import artifact

Parsers = type[argparse.ArgumentParser]
Command = Callable[[argparse.ArgumentParser, Sequence[str], argparse.Namespace], Outcome]


def run(name: str, argv: Sequence[str], parsers: Parsers, defaults: argparse.Namespace) -> Outcome:
    """Do what one of `COMMANDS` does.

    Args:
        name: the command.
        argv: what stands behind it.
        parsers: makes the parser of its command line.
        defaults: the options of a check without any.

    Raises:
        LivecdError: something can't be understood, read or written.
        SystemExit: from argparse: help was asked for.
    """
    description, action = COMMANDS[name]
    parser = parsers(
        prog=f"series-lint {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return action(parser, argv, defaults)


def _context(tree: str | None, defaults: argparse.Namespace) -> Context:
    defaults.tree = tree
    return command.targets_of(defaults)[0].context()


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    parser.add_argument("--tree", metavar="DIR", help="the hooks.d (default: the nearest)")
    return parser.parse_args(argv)


def _graph(
    parser: argparse.ArgumentParser, argv: Sequence[str], defaults: argparse.Namespace
) -> Outcome:
    option = parser.add_argument
    option("targets", nargs="*", metavar="TARGET", help="what to reach (default: all)")
    option("--format", choices=graph.FORMS, default="text", help="default: text")
    option("--output", "-o", metavar="FILE", help="write it there")
    options = _parsed(parser, argv)
    context = _context(options.tree, defaults)
    targets = graph.targets_of(context, options.targets)
    shown = graph.render(options.format, graph.of(context, targets), targets)
    if options.output is None:
        return Outcome(status=0, out=shown, err="")
    _write(Path(options.output), shown)
    return Outcome(status=0, out="", err="")


def _write(path: Path, text: str) -> None:
    try:
        artifact.write(path, text.encode())
    except OSError as error:
        raise LivecdError(f"{path} can't be written", why=str(error.strerror)) from error


def _new(
    parser: argparse.ArgumentParser, argv: Sequence[str], defaults: argparse.Namespace
) -> Outcome:
    from livecd_rootfs.lint import skeleton  # noqa: PLC0415 (the other commands don't need it)

    parser.add_argument("target", metavar="TARGET", help="the name of the new target")
    parser.add_argument("--depends", metavar="SERIES", help="the target that it builds on")
    options = _parsed(parser, argv)
    context = _context(options.tree, defaults)
    files = skeleton.plan(context, options.target, options.depends)
    skeleton.write(files)
    made = "".join(f"{file.path}\n" for file in files)
    note = f"try it: livecd-rootfs build {options.target} --base none\n"
    return Outcome(status=0, out=made, err=note)


def _lsp(
    parser: argparse.ArgumentParser, argv: Sequence[str], defaults: argparse.Namespace
) -> Outcome:
    parser.parse_args(argv)
    try:
        from livecd_rootfs.lint.lsp import server  # noqa: PLC0415 (an editor's machine has it)
    except ModuleNotFoundError as error:
        raise LivecdError(
            "the language server needs the Python package pygls",
            why=str(error),
            remedy="pip install 'pygls>=2'",
        ) from error
    server.serve(lambda path: command.around(path, defaults))
    return Outcome(status=0, out="", err="")


COMMANDS: Mapping[str, tuple[str, Command]] = {
    "graph": (
        """\
Shows the tree: which series depends on which, lists which hooks, provides what; and what no
build of the targets reaches.""",
        _graph,
    ),
    "new": (
        """\
Writes a series file and a hook into hooks.d/extra, to begin from. Both pass lint and build as
they are; neither may be there yet.""",
        _new,
    ),
    "lsp": (
        "Speaks the Language Server Protocol with an editor, by standard input and output.",
        _lsp,
    ),
}
