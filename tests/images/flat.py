"""A build whose steps all work in one plain directory, without layers, to be compared with.

python -m tests.images.flat FOLDER build TARGET... OPTION...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import cli
from livecd_rootfs.build import runner
from livecd_rootfs.build.runner import Runner, Turn
from livecd_rootfs.build.workspace import Slot
from livecd_rootfs.commands import build
from livecd_rootfs.layers.staging import Staging


def main(folder: Path) -> None:
    """Put the folder in the place of every step's layers, and publish nothing."""

    @contextmanager
    def plain(self: Runner, turn: Turn, slot: Slot, staging: Staging) -> Iterator[None]:
        del self, turn, staging
        with runner._bound(folder, slot.build):
            yield

    setattr(Runner, "_mounted", plain)  # noqa: B010 (mypy takes methods for constants)
    setattr(build._Publisher, "publish", lambda *_: None)  # noqa: B010 (likewise)
    cli.main()


if __name__ == "__main__":
    place = Path(sys.argv.pop(1))
    place.mkdir()
    main(place)
