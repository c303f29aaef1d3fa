"""What every test runs under: its needs are checked, and what it leaves behind is found."""

from __future__ import annotations

import signal

pytest_plugins = ("tests.needs", "tests.leaks")


def pytest_configure() -> None:
    """Hear ^C, and let all that is started hear it: shells ignore it for background jobs."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
