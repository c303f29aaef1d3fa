"""The step that makes the container image: the root as the one layer of an OCI image layout.

The files, their media types and fields are those of the OCI Image Format
Specification 1.0; all of them lie in one tar, as podman, skopeo and docker load it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, compression, inventory, overlay, root_dir, treetar
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.root_dir import ROOT_DIR
from livecd_rootfs.steps.target import PATH

_TYPE = "application/vnd.oci.image"
LAYER = f"{_TYPE}.layer.v1.tar+gzip"
CONFIG = f"{_TYPE}.config.v1+json"
MANIFEST = f"{_TYPE}.manifest.v1+json"
INDEX = f"{_TYPE}.index.v1+json"
REFERENCE = "org.opencontainers.image.ref.name"
CREATED = "org.opencontainers.image.created"
# Go's words, which the specification asks for, where they are not Debian's.
_PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "arm64": {"architecture": "arm64", "variant": "v8"},
    "armhf": {"architecture": "arm", "variant": "v7"},
    "armel": {"architecture": "arm", "variant": "v5"},
    "i386": {"architecture": "386"},
    "mips64el": {"architecture": "mips64le"},
    "ppc64el": {"architecture": "ppc64le"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as it is stored: compressed.

    Attributes:
        path: its file.
        digest: the SHA-256 of that, in hexadecimal.
        size: the bytes of that.
        diff_id: the SHA-256 of the tar in it.
    """

    path: Path
    digest: str
    size: int
    diff_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
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
    with overlay.scratch(context) as folder, artifact.appearing(image) as part:
        layer = make_layer(context, folder / "layer")
        write(part, layer, documents(context, layer), epoch=context.epoch)
    inventory.write(context, root, ".oci")
    return f"{image.name}: {units.size(image.stat().st_size)}, {reference(context)}"


def make_layer(context: Context, path: Path) -> Layer:
    """The layer of ``rootfs.dir``; gzip, since every reader knows it.

    Args:
        context: the build.
        path: the file to make.
    """
    tar = hashlib.sha256()
    method = compression.of(context, Format.GZIP)
    pieces = _hashed(treetar.stream(context, ROOT_DIR), tar)
    compression.to_file(context, method, pieces, path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Layer(path=path, digest=digest, size=path.stat().st_size, diff_id=tar.hexdigest())


def _hashed(pieces: Generator[bytes], digest: hashlib._Hash) -> Generator[bytes]:
    with closing(pieces):
        for piece in pieces:
            digest.update(piece)
            yield piece


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
        **_PLATFORMS.get(arch, {"architecture": arch}),
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


def write(path: Path, layer: Layer, blobs: Sequence[Blob], *, epoch: int) -> None:
    """Write the layout as a tar, the index last.

    Args:
        path: the tar.
        layer: the layer.
        blobs: the documents, the index last.
        epoch: the time of all files.
    """
    *inner, index = blobs
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar, layer.path.open("rb") as data:
        _add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}', epoch)
        _add_stream(tar, f"blobs/sha256/{layer.digest}", data, layer.size, epoch)
        for blob in inner:
            _add(tar, f"blobs/sha256/{blob.digest}", blob.content, epoch)
        _add(tar, "index.json", index.content, epoch)


def _add(tar: tarfile.TarFile, name: str, content: bytes, epoch: int) -> None:
    _add_stream(tar, name, io.BytesIO(content), len(content), epoch)


def _add_stream(tar: tarfile.TarFile, name: str, data: BinaryIO, size: int, epoch: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, epoch, 0o644
    tar.addfile(member, data)
