"""What ``--compression`` means for each format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import compression
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.variants import COMPRESSION_DEFAULT, COMPRESSIONS
from tests.steps.builds import made_context

BUILD = Path("/nonexistent")


def wishing(variables: Mapping[str, str]) -> Context:
    return made_context(BUILD, None, **variables)


@pytest.mark.parametrize("what", Format)
def test_every_format_is_decided_for_every_wish(what: Format) -> None:
    assert tuple(compression.DECISIONS[what]) == COMPRESSIONS


@pytest.mark.parametrize("what", [Format.XZ, Format.ZSTD, Format.GZIP, Format.DEFLATE])
def test_a_smaller_wish_has_a_higher_level_of_the_algorithm_that_the_name_promises(
    what: Format,
) -> None:
    methods = [compression.DECISIONS[what][wish] for wish in COMPRESSIONS]
    assert {method.algorithm for method in methods} == {what.value}
    levels = [method.level for method in methods if method.level is not None]
    assert levels == sorted(set(levels))
    assert len(levels) == len(COMPRESSIONS)


# Variables, format -> what is done.
ROWS: Mapping[str, tuple[Mapping[str, str], Format, str]] = {
    "a small squashfs": ({"COMPRESSION": "small"}, Format.SQUASHFS, "xz"),
    "a named algorithm wins": (
        {"COMPRESSION": "small", "SQUASHFS_COMPRESSION": "zstd"},
        Format.SQUASHFS,
        str(compression.DECISIONS[Format.SQUASHFS][COMPRESSION_DEFAULT]),
    ),
    "an algorithm of another format does not matter": (
        {"SQUASHFS_COMPRESSION": "xz"},
        Format.QCOW2,
        "zstd",
    ),
    "a small qcow2": (
        {"COMPRESSION": "small"},
        Format.QCOW2,
        "zstd in clusters of 512 KiB",
    ),
    "a named algorithm of a qcow2 wins": (
        {"COMPRESSION": "small", "QCOW2_COMPRESSION": "zlib"},
        Format.QCOW2,
        "zlib",
    ),
    "a qcow2 for every reader": ({"QCOW2_COMPRESSION": "zlib"}, Format.QCOW2, "zlib"),
    "an empty variable is not set": ({"SQUASHFS_COMPRESSION": ""}, Format.SQUASHFS, "zstd -6"),
}


@pytest.mark.parametrize("row", ROWS)
def test_rows(row: str) -> None:
    variables, what, method = ROWS[row]
    assert str(compression.of(wishing(variables), what)) == method


@pytest.mark.parametrize("what", Format)
def test_nobody_wishes_for_anything(what: Format) -> None:
    usual = compression.DECISIONS[what][COMPRESSION_DEFAULT]
    assert compression.of(made_context(BUILD), what) == usual


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"COMPRESSION": "tiny"}, "COMPRESSION is 'tiny'"),
        ({"SQUASHFS_COMPRESSION": "zlib"}, "SQUASHFS_COMPRESSION is 'zlib'"),
        (
            {"COMPRESSION": "tiny", "SQUASHFS_COMPRESSION": "zstd"},
            "COMPRESSION is 'tiny'",
        ),
    ],
)
def test_a_wish_that_nobody_knows(variables: Mapping[str, str], message: str) -> None:
    with pytest.raises(UsageError) as failure:
        compression.of(wishing(variables), Format.SQUASHFS)
    assert failure.value.message == message
