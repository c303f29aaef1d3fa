"""The provenance of a build: an in-toto statement with a SLSA v1 predicate, as JSON.

It says of each artifact from which layers it comes, and of each layer its key,
which is a digest of all that its step could see. Nothing in it is of the run, the
machine or the mirror: the same build has the same statement everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from livecd_rootfs import __version__
from livecd_rootfs.layers.key import Part, PartKind
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.settings import TABLE, Kind, Settings

SUFFIX = ".provenance.json"
# Names of ours that need not lead anywhere (in-toto, TypeURI; SLSA, builder.id).
BUILD_TYPE = "urn:livecd-rootfs:build:1"
BUILDER = "urn:livecd-rootfs:builder"
# What is of the user's machine, or secret, or both.
_LEFT_OUT = frozenset({Kind.FILE, Kind.HASH, Kind.PRIVATE, Kind.PLACE, Kind.TREES, Kind.SCRIPT})
_PLACES = frozenset({"mirror", "sign_key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the artifacts of a build come from.

    Attributes:
        prefix: what their names begin with.
        targets: the targets that were named.
        settings: the settings.
        chain: the layers, oldest first.
        aside: the layers of side branches of which something was taken.
    """

    prefix: str
    targets: Sequence[str]
    settings: Settings
    chain: Sequence[Layer]
    aside: Sequence[Layer] = ()

    @property
    def layers(self) -> Sequence[Layer]:
        """All layers, those of the main line first."""
        return (*self.chain, *self.aside)

    @property
    def name(self) -> str:
        """The file name of the statement: of two builds of other targets it is another."""
        return f"{self.prefix}.{'+'.join(self.targets)}{SUFFIX}"


def encoded(origin: Origin, sums: Mapping[str, str]) -> bytes:
    """The statement as it is written into a file.

    Args:
        origin: where the artifacts come from.
        sums: their SHA-256 in hexadecimal, by name.
    """
    return json.dumps(statement(origin, sums), indent=1).encode() + b"\n"


def statement(origin: Origin, sums: Mapping[str, str]) -> Mapping[str, object]:
    """The statement (in-toto Attestation Framework, Statement v1)."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": digest}} for name, digest in sorted(sums.items())
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "targets": list(origin.targets),
                    "settings": _settings(origin.settings),
                },
                "internalParameters": {
                    "layers": [_layer(each) for each in origin.layers],
                    "tools": _texts(origin.layers, PartKind.TOOLS),
                    "variables": _texts(origin.chain[-1:], PartKind.VARIABLE),
                },
                "resolvedDependencies": _dependencies(origin.layers),
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"livecd-rootfs": __version__}}},
        },
    }


def subjects(content: bytes) -> Mapping[str, str]:
    """The artifacts of a statement, their SHA-256 by name; none of what is no statement."""
    try:
        found = json.loads(content)["subject"]
        return {str(each["name"]): str(each["digest"]["sha256"]) for each in found}
    except (ValueError, KeyError, TypeError):
        return {}


def _layer(layer: Layer) -> Mapping[str, str]:
    branch = {"branch": layer.branch} if layer.branch else {}
    return {"step": layer.name, "key": layer.key, **branch}


def _settings(settings: Settings) -> Mapping[str, str]:
    """What was set or decided, but for secrets and for places of this machine."""
    return {
        row.name: settings.text(row.name)
        for row in TABLE
        if settings.text(row.name)
        and (row.flag or settings.is_set(row.name))
        and row.kind not in _LEFT_OUT
        and row.name not in _PLACES
    }


def _texts(chain: Sequence[Layer], kind: PartKind) -> Mapping[str, str]:
    found = {part.name: part.text or "" for part in _parts(chain, kind)}
    return dict(sorted(found.items()))


def _parts(chain: Sequence[Layer], kind: PartKind) -> Sequence[Part]:
    return [part for each in chain for part in each.meta.recipe.parts if part.kind is kind]


def _dependencies(chain: Sequence[Layer]) -> Sequence[Mapping[str, object]]:
    """What was there before: the archive's InRelease files, or the root that was given."""
    return [
        {"name": _without_host(part.name), "digest": {"sha256": part.digest}}
        for part in _parts(chain, PartKind.ARCHIVE)
    ]


def _without_host(name: str) -> str:
    """Apt's name for an InRelease file without the mirror's: ``debian/dists/trixie/InRelease``."""
    words = name.split("_")
    return "/".join(dropwhile(lambda word: "." in word, words)) or name
