"""``plan --builds`` of 1,000 builds over a tree of 1,000 series: seconds and MiB.

Each series depends on the one before it in its chain of ten, and lists three hooks, so that
there is something to share. The cache is empty, and there is no root.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import harness

SERIES, CHAIN, HOOKS_A_SERIES = 1000, 10, 3
ROUNDS = 3
SECONDS_AT_MOST = 2.0


def main() -> int:
    """Measure, print, and tell by the exit status whether the limit was kept."""
    with harness.scratch() as folder:
        plant(folder / "hooks.d")
        argv: tuple[str | Path, ...] = (
            *(sys.executable, "-m", "livecd_rootfs", "plan", "--builds"),
            *(f"s{number}" for number in range(SERIES)),
            *("--tree", folder / "hooks.d", "--base", "none", "--tools", "host"),
            *("--cache", folder / "cache", "--project", "bench"),
        )
        used = min((harness.usage(argv) for _ in range(ROUNDS)), key=lambda one: one.seconds)
    print(f"  {SERIES} builds over {SERIES} series: {used.mebibytes:.1f} MiB")
    return 0 if harness.verdict("seconds", used.seconds, SECONDS_AT_MOST) else 1


def plant(tree: Path) -> None:
    """Chains of series."""
    (tree / "base/series").mkdir(parents=True)
    (tree / "chroot").mkdir()
    for number in range(SERIES):
        hooks = [f"base/{number}-{n}.binary" for n in range(HOOKS_A_SERIES)]
        for hook in hooks:
            (tree / hook).write_text("#!/bin/sh\n# hook: env= inputs=\n")
            (tree / hook).chmod(0o755)
        above = [f"depends s{number - 1}"] if number % CHAIN else []
        lines = [*above, *hooks, f"provides ${{PREFIX}}.{number}"]
        (tree / f"base/series/s{number}").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
