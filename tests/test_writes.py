"""The record of what hooks wrote, in a page and out of it."""

from __future__ import annotations

import html

import pytest

from livecd_rootfs import writes
from livecd_rootfs.errors import LivecdError

WRITES = {"base/a.binary": ("livecd.x.a", 'odd "name" <&>'), "base/b.binary": ()}


def page(text: str) -> str:
    return f'<!doctype html><body {writes.ATTRIBUTE}="{html.escape(text)}"><p>x</p></body>'


def test_it_comes_back_from_a_page() -> None:
    assert writes.read(page(writes.encoded(WRITES)), "report.html") == WRITES


@pytest.mark.parametrize("text", ["", "<body>", page(""), page("{"), page("[1]"), page('{"a": 1}')])
def test_a_page_without_one(text: str) -> None:
    with pytest.raises(LivecdError, match="has no record of what hooks wrote"):
        writes.read(text, "report.html")
