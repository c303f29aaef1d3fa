"""``livecd-rootfs launchpad-metadata``: the builds that Launchpad is to be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from livecd_rootfs.livebuild import metadata, request
from livecd_rootfs.project import Project


def show(project: Project, words: Sequence[str]) -> str:
    """The metadata of the builds, as JSON.

    Args:
        project: tree and settings; several architectures are a list with commas.
        words: one for each build; a comma list is one build of several targets.

    Raises:
        LivecdError: the targets can't be resolved, an architecture or its variant is not
            known, or two builds would publish a file of the same name.
    """
    settings = project.settings
    product = metadata.Product(
        project=settings.text("project"),
        subproject=settings.text("subproject"),
        subarch=settings.text("subarch"),
    )
    architectures = _architectures(settings.text("arch"), product.subarch)
    groups = [project.resolve([word]) for word in words]
    return metadata.render(metadata.builds(product, groups, architectures))


def _architectures(text: str, subarch: str) -> tuple[str, ...]:
    """What auto/config will take."""
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for name in names:
        request.require_machine(name, subarch)
    return names
