"""``python3 -m livecd_rootfs.livebuild config|build|clean``, as the scripts in ``auto`` call it."""

from __future__ import annotations

import os
import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    sys.exit("auto: needs Python 3.11 or later, and this is " + sys.version.split()[0])

from livecd_rootfs.livebuild import edge  # noqa: E402 (an older Python could not load it)

sys.exit(edge.main(sys.argv[1:], os.environ))
