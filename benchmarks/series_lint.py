"""series-lint: --help against bare Python, and 1,000 series with 3,000 hooks, new and known.

All figures are of whole processes. The tree is healthy, so that it is looked at to its end;
shellcheck is left out, which takes a process and some ten milliseconds for each hook. The limits
are for the time of processors, which hangs less on what else a machine does.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Contender

SERIES_LINT = Path(__file__).resolve().parent.parent / "series-lint"
SERIES, HOOKS_A_SERIES, CHAIN = 1_000, 3, 10
ROUNDS = 20
HELP_AT_MOST = 8.0
SECONDS_AT_MOST = 1.0
REPEATED = 3

HOOK = """\
#!/bin/sh
# hook: network=no env=PREFIX
set -eu

scratch=$(mktemp -d)
for size in 1 2 4; do
    truncate -s "${{size}}M" "$scratch/disk-$size"
done
{source}tar -C "$scratch" -cf "$PREFIX.{name}.tar" .
rm -r "$scratch"
"""


def main() -> int:
    """Measure, print, and tell by the exit status whether the limits were kept."""
    with harness.scratch() as folder:
        plant(folder / "hooks.d")
        os.environ["LIVECD_CACHE"] = str(folder / "cache")
        kept = [starting(), checking(folder)]
    return 0 if all(kept) else 1


def starting() -> bool:
    """What it takes to show the help."""
    program = [sys.executable, str(SERIES_LINT)]
    contenders = [
        Contender(name="python3 -c pass", run=harness.command([sys.executable, "-c", "pass"])),
        Contender(name="--help", run=harness.command([*program, "--help"])),
    ]
    measured = harness.measure(contenders, rounds=ROUNDS, warm_up=3)
    print(measured.table("python3 -c pass"))
    ratio = measured.ratio("--help", "python3 -c pass")
    return harness.verdict("times as long as bare Python", ratio, HELP_AT_MOST)


def checking(folder: Path) -> bool:
    """What it takes to check the tree: at first, after a change, and as it was."""
    tree = folder / "hooks.d"
    first = run(tree)
    known, changed = best(lambda: run(tree)), best(lambda: run_changed(tree))
    for name, used in (("new", first), ("one file changed", changed), ("known", known)):
        seconds = f"{used.seconds:6.2f} s, {used.cpu_seconds:6.2f} s of processors"
        print(f"  {name:16}  {seconds}, {used.mebibytes:6.1f} MiB")
    shutil.rmtree(folder / "cache")
    kept = [
        harness.verdict(
            "seconds of a processor for a known tree", known.cpu_seconds, SECONDS_AT_MOST
        ),
        harness.verdict(
            "seconds of a processor after one change", changed.cpu_seconds, SECONDS_AT_MOST
        ),
    ]
    return all(kept)


def best(once: Callable[[], harness.Usage]) -> harness.Usage:
    """The quickest of some runs: the others were held up by something else."""
    return min((once() for _ in range(REPEATED)), key=lambda one: one.cpu_seconds)


def run_changed(tree: Path) -> harness.Usage:
    """Check the tree after one hook was changed, for the first time with this text."""
    with (tree / "base/s1-0.binary").open("a") as hook:
        hook.write("# a change\n")
    return run(tree)


def run(tree: Path) -> harness.Usage:
    """Check the tree once, as a process; a finding is a failure."""
    return harness.usage([sys.executable, SERIES_LINT, "--ignore=shellcheck", "--tree", tree])


def plant(tree: Path) -> None:
    """Chains of series, each with hooks that make one artifact of another one."""
    for folder in ("base/series", "chroot"):
        (tree / folder).mkdir(parents=True)
    for number in range(SERIES):
        plant_series(tree, number)
    lines = "".join(f"depends s{number}\n" for number in range(SERIES))
    (tree / "base/series/all").write_text(lines)


def plant_series(tree: Path, number: int) -> None:
    """A series, and what it lists."""
    names = [f"s{number}-{n}" for n in range(HOOKS_A_SERIES)]
    before = f"s{number - 1}-{HOOKS_A_SERIES - 1}" if number % CHAIN else None
    lines = [f"# s{number}: a part of a chain", *([f"depends s{number - 1}"] if before else [])]
    for name in names:
        source = f'cp "$PREFIX.{before}.tar" "$scratch"\n' if before else ""
        hook = tree / f"base/{name}.binary"
        hook.write_text(HOOK.format(name=name, source=source))
        hook.chmod(0o755)
        lines += [f"base/{name}.binary", f"provides ${{PREFIX}}.{name}.tar"]
        before = name
    (tree / f"base/series/s{number}").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
