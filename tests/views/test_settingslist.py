"""All settings, as people and as programs see them; no secret among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livecd_rootfs import cli, settings
from livecd_rootfs.deciding import decide
from livecd_rootfs.settings import TABLE, Settings
from livecd_rootfs.views import settingslist


@pytest.fixture
def found(tmp_path: Path) -> Settings:
    (tmp_path / "mkosi.conf").write_text(
        "[Content]\nPackages=vim\n    curl\nPassword=letmein\nWithDocs=off\n"
    )
    loaded, _ = settings.load({"arch": "amd64"}, {"SUITE": "sid"}, tmp_path)
    return decide(loaded, pipeline=True)


def test_a_line_each_with_where_it_is_from(found: Settings) -> None:
    words = [line.split() for line in settingslist.text(found).splitlines()]
    assert ["Release", "sid", "$SUITE"] in words
    assert ["Cloud", "no", "the", "image", "pipeline"] in words
    assert ["Hostname", "-", "default"] in words
    assert words[words.index(["Packages", "vim", "mkosi.conf:2"]) + 1] == ["curl"]


def test_json_has_every_option_once(found: Settings) -> None:
    sections = json.loads(settingslist.data(found))
    assert sorted(name for rows in sections.values() for name in rows) == sorted(
        row.option for row in TABLE
    )
    content = sections["Content"]
    assert content["Packages"] == {"value": ["vim", "curl"], "origin": "mkosi.conf:2"}
    assert content["WithDocs"] == {"value": False, "origin": "mkosi.conf:5"}


def test_no_secret_is_shown(found: Settings) -> None:
    digest = found.text("root_password_hash")
    assert digest
    for text in (settingslist.text(found), settingslist.data(found)):
        assert "letmein" not in text
        assert digest not in text
        assert settingslist.UNSEEN in text


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mkosi.conf").write_text("[Content]\nPackages=vim\nHostnam=x\n")
    said = CliRunner().invoke(cli.app, ["summary", "--set", "Packages=curl", "--json"])
    assert said.exit_code == 0
    packages = json.loads(said.stdout)["Content"]["Packages"]
    assert packages == {"value": ["vim", "curl"], "origin": "mkosi.conf:2, --set Packages"}
    assert "mkosi.conf:3:1: unknown option [Content] Hostnam" in said.stderr
