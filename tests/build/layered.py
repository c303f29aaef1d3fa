"""Random trees of hooks, what a run of the builder says, and the same hooks in a plain directory."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livecd_rootfs.build import newroot
from tests.build.conftest import Command
from tests.layers import changes
from tests.layers.changes import Change

# A hook that makes random changes carries the tests' own program for that beside itself.
PROGRAM = ("layers/changes.py", "layers/steps.py")
HOOK = """\
#!/usr/bin/env python3
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
from tests.layers.changes import apply
apply({changes!r}, Path({place!r}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A hook that changes a folder of the build directory at random."""

    name: str
    place: str
    changes: Sequence[Change]

    @property
    def text(self) -> str:
        return HOOK.format(changes=list(self.changes), place=self.place)


def program() -> dict[str, str]:
    folder = Path(changes.__file__).parents[1]
    return {f"base/lib/tests/{name}": (folder / name).read_text() for name in PROGRAM}


def random_builds(source: random.Random) -> dict[str, list[Hook]]:
    """Targets with their hooks; the first of these are common to all of them, or to some."""
    hooks = iter(range(99))

    def some() -> list[Hook]:
        return [
            Hook(
                name=f"base/{next(hooks):02}.binary",
                place=source.choice(("chroot", "binary")),
                changes=steps,
            )
            for steps in changes.random_steps(source)[:3]
        ]

    common, half = some(), some()
    return {"a": [*common, *half, *some()], "b": [*common, *half, *some()], "c": [*common, *some()]}


def files(builds: Mapping[str, Sequence[Hook]]) -> dict[str, str]:
    """The hooks.d of builds: each target makes an artifact of all that its hooks have changed."""
    found = program()
    for target, hooks in builds.items():
        lines = [hook.name for hook in hooks]
        end = f"base/{target}-end.binary\nprovides ${{PREFIX}}.{target}\n"
        found[f"base/series/{target}"] = "\n".join([*lines, end])
        found[f"base/{target}-end.binary"] = (
            "#!/bin/sh\ntar --sort=name --mtime=@0 --xattrs --xattrs-include='*' "
            "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime "
            f"-cf livecd.test.{target} chroot binary\n"
        )
        found |= {hook.name: hook.text for hook in hooks}
    return found


def flat(root: Path, hooks: Sequence[Hook], target: Path) -> Path:
    """What the hooks make of a root in a plain directory."""
    target.mkdir()
    newroot.lay_out(target)
    shutil.rmtree(target / "chroot")
    shutil.copytree(root, target / "chroot", symlinks=True)
    for hook in hooks:
        changes.apply(hook.changes, target / hook.place)
    return target


Event = Mapping[str, Any]


def events(command: Command, *arguments: str, **environ: str) -> list[Event]:
    """What a run that goes well says."""
    ended = command.run(*arguments, "--progress", "json", **environ)
    assert ended.returncode == 0, ended.stderr
    return parsed(ended.stdout)


def parsed(text: str) -> list[Event]:
    return [json.loads(line) for line in text.splitlines()]


def ran(said: Iterable[Event]) -> dict[str, list[str]]:
    """The steps that ran, each with why."""
    return {event["name"]: event["why"] for event in said if event["event"] == "step-started"}


def reused(said: Iterable[Event]) -> list[str]:
    return [event["name"] for event in said if event["event"] == "step-reused"]


def artifacts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
