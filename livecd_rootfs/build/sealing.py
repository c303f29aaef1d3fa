"""Sealing the layers of earlier runs beside this one, by a process of low priority.

A build waits for no disk: its layers count as long as the machine runs on. The
next run has them sealed, so that they outlive a power cut and can be verified.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs.running import HostProcess, end

LOG = "sealing.log"


@contextmanager
def beside(cache: Path, logs: Path) -> Iterator[None]:
    """Seal what has no seal yet; what is not done in the end is done next time."""
    argv = ["nice", sys.executable, "-m", "livecd_rootfs", "cache", "seal", "--cache", str(cache)]
    output = os.open(logs / LOG, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o644)
    silence = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        process = HostProcess.start(argv, streams=(silence, output, output), cwd=Path.cwd())
    finally:
        os.close(output)
        os.close(silence)
    try:
        yield
    finally:
        end(process)
