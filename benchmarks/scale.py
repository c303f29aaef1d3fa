"""make-hooks over 10,000 series in one chain with 50,000 hooks: seconds and MiB, and linear.

A quarter and half of that are measured as well: the time must grow as the tree does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import harness

MAKE_HOOKS = Path(__file__).resolve().parent.parent / "hooks.d" / "make-hooks"
SERIES, HOOKS_A_SERIES = 10_000, 5
SECONDS_AT_MOST = 15.0
# Four times the tree may take four times the time; the rest is room for the machine's moods.
GROWTH_AT_MOST = 4 * 1.5


def main() -> int:
    """Measure, print, and tell by the exit status whether the limits were kept."""
    with harness.scratch() as folder:
        used = [measure(folder / str(part), SERIES // part) for part in (4, 2, 1)]
    kept = [
        harness.verdict("seconds for the whole", used[-1].seconds, SECONDS_AT_MOST),
        harness.verdict(
            "times as long as a quarter", used[-1].seconds / used[0].seconds, GROWTH_AT_MOST
        ),
    ]
    return 0 if all(kept) else 1


def measure(build: Path, series: int) -> harness.Usage:
    """Run make-hooks once over a chain of this length."""
    plant(build / "hooks.d", series)
    argv = [sys.executable, str(MAKE_HOOKS), "--tree", str(build / "hooks.d"), "s0"]
    used = harness.usage(argv)
    hooks = series * HOOKS_A_SERIES
    print(
        f"  {series:6} series, {hooks:6} hooks: {used.seconds:6.2f} s, {used.mebibytes:6.1f} MiB,"
        f" {used.seconds / hooks * 1e6:5.0f} µs a hook"
    )
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
