"""What two artifacts differ in: disks, packages, files; pure, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from livecd_rootfs.inspection import attributes, summary
from livecd_rootfs.inspection.artifact import Artifact
from livecd_rootfs.inspection.disk import Disk
from livecd_rootfs.inspection.tree import Entry, Kind, Tree
from livecd_rootfs.steps import dpkg
from livecd_rootfs.steps.dpkg import Package

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing, before and after: what is told of it, by name; ``None`` where it is not."""

    name: str
    before: Facts | None
    after: Facts | None

    @property
    def changed(self) -> Mapping[str, tuple[str, str]]:
        """What differs of a thing that is in both."""
        if self.before is None or self.after is None:
            return {}
        return {
            key: (self.before[key], self.after[key])
            for key in self.before
            if key in self.after and self.before[key] != self.after[key]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was added, removed and changed among things of one kind, by name.

    Attributes:
        before: how many there were.
        after: how many there are.
        all: those that differ.
    """

    before: int
    after: int
    all: tuple[Change, ...]

    @property
    def added(self) -> tuple[Change, ...]:
        """What is only in the second."""
        return tuple(change for change in self.all if change.before is None)

    @property
    def removed(self) -> tuple[Change, ...]:
        """What is only in the first."""
        return tuple(change for change in self.all if change.after is None)

    @property
    def changed(self) -> tuple[Change, ...]:
        """What is in both."""
        return tuple(change for change in self.all if change.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two artifacts differ in.

    Attributes:
        disk: partition tables; without any where one of the two has none.
        packages: installed packages.
        files: files of all kinds.
        bytes: the size of all plain files, in the first and in the second.
    """

    disk: Changes
    packages: Changes
    files: Changes
    bytes: tuple[int, int]

    @property
    def same(self) -> bool:
        """Whether there is no difference."""
        return not (self.disk.all or self.packages.all or self.files.all)


def between(before: Artifact, after: Artifact) -> Comparison:
    """Compare what is in two artifacts; in which formats it is does not count.

    Raises:
        LivecdError: one of them can't be read.
    """
    return Comparison(
        disk=_disks(before.disk, after.disk),
        packages=compare(_packages(before), _packages(after)),
        files=_trees(before.tree, after.tree),
        bytes=(_bytes(before.tree), _bytes(after.tree)),
    )


def compare(before: Mapping[str, Facts], after: Mapping[str, Facts]) -> Changes:
    """Things with what is told of them, by name.

    Of a thing that is in both only what is told in both can differ: one file
    system knows owners, another doesn't.
    """
    names = sorted({*before, *after})
    changes = (Change(name=name, before=before.get(name), after=after.get(name)) for name in names)
    found = [each for each in changes if each.before is None or each.after is None or each.changed]
    return Changes(before=len(before), after=len(after), all=tuple(found))


def _packages(artifact: Artifact) -> dict[str, Facts]:
    found = summary.packages(artifact.tree)
    native = _native(found)
    return {dpkg.full_name(each, native): {"version": each.version} for each in found}


def _native(packages: Iterable[Package]) -> str:
    """Dpkg itself is always of the root's own architecture."""
    return next((each.architecture for each in packages if each.name == "dpkg"), "")


def _disks(before: Disk | None, after: Disk | None) -> Changes:
    if before is None or after is None:
        return Changes(before=0, after=0, all=())
    return compare(_partitions(before), _partitions(after))


def _partitions(disk: Disk) -> dict[str, Facts]:
    found: dict[str, Facts] = {"disk": {"size": str(disk.size), "table": disk.table, "id": disk.id}}
    for part in disk.partitions:
        files = part.files
        found[f"partition {part.number}"] = {
            "type": part.type,
            "start": str(part.start),
            "size": str(part.size),
            "uuid": part.uuid,
            "file system": files.type if files else "",
            "label": files.label if files else "",
            "file system uuid": files.uuid if files else "",
        }
    return found


def _trees(before: Tree | None, after: Tree | None) -> Changes:
    """Files; what is in one of them is hashed only where the other has it in the same size."""
    first, second = (tree.entries if tree else {} for tree in (before, after))
    alike = [path for path, entry in first.items() if _may_be_equal(entry, second.get(path))]
    one = before.source.digests(alike) if before else {}
    other = after.source.digests(alike) if after else {}
    return compare(_files(first, one), _files(second, other))


def _may_be_equal(one: Entry, other: Entry | None) -> bool:
    plain = one.kind is Kind.FILE
    return plain and other is not None and other.kind is Kind.FILE and other.size == one.size


def _files(entries: Mapping[str, Entry], digests: Mapping[str, str]) -> dict[str, Facts]:
    return {f"/{path}": facts(entry, digests.get(path)) for path, entry in entries.items()}


def facts(entry: Entry, digest: str | None) -> Facts:
    """What is told of a file; what is not known is left out."""
    owner = None if entry.owner is None else f"{entry.owner[0]}:{entry.owner[1]}"
    told = {
        "kind": entry.kind.value,
        "mode": None if entry.mode is None else f"{entry.mode:04o}",
        "owner": owner,
        "size": str(entry.size) if entry.kind is Kind.FILE else None,
        "target": entry.target or None,
        "xattrs": None if entry.attributes is None else attributes.shown(entry.attributes),
        "sha256": digest,
    }
    return {name: value for name, value in told.items() if value is not None}


def _bytes(tree: Tree | None) -> int:
    plain = tree.entries.values() if tree else ()
    return sum(entry.size for entry in plain if entry.kind is Kind.FILE)


def data(found: Comparison, names: Sequence[str]) -> Mapping[str, object]:
    """The differences as JSON has them."""
    return {
        "artifacts": list(names),
        "same": found.same,
        "size_of_files": list(found.bytes),
        "disk": _changes(found.disk),
        "packages": _changes(found.packages),
        "files": _changes(found.files),
    }


def _changes(changes: Changes) -> Mapping[str, object]:
    return {
        "count": [changes.before, changes.after],
        "added": {each.name: each.after for each in changes.added},
        "removed": {each.name: each.before for each in changes.removed},
        "changed": {
            each.name: {key: list(pair) for key, pair in each.changed.items()}
            for each in changes.changed
        },
    }
