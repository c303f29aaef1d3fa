"""What an artifact holds, beside it: its manifest, and its bill of materials.

Every target has both under names of its own, so that two builders that publish
to one place never write one file: ``X.manifest`` and ``X.spdx.json`` for the
artifact ``X``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, dpkg, licences, osrelease, sbom
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value

MANIFEST = ".manifest"
SBOM = ".spdx.json"


class Inventory(Value):
    """The inventory of an artifact, as its files will have it."""

    manifest: bytes
    bill: bytes


def of(context: Context, root: Path, suffix: str) -> Inventory:
    """The inventory of an artifact that is made of a root.

    Args:
        context: the build.
        root: the root, as it is in the artifact.
        suffix: the artifact's, such as ``.squashfs``; empty for the disk.
    """
    packages = dpkg.installed(root)
    return Inventory(
        manifest=dpkg.manifest(packages, context.arch).encode(),
        bill=_bill(context, root, suffix, packages),
    )


def copied(context: Context, suffix: str, *, of: str = "") -> Inventory:
    """The inventory of an artifact that holds what another one holds.

    Args:
        context: the build.
        suffix: the artifact's, such as ``.img``.
        of: the other artifact's suffix; empty for the disk.

    Raises:
        LivecdError: the other one has no inventory.
    """
    manifest, bill = _there(context, of + MANIFEST), _there(context, of + SBOM)
    document = json.loads(bill.read_bytes())
    own = sbom.named(document, context.artifact(suffix).name, identify=context.id)
    return Inventory(manifest=manifest.read_bytes(), bill=sbom.encoded(own))


def put(context: Context, inventory: Inventory, suffix: str) -> None:
    """Write an inventory beside the artifact of this suffix."""
    artifact.write(context.artifact(suffix + MANIFEST), inventory.manifest)
    artifact.write(context.artifact(suffix + SBOM), inventory.bill)


def write(context: Context, root: Path, suffix: str) -> None:
    """Write what ``of`` gives."""
    put(context, of(context, root, suffix), suffix)


def copy(context: Context, suffix: str, *, of: str = "") -> None:
    """Write what ``copied`` gives."""
    put(context, copied(context, suffix, of=of), suffix)


def write_bill(context: Context, root: Path, suffix: str, packages: Sequence[dpkg.Package]) -> None:
    """Write the bill of materials alone, for what has its manifest in another form.

    Args:
        context: the build.
        root: the root, as it is in the artifact.
        suffix: the artifact's.
        packages: what is installed in it.
    """
    artifact.write(context.artifact(suffix + SBOM), _bill(context, root, suffix, packages))


def _bill(context: Context, root: Path, suffix: str, packages: Sequence[dpkg.Package]) -> bytes:
    licence_of = partial(licences.licence_of, root)
    system = sbom.system(osrelease.read(root), context.arch, packages, licence_of)
    name = context.artifact(suffix).name
    return sbom.encoded(sbom.document(system, name, epoch=context.epoch, identify=context.id))


def _there(context: Context, suffix: str) -> Path:
    path = context.artifact(suffix)
    if not path.is_file():
        raise LivecdError(
            f"there is no {path.name} to take the packages from",
            place=path.name,
            remedy="the series file needs a `depends` of what makes it above this hook",
        )
    return path
