"""An ordinary user with subordinate ids, who is there for a test's processes alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

USER = 4711
ENTRIES = {
    "passwd": f"image-maker:x:{USER}:{USER}::/nonexistent:/bin/sh\n",
    "group": f"image-maker:x:{USER}:\n",
    "subuid": "image-maker:300000:65536\n",
    "subgid": "image-maker:300000:65536\n",
}
# Run by sh in a mount namespace of its own, with the folder of `add_user` as $users.
SHOW_USER = f'for name in {" ".join(ENTRIES)}; do mount --bind "$users/$name" "/etc/$name"; done'
BECOME_USER = f"setpriv --reuid={USER} --regid={USER} --clear-groups --"


def add_user(folder: Path) -> None:
    """Copies of the files of /etc that know users, with one more: the machine is not changed."""
    for name, line in ENTRIES.items():
        original = Path("/etc", name)
        known = original.read_text() if original.is_file() else ""
        (folder / name).write_text(f"{known}{line}")


def python_for_all() -> str:
    """A Python that an ordinary user may run: the one that runs us may lie in root's home."""
    for path in ("/usr/bin/python3", sys.executable):
        probe = ["setpriv", "--reuid=65534", "--clear-groups", path, "-c", "import tomllib"]
        if (
            shutil.which(path)
            and subprocess.run(probe, capture_output=True, check=False).returncode == 0
        ):
            return path
    pytest.skip("no Python 3.11 that ordinary users may run")
