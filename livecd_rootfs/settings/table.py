"""The table of all settings, and finding a row in it."""

from __future__ import annotations

from collections.abc import Mapping

from livecd_rootfs.settings import contentrows, generalrows, outputrows
from livecd_rootfs.settings.row import Setting

TABLE: tuple[Setting, ...] = (*generalrows.ROWS, *outputrows.ROWS, *contentrows.ROWS)
ROWS: Mapping[str, Setting] = {row.name: row for row in TABLE}
FLAGS = tuple(row for row in TABLE if row.flag)
# Which section an option stands in is for readers: releases of mkosi have moved many.
SECTIONS = (
    *("Distribution", "Output", "Content", "Validation", "Host", "Preset"),
    # Of other releases of mkosi.
    *("Packages", "Partitions", "Config", "Build", "Runtime"),
)
BY_OPTION: Mapping[str, Setting] = {spelling: row for row in TABLE for spelling in row.spellings}
BY_VARIABLE: Mapping[str, Setting] = {row.variable: row for row in TABLE}
