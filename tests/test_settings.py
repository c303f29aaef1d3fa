"""Settings: who wins, how values are read, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import ini, settings, units
from livecd_rootfs.errors import LivecdError, UsageError


def write(folder: Path, text: str) -> Path:
    (folder / "mkosi.conf").write_text(text)
    return folder


FILE = """\
# A comment
[Distribution]
Release=bookworm
Mirror = file:///srv/archive

[Content]
Packages=vim curl
    less
Packages=git
"""


def test_the_default_the_file_the_environment_the_option_in_rising_order(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    write(tmp_path, FILE)
    rows = [
        settings.load({}, {}, empty),
        settings.load({}, {}, tmp_path),
        settings.load({}, {"SUITE": "noble"}, tmp_path),
        settings.load({"suite": "sid"}, {"SUITE": "noble"}, tmp_path),
    ]
    found = [(loaded.text("suite"), loaded.origin("suite")) for loaded, _ in rows]
    assert found == [
        ("trixie", "default"),
        ("bookworm", "mkosi.conf:3"),
        ("noble", "$SUITE"),
        ("sid", "--suite"),
    ]


def test_a_list_goes_on_over_lines_and_repeated_keys(tmp_path: Path) -> None:
    loaded, _ = settings.load({}, {}, write(tmp_path, FILE))
    assert loaded.words("packages") == ("vim", "curl", "less", "git")


def test_an_empty_list_begins_anew(tmp_path: Path) -> None:
    text = "[Content]\nPackages=vim\nPackages=\nPackages=nano"
    loaded, _ = settings.load({}, {}, write(tmp_path, text))
    assert loaded.words("packages") == ("nano",)


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    loaded, _ = settings.load({}, {"SUITE": ""}, tmp_path)
    assert loaded.origin("suite") == "default"


def test_an_unknown_option_is_a_warning_with_its_place_and_a_near_name(tmp_path: Path) -> None:
    _, warnings = settings.load({}, {}, write(tmp_path, "[Content]\nPackage=vim\n"))
    assert warnings == (
        "mkosi.conf:2:1: unknown option [Content] Package is ignored; did you mean 'Packages'?",
    )


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("[Content]\n  nonsense\n", "'nonsense' is not a setting", "mkosi.conf:2:3"),
        (
            "Release=sid\n",
            "the setting 'Release' stands before any section",
            "mkosi.conf:1:1",
        ),
    ],
)
def test_a_file_that_is_none_tells_where(
    tmp_path: Path, text: str, message: str, place: str
) -> None:
    with pytest.raises(UsageError) as failure:
        settings.load({}, {}, write(tmp_path, text))
    assert (failure.value.message, failure.value.place) == (message, place)


def test_a_file_that_is_not_text_is_one_clear_failure(tmp_path: Path) -> None:
    (tmp_path / "mkosi.conf").write_bytes(b"[Content]\n\xff")
    with pytest.raises(LivecdError, match=r"mkosi\.conf can't be read"):
        settings.load({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1048576", 1048576), ("512M", 512 << 20), ("3G", 3 << 30), ("3GiB", 3 << 30), ("1k", 1024)],
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert units.byte_count(text) == count


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("image_size", "huge"),
        ("image_size", "G"),
        ("image_size", "-5G"),
        ("image_size", "8388608T"),
        ("serial_console", "tty"),
        ("serial_console", "ttyS0,fast"),
        ("source_date_epoch", "now"),
    ],
)
def test_a_value_of_the_wrong_kind_says_who_gave_it(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"is '{text}', which is not a") as failure:
        settings.load({name: text}, {}, tmp_path)
    assert failure.value.place == f"--{name.replace('_', '-')}"


def test_a_value_that_is_none_of_the_choices_names_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Compression is 'tiny', which it can't be") as failure:
        settings.load({}, {}, write(tmp_path, "[Output]\nCompression=tiny\n"))
    assert failure.value.place == "mkosi.conf:2:13"
    assert failure.value.remedy == "one of fast, balanced, small"


def test_a_key_for_secure_boot_without_its_certificate(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    with pytest.raises(UsageError, match="SecureBootKey is set, and SecureBootCertificate is not"):
        settings.load({"secure_boot_key": str(key)}, {}, tmp_path)


def test_what_minimized_may_have_been_meant_by(tmp_path: Path) -> None:
    for text in ("", "minimized", "appliance"):
        assert settings.load({"subproject": text}, {}, tmp_path)[1] == ()
    _, warnings = settings.load({"subproject": "minimised"}, {}, tmp_path)
    assert warnings == ("--subproject: SubProject is 'minimised'; did you mean 'minimized'?",)


HASHES = {
    "SHA-512": ("$6$saltsalt$" + "x" * 86, True),
    "SHA-512 with rounds": ("$6$rounds=5000$saltsalt$" + "x" * 86, True),
    "yescrypt": ("$y$j9T$saltsalt$" + "x" * 43, True),
    "bcrypt": ("$2b$12$" + "x" * 53, True),
    "a password": ("secret", False),
    "a password with dollars": ("$6$secret", False),
    "two lines": ("$6$saltsalt$" + "x" * 86 + "\n", False),
}


@pytest.mark.parametrize(("text", "fits"), HASHES.values(), ids=HASHES)
def test_a_password_is_given_as_its_hash_and_never_shown(
    tmp_path: Path, text: str, *, fits: bool
) -> None:
    given = {"root_password_hash": text}
    if fits:
        assert settings.load(given, {}, tmp_path)[0].text("root_password_hash") == text
        return
    with pytest.raises(UsageError, match=r"^RootPasswordHash is not a hash") as failure:
        settings.load(given, {}, tmp_path)
    assert text not in str(failure.value)


def test_a_file_must_be_there(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    with pytest.raises(UsageError, match="which is not a file"):
        settings.load({"secure_boot_key": str(key)}, {}, tmp_path)
    key.write_text("key")
    both = {"secure_boot_key": str(key), "secure_boot_certificate": str(key)}
    assert settings.load(both, {}, tmp_path)[1] == ()


def test_every_row_of_the_table_has_names_of_its_own() -> None:
    names = [row.name for row in settings.TABLE]
    options = [(row.section, row.option) for row in settings.TABLE]
    variables = [row.variable for row in settings.TABLE]
    for column in (names, options, variables):
        assert len(set(column)) == len(settings.TABLE)


def test_proxies_are_passed_in_both_spellings() -> None:
    environ = {"http_proxy": "a", "HTTPS_PROXY": "b", "no_proxy": "", "OTHER": "c"}
    assert settings.proxies(environ) == {"http_proxy": "a", "HTTPS_PROXY": "b"}


def test_the_cache_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    assert settings.cache_directory(tmp_path, {}) == tmp_path
    assert settings.cache_directory(None, {"LIVECD_CACHE": "/x"}) == Path("/x")
    inside = {"LIVECD_USERNS": "1", "HOME": "/home/user"}
    assert settings.cache_directory(None, inside) == Path("/home/user/.cache/livecd-rootfs")


def test_comments_and_indented_lines_belong_where_they_stand() -> None:
    entries = ini.parse("[A]\n; no\nKey=one\n\n  two\n# no\n  three\n", "x")
    assert entries == (
        ini.Entry(
            section="A", key="Key", value="one\ntwo\nthree", line=3, column=1, value_column=5
        ),
    )
