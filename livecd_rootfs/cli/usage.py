"""A command line that is not understood, told with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livecd_rootfs.cli import options

if TYPE_CHECKING:
    import typer

TARGETS = "targets"


def text(error: typer.TyperException, program: str) -> str:
    """What is printed: the help where nothing was asked for, else the error and who tells more.

    Args:
        error: what the parser of the command line says.
        program: the name that the text begins with.
    """
    # The parser's own class for this can't be imported from a public place.
    if type(error).__name__ == "NoArgsIsHelpError":
        return f"{error.format_message()}\n"
    context: typer.Context | None = getattr(error, "ctx", None)
    asked = context.command_path if context else program
    lists = "commands" if context and not context.parent else "arguments"
    help_line = f"`{asked} --help` lists {lists} and options"
    missing = getattr(getattr(error, "param", None), "name", None)
    if missing == TARGETS:
        help_line = f"one of {', '.join(options.target_names())}; {help_line}"
    return f"{program}: {error.format_message()}\n  help: {help_line}\n"
