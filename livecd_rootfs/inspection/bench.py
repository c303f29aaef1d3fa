"""Where an artifact is taken apart: tools that read, and a directory for what they unpack."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs import scratch
from livecd_rootfs.process import CommandError, Completed
from livecd_rootfs.tools import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A place to work at.

    Attributes:
        toolbox: gives the tools.
        scratch: an empty directory.
    """

    toolbox: Toolbox
    scratch: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def place(self, suffix: str = "") -> Path:
        """A name that is free, for a file or a directory."""
        return self.scratch / f"{next(self._numbers)}{suffix}"

    def run(
        self, argv: Sequence[str | Path], *reads: Path, check: bool = True, mtools: bool = False
    ) -> Completed:
        """Run a tool in the scratch directory.

        Args:
            argv: the tool and its arguments.
            reads: files elsewhere that it reads.
            check: raise when it fails.
            mtools: tell mtools to take file systems as they are.

        Raises:
            CommandError: it failed.
            OSError: there was no room for what it writes.
        """
        env = {**os.environ, "LC_ALL": "C", **({"MTOOLS_SKIP_CHECK": "1"} if mtools else {})}
        try:
            return self.toolbox.run(argv, env=env, cwd=self.scratch, show=reads, check=check)
        except CommandError as error:
            full = os.strerror(errno.ENOSPC)
            if full in error.completed.stderr:
                raise OSError(errno.ENOSPC, full, str(self.scratch)) from error
            raise

    def listed(self, argv: Sequence[str | Path], *reads: Path) -> bytes:
        """What a tool prints, errors too, as the bytes that they are: names may be no UTF-8."""
        path = self.place(".listing")
        with path.open("wb") as stream:
            env = {**os.environ, "LC_ALL": "C"}
            self.toolbox.run(
                argv, env=env, cwd=self.scratch, show=reads, output=stream.fileno(), check=False
            )
        content = path.read_bytes()
        path.unlink()
        return content


@contextmanager
def opened(toolbox: Toolbox) -> Iterator[Bench]:
    """A bench whose directory is gone when the block is left.

    It lies in TMPDIR, else in /var/tmp: what is unpacked can be larger than
    the memory that /tmp often is.
    """
    base = os.environ.get("TMPDIR") or "/var/tmp"  # noqa: S108 (mkdtemp)
    with scratch.directory("livecd-inspect-", Path(base)) as folder:
        yield Bench(toolbox=toolbox, scratch=folder)
