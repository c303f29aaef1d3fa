"""What the benchmarks share: contenders measured in turn, medians, ratios of pairs.

Two ways are compared by running them in turn (A B A B ...), so that a machine that gets
slower meanwhile slows both down; the figure that counts is the median of the ratios of
neighbours, not the ratio of two averages.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 (a file system in memory, for files that must cost nothing)
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of the ways that are compared.

    Attributes:
        name: how it is called in the table.
        run: does it once; this is timed.
        prepare: clears the way for the next run; this is not.
    """

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The seconds of all rounds, by the contenders' names, in the order of the rounds."""

    seconds: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """The median of a contender's seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """The median over all rounds of how many times as long as another one it took."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def table(self, to: str) -> str:
        """Medians in milliseconds, and ratios to one of the contenders."""
        width = max(map(len, self.seconds))
        rows = [
            f"  {name:<{width}}  {self.median(name) * 1000:9.1f} ms  {self.ratio(name, to):6.2f}"
            for name in self.seconds
        ]
        return "\n".join([f"  {'median of ' + str(self.rounds):<{width}}  {'':12}   ratio", *rows])

    @property
    def rounds(self) -> int:
        """How often each was run."""
        return len(next(iter(self.seconds.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process took: seconds of wall time and of the processor, most memory in MiB."""

    seconds: float
    cpu_seconds: float
    mebibytes: float


def measure(contenders: Sequence[Contender], *, rounds: int, warm_up: int = 1) -> Measured:
    """Run the contenders in turn.

    Args:
        contenders: each is run once in a round.
        rounds: how many count.
        warm_up: how many go before, to fill caches.
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(warm_up + rounds):
        for contender in contenders:
            contender.prepare()
            started = time.perf_counter()
            contender.run()
            elapsed = time.perf_counter() - started
            if number >= warm_up:
                seconds[contender.name].append(elapsed)
    return Measured(seconds=seconds)


def command(
    argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Callable[[], object]:
    """A call that runs a command, without its output; that it fails is an error."""
    return lambda: subprocess.run(argv, cwd=cwd, env=env, stdout=subprocess.DEVNULL, check=True)


def usage(argv: Sequence[str | Path], *, cwd: Path | None = None) -> Usage:
    """Run a command once, and tell what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, resources = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv)
    return Usage(
        seconds=seconds,
        cpu_seconds=resources.ru_utime + resources.ru_stime,
        mebibytes=resources.ru_maxrss / KIB_PER_MIB,
    )


def roomy(size: int) -> Path:
    """A directory in memory with room for that many bytes, else one on a disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= size:
        return MEMORY
    return Path("/var/tmp")  # noqa: S108 (TemporaryDirectory makes its own in it)


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory, in memory where the machine has such a file system."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def verdict(what: str, figure: float, limit: float) -> bool:
    """Print whether a figure keeps within its limit, and tell it."""
    passed = figure <= limit
    print(f"  {what}: {figure:.2f}, at most {limit:.2f}: {'ok' if passed else 'TOO MUCH'}")
    return passed
