"""--set Option=Value: the last line of the last file; its completion; variables of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.cli import options
from livecd_rootfs.errors import UsageError


def test_lists_grow_and_others_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "mkosi.conf").write_text("[Content]\nPackages=vim\nHostname=a\nRemoveFiles=/a,/b\n")
    words = ("Packages=curl", "Packages=less", "Hostname=b", "RemoveFiles=!/a")
    loaded, _ = settings.load({}, {}, tmp_path, words)
    assert loaded.words("packages") == ("vim", "curl", "less")
    assert (loaded.text("hostname"), loaded.origin("hostname")) == ("b", "--set Hostname")
    assert loaded.words("remove_files") == ("/b",)
    assert settings.load({}, {}, tmp_path, ("Packages=", "Packages=x"))[0].words("packages") == (
        "x",
    )


def test_an_option_of_its_own_beats_it_and_it_beats_the_environment(tmp_path: Path) -> None:
    words = ("Release=sid",)
    assert settings.load({}, {"SUITE": "noble"}, tmp_path, words)[0].text("suite") == "sid"
    assert settings.load({"suite": "jammy"}, {}, tmp_path, words)[0].text("suite") == "jammy"


@pytest.mark.parametrize(
    ("word", "message", "remedy"),
    [
        ("Package=x", "there is no option 'Package'", "did you mean 'Packages'?"),
        (
            "Packages",
            "--set Packages has no value",
            "write --set Packages=VALUE, or --set Packages= for none",
        ),
        ("", "there is no option ''", "`summary` lists all options"),
        ("=x", "there is no option ''", "`summary` lists all options"),
    ],
)
def test_what_sets_nothing(tmp_path: Path, word: str, message: str, remedy: str) -> None:
    with pytest.raises(UsageError) as failure:
        settings.load({}, {}, tmp_path, (word,))
    assert (failure.value.message, failure.value.remedy) == (message, remedy)


def test_a_bad_value_names_who_gave_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Autologin is 'x', which it can't be") as failure:
        settings.load({}, {}, tmp_path, ("Autologin=x",))
    assert failure.value.place == "--set Autologin"


def test_variables_have_a_prefix_where_others_may_mean_something_else(tmp_path: Path) -> None:
    environ = {"HOSTNAME": "machine", "LIVECD_AUTOLOGIN": "1", "LIVECD_BUILD_PACKAGES": "gcc make"}
    loaded, _ = settings.load({}, environ, tmp_path)
    assert loaded.text("hostname") == ""
    assert (loaded.text("autologin"), loaded.origin("autologin")) == ("yes", "$LIVECD_AUTOLOGIN")
    assert loaded.words("build_packages") == ("gcc", "make")


def test_completion() -> None:
    assert options._complete_assignment("Remove") == ["RemovePackages=", "RemoveFiles="]
    assert options._complete_assignment("Bootable=") == [
        "Bootable=yes", "Bootable=no", "Bootable=auto",
    ]  # fmt: skip
    assert options._complete_assignment("Nothing=a") == []
