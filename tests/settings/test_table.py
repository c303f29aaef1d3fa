"""The table of settings: names are told apart, defaults fit, and no option is without effect."""

from __future__ import annotations

from collections import Counter

import pytest

from livecd_rootfs import header
from livecd_rootfs.settings import SECTIONS, TABLE, Kind, Setting
from livecd_rootfs.settings.foreign import REASONS
from tests import checkout

# These decide by themselves what the program does.
_PROGRAMS_OWN = {"base_trees", "build_sources_git"}

_ARCHITECTURES = {"amd64", "i386", "arm64", "armhf", "ppc64el"}


def test_names_are_told_apart() -> None:
    names = Counter(name for row in TABLE for name in row.spellings)
    variables = Counter(row.asked for row in TABLE)
    assert not [name for name, count in (names + variables).items() if count > 1]
    assert not names.keys() & REASONS.keys()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_fits_together(row: Setting) -> None:
    assert row.section in SECTIONS
    assert not row.choices or row.default in {"", *row.choices}
    assert {choice for _, choice in row.also} <= {*row.choices, *_ARCHITECTURES}
    assert bool(row.choices) or row.kind is not Kind.BOOL
    assert not row.help.endswith(".")


def test_a_hook_reads_each_option_that_hooks_get() -> None:
    hooks = [
        path
        for path in (checkout.ROOT / "hooks.d").glob("*/*")
        if path.suffix in {".binary", ".chroot"}
    ]
    read = {
        name
        for path in hooks
        for name in header.parse(str(path), path.read_bytes()).header.env or ()
    }
    unread = {row.name for row in TABLE if not (row.flag or row.hidden or row.variable in read)}
    assert unread == _PROGRAMS_OWN
