"""The failures that a user can cause: what, where, why, what to do, and the exit code.

Findings about files are values (see ``diagnostics``); what stops a command is
one of these exceptions. Exactly one handler, in the command line, prints them.
"""

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class LivecdError(Exception):
    """A failure with a place and a remedy; never shown as a traceback.

    Args:
        message: what went wrong, one line, without a full stop.
        place: where, as ``path``, ``path:line`` or ``path:line:column``.
        why: the reason, when the message alone does not tell it.
        remedy: what the user can do about it.
        notes: more lines to print under the message, as they are.
    """

    exit_code = EXIT_FAILURE

    def __init__(
        self,
        message: str,
        *,
        place: "str | None" = None,
        why: "str | None" = None,
        remedy: "str | None" = None,
        notes: "tuple[str, ...]" = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.why = why
        self.remedy = remedy
        self.notes = notes


class UsageError(LivecdError):
    """The command line itself is wrong."""

    exit_code = EXIT_USAGE


class Interrupted(LivecdError):
    """The user pressed ^C, or asked the process to end."""

    exit_code = EXIT_INTERRUPTED


def render(error: LivecdError, program: str) -> str:
    """The error as it is printed, with a final newline."""
    lines = [f"{program}: {error.message}"]
    lines += [f"  at:   {error.place}"] if error.place else []
    lines += [f"  why:  {error.why}"] if error.why else []
    lines += [f"  {note}" for note in error.notes]
    lines += [f"  help: {error.remedy}"] if error.remedy else []
    return "\n".join(lines) + "\n"
