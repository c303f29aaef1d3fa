"""The command line of series-lint; what it needs is imported when it is needed.

argparse rather than typer, by which `livecd-rootfs` is made: importing that one takes longer
than checking a tree, and an editor or a commit hook runs this program at every turn.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from livecd_rootfs import __version__, edge
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import EXIT_USAGE, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = "series-lint"
# What they do is told in `subcommands`, which is loaded for them alone.
COMMANDS = ("graph", "new", "lsp")
FORMATS = ("full", "concise", "json", "sarif", "github")
SEVERITIES = ("error", "warning", "info")
DESCRIPTION = """\
Finds accidents in a tree of series files and hooks before a build does. It runs no hook, changes
nothing without --fix, and needs no root.
"""
EPILOG = """\
exit status: 0 nothing found that fails; 1 something was; 2 the command line, a setting or a file
could not be understood

examples:
  series-lint                          the hooks.d here, or around this folder
  series-lint --tree private/hooks.d   another one
  series-lint hooks.d/base/series/all  only what is wrong in this file
  series-lint --explain shared-provides
  series-lint --fix --diff             what --fix would change

other commands, each with a --help of its own:
  series-lint graph                    the tree, as text, dot, mermaid or svg
  series-lint new my-image             a series file and a hook to begin from
  series-lint lsp                      for editors, by the Language Server Protocol

settings stand in pyproject.toml, under [tool.series-lint]: tree, base, project, select, ignore,
fail-on, builds. At one place a finding is allowed by a comment on the line before:
# lint: allow CODE
"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints look like all others of the project."""

    def error(self, message: str) -> NoReturn:
        """A command line that can't be understood."""
        raise UsageError(message, remedy=f"see {self.prog} --help")


def main() -> int:
    """The console script."""
    if sys.argv[1:2] != ["lsp"]:
        gc.disable()  # a run is short, and all that it builds is needed until its end
    try:
        return edge.main(PROGRAM, lambda: run(sys.argv[1:], environ=os.environ), failure=EXIT_USAGE)
    except Exception:  # noqa: BLE001 (a fault of ours must not look like findings, status 1)
        sys.excepthook(*sys.exc_info())
        return EXIT_USAGE


def run(argv: Sequence[str], *, environ: Mapping[str, str]) -> Outcome:
    """Do what the command line says.

    Raises:
        LivecdError: something can't be understood, read or written.
        SystemExit: from argparse: help was asked for.
    """
    if argv and argv[0] in COMMANDS:
        from livecd_rootfs.lint import subcommands

        defaults = parser().parse_args([])
        defaults.cache = _cache(environ)
        return subcommands.run(argv[0], argv[1:], Parser, defaults)
    options = parser().parse_args(argv)
    if options.rules or options.explain:
        return _documentation(options)
    from livecd_rootfs.lint import command

    options.cache = None if options.no_cache or options.fix else _cache(environ)
    unsaved = None if options.stdin_filename is None else sys.stdin.buffer.read()
    return command.run(
        options,
        colour=_wants_colour(options.color, environ),
        unsaved=unsaved,
        cache=options.cache,
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("paths", nargs="*", metavar="PATH", help="a tree, or files and folders in one")
    option("--tree", metavar="DIR", help="the hooks.d to check (default: the nearest)")
    option(
        "--base",
        metavar="DIR",
        help="the hooks.d over which a tree is laid that has only extra/ (default: the shipped one)",
    )
    option(
        "--config", metavar="FILE", help="a pyproject.toml (default: the nearest above the tree)"
    )
    option(
        "--stdin-filename",
        metavar="PATH",
        help="check this file alone, with what standard input says instead of what it holds",
    )
    option(
        "--against",
        metavar="REPORT",
        help="compare headers with what a build recorded: livecd-rootfs build --report REPORT",
    )
    option("--select", metavar="CODES", action="append", help="run only these rules")
    option("--ignore", metavar="CODES", action="append", help="do not run these rules")
    option("--fail-on", choices=SEVERITIES, help="the least severity that fails (default: warning)")
    option("--format", choices=FORMATS, default="full", help="default: full")
    option("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    option("--fix", action="store_true", help="mend what can be mended safely")
    option("--unsafe-fixes", action="store_true", help="with --fix: also by the best guess")
    option("--diff", action="store_true", help="with --fix: show what it would change, and stop")
    option("--no-cache", action="store_true", help="look again where nothing has changed")
    option("--statistics", action="store_true", help="count the findings of each rule")
    option("--rules", action="store_true", help="list the rules")
    option("--explain", metavar="CODE", help="tell all about a rule")
    option("--version", action="version", version=f"{PROGRAM} {__version__}")
    return parser


def _cache(environ: Mapping[str, str]) -> str | None:
    """Where findings, and what is found in hooks, are kept; nowhere without an environment."""
    from livecd_rootfs.places import cache_directory

    return str(cache_directory(None, environ)) if environ else None


def _documentation(options: argparse.Namespace) -> Outcome:
    from livecd_rootfs.lint import explain, selection
    from livecd_rootfs.lint.rules import RULES

    if options.rules:
        return Outcome(status=0, out=explain.table(RULES), err="")
    return Outcome(status=0, out=explain.page(selection.rule(options.explain)), err="")


def _wants_colour(choice: str, environ: Mapping[str, str]) -> bool:
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    return sys.stdout is not None and sys.stdout.isatty() and environ.get("TERM") != "dumb"
