"""The manual's page of options is made from their table; `make options` makes it anew."""

from __future__ import annotations

from livecd_rootfs.settings import TABLE
from livecd_rootfs.views import manual
from tests import checkout

PAGE = checkout.ROOT / "docs/image-options.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual.page()


def test_every_name_of_every_option_stands_there_once_as_a_row() -> None:
    rows = [line for line in manual.page().splitlines() if line.startswith("| `")]
    for name in (name for row in TABLE for name in row.spellings):
        assert sum(f"`{name}`" in line.split("|")[1] for line in rows) == 1, name


if __name__ == "__main__":
    PAGE.write_text(manual.page(), encoding="utf-8")
