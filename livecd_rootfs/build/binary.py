"""Running a hook in the build directory, which a sandbox always sees as /build."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import hostroot
from livecd_rootfs.build.workspace import Workspace
from livecd_rootfs.mounts import Bind, Operation, Overlay
from livecd_rootfs.sandbox import Sandbox

BUILD = "/build"
HOOKS = f"{BUILD}/config/hooks.d"
LIVECD = "/livecd"
OVERLAYS = f"{LIVECD}/overlays"
SCRATCH = f"{LIVECD}/scratch"
TOOLS = f"{LIVECD}/tools"
LIBRARY = f"{LIVECD}/lib"
PROGRAMS = f"{LIVECD}/bin"
LOWER = "lower"
OLDEST_MINOR = 11


def sandbox(
    workspace: Workspace,
    env: Mapping[str, str],
    *,
    network: bool,
    tools_root: Path | None,
    extra: tuple[Operation, ...] = (),
) -> Sandbox:
    """What a binary hook sees: the host read-only, its own /tmp, and the build directory.

    Args:
        workspace: the build's folders.
        env: the hook's environment; where the library and the tools are is added.
        network: whether it may use the network.
        tools_root: the root with current tools, if the build uses one.
        extra: further operations.
    """
    return Sandbox(
        operations=(
            *hostroot.operations(all_devices=True),
            Bind(source=workspace.build, target=BUILD, writable=True),
            Bind(source=workspace.overlays, target=OVERLAYS, writable=True),
            Bind(source=workspace.scratch, target=SCRATCH, writable=True),
            Bind(source=Path(__file__).parents[1], target=f"{LIBRARY}/livecd_rootfs"),
            *_interpreter(),
            *((Bind(source=tools_root, target=TOOLS),) if tools_root else ()),
            *_left_overlays(workspace),
            *extra,
        ),
        cwd=BUILD,
        env={**env, **_places(env, tools_root)},
        network=network,
    )


def _places(env: Mapping[str, str], tools_root: Path | None) -> dict[str, str]:
    return {
        "PATH": f"{PROGRAMS}:{env['PATH']}" if _interpreter() else env["PATH"],
        "PYTHONPATH": LIBRARY,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LIVECD_OVERLAYS": OVERLAYS,
        "LIVECD_SCRATCH": SCRATCH,
        **({"LIVECD_TOOLS_ROOT": TOOLS} if tools_root else {}),
    }


def _interpreter() -> tuple[Operation, ...]:
    """Our own Python for hooks, where the system's one is missing or older than 3.11."""
    system = Path("/usr/bin/python3").resolve()
    minor = system.name.removeprefix("python3.")
    if system.exists() and minor.isdigit() and int(minor) >= OLDEST_MINOR:
        return ()
    return (Bind(source=Path(sys.executable), target=f"{PROGRAMS}/python3"),)


def _left_overlays(workspace: Workspace) -> tuple[Overlay, ...]:
    """Overlays that earlier steps left, mounted again where those steps had them.

    ``overlays/NAME`` holds ``upper``, ``work`` and a file ``lower`` that names
    the lower directory; the overlay is seen as ``NAME`` in the build directory.
    """
    return tuple(
        Overlay(
            target=f"{BUILD}/{left.name}",
            lowers=(workspace.build / (left / LOWER).read_text().strip(),),
            upper=left / "upper",
            work=left / "work",
        )
        for left in sorted(workspace.overlays.iterdir())
        if (left / LOWER).is_file()
    )
