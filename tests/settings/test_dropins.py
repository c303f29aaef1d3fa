"""Folders of configuration: drop-ins that are folders, presets; and what a project has in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.errors import UsageError
from livecd_rootfs.settings import Settings


def project(folder: Path, *files: tuple[str, str]) -> Path:
    for name, text in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def load(folder: Path, *assignments: str) -> Settings:
    loaded, warnings = settings.load({}, {}, folder, assignments)
    assert warnings == ()
    return loaded


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A drop-in that is a folder, as mkosi 15 has them, between two that are files."""
    here = "mkosi.conf.d/10-debian"
    own = "ExtraTrees=own, /etc:/srv, !mkosi.extra\nPostInstallationScript=sub/script"
    (tmp_path / here / "mkosi.extra").mkdir(parents=True)
    (tmp_path / "mkosi.extra").mkdir()
    project(
        tmp_path,
        (f"{here}/mkosi.conf", f"[Match]\nDistribution=debian\n[Content]\nPackages=b\n{own}\n"),
        (f"{here}/mkosi.conf.d/x.conf", "[Match]\nPathExists=own\n[Content]\nPackages=c\n"),
        (f"{here}/mkosi.build", "#!/bin/sh\n"),
        (f"{here}/own/file", ""),
        (f"{here}/sub/script", "#!/bin/sh\n"),
        ("mkosi.conf.d/09-first.conf", "[Content]\nPackages=a\n"),
        ("mkosi.conf.d/11-last.conf", "[Content]\nPackages=d\n"),
    )
    for script in ("mkosi.build", "sub/script"):
        (tmp_path / here / script).chmod(0o755)
    return tmp_path


def test_a_drop_in_that_is_a_folder(debian: Path) -> None:
    loaded = load(debian)
    assert loaded.words("packages") == ("a", "b", "c", "d")
    here = debian / "mkosi.conf.d/10-debian"
    assert [(file.path, file.target) for file in loaded.files("extra_trees")] == [
        (here / "mkosi.extra", ""),
        (here / "own", ""),
        (Path("/etc"), "/srv"),
    ]
    assert [file.path for file in loaded.files("post_installation_script")] == [here / "sub/script"]
    assert [file.path for file in loaded.files("build_script")] == [here / "mkosi.build"]
    assert loaded.origin("build_script") == "mkosi.conf.d/10-debian/mkosi.build"


def test_of_a_folder_whose_conditions_are_not_met_nothing_is_read(debian: Path) -> None:
    loaded = load(debian, "Release=noble")
    assert loaded.words("packages") == ("a", "d")
    assert loaded.words("extra_trees") == ("mkosi.extra",)
    assert loaded.files("build_script") == ()


def test_where_releases_of_mkosi_differ_both_places_are_told(tmp_path: Path) -> None:
    project(
        tmp_path,
        ("mkosi.conf", "[Content]\nHostname=one\nHostname=two\nLocale=C\nPassword=x\n"),
        ("mkosi.conf.d/a.conf", "[Content]\nHostname=three\nLocale=C\nPassword=y\n"),
    )
    loaded, warnings = settings.load({}, {}, tmp_path)
    assert loaded.text("hostname") == "three"
    assert warnings == (
        (
            "mkosi.conf.d/a.conf:2:10: this Hostname counts, for it comes last; "
            "mkosi 15 takes that of mkosi.conf:2:10, 'one'"
        ),
        (
            "mkosi.conf.d/a.conf:4:10: this Password counts, for it comes last; "
            "mkosi 15 takes that of mkosi.conf:5:10"
        ),
    )


@pytest.fixture
def presets(tmp_path: Path) -> Path:
    (tmp_path / "mkosi.presets/final/mkosi.extra").mkdir(parents=True)
    return project(
        tmp_path,
        ("mkosi.conf", "[Content]\nPackages=shared\n"),
        ("mkosi.presets/base.conf", "[Content]\nPackages=b\n"),
        (
            "mkosi.presets/final/mkosi.conf",
            "[Preset]\nDependencies=base\n[Content]\nBaseTrees=../../base\n",
        ),
        ("base/file", ""),
    )


def test_a_preset_comes_after_the_project(presets: Path) -> None:
    assert load(presets, "Preset=base").words("packages") == ("shared", "b")
    loaded, warnings = settings.load({}, {"LIVECD_PRESET": "final"}, presets)
    assert [file.path.resolve() for file in loaded.files("base_trees")] == [presets / "base"]
    assert loaded.words("extra_trees") == ("mkosi.presets/final/mkosi.extra",)
    assert warnings == (
        (
            "mkosi.presets/final/mkosi.conf:2:1: [Preset] Dependencies has no effect here: build "
            "those presets first, each by --set Preset=NAME"
        ),
    )


def test_a_preset_that_nobody_chose_is_told(presets: Path) -> None:
    _, warnings = settings.load({}, {}, presets)
    assert warnings == (
        "mkosi.presets: no preset is built; --set Preset=NAME builds one of base, final",
    )


UNKNOWN = {
    "Preset=fnal": "did you mean 'final'?",
    "Preset=zzzzzzzz": "one of base, final",
}


@pytest.mark.parametrize(("word", "remedy"), UNKNOWN.items(), ids=UNKNOWN)
def test_there_is_no_such_preset(presets: Path, word: str, remedy: str) -> None:
    with pytest.raises(UsageError, match="there is no preset") as failure:
        settings.load({}, {}, presets, (word,))
    assert failure.value.remedy == remedy


def test_what_has_no_effect_is_told(tmp_path: Path) -> None:
    project(
        tmp_path,
        ("mkosi.default", "[Distribution]\nRelease=sid\n"),
        ("mkosi.repart/10-root.conf", "[Partition]\nType=root\n"),
        ("mkosi.conf.d/debian/10-debian.conf", "[Content]\nPackages=a\n"),
    )
    loaded, warnings = settings.load({}, {}, tmp_path)
    assert loaded.text("suite") == "trixie"
    assert warnings == (
        (
            "mkosi.conf.d/debian/10-debian.conf is not read: write it as "
            "mkosi.conf.d/debian/mkosi.conf.d/10-debian.conf, with its conditions in "
            "mkosi.conf.d/debian/mkosi.conf"
        ),
        "mkosi.default is not read: rename it to mkosi.conf",
        (
            "mkosi.repart is not read: the disk is laid out by ImageSize and by what boots it: an ESP "
            "and the root"
        ),
    )
