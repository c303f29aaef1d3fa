"""The edge of the scripts in ``auto``: one call each, and failures as they are told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from livecd_rootfs import signals, telling
from livecd_rootfs.diagnostics import full
from livecd_rootfs.errors import EXIT_FAILURE, EXIT_USAGE, LivecdError
from livecd_rootfs.livebuild import clean, config, stages

PROGRAM = "livecd-rootfs"

# Set for this one program, so that it finds its package, and nothing of the build directory.
OWN_VARIABLES = frozenset({"PYTHONPATH", "PYTHONSAFEPATH"})

Command = Callable[[config.Call], None]
COMMANDS: Mapping[str, Command] = {
    "config": config.run,
    "build": stages.run,
    "clean": clean.run,
}


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what one of the scripts in ``auto`` is for.

    Args:
        argv: the script's name, and what live-build was called with.
        environ: the environment of live-build.

    Returns:
        the exit status.
    """
    if not argv or argv[0] not in COMMANDS:
        _tell(f"{PROGRAM}: usage: {'|'.join(COMMANDS)} [OPTION...]\n")
        return EXIT_USAGE
    program = f"auto/{argv[0]}"
    call = config.Call(
        place=Path.cwd(),
        environ={name: text for name, text in environ.items() if name not in OWN_VARIABLES},
        options=tuple(argv[1:]),
        say=lambda line: _say(f"{program}: {line}"),
        warn=lambda found: _tell(full.render(found, program=program)),
    )
    signals.raise_on_signals()
    return _run(program, COMMANDS[argv[0]], call)


def _run(program: str, command: Command, call: config.Call) -> int:
    try:
        command(call)
    except LivecdError as error:
        _tell("".join(telling.texts(error, program)))
        return error.exit_code
    except OSError as error:
        _tell(f"{program}: {error}\n")
        return EXIT_FAILURE
    return 0


def _say(line: str) -> None:
    """At once, between the lines that live-build's own programs print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(text)
    sys.stderr.flush()
