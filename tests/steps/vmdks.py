"""A reader of streamOptimized VMDKs, as a stream, that knows nothing of the writer."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
KINDS = ("end", "table", "directory", "footer")


@dataclass(slots=True, kw_only=True)
class Stream:
    """What a VMDK holds, in the order of the file.

    Attributes:
        header: its fields by name.
        descriptor: ``key=value`` lines, without quotes.
        order: what came, as ``grain`` or the kind of a marker.
        grains: sector of the disk -> content.
        places: sector of the disk -> sector of the file.
        bodies: what stood behind the markers, by their kind, with its sector.
    """

    header: dict[str, int]
    descriptor: dict[str, str]
    order: list[str] = field(default_factory=list)
    grains: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    bodies: list[tuple[str, int, bytes]] = field(default_factory=list)

    def disk(self) -> bytes:
        """The whole disk."""
        content = bytearray(self.header["capacity"] * SECTOR)
        for sector, grain in self.grains.items():
            content[sector * SECTOR : sector * SECTOR + len(grain)] = grain
        return bytes(content[: self.header["capacity"] * SECTOR])


def fields(sector: bytes) -> dict[str, int]:
    """The header or the footer."""
    assert sector[:4] == b"KDMV"
    assert sector[73:77] == b"\n \r\n"
    assert not any(sector[79:])
    names = ("version", "flags", "capacity", "grain", "at", "size", "entries", "second",
             "directory", "overhead", "unclean")  # fmt: skip
    values = struct.unpack("<IIQQQQIQQQB", sector[4:73])
    (algorithm,) = struct.unpack("<H", sector[77:79])
    return {**dict(zip(names, values, strict=True)), "algorithm": algorithm}


def read(path: Path) -> Stream:
    """Read a file from its first to its last sector; the end must be marked, and be the end."""
    data = path.read_bytes()
    header = fields(data[:SECTOR])
    text = data[header["at"] * SECTOR :][: header["size"] * SECTOR].rstrip(b"\0").decode()
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    stream = Stream(
        header=header, descriptor={key.strip(): value.strip(' "') for key, _, value in pairs}
    )
    for kind, sector, body in _parts(data, header["overhead"]):
        stream.order.append(kind)
        if kind == "grain":
            (lba,) = struct.unpack("<Q", data[sector * SECTOR :][:8])
            stream.grains[lba], stream.places[lba] = zlib.decompress(body), sector
        else:
            stream.bodies.append((kind, sector + 1, body))
    return stream


def _parts(data: bytes, sector: int) -> Iterator[tuple[str, int, bytes]]:
    kind = ""
    while kind != "end":
        value, size, number = struct.unpack("<QII", data[sector * SECTOR :][:16])
        start = sector * SECTOR + (12 if size else SECTOR)
        length = size or value * SECTOR
        kind = "grain" if size else KINDS[number]
        yield kind, sector, data[start : start + length]
        sector = -(-(start + length) // SECTOR)
    assert sector * SECTOR == len(data), "something follows the end of the stream"
