"""Reading and checking the text of one setting, by its row of the table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from livecd_rootfs import passwords, serialport
from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import UsageError
from livecd_rootfs.settings.row import NO, YES, Kind, Setting
from livecd_rootfs.settings.table import ROWS
from livecd_rootfs.settings.value import ProjectFile, Settings, Value
from livecd_rootfs.units import byte_count
from livecd_rootfs.variants import MINIMIZED

# What mkosi takes for yes and no.
_SPELLINGS = {
    **dict.fromkeys(("yes", "y", "true", "t", "on", "1", "always"), YES),
    **dict.fromkeys(("no", "n", "false", "f", "off", "0", "never"), NO),
}
# How much alike a name and another one are that was probably meant.
_LIKELY = 0.8
# A time in a squashfs is a number of 32 bits without a sign.
_LAST_SECOND = 2**32 - 1
# What was taken for a password's hash may be the password.
SECRET = frozenset({Kind.HASH, Kind.PRIVATE})


def canonical(row: Setting, text: str) -> str:
    """The text in the program's own words: yes for 1, amd64 for x86-64."""
    if row.kind is Kind.BOOL:
        text = _SPELLINGS.get(text.lower(), text)
    return dict(row.also).get(text, text)


def check(row: Setting, settings: Settings) -> None:
    """See that a setting's value is one that it can have, and that its files are there.

    Raises:
        UsageError: it is not.
    """
    value = settings.values[row.name]
    if not value.text:
        return
    for item in settings.words(row.name) if row.kind is Kind.WORDS else (value.text,):
        _check_choice(row, item, value)
    try:
        _CHECKS.get(row.kind, str)(value.text)
    except ValueError as error:
        shown = "" if row.kind in SECRET else f" '{value.text}', which is"
        raise UsageError(
            f"{row.option} is{shown} not a {row.kind.value}",
            place=value.where,
            remedy=f"write something like {_EXAMPLES[row.kind]}",
        ) from error
    for file in settings.files(row.name) if row.kind in _FILES else ():
        _FILES[row.kind](row, file, value)


def check_pair(settings: Settings) -> None:
    """See that for Secure Boot there are both, a key and its certificate, or neither.

    Raises:
        UsageError: one is missing.
    """
    names = ("secure_boot_key", "secure_boot_certificate")
    missing = [ROWS[name] for name in names if not settings.text(name)]
    there = [name for name in names if settings.text(name)]
    if missing and there:
        raise UsageError(
            f"{ROWS[there[0]].option} is set, and {missing[0].option} is not",
            place=settings.values[there[0]].where,
            remedy=f"to sign for Secure Boot takes both: {missing[0].given_by}",
        )


def doubts(settings: Settings) -> tuple[str, ...]:
    """What may be meant otherwise: any SubProject is allowed, for hooks may know it."""
    value = settings.values["subproject"]
    if value.text == MINIMIZED or not get_close_matches(value.text, (MINIMIZED,), cutoff=_LIKELY):
        return ()
    return (f"{value.where}: SubProject is '{value.text}'; {did_you_mean((MINIMIZED,))}",)


def _check_choice(row: Setting, item: str, value: Value) -> None:
    if not row.choices or item in row.choices:
        return
    hint = did_you_mean(near(item, row.choices))
    choices = f"one of {', '.join(row.choices)}"
    raise UsageError(
        f"{row.option} is '{item}', which it can't be",
        place=value.where,
        remedy=f"{hint} {choices}" if hint else choices,
    )


def _check_tree(row: Setting, file: ProjectFile, value: Value) -> None:
    if not file.path.exists():
        raise UsageError(
            f"{row.option} names '{file.path}', which is not there",
            place=value.where,
            remedy=f"mend the name; an empty {row.option}= means none",
        )
    if file.target and not row.below and not file.target.startswith("/"):
        raise UsageError(
            f"{row.option} puts '{file.path}' to '{file.target}', which is no place in the root",
            place=value.where,
            remedy=f"write it with a slash, as in {file.path.name}:/{file.target}",
        )


def _check_script(row: Setting, file: ProjectFile, value: Value) -> None:
    if not file.path.is_file():
        what = "is a directory" if file.path.is_dir() else "is not there"
        raise UsageError(
            f"{row.option} names '{file.path}', which {what}",
            place=value.where,
            remedy=f"mend the name; an empty {row.option}= means none",
        )
    # Root may run a file as soon as anyone may.
    if not file.path.stat().st_mode & 0o111 or not os.access(file.path, os.X_OK):
        raise UsageError(
            f"the script of {row.option} is not executable",
            place=str(file.path),
            remedy=f"chmod +x {file.path.name}; an empty {row.option}= leaves it out",
        )


def _check_file(row: Setting, file: ProjectFile, value: Value) -> None:
    if not file.path.is_file():
        raise UsageError(
            f"{row.option} is '{file.path}', which is not a file",
            place=value.where,
            remedy="write something like /etc/keys/uefi.pem; there must be such a file",
        )


_FILES: Mapping[Kind, Callable[[Setting, ProjectFile, Value], None]] = {
    Kind.TREES: _check_tree,
    Kind.SCRIPT: _check_script,
    Kind.FILE: _check_file,
}


def _must_be_hash(text: str) -> None:
    if not passwords.is_hash(text):
        raise ValueError(text)


def _must_be_name(text: str) -> None:
    if "/" in text:
        raise ValueError(text)


def _must_be_time(text: str) -> None:
    if not 0 <= int(text) <= _LAST_SECOND:
        raise ValueError(text)


_CHECKS: Mapping[Kind, Callable[[str], object]] = {
    Kind.NAME: _must_be_name,
    Kind.BYTES: byte_count,
    Kind.SECONDS: _must_be_time,
    Kind.CONSOLE: serialport.must_be_console,
    Kind.HASH: _must_be_hash,
}
_EXAMPLES = {
    Kind.NAME: "my-image, with no slash: it is a part of the artifacts' names",
    Kind.BYTES: "3G or 512M",
    Kind.SECONDS: "1700000000",
    Kind.CONSOLE: "ttyS0,115200, or none",
    Kind.HASH: "what `openssl passwd -6` prints; a password itself is never taken",
}
