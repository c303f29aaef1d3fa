"""The hooks of examples/, and what they leave, whichever program has run them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.images.conftest import CHECKOUT, PREFIX


def plant(tree: Path) -> Path:
    """Our hooks.d with the examples as its extra."""
    shutil.copytree(CHECKOUT / "hooks.d", tree, symlinks=True)
    shutil.copytree(CHECKOUT / "examples/hooks.d/extra", tree / "extra")
    return tree


def add_hook(tree: Path, hook: str, text: str) -> None:
    """One more hook, of the series review."""
    (tree / hook).write_text(text)
    (tree / hook).chmod(0o755)
    with (tree / "extra/series/review").open("a") as series:
        series.write(f"{hook}\n")


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def check_appliance(output: Path, scratch: Path) -> str:
    """The disk was changed as a running system would change it; the build's serial is in it."""
    vmdk, disk = output / f"{PREFIX}.appliance.vmdk", scratch / "disk"
    subprocess.run(["qemu-img", "convert", "-O", "raw", vmdk, disk], check=True)
    table = json.loads(said("sfdisk", "--json", str(disk)))["partitiontable"]["partitions"]
    start = {row["node"].removeprefix(str(disk)): row["start"] * 512 for row in table}
    root = f"{disk}?offset={start['1']}"
    assert said("debugfs", "-R", "cat /etc/motd", root).startswith("An example of an image.")
    assert "Type: regular" in said("debugfs", "-R", "stat /usr/bin/jq", root)
    assert subprocess.run(["e2fsck", "-fn", root], capture_output=True, check=False).returncode == 0
    serial = said("debugfs", "-R", "cat /etc/appliance-serial", root)
    assert said("mtype", "-i", f"{disk}@@{start['15']}", "::/EFI/serial.txt") == serial
    assert "jq\t" in (output / f"{PREFIX}.appliance.manifest").read_text()
    return serial


def check_largest(output: Path) -> None:
    assert len(json.loads((output / f"{PREFIX}.largest.json").read_text())) == 10


def targets(output: Path) -> list[str]:
    return (output / f"{PREFIX}.targets").read_text().splitlines()
