"""Numbers for people."""

from __future__ import annotations

import pytest

from livecd_rootfs import units


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (160_641_024, "153.2 MiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5000 * 1024**4, "5000.0 TiB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (4.16, "4.2 s"), (60, "1 min 0 s"), (192.9, "3 min 12 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert units.duration(seconds) == text
