"""Running a hook in the build directory, which a sandbox always sees as /build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from livecd_rootfs import hostroot
from livecd_rootfs.build import joining, library
from livecd_rootfs.build.library import LIVECD
from livecd_rootfs.build.workspace import Slot
from livecd_rootfs.layers.layer import LeftOverlay
from livecd_rootfs.layers.staging import Staging
from livecd_rootfs.mounts import Bind, Operation, Overlay
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings import BUILD_DIRECTORY, FILES, TABLE, Kind

BUILD = "/build"
HOOKS = f"{BUILD}/config/hooks.d"
OVERLAYS = f"{LIVECD}/overlays"
SCRATCH = f"{LIVECD}/scratch"
TOOLS = f"{LIVECD}/tools"


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
            *library.operations(),
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
        **library.variables(env["PATH"]),
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


def _go_on(left: LeftOverlay, slot: Slot, staging: Staging) -> Overlay:
    """An overlay that earlier steps left, as it was, with room for this step's changes."""
    upper, work = staging.going_on(left.name)
    return Overlay(
        target=f"{BUILD}/{left.name}",
        lowers=(*left.uppers, slot.build / left.lower),
        upper=upper,
        work=work,
    )
