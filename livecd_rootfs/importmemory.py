"""What files import, remembered from run to run by the digests of their content.

Reading the syntax of all modules takes longer than all else that a build does which has
nothing to do, and a digest can't be wrong about what a file holds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from livecd_rootfs import cachefile, imports

FILE = "imports.json"
AT_MOST = 5000  # files; some 1.5 MB


@dataclass(kw_only=True)
class ImportMemory:
    """What is remembered.

    Attributes:
        path: the file it is kept in; ``None`` keeps nothing.
    """

    path: Path | None
    _new: dict[str, list[str]] = field(default_factory=dict)

    def imported(self, path: Path, package: Path) -> frozenset[str]:
        """As `imports.imported`.

        Raises:
            SyntaxError, ValueError: the file is no Python.
            OSError: it can't be read.
        """
        digest = hashlib.sha256(_ground(package) + path.read_bytes()).hexdigest()
        if digest not in self._old and digest not in self._new:
            self._new[digest] = sorted(imports.imported(path, package))
        return frozenset(self._old.get(digest) or self._new.get(digest) or ())

    def keep(self) -> None:
        """Write what is new; a file that can't be written is done without."""
        if self.path is None or not self._new:
            return
        self._old |= self._new
        self._new = {}
        kept = dict(list(self._old.items())[-AT_MOST:])
        cachefile.keep(self.path, json.dumps(kept))

    @cached_property
    def _old(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self.path.read_bytes()) if self.path else {}
            return {str(name): [str(each) for each in names] for name, names in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


@cache
def _ground(package: Path) -> bytes:
    """What else decides what a file imports: what reads it, and which modules there are."""
    names = "\0".join(imports.modules(package))
    return hashlib.sha256(Path(imports.__file__).read_bytes() + names.encode()).digest()
