"""The table of shell functions is that of the file which hooks source."""

from __future__ import annotations

import re

from livecd_rootfs import shell
from livecd_rootfs.lint.effects import functions

DEFINED = re.compile(r"^([a-z]\w*)\(\)", re.MULTILINE)


def test_every_function_that_hooks_get_is_known() -> None:
    assert set(DEFINED.findall(shell.functions())) <= functions.known()
