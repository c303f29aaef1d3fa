"""Run the benchmarks: ``python -m benchmarks [NAME...]``, all of them without a name.

Each is a module of this folder that runs by itself too, as in ``python -m
benchmarks.scale``. One that fails (also one whose limit was missed) does not
keep the others from running.
"""

from __future__ import annotations

import ast
import compileall
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "harness"}
EXIT_USAGE = 2


def benchmarks() -> dict[str, str]:
    """The first line of what each benchmark says of itself, by name."""
    modules = sorted(path for path in HERE.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    docstrings = {path.stem: ast.get_docstring(ast.parse(path.read_text())) for path in modules}
    return {name: (text or "").partition("\n")[0] for name, text in docstrings.items()}


def compile_package() -> None:
    """Compile the package, as whatever installs a program does; a checkout may lack that."""
    compileall.compile_dir(HERE.parent / "livecd_rootfs", quiet=1)


def run(name: str, title: str) -> bool:
    """Run one benchmark in a process of its own; whether it passed."""
    print(f"== {name}: {title}", flush=True)
    module = [sys.executable, "-m", f"{HERE.name}.{name}"]
    passed = subprocess.run(module, cwd=HERE.parent, check=False).returncode == 0
    print(flush=True)
    return passed


def main(names: list[str]) -> int:
    """Run the named benchmarks; the exit status is 1 if one of them failed."""
    known = benchmarks()
    if unknown := [name for name in names if name not in known]:
        print(f"benchmarks: no {', '.join(unknown)}; one of {', '.join(known)}", file=sys.stderr)
        return EXIT_USAGE
    compile_package()
    failed = [name for name in names or known if not run(name, known[name])]
    if failed:
        print(f"benchmarks: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
