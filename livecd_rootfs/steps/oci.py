"""The step that makes the container image: the root as the one layer of an OCI image layout.

The files, their media types and fields are those of the OCI Image Format
Specification 1.0; all of them lie in one tar, as podman, skopeo and docker load it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, compression, inventory, platforms, root_dir, treetar
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.inventory import Inventory
from livecd_rootfs.steps.pipeline import Look
from livecd_rootfs.steps.root_dir import ROOT_DIR
from livecd_rootfs.steps.target import PATH
from livecd_rootfs.values import Value

_TYPE = "application/vnd.oci.image"
LAYER = f"{_TYPE}.layer.v1.tar+gzip"
CONFIG = f"{_TYPE}.config.v1+json"
MANIFEST = f"{_TYPE}.manifest.v1+json"
INDEX = f"{_TYPE}.index.v1+json"
REFERENCE = "org.opencontainers.image.ref.name"
CREATED = "org.opencontainers.image.created"


class Layer(Value):
    """A layer as it is stored: compressed.

    Attributes:
        digest: the SHA-256 of that, in hexadecimal.
        size: the bytes of that.
        diff_id: the SHA-256 of the tar in it.
    """

    digest: str
    size: int
    diff_id: str


class Sum:
    """The SHA-256 of something that may begin anew."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def begin(self) -> Look:
        """Begin; what is returned gets the pieces."""
        self._sum = hashlib.sha256()
        return self._sum.update

    @property
    def hexdigest(self) -> str:
        """What it is so far, in hexadecimal."""
        return self._sum.hexdigest()


class Blob(Value):
    """A small document of the layout."""

    content: bytes
    type: str

    @property
    def digest(self) -> str:
        """Its SHA-256 in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def descriptor(self) -> dict[str, object]:
        """What refers to it."""
        return descriptor(self.type, self.digest, len(self.content))


def run(context: Context) -> str:
    """Make ``.oci.tar`` and its inventory of ``rootfs.dir``.

    COMPRESSION says how hard the layer is compressed; it is named PROJECT:SUITE.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no ``rootfs.dir``.
    """
    root = root_dir.require(context)
    image = context.artifact(".oci.tar")
    with artifact.appearing(image) as part, part.open("w+b", buffering=0) as output:
        output.write(_stored("oci-layout", b'{"imageLayoutVersion":"1.0.0"}', context.epoch))
        layer, described = write_layer(context, root, output)
        output.write(_documents_stored(documents(context, layer), context.epoch))
        output.write(_end(output.tell()))
    inventory.put(context, described, ".oci")
    return f"{image.name}: {units.size(image.stat().st_size)}, {reference(context)}"


def write_layer(context: Context, root: Path, output: FileIO) -> tuple[Layer, Inventory]:
    """Write the layer of ``rootfs.dir`` into the layout's tar; find out meanwhile what it holds.

    It is gzip, since every reader knows that. Its name follows from its content,
    so its header is written last.

    Args:
        context: the build.
        root: the root.
        output: the layout's tar; behind the layer afterwards.
    """
    head, tar = output.tell(), Sum()
    method = compression.of(context, Format.GZIP)
    start = output.seek(tarfile.BLOCKSIZE, os.SEEK_CUR)
    with treetar.compressing(context, ROOT_DIR, method, output, look=tar.begin):
        described = inventory.of(context, root, ".oci")
    output.seek(start)
    digest = hashlib.file_digest(output, "sha256").hexdigest()
    layer = Layer(digest=digest, size=output.tell() - start, diff_id=tar.hexdigest)
    os.pwrite(output.fileno(), _header(_blob_name(digest), layer.size, context.epoch), head)
    output.write(bytes(-layer.size % tarfile.BLOCKSIZE))
    return layer, described


def documents(context: Context, layer: Layer) -> Sequence[Blob]:
    """Configuration, manifest and index, each of which refers to the one before."""
    created = datetime.fromtimestamp(context.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = _blob(CONFIG, configuration(context.arch, layer, created))
    manifest = _blob(
        MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor,
            "layers": [descriptor(LAYER, layer.digest, layer.size)],
            "annotations": {CREATED: created},
        },
    )
    named = {**manifest.descriptor, "annotations": {REFERENCE: reference(context)}}
    return (config, manifest, _blob(INDEX, {"schemaVersion": 2, "manifests": [named]}))


def configuration(arch: str, layer: Layer, created: str) -> dict[str, object]:
    """What a container of the image is like, as ``CONFIG`` has it.

    Args:
        arch: the architecture in Debian's words.
        layer: the root.
        created: the build's time, as in RFC 3339.
    """
    return {
        "created": created,
        **platforms.platform(arch),
        "os": "linux",
        "config": {"Env": [f"PATH={PATH}"], "Cmd": ["/bin/sh"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.diff_id}"]},
        "history": [{"created": created, "created_by": "livecd-rootfs"}],
    }


def reference(context: Context) -> str:
    """The name of the image, which a reader may give it: ``debian-cpc:trixie``."""
    name = context.prefix.removeprefix("livecd.").lower()
    return f"{name}:{context.variables.get('SUITE') or 'latest'}"


def descriptor(kind: str, digest: str, size: int) -> dict[str, object]:
    """What refers to a blob."""
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _blob(kind: str, document: Mapping[str, object]) -> Blob:
    return Blob(content=json.dumps(document, separators=(",", ":")).encode(), type=kind)


def _documents_stored(blobs: Sequence[Blob], epoch: int) -> bytes:
    *inner, index = blobs
    stored = (_stored(_blob_name(blob.digest), blob.content, epoch) for blob in inner)
    return b"".join(stored) + _stored("index.json", index.content, epoch)


def _end(size: int) -> bytes:
    """What ends a tar of this size: two blocks of zeros, and more up to a whole record."""
    end = 2 * tarfile.BLOCKSIZE
    return bytes(end + -(size + end) % tarfile.RECORDSIZE)


def _blob_name(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _stored(name: str, content: bytes, epoch: int) -> bytes:
    """A file in a tar."""
    return _header(name, len(content), epoch) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _header(name: str, size: int, epoch: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, epoch, 0o644
    return member.tobuf(tarfile.GNU_FORMAT)
