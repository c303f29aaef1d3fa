"""The zip of modules that travels with a copied hooks.d; ``python3 -m livecd_rootfs.bundle``.

``make-hooks`` and ``final.binary`` run from it where the package does not lie beside
``hooks.d``. The same modules always give the same bytes: sorted names, fixed times and
modes, not compressed, so that git stores each version as a small difference.
"""

from __future__ import annotations

import os
import sys
import zipfile

# The standard library is all that these need, of any Python from 3.10 on.
MODULES = (
    "__init__",
    "diagnostics/__init__",
    "diagnostics/diagnostic",
    "diagnostics/full",
    "diagnostics/near",
    "edge",
    "errors",
    "finalbinary",
    "findings",
    "folder",
    "hooksdir",
    "hooktree",
    "image/__init__",
    "image/artifacts",
    "makehooks",
    "misread",
    "normalhooks",
    "prune",
    "resolution",
    "resolve",
    "series",
    "source",
    "values",
)
PACKAGE = os.path.dirname(os.path.realpath(__file__))
PATH = os.path.join(os.path.dirname(PACKAGE), "hooks.d", "livecd_rootfs.zip")
FIRST_TIME_OF_ZIP = (1980, 1, 1, 0, 0, 0)
UNIX, READABLE_FILE = 3, 0o100644 << 16


def write(path: str, package: str = PACKAGE) -> None:
    """Write the zip under a temporary name and rename it.

    Args:
        path: the zip.
        package: the folder of the package.
    """
    ready = f"{path}.{os.getpid()}"
    with zipfile.ZipFile(ready, "w", zipfile.ZIP_STORED) as bundle:
        for module in MODULES:
            with open(os.path.join(package, f"{module}.py"), "rb") as file:
                bundle.writestr(_entry(f"livecd_rootfs/{module}.py"), file.read())
    os.replace(ready, path)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIRST_TIME_OF_ZIP)
    entry.create_system = UNIX
    entry.external_attr = READABLE_FILE
    return entry


if __name__ == "__main__":
    write(*sys.argv[1:2] or [PATH])
