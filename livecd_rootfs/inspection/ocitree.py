"""The tree in a container image: the layers of an OCI or a Docker archive, one over the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.inspection import formats, tartree, unpacking
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.nested import OS_RELEASE
from livecd_rootfs.inspection.tree import Kind, Tree, united
from livecd_rootfs.inspection.unreadable import Unreadable

# Layer files that take something of the layers below away: OCI image specification, "Whiteouts".
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
# Indexes in indexes; one could name itself.
_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A tar file, or a directory, with an image layout in it."""

    bench: Bench
    path: Path
    tree: Tree

    def json(self, name: str) -> object:
        """A file of it, as JSON.

        Raises:
            Unreadable: it is not there, or no JSON.
        """
        try:
            return json.loads(self.tree.source.read(name))
        except (KeyError, ValueError) as error:
            raise self.broken(f"its {name} is missing or no JSON") from error

    def broken(self, why: str) -> Unreadable:
        """The failure to read it."""
        return Unreadable("it is no whole container image", why=why)


def is_image(tree: Tree) -> bool:
    """Whether a tree is the layout of a container image, and no root with such files in it."""
    if any(name in tree.entries for name in OS_RELEASE):
        return False
    return "manifest.json" in tree.entries or {"oci-layout", "index.json"} <= tree.entries.keys()


def read(bench: Bench, path: Path, tree: Tree) -> Tree:
    """The merged tree of all layers.

    Args:
        bench: where the layers are unpacked.
        path: the tar file, or the directory.
        tree: its own tree.

    Raises:
        Unreadable: a part is missing.
    """
    archive = Archive(bench=bench, path=path, tree=tree)
    names = _oci_layers(archive) if "index.json" in tree.entries else _docker_layers(archive)
    return merged([tartree.read(_layer(archive, name)) for name in names])


def _oci_layers(archive: Archive) -> list[str]:
    """The layers of the first image; an index can lead to further ones."""
    manifest = _mapping(archive, archive.json("index.json"))
    for _ in range(_DEEPEST):
        if "manifests" not in manifest:
            break
        described = [_mapping(archive, each) for each in _list(archive, manifest["manifests"])]
        if not described:
            raise archive.broken("its index names no image")
        manifest = _mapping(archive, archive.json(_blob(archive, described[0])))
    return [_blob(archive, each) for each in _list(archive, manifest.get("layers"))]


def _blob(archive: Archive, descriptor: object) -> str:
    digest = str(_mapping(archive, descriptor).get("digest", ""))
    return f"blobs/{digest.replace(':', '/')}"


def _docker_layers(archive: Archive) -> list[str]:
    images = _list(archive, archive.json("manifest.json"))
    if not images:
        raise archive.broken("its manifest names no image")
    return [
        str(name)
        for image in images[:1]
        for name in _list(archive, _mapping(archive, image).get("Layers"))
    ]


def _mapping(archive: Archive, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise archive.broken("a description in it is of another form")
    return value


def _list(archive: Archive, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise archive.broken("a description in it is of another form")
    return value


def _layer(archive: Archive, name: str) -> Path:
    """A layer as a plain tar file."""
    if name not in archive.tree.entries:
        raise archive.broken(f"its layer {name} is missing")
    if archive.tree.entries[name].kind is not Kind.FILE:
        raise archive.broken(f"its layer {name} is no file")
    path = archive.path / name if archive.path.is_dir() else _extracted(archive, name)
    found = formats.detect(path)
    return path if found not in formats.COMPRESSIONS else unpacking.unpack(
        archive.bench, path, found.value
    )  # fmt: skip


def _extracted(archive: Archive, name: str) -> Path:
    path = archive.bench.place(".layer")
    with tartree.opened(archive.path) as tar:
        stream = tar.extractfile(_member_name(tar.getnames(), name))
        if stream is None:
            raise archive.broken(f"its layer {name} is no file")
        unpacking.copy(stream, path)
    return path


def _member_name(names: Iterable[str], name: str) -> str:
    return next(each for each in names if each.removeprefix("./") == name)


def merged(layers: Sequence[Tree]) -> Tree:
    """Layers, the lowest first, as the tree that a container sees."""
    places: dict[str, tuple[Tree, str]] = {}
    for layer in layers:
        _take_away(places, layer)
        folders = {folder for path in places for folder in _above(path)}
        for path, entry in layer.entries.items():
            if path.rpartition("/")[2].startswith(_WHITEOUT):
                continue
            if path in folders and entry.kind is not Kind.DIRECTORY:
                _remove_below(places, path)
            places[path] = (layer, path)
    return united(places)


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _take_away(places: dict[str, tuple[Tree, str]], layer: Tree) -> None:
    for path in layer.entries:
        folder, _, name = path.rpartition("/")
        if name == _OPAQUE:
            _remove_below(places, folder)
        elif name.startswith(_WHITEOUT):
            gone = f"{folder}/" if folder else ""
            gone += name.removeprefix(_WHITEOUT)
            places.pop(gone, None)
            _remove_below(places, gone)


def _remove_below(places: dict[str, tuple[Tree, str]], folder: str) -> None:
    start = f"{folder}/" if folder else ""
    for path in [path for path in places if path.startswith(start) and path != folder]:
        del places[path]
