"""Reading what a step may read: its hook, the hook's support files, modules of this package.

An object of this module serves one run, and reads each file once.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import imports
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.importmemory import ImportMemory
from livecd_rootfs.layers import key
from livecd_rootfs.layers.key import Part, PartKind

PACKAGE = Path(__file__).parents[1]
HOOK_SUFFIXES = frozenset({".binary", ".chroot", ".chroot_early"})
SERIES = "series"
# Python's own copies of what is there already.
_LEFT_OUT = frozenset({"__pycache__"})


class Inputs:
    """The inputs of the hooks in a ``hooks.d``.

    Args:
        tree: the folder ``hooks.d``.
        package: the folder of this package.
        memory: what modules import, as far as it is known.
    """

    def __init__(
        self, tree: Path, package: Path = PACKAGE, memory: ImportMemory | None = None
    ) -> None:
        self._tree = Path(os.path.realpath(tree))
        self._package = package
        self._memory = memory or ImportMemory(path=None)
        self._support: dict[str, tuple[Part, ...]] = {}
        self._modules: dict[str, Part] = {}

    def of_hook(self, hook: str, declared: tuple[str, ...] | None) -> tuple[Part, ...]:
        """A hook's bytes, its mode, its support files, and the modules that it imports.

        Args:
            hook: its path in ``hooks.d``.
            declared: the files and folders that its header declares as ``inputs=``, relative
                to ``hooks.d``; ``None`` when it does not say, which means all files of its
                folder tree (the first folder of its path) that are neither hooks nor series.

        Raises:
            LivecdError: something of that can't be read, or is declared and not there.
        """
        path = self._tree / hook
        try:
            support = self._beside(hook) if declared is None else self._declared(hook, declared)
            return (*_hook(path, hook), *support, *self.of_modules(*self._imported(path)))
        except OSError as error:
            raise LivecdError(
                f"the inputs of {hook} can't be read",
                place=error.filename or str(path),
                why=error.strerror,
                remedy="make it readable; a hook may also say in its header which files it reads "
                "(# hook: inputs=...)",
            ) from error

    def of_modules(self, *names: str) -> tuple[Part, ...]:
        """Modules of this package, with all that they import.

        Args:
            names: dotted names, such as ``livecd_rootfs.mmdebstrap``.
        """
        known = imports.modules(self._package)
        needed = sorted(imports.closure(frozenset(names), self._package, self._memory.imported))
        self._memory.keep()
        for name in needed:
            if name not in self._modules:
                data = known[name].read_bytes()
                self._modules[name] = key.of_bytes(PartKind.MODULE, name, data)
        return tuple(self._modules[name] for name in needed)

    def read_modules(self, hook: str) -> None:
        """Read the modules that a hook imports, ahead of `of_hook`, which tells what is wrong."""
        with contextlib.suppress(OSError):
            self.of_modules(*self._imported(self._tree / hook))

    def of_file(self, name: str, path: Path) -> Part:
        """Any other file that steps read, such as the functions that hooks source."""
        return _file(name, path)

    def _imported(self, path: Path) -> frozenset[str]:
        with path.open("rb") as file:
            first = file.readline(256)
        if not first.startswith(b"#!") or b"python" not in first:
            return frozenset()
        try:
            return imports.own(path, self._package, self._memory.imported)
        except (SyntaxError, ValueError):
            return frozenset()  # it will tell that itself, when it runs

    def _beside(self, hook: str) -> tuple[Part, ...]:
        folder = hook.partition("/")[0] if "/" in hook else "."
        if folder not in self._support:
            paths = [path for path in self._below(self._tree / folder) if self._supports(path)]
            self._support[folder] = tuple(part for path in paths for part in self._parts(path))
        return self._support[folder]

    def _declared(self, hook: str, declared: tuple[str, ...]) -> tuple[Part, ...]:
        paths: dict[Path, None] = {}
        for name in declared:
            path = Path(os.path.normpath(self._tree / name))
            if not path.is_relative_to(self._tree) or not os.path.lexists(path):
                raise LivecdError(
                    f"{hook} declares the input '{name}', which is not there",
                    place=str(self._tree / hook),
                    why="inputs= names files and folders in hooks.d",
                    remedy="mend the line '# hook: inputs=' or add the file",
                )
            paths |= dict.fromkeys(self._below(path))
        return tuple(part for path in paths for part in self._parts(path))

    def _supports(self, path: Path) -> bool:
        parts = path.relative_to(self._tree).parts
        return path.suffix not in HOOK_SUFFIXES and parts[1:2] != (SERIES,)

    def _below(self, path: Path) -> Iterator[Path]:
        """A path and all below it, in order; links are given, not followed."""
        yield path
        if path.is_dir() and not path.is_symlink():
            for entry in sorted(path.iterdir()):
                if entry.name not in _LEFT_OUT:
                    yield from self._below(entry)

    def _parts(self, path: Path) -> Iterator[Part]:
        name = path.relative_to(self._tree).as_posix()
        if path.is_symlink():
            target = os.path.realpath(path)
            yield key.of_text(PartKind.SUPPORT, name, f"link to {path.readlink()}")
            if not Path(target).is_relative_to(self._tree):
                yield from _outside(name, Path(target))
        elif path.is_dir():
            yield key.of_text(PartKind.SUPPORT, f"{name}/", "folder")
        else:
            yield _file(name, path)


def _hook(path: Path, hook: str) -> Iterator[Part]:
    yield key.of_bytes(PartKind.HOOK, hook, path.read_bytes())
    yield key.of_text(PartKind.MODE, hook, f"{stat.S_IMODE(path.stat().st_mode):04o}")
    if path.is_symlink():
        # It finds its data beside what it is a link to.
        yield key.of_text(PartKind.SUPPORT, f"{hook} (link)", f"link to {path.readlink()}")


def _outside(name: str, target: Path) -> Iterator[Part]:
    """What a link that leads out of the tree leads to: a file, or a folder with its files."""
    if target.is_file():
        yield _file(f"{name} (content)", target)
    for folder, folders, files in os.walk(target):
        folders.sort()
        for path in (Path(folder, file) for file in sorted(files)):
            if path.is_file():
                yield _file(f"{name}/{path.relative_to(target)}", path)


def _file(name: str, path: Path) -> Part:
    """A file with its mode: a helper script may be run, or only be read."""
    mode = f"{stat.S_IMODE(path.stat().st_mode):04o}\n"
    return key.of_bytes(PartKind.SUPPORT, name, mode.encode() + path.read_bytes())
