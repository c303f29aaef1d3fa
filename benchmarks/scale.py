"""make-hooks over 10,000 series in one chain with 50,000 hooks: seconds and MiB, and linear.

A quarter and half of that are measured as well: the processor's time must grow as the tree
does. Of three runs the shortest counts, as the others were held up by something else.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks import harness

MAKE_HOOKS = Path(__file__).resolve().parent.parent / "hooks.d" / "make-hooks"
SERIES, HOOKS_A_SERIES = 10_000, 5
ROUNDS = 3
SECONDS_AT_MOST = 15.0
# Four times the tree should take four times as long; what is quadratic would take sixteen.
GROWTH_AT_MOST = 4 * 2.0


def main() -> int:
    """Measure, print, and tell by the exit status whether the limits were kept."""
    with harness.scratch() as folder:
        quarter, _, whole = (measure(folder / str(part), SERIES // part) for part in (4, 2, 1))
    growth = whole.cpu_seconds / quarter.cpu_seconds
    kept = [
        harness.verdict("seconds for the whole", whole.seconds, SECONDS_AT_MOST),
        harness.verdict("times as long as a quarter of it", growth, GROWTH_AT_MOST),
    ]
    return 0 if all(kept) else 1


def measure(build: Path, series: int) -> harness.Usage:
    """Run make-hooks over a chain of this length."""
    plant(build / "hooks.d", series)
    used = min((run(build) for _ in range(ROUNDS)), key=lambda one: one.cpu_seconds)
    hooks = series * HOOKS_A_SERIES
    print(
        f"  {series:6} series, {hooks:6} hooks: {used.seconds:6.2f} s, {used.mebibytes:6.1f} MiB,"
        f" {used.cpu_seconds / hooks * 1e6:5.0f} µs of the processor a hook"
    )
    return used


def run(build: Path) -> harness.Usage:
    """Run make-hooks once, with no hooks directory there."""
    argv = [sys.executable, str(MAKE_HOOKS), "--tree", str(build / "hooks.d"), "s0"]
    used = harness.usage(argv)
    shutil.rmtree(build / "hooks")
    return used


def plant(tree: Path, series: int) -> None:
    """A chain: each series depends on the next one in the middle of its hooks."""
    for folder in ("base/series", "chroot"):
        (tree / folder).mkdir(parents=True)
    for number in range(series):
        hooks = [f"base/{number}-{n}.binary" for n in range(HOOKS_A_SERIES)]
        for hook in hooks:
            (tree / hook).touch(mode=0o755)
        lines = [hooks[0], f"depends s{number + 1}", *hooks[1:], f"provides {number}.img"]
        (tree / f"base/series/s{number}").write_text("\n".join(lines) + "\n")
    (tree / f"base/series/s{series}").write_text("# the end\n")


if __name__ == "__main__":
    sys.exit(main())
