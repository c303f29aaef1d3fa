"""make-hooks as a whole process, against another one (OLD_MAKE_HOOKS=path) and bare Python.

The tree has the size of real ones: 15 series, 40 hooks. All run as programs, by the python3
of the system (BENCH_PYTHON=path for another one).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Contender

ROOT = Path(__file__).resolve().parent.parent
HOOKS_D = ROOT / "hooks.d"
SERIES, CHROOT_HOOKS, HOOKS_A_SERIES = 15, 10, 2
ROUNDS = 40
LIMIT = 1.0

IMPORTS = """\
#!/usr/bin/env -S python3 -IS
import sys
sys.path.insert(0, {root!r})
from livecd_rootfs import edge, makehooks
"""
NOTHING = "#!/usr/bin/env -S python3 -IS\n"


def main() -> int:
    """Measure, print, and tell by the exit status whether the limit was kept."""
    with harness.scratch() as folder:
        use_python(folder / "bin")
        contenders = [ours(folder), copied(folder), *old(folder), *floor(folder)]
        measured = harness.measure(contenders, rounds=ROUNDS, warm_up=3)
    print(measured.table("python3 -c pass"))
    print(parts(measured))
    if "OLD_MAKE_HOOKS" not in os.environ:
        print("  OLD_MAKE_HOOKS=path would compare with another make-hooks, too")
        return 0
    names = ("make-hooks", "copied make-hooks")
    kept = [
        harness.verdict(f"{name} to old make-hooks", measured.ratio(name, "old make-hooks"), LIMIT)
        for name in names
    ]
    return 0 if all(kept) else 1


def ours(folder: Path) -> Contender:
    """The script in the checkout, over a tree elsewhere."""
    tree = plant(folder / "ours/config/hooks.d")
    return contender("make-hooks", [HOOKS_D / "make-hooks", "--tree", tree, "s14"], tree)


def copied(folder: Path) -> Contender:
    """The script as a copied hooks.d brings it along, with the package in a zip."""
    tree = plant(folder / "copied/config/hooks.d")
    for name in ("make-hooks", "livecd_rootfs.zip"):
        shutil.copy(HOOKS_D / name, tree)
    return contender("copied make-hooks", [tree / "make-hooks", "s14"], tree)


def old(folder: Path) -> list[Contender]:
    """The script to compare with, which reads the tree that it lies in."""
    path = os.environ.get("OLD_MAKE_HOOKS")
    if not path:
        return []
    tree = plant(folder / "old/config/hooks.d")
    shutil.copy(path, tree / "make-hooks")
    return [contender("old make-hooks", [tree / "make-hooks", "s14"], tree)]


def floor(folder: Path) -> list[Contender]:
    """What no script in Python can do without, and what ours adds in turn."""
    nothing, imports = folder / "nothing", folder / "imports"
    nothing.write_text(NOTHING)
    imports.write_text(IMPORTS.format(root=str(ROOT)))
    for script in (nothing, imports):
        script.chmod(0o755)
    return [
        Contender(name="python3 -c pass", run=harness.command(["python3", "-c", "pass"])),
        Contender(name="empty script", run=harness.command([nothing])),
        Contender(name="imports only", run=harness.command([imports])),
    ]


def parts(measured: harness.Measured) -> str:
    """Where make-hooks spends its time."""
    start, loaded, whole = (
        measured.median(name) * 1000 for name in ("empty script", "imports only", "make-hooks")
    )
    return (
        f"  make-hooks: {whole:.1f} ms = {start:.1f} starting env and Python without site"
        f" + {loaded - start:.1f} importing + {whole - loaded:.1f} reading and linking"
    )


def contender(name: str, argv: list[str | Path], tree: Path) -> Contender:
    """A run of a script that starts with no hooks directory."""
    hooks = tree.parent / "hooks"
    return Contender(
        name=name,
        run=harness.command(argv),
        prepare=lambda: shutil.rmtree(hooks, ignore_errors=True),
    )


def plant(tree: Path) -> Path:
    """A hooks.d: a chain of series with numbered hooks."""
    for folder in ("base/series", "extra/series", "chroot"):
        (tree / folder).mkdir(parents=True)
    for number in range(CHROOT_HOOKS):
        touch(tree / f"chroot/{number:03}-root{number}.chroot")
    for number in range(SERIES):
        hooks = [f"base/{number:03}-hook{number}-{n}.binary" for n in range(HOOKS_A_SERIES)]
        for hook in hooks:
            touch(tree / hook)
        lines = [f"depends s{number - 1}"] if number else []
        lines += [*hooks, f"provides livecd.ubuntu-cpc.s{number}.img"]
        (tree / f"base/series/s{number}").write_text("\n".join(lines) + "\n")
    return tree


def touch(path: Path) -> None:
    """An empty executable."""
    path.touch(mode=0o755)


def use_python(folder: Path) -> None:
    """Make one interpreter the python3 of PATH: shims of version managers cost much."""
    system = Path("/usr/bin/python3")
    default = system if system.exists() else Path(getattr(sys, "_base_executable", sys.executable))
    folder.mkdir()
    (folder / "python3").symlink_to(os.environ.get("BENCH_PYTHON", default))
    os.environ["PATH"] = f"{folder}:/usr/bin:/bin"


if __name__ == "__main__":
    sys.exit(main())
