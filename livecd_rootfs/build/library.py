"""This package in a sandbox, with a Python that runs it, for hooks that import it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs.mounts import Bind, Operation

LIVECD = "/livecd"
LIBRARY = f"{LIVECD}/lib"
PROGRAMS = f"{LIVECD}/bin"
OLDEST_MINOR = 11


def operations() -> tuple[Operation, ...]:
    """What shows it in a sandbox that has the host's root."""
    return (
        Bind(source=Path(__file__).parents[1], target=f"{LIBRARY}/livecd_rootfs"),
        *_templates_engine(),
        *_interpreter(),
    )


def variables(path: str) -> Mapping[str, str]:
    """What makes Python find it.

    Args:
        path: the PATH.
    """
    return {
        "PATH": f"{PROGRAMS}:{path}" if _interpreter() else path,
        "PYTHONPATH": LIBRARY,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _templates_engine() -> tuple[Operation, ...]:
    """Our own Jinja for hooks, whichever Python runs them: its compiled part is not needed."""
    # Found and not imported: auto/config has to do with this module, and has Python alone.
    specs = (importlib.util.find_spec(name) for name in ("jinja2", "markupsafe"))
    folders = (place for spec in specs if spec for place in spec.submodule_search_locations or ())
    return tuple(
        Bind(source=Path(folder), target=f"{LIBRARY}/{Path(folder).name}") for folder in folders
    )


def _interpreter() -> tuple[Operation, ...]:
    """Our own Python for hooks, where the system's one is missing or older than 3.11."""
    system = Path("/usr/bin/python3").resolve()
    minor = system.name.removeprefix("python3.")
    if system.exists() and minor.isdigit() and int(minor) >= OLDEST_MINOR:
        return ()
    return (Bind(source=Path(sys.executable), target=f"{PROGRAMS}/python3"),)
