"""What create_vmdk runs: ``python3 -m livecd_rootfs.shell.vmdk DISK FILE NAME BYTES``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from livecd_rootfs import edge
from livecd_rootfs.edge import Outcome
from livecd_rootfs.steps import compression, context, grains
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.vmdk import Disk
from livecd_rootfs.tools import Toolbox


def write(arguments: Sequence[str], environ: Mapping[str, str]) -> Outcome:
    """Write a raw disk as a streamOptimized VMDK.

    Args:
        arguments: the disk; the file to make; the name that the file will get; how
            many bytes the disk has for the guest, at least as many as it has here.
        environ: COMPRESSION says how hard it is compressed; LIVECD_SEED is part of its ids.

    Raises:
        UsageError: COMPRESSION has a value that is none of its own.
    """
    source, image, name, size = arguments
    tools = Toolbox.from_environment(environ)
    build = context.from_environment(environ, Path.cwd(), tools=tools, now=int(time.time()))
    method = compression.of(build, Format.DEFLATE)
    disk = Disk(name=name, size=int(size), id=build.id(f"VMDK {name}"))
    grains.write(Path(source), Path(image), disk, level=method.level or 0)
    return Outcome(status=0, out="", err="")


if __name__ == "__main__":
    sys.exit(edge.main("create_vmdk", lambda: write(sys.argv[1:], os.environ)))
