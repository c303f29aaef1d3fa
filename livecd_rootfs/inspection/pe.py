"""An EFI program: its sections, whether it is signed, and what it says of itself.

The format is that of Microsoft's "PE Format"; of it only the table of sections
and one entry of the optional header matter here.
"""

from __future__ import annotations

import csv
import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livecd_rootfs.inspection.tree import Entry, Kind, Tree

_PE_AT = 0x3C
_SECTION = struct.Struct("<8sIIII")
_SECTION_SIZE = 40
# Where the optional header has the certificate table's size: PE32 and PE32+.
_CERTIFICATES = {0x10B: 96 + 4 * 8 + 4, 0x20B: 112 + 4 * 8 + 4}
_MACHINES = {0x8664: "x86-64", 0xAA64: "ARM64", 0x14C: "x86", 0x5064: "RISC-V", 0x6264: "LoongArch"}
# Rows of an SBAT table (shim's SBAT.md) by the component that they name.
_SBAT_VERSION = 4
_COMPONENTS = {"shim": "shim", "grub": "GRUB", "systemd-boot": "systemd-boot", "fwupd-efi": "fwupd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An EFI program.

    Attributes:
        machine: the processor that it runs on.
        signed: whether it carries a signature, whoever's.
        sections: the sections' content by name.
        label: what to call one that does not say what it is.
    """

    machine: str
    signed: bool
    sections: Mapping[str, bytes]
    label: str = "EFI program"

    @property
    def name(self) -> str:
        """What it is, with its version where it tells one."""
        if ".linux" in self.sections:
            kernel = self.text(".uname")
            return f"unified kernel image {kernel}".rstrip()
        return component(self.text(".sbat")) or self.label

    def text(self, section: str) -> str:
        """The text of a section; empty when it has none."""
        return self.sections.get(section, b"").rstrip(b"\0\n").decode(errors="replace")


def parse(content: bytes) -> Program:
    """An EFI program.

    Raises:
        ValueError: it is none, or not whole.
    """
    try:
        return _parse(content)
    except struct.error as error:
        raise ValueError("its headers are cut off") from error


def _parse(content: bytes) -> Program:
    (start,) = struct.unpack_from("<I", content, _PE_AT)
    if content[start : start + 4] != b"PE\0\0":
        raise ValueError("it has no PE header")
    machine, count, *_ = struct.unpack_from("<HH", content, start + 4)
    (optional_size,) = struct.unpack_from("<H", content, start + 20)
    optional = start + 24
    (magic,) = struct.unpack_from("<H", content, optional)
    (signature,) = struct.unpack_from("<I", content, optional + _CERTIFICATES.get(magic, 0))
    table = optional + optional_size
    found = (_section(content, table + number * _SECTION_SIZE) for number in range(count))
    return Program(
        machine=_MACHINES.get(machine, f"machine {machine:#x}"),
        signed=magic in _CERTIFICATES and signature > 0,
        sections=dict(found),
    )


def _section(content: bytes, at: int) -> tuple[str, bytes]:
    name, virtual, _, size, offset = _SECTION.unpack_from(content, at)
    if offset + size > len(content):
        raise ValueError("it is cut off")
    text = name.rstrip(b"\0").decode(errors="replace")
    return text, content[offset : offset + min(size, virtual or size)]


def component(sbat: str) -> str:
    """What an SBAT table is of; the vendor's row has the exact version."""
    rows = [row for row in csv.reader(sbat.splitlines()) if len(row) > _SBAT_VERSION]
    named = [row for row in rows if row[0].partition(".")[0] in _COMPONENTS]
    if not named:
        return ""
    last = [row for row in named if row[0].partition(".")[0] == named[0][0].partition(".")[0]][-1]
    return f"{_COMPONENTS[last[0].partition('.')[0]]} {last[_SBAT_VERSION]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The sections of a program as files."""

    program: Program

    def read(self, path: str) -> bytes:
        """The content of one section."""
        return self.program.sections[path]

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of sections."""
        return {path: hashlib.sha256(self.read(path)).hexdigest() for path in paths}


def tree(program: Program) -> Tree:
    """A program as a tree of its sections."""
    entries = {
        name: Entry(kind=Kind.FILE, mode=None, owner=None, size=len(content))
        for name, content in program.sections.items()
    }
    return Tree(entries=entries, source=Sections(program=program))
