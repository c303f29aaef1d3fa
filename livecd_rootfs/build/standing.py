"""What stands in output directories: which layer each artifact is from, and its checksum.

As the index of a version control: a file that nobody has touched since we put it there
needs neither be copied nor read again. Nobody can put other content into a file without
giving it another change time (inode(7): ctime), which can't be set by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from livecd_rootfs import cachefile

FOLDER = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One artifact as it was when it had got its name.

    Attributes:
        made: the layer that it is from: one that a store never has twice.
        sha256: its checksum, in hexadecimal.
        device: of its file system.
        inode: its number there.
        size: in bytes.
        changed: its change time, in nanoseconds.
    """

    made: str
    sha256: str
    device: int
    inode: int
    size: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The entries of one output directory.

    Attributes:
        directory: the output directory.
        file: where the entries are kept.
        entries: by the artifacts' names.
    """

    directory: Path
    file: Path
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def checksum(self, name: str, made: str) -> str | None:
        """The checksum of an artifact that stands there from the same layer, untouched."""
        entry = self.entries.get(name)
        if entry is None or entry.made != made:
            return None
        try:
            same = entry_of(self.directory / name, made, entry.sha256) == entry
        except OSError:
            return None
        return entry.sha256 if same else None

    def keep(self, made: str, sums: Mapping[str, str]) -> None:
        """Remember artifacts that have got their names; a cache that can't be written does not."""
        entries = dict(self.entries)
        for name, digest in sums.items():
            entries[name] = entry_of(self.directory / name, made, digest)
        text = json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1)
        cachefile.keep(self.file, text)


def entry_of(path: Path, made: str, digest: str) -> Entry:
    """The entry of a file as it is now."""
    found = path.stat(follow_symlinks=False)
    return Entry(
        made=made,
        sha256=digest,
        device=found.st_dev,
        inode=found.st_ino,
        size=found.st_size,
        changed=found.st_ctime_ns,
    )


def read(cache: Path, directory: Path) -> Standing:
    """What is known of an output directory; nothing, if the file is gone or can't be understood.

    Args:
        cache: the cache directory.
        directory: the output directory.
    """
    whole = directory.resolve()
    digest = hashlib.sha256(str(whole).encode("utf-8", "surrogateescape")).hexdigest()
    file = cache / FOLDER / f"{digest}.json"
    try:
        found = json.loads(file.read_text())
        entries = {name: Entry(**entry) for name, entry in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        entries = {}
    return Standing(directory=directory, file=file, entries=entries)
