"""Why the kernel does not execute a program, in words."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

SHEBANG = b"#!"
# How much of a script's first line the kernel looks at (BINPRM_BUF_SIZE, linux/binfmts.h).
FIRST_LINE_BYTES = 256


def why(program: Path, error: OSError) -> str:
    """The reason, with what is wrong in a script's first line.

    Args:
        program: what was to be executed.
        error: what execve(2) said.
    """
    interpreter = _interpreter(program)
    if isinstance(error, FileNotFoundError):
        return _not_found(interpreter) if interpreter else "not found"
    if isinstance(error, PermissionError):
        return "it is not executable, or its interpreter is not; see `chmod +x`"
    return f"{error.strerror}: its first line names no interpreter, as #!/bin/sh would"


def _not_found(interpreter: str) -> str:
    if interpreter.endswith("\r"):
        return "its first line ends with a carriage return, as lines end on Windows"
    return f"its interpreter {interpreter} is not there"


def _interpreter(program: Path) -> str | None:
    """What a script's first line names; ``None`` if that can't be read, or is no script's."""
    with suppress(OSError), program.open("rb") as stream:
        line = stream.readline(FIRST_LINE_BYTES)
        words = line.removeprefix(SHEBANG).decode(errors="replace").strip(" \t\n").split(" ")
        return words[0] if line.startswith(SHEBANG) and words[0] else None
    return None
