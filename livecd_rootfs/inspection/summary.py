"""What an artifact is, in the few facts that people look for; as values, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from livecd_rootfs.inspection import bootchain
from livecd_rootfs.inspection.artifact import Artifact
from livecd_rootfs.inspection.bootchain import BootChain
from livecd_rootfs.inspection.disk import FileSystem
from livecd_rootfs.inspection.tree import Kind, Tree
from livecd_rootfs.steps import dpkg, osrelease
from livecd_rootfs.steps.dpkg import Package

STATUS = "var/lib/dpkg/status"
KIB = 1024
LARGEST = 5
_MODULE = re.compile(r"\.ko(?:\.(?:gz|xz|zst))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an artifact is.

    Attributes:
        artifact: the artifact.
        boot: how it boots.
        release: what its os-release says; empty if it has none.
        packages: what dpkg has installed in it.
        files: how many entries its tree has; ``None`` if none can be read.
        bytes: the size of its plain files.
    """

    artifact: Artifact
    boot: BootChain
    release: Mapping[str, str]
    packages: tuple[Package, ...]
    files: int | None
    bytes: int

    @property
    def architecture(self) -> str:
        """The architecture of its packages; empty if it has none."""
        found = [each.architecture for each in self.packages if each.architecture != "all"]
        return max(set(found), key=found.count) if found else ""

    @property
    def modules(self) -> Mapping[str, int]:
        """Of an initramfs, how many modules it has for each kernel; none where it is no such."""
        tree = self.artifact.tree
        if tree is None or "cpio" not in self.artifact.formats or "init" not in tree.entries:
            return {}
        names = [path for path in tree.entries if _MODULE.search(path)]
        return {
            version: sum(f"/modules/{version}/" in name for name in names)
            for version in sorted(tree.below("lib/modules"))
        }

    @property
    def largest(self) -> tuple[Package, ...]:
        """The packages that take the most room."""
        return tuple(sorted(self.packages, key=lambda each: (-each.kib, each.name))[:LARGEST])


def of(artifact: Artifact) -> Summary:
    """The facts of an artifact.

    Raises:
        LivecdError: it can't be read.
    """
    tree = artifact.tree
    plain = [each for each in tree.entries.values() if each.kind is Kind.FILE] if tree else []
    return Summary(
        artifact=artifact,
        boot=bootchain.of(artifact),
        release=_release(artifact, tree),
        packages=packages(tree),
        files=len([path for path in tree.entries if path]) if tree else None,
        bytes=sum(each.size for each in plain),
    )


def packages(tree: Tree | None) -> tuple[Package, ...]:
    """The installed packages of a tree."""
    return dpkg.parse(tree.text(STATUS)) if tree else ()


def _release(artifact: Artifact, tree: Tree | None) -> Mapping[str, str]:
    if artifact.program is not None:
        return osrelease.parse(artifact.program.text(".osrel"))
    if tree is None:
        return {}
    return osrelease.parse(tree.text("etc/os-release") or tree.text("usr/lib/os-release"))


def data(summary: Summary) -> Mapping[str, object]:
    """The facts as JSON has them: sizes in bytes."""
    artifact = summary.artifact
    return {
        "name": artifact.name,
        "size": artifact.size,
        "formats": list(artifact.formats),
        "disk": _disk(artifact),
        "file_system": _file_system(artifact.files),
        "boot": _boot(summary.boot),
        "program": _program(artifact),
        "modules": dict(summary.modules),
        "system": dict(summary.release),
        "architecture": summary.architecture,
        "packages": [
            {"name": each.name, "version": each.version, "architecture": each.architecture,
             "size": each.kib * KIB}
            for each in summary.packages
        ],
        "files": {"count": summary.files, "size": summary.bytes},
    }  # fmt: skip


def _disk(artifact: Artifact) -> Mapping[str, object] | None:
    disk = artifact.disk
    if disk is None:
        return None
    return {
        "size": disk.size,
        "table": disk.table,
        "id": disk.id,
        "partitions": [
            {
                "number": part.number,
                "type": part.type,
                "type_name": part.name,
                "start": part.start,
                "size": part.size,
                "uuid": part.uuid,
                "file_system": _file_system(part.files),
            }
            for part in disk.partitions
        ],
    }


def _file_system(files: FileSystem | None) -> Mapping[str, object] | None:
    if files is None:
        return None
    return {"type": files.type, "label": files.label, "uuid": files.uuid, "used": files.used}


def _boot(boot: BootChain) -> Mapping[str, object]:
    return {
        "bios": boot.bios,
        "uefi": [
            {"path": each.path, "name": each.program.name, "machine": each.program.machine,
             "signed": each.program.signed}
            for each in boot.loaders
        ],
        "signed": boot.is_signed,
        "kernels": [
            {"version": each.version, "size": each.size, "initrd_size": each.initrd}
            for each in boot.kernels
        ],
    }  # fmt: skip


def _program(artifact: Artifact) -> Mapping[str, object] | None:
    program = artifact.program
    if program is None:
        return None
    return {
        "name": program.name,
        "machine": program.machine,
        "signed": program.signed,
        "command_line": program.text(".cmdline"),
        "sections": {name: len(content) for name, content in program.sections.items()},
    }
