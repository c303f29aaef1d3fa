"""The command line that makes a qcow2."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.steps import qcow2
from livecd_rootfs.steps.compression import DECISIONS, Format, Method


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (DECISIONS[Format.QCOW2]["balanced"], "compression_type=zstd"),
        (DECISIONS[Format.QCOW2]["small"], "compression_type=zstd,cluster_size=512k"),
        (Method(algorithm="zlib"), "compression_type=zlib"),
    ],
)
def test_options(method: Method, options: str) -> None:
    argv = qcow2.convert_argv(Path("disk"), Path("x.img"), method)
    assert argv[argv.index("-o") + 1] == options
    assert argv[-2:] == ["disk", "x.img"]
