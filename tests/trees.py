"""Hook trees for tests: on disk from a mapping, and in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from livecd_rootfs.series import Series, parse
from livecd_rootfs.source import Source

if TYPE_CHECKING:
    from livecd_rootfs.hooktree import HookState


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Make a hooks.d: series files and executables by their path in it; ``chroot`` always."""
    (root / "chroot").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644 if path.parent.name == "series" else 0o755)
    return root


def names(folder: Path) -> list[str]:
    """What is in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


class PaperTree:
    """A tree that only exists in memory; every hook is there, but for those named missing."""

    root = "hooks.d"

    def __init__(
        self,
        series: Mapping[str, str],
        *,
        chroot: tuple[str, ...] = (),
        final: tuple[str, ...] = (),
        states: Mapping[str, HookState] | None = None,
    ) -> None:
        self.texts = series
        self.chroot = chroot
        self.final = final
        self.states = states or {}

    def series(self, name: str) -> Series | None:
        text = self.texts.get(name)
        return None if text is None else parse(name, Source(f"base/series/{name}", text))

    def series_names(self) -> tuple[str, ...]:
        return tuple(sorted(self.texts))

    def chroot_hooks(self) -> tuple[str, ...]:
        return self.chroot

    def final_hooks(self) -> tuple[str, ...]:
        return self.final

    def hook_state(self, hook: str) -> HookState:
        return self.states.get(hook, "ready")

    def hook_names(self) -> tuple[str, ...]:
        return ("base/disk-image.binary", "extra/private.binary")
