"""The step that makes the root for the Windows Subsystem for Linux.

What WSL reads is in Microsoft's documentation: "Build a custom Linux
distribution for WSL" and "Advanced settings configuration in WSL".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import (
    artifact,
    compression,
    filelist,
    inventory,
    osrelease,
    overlay,
    root_dir,
    treetar,
)
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.root_dir import ROOT_DIR
from livecd_rootfs.steps.treetar import Changes

SUFFIX = ".wsl.rootfs"
_SYSTEMD = "usr/lib/systemd/systemd"
_UNITS = "usr/lib/systemd/system"
_MASKS = "etc/systemd/system"
# What collides with WSL's own network, /dev and /tmp.
_COLLIDING = (
    "systemd-resolved.service",
    "systemd-networkd.service",
    "NetworkManager.service",
    "systemd-tmpfiles-setup.service",
    "systemd-tmpfiles-clean.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-tmpfiles-setup-dev-early.service",
    "systemd-tmpfiles-setup-dev.service",
    "tmp.mount",
)
# WSL writes it at each start, unless it is there.
_WITHOUT = ("./etc/resolv.conf",)


def run(context: Context) -> str:
    """Make ``.wsl.rootfs.tar.gz``, its inventory and its list of files of ``rootfs.dir``.

    It has a second name that ends in ``.wsl``, which Windows opens by a double
    click. COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no ``rootfs.dir``.
    """
    method = compression.of(context, Format.GZIP)
    root = root_dir.require(context)
    tarball = context.artifact(f"{SUFFIX}.tar.gz")
    with overlay.scratch(context) as folder, artifact.appearing(tarball) as part:
        changes = Changes(without=_WITHOUT, more=add(root, folder))
        with (
            part.open("wb", buffering=0) as output,
            treetar.compressing(context, ROOT_DIR, method, output, changes) as listed,
        ):
            described = inventory.of(context, root, SUFFIX)
            files = filelist.lines([*listed.names, *listed.added])
    with artifact.appearing(context.artifact(".wsl")) as part:
        os.link(tarball, part)
    inventory.put(context, described, SUFFIX)
    artifact.write(context.artifact(f"{SUFFIX}.filelist"), files)
    return f"{tarball.name}: {units.size(tarball.stat().st_size)}, compressed with {method}"


def add(root: Path, folder: Path) -> Path:
    """Write into a folder what a root needs for WSL and has not.

    Args:
        root: the root.
        folder: an empty directory.

    Returns:
        the folder.
    """
    for name, text in configuration(root).items():
        if not os.path.lexists(root / name):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
    for unit in masked(root):
        path = folder / _MASKS / unit
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/dev/null")
    return folder


def configuration(root: Path) -> Mapping[str, str]:
    """WSL's files, by their path in the root: it boots systemd, and has a name of its own."""
    systemd = "true" if (root / _SYSTEMD).exists() else "false"
    return {
        "etc/wsl.conf": f"[boot]\nsystemd={systemd}\n",
        "etc/wsl-distribution.conf": (
            f"[oobe]\ndefaultName = {name(osrelease.read(root))}\n\n[shortcut]\nenabled = true\n"
        ),
    }


def name(system: Mapping[str, str]) -> str:
    """The name under which Windows knows the distribution, such as ``Debian-13``.

    Args:
        system: the root's os-release.
    """
    release = system.get("VERSION_ID") or system.get("VERSION_CODENAME")
    first = system.get("ID", "linux").capitalize()
    return f"{first}-{release}" if release else first


def masked(root: Path) -> tuple[str, ...]:
    """The units of a root that must not run, and that nobody has changed or masked before."""
    return tuple(
        unit
        for unit in _COLLIDING
        if (root / _UNITS / unit).exists() and not os.path.lexists(root / _MASKS / unit)
    )
