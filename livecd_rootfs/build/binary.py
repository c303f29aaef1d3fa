"""Running a hook in the build directory, which a sandbox always sees as /build."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import markupsafe

from livecd_rootfs import hostroot
from livecd_rootfs.build import joining
from livecd_rootfs.build.workspace import Slot
from livecd_rootfs.layers.layer import LeftOverlay
from livecd_rootfs.layers.staging import Staging
from livecd_rootfs.mounts import Bind, Operation, Overlay
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings import BUILD_DIRECTORY, FILES, TABLE, Kind

BUILD = "/build"
HOOKS = f"{BUILD}/config/hooks.d"
LIVECD = "/livecd"
OVERLAYS = f"{LIVECD}/overlays"
SCRATCH = f"{LIVECD}/scratch"
TOOLS = f"{LIVECD}/tools"
LIBRARY = f"{LIVECD}/lib"
PROGRAMS = f"{LIVECD}/bin"
OLDEST_MINOR = 11


def sandbox(
    slot: Slot,
    staging: Staging,
    left: Sequence[LeftOverlay],
    env: Mapping[str, str],
    *,
    network: bool,
    tools_root: Path | None,
    files: Mapping[str, Path],
    joined: Sequence[Bind],
    build_directory: Path | None = None,
) -> Sandbox:
    """What a binary hook sees: the host read-only, its own /tmp, and the build directory.

    Args:
        slot: where the build directory is mounted, and the step's configuration.
        staging: where overlays that the step begins are kept.
        left: overlays that earlier steps have begun.
        env: the hook's environment; where the library and the tools are is added.
        network: whether it may use the network.
        tools_root: the root with current tools, if the build uses one.
        files: the files of the user and of the project that the hook declares, by their
            places.
        build_directory: the project's folder that is kept between builds, if the hook sees it.
        joined: what it sees of side branches.
    """
    return Sandbox(
        operations=(
            *hostroot.operations(all_devices=True),
            Bind(source=slot.build, target=BUILD, writable=True),
            Bind(source=slot.config, target=f"{BUILD}/config"),
            Bind(source=staging.overlays, target=OVERLAYS, writable=True),
            Bind(source=slot.scratch, target=SCRATCH, writable=True),
            Bind(source=Path(__file__).parents[1], target=f"{LIBRARY}/livecd_rootfs"),
            *_templates_engine(),
            *_interpreter(),
            *((Bind(source=tools_root, target=TOOLS),) if tools_root else ()),
            *_named_files(env),
            *(Bind(source=path, target=f"{FILES}/{name}") for name, path in files.items()),
            *_build_directory(build_directory),
            *joined,
            *(_go_on(overlay, slot, staging) for overlay in left),
        ),
        cwd=BUILD,
        env={**env, **_places(env, tools_root)},
        network=network,
    )


def _build_directory(path: Path | None) -> tuple[Operation, ...]:
    """It is in no layer's key: what a compiler leaves there makes it quicker, not different."""
    return (Bind(source=path, target=BUILD_DIRECTORY, writable=True),) if path else ()


def _places(env: Mapping[str, str], tools_root: Path | None) -> dict[str, str]:
    return {
        "PATH": f"{PROGRAMS}:{env['PATH']}" if _interpreter() else env["PATH"],
        "PYTHONPATH": LIBRARY,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LIVECD_OVERLAYS": OVERLAYS,
        "LIVECD_SCRATCH": SCRATCH,
        **({"LIVECD_TOOLS_ROOT": TOOLS} if tools_root else {}),
        joining.VARIABLE: joining.BRANCHES,
    }


def _named_files(env: Mapping[str, str]) -> tuple[Operation, ...]:
    """The files that settings name, also where they lie below the host's /tmp or /run."""
    variables = [row.variable for row in TABLE if row.kind is Kind.FILE]
    paths = dict.fromkeys(env[name] for name in variables if env.get(name))
    return tuple(Bind(source=Path(path), target=path) for path in paths)


def _templates_engine() -> tuple[Operation, ...]:
    """Our own Jinja for hooks, whichever Python runs them: its compiled part is not needed."""
    folders = (Path(module.__path__[0]) for module in (jinja2, markupsafe))
    return tuple(Bind(source=folder, target=f"{LIBRARY}/{folder.name}") for folder in folders)


def _interpreter() -> tuple[Operation, ...]:
    """Our own Python for hooks, where the system's one is missing or older than 3.11."""
    system = Path("/usr/bin/python3").resolve()
    minor = system.name.removeprefix("python3.")
    if system.exists() and minor.isdigit() and int(minor) >= OLDEST_MINOR:
        return ()
    return (Bind(source=Path(sys.executable), target=f"{PROGRAMS}/python3"),)


def _go_on(left: LeftOverlay, slot: Slot, staging: Staging) -> Overlay:
    """An overlay that earlier steps left, as it was, with room for this step's changes."""
    upper, work = staging.going_on(left.name)
    return Overlay(
        target=f"{BUILD}/{left.name}",
        lowers=(*left.uppers, slot.build / left.lower),
        upper=upper,
        work=work,
    )
