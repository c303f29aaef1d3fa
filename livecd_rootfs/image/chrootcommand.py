"""The command mkosi-chroot, by which scripts of mkosi 15 run a command in the image."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs.mounts import Bind

NAME = "mkosi-chroot"
# A script that has the image as its root is there already.
IN_ROOT = '#!/bin/sh\nexec "$@"\n'
# Commands expect these mounts, and write to /dev/null; they end with the command. At /work is
# the script itself, which may run as a whole in there: `exec mkosi-chroot "$SCRIPT" "$@"`.
ON_HOST = """\
#!/bin/sh -e
had=$(ls -d "$BUILDROOT/work" 2>/dev/null) || mkdir "$BUILDROOT/work"
status=0
unshare --mount sh -ec '
    for place in dev proc work; do mount --rbind "/$place" "$BUILDROOT/$place"; done
    exec env container=mkosi chroot "$BUILDROOT" env BUILDROOT=/ "$@"
' sh "$@" || status=$?
[ -n "$had" ] || rmdir "$BUILDROOT/work"
exit "$status"
"""


@contextmanager
def bound(text: str, folder: str) -> Iterator[Bind]:
    """The command, as long as the context lasts, for a sandbox.

    Args:
        text: ``IN_ROOT`` or ``ON_HOST``.
        folder: where the sandbox has it; that is to be on the PATH.
    """
    with tempfile.TemporaryDirectory() as outside:
        path = Path(outside, NAME)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        yield Bind(source=path, target=f"{folder}/{NAME}")
