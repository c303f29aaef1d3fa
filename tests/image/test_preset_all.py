"""Presets: what systemctl is asked, what is told of its answer, and its failure."""

from __future__ import annotations

import pytest

from livecd_rootfs.image import preset_all
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root


def systemctl(context: Context, script: str) -> None:
    path = context.chroot / "usr/bin/systemctl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_nothing_to_do(new_context: NewContext) -> None:
    assert preset_all.run(new_context()) == "preset-all: nothing to do, systemd is not installed"


def test_what_changes_is_counted(new_context: NewContext) -> None:
    context = new_context()
    said = "\"Created symlink '/etc/x' → '/usr/y'.\" >&2; echo \"Removed '/etc/z'.\""
    systemctl(context, f'echo "$@" >>/asked; echo {said}')
    assert preset_all.run(context) == "preset-all: 2 links of units made, 2 removed"
    asked = (context.chroot / "asked").read_text()
    assert asked == "--root=/ preset-all\n--root=/ --global preset-all\n"


def test_a_failure_is_told(new_context: NewContext) -> None:
    context = new_context()
    systemctl(context, "echo 'Failed to preset' >&2; exit 1")
    with pytest.raises(CommandError, match="systemctl --root=/ preset-all") as caught:
        preset_all.run(context)
    assert caught.value.notes == ("| Failed to preset",)
