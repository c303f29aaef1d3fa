"""``livecd-rootfs launchpad-metadata``: the builds that Launchpad is to be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from livecd_rootfs.errors import UsageError
from livecd_rootfs.livebuild import metadata
from livecd_rootfs.livebuild.request import MACHINES
from livecd_rootfs.project import Project


def show(project: Project, words: Sequence[str]) -> str:
    """The metadata of the builds, as JSON.

    Args:
        project: tree and settings; several architectures are a list with commas.
        words: one for each build; a comma list is one build of several targets.

    Raises:
        LivecdError: the targets can't be resolved, an architecture is not known, or two
            builds would publish a file of the same name.
    """
    settings = project.settings
    product = metadata.Product(
        project=settings.text("project"),
        subproject=settings.text("subproject"),
        subarch=settings.text("subarch"),
    )
    groups = [project.resolve([word]) for word in words]
    return metadata.render(metadata.builds(product, groups, _architectures(settings.text("arch"))))


def _architectures(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for name in names:
        if name not in MACHINES:
            raise UsageError(
                f"there is no architecture '{name}' that this program knows",
                remedy=f"known are {', '.join(MACHINES)}",
            )
    return names
