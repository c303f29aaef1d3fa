"""IMAGE_SIZE as users write it."""

from __future__ import annotations

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import imagesize
from livecd_rootfs.steps.imagesize import GIB, MIB, ImageSize

TABLE = [
    ("", ImageSize(total=None, head_room=GIB)),
    ("+2G", ImageSize(total=None, head_room=2 * GIB)),
    ("+0", ImageSize(total=None, head_room=0)),
    ("+512m", ImageSize(total=None, head_room=512 * MIB)),
    ("10G", ImageSize(total=10 * GIB, head_room=0)),
    ("10GiB", ImageSize(total=10 * GIB, head_room=0)),
    ("10 GB", ImageSize(total=10 * GIB, head_room=0)),
    (" +1G ", ImageSize(total=None, head_room=GIB)),
    (" 3500MB ", ImageSize(total=3500 * MIB, head_room=0)),
    ("2361393152", ImageSize(total=2252 * MIB, head_room=0)),
    ("2361393153", ImageSize(total=2253 * MIB, head_room=0)),
    ("large", None),
    ("-1G", None),
    ("1.5G", None),
    ("1E", None),
]


@pytest.mark.parametrize(("text", "size"), [row for row in TABLE if row[1]])
def test_of_image(text: str, size: ImageSize) -> None:
    assert imagesize.of_image({"IMAGE_SIZE": text}) == size


@pytest.mark.parametrize("text", [text for text, size in TABLE if size is None])
def test_of_image_refuses(text: str) -> None:
    with pytest.raises(UsageError, match="which is no size") as caught:
        imagesize.of_image({"IMAGE_SIZE": text})
    assert caught.value.remedy == "`+2G` for 2 GiB of head room, `10G` for 10 GiB"


@pytest.mark.parametrize(("text", "size"), [("", 0), ("0", 0), ("1G", GIB), ("1", MIB)])
def test_of_boot(text: str, size: int) -> None:
    assert imagesize.of_boot({"BOOT_PARTITION_SIZE": text}) == size


@pytest.mark.parametrize("text", ["+1G", "large"])
def test_of_boot_refuses(text: str) -> None:
    with pytest.raises(UsageError, match="BOOT_PARTITION_SIZE is"):
        imagesize.of_boot({"BOOT_PARTITION_SIZE": text})
