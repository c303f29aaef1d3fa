"""What systemd-firstboot would ask for: locale, keymap, time zone and host name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import inroot
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

# Programs of old read Debian's file, systemd and new ones the other; it may be a link to it.
_LOCALE_FILES = ("etc/default/locale", "etc/locale.conf")
_LOCALES = {"LOCALE": "LANG", "LOCALE_MESSAGES": "LC_MESSAGES"}
_LOCALE = re.compile(r"[A-Za-z]+(?:_[A-Z]+)?(?:\.[A-Za-z0-9-]+)?(?:@[a-z]+)?")
_KEYMAP = re.compile(r"[A-Za-z0-9_.-]+")
_ZONES = "usr/share/zoneinfo"
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_UTC = frozenset({"UTC", "Etc/UTC"})
# hostname(5): words of letters, digits and dashes, 64 characters in all.
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,64}}\Z){_WORD}(?:\.{_WORD})*")
_OWN_ADDRESS = "127.0.1.1"


def configure(context: Context) -> Iterator[str]:
    """Write what is set; gives it in words.

    Raises:
        LivecdError: a value is none, or the root lacks what it needs.
    """
    yield from _locale(context)
    for variable, setting in (
        ("KEYMAP", _keymap),
        ("TIMEZONE", _timezone),
        ("HOSTNAME", _hostname),
    ):
        value = context.variables.get(variable, "").strip()
        if value:
            yield setting(context, value)


def _locale(context: Context) -> Iterator[str]:
    given = {
        name: value
        for variable, name in _LOCALES.items()
        if (value := context.variables.get(variable, "").strip())
    }
    for value in dict.fromkeys(given.values()):
        _must_have_locale(context, value)
        yield f"locale {value}"
    if given:
        for path in _LOCALE_FILES:
            before = rooted.text(context.chroot, path)
            rooted.write(context.chroot, path, assigned(before, given))


def assigned(text: str, values: Mapping[str, str]) -> str:
    """A file of assignments with these among them, in place of others of their names."""
    names = tuple(f"{name}=" for name in values)
    kept = [line for line in text.splitlines() if not line.startswith(names)]
    return "".join(f"{line}\n" for line in (*kept, *map("=".join, values.items())))


def _must_have_locale(context: Context, name: str) -> None:
    """The C library has C and C.UTF-8 built in; others are made, if the root has the means."""
    if not _LOCALE.fullmatch(name):
        raise UsageError(f"Locale is '{name}', which is none", remedy="write one like C.UTF-8")
    if name in {"C", "POSIX", "C.UTF-8"} or _plain(name) in _known(context):
        return
    if rooted.first_file(context.chroot, "usr/sbin/locale-gen") is None:
        raise LivecdError(
            f"the root has no locale {name}",
            remedy="add locales, or locales-all, to Packages; C.UTF-8 needs neither",
        )
    encoding = name.partition("@")[0].partition(".")[2] or "ISO-8859-1"
    before = rooted.text(context.chroot, "etc/locale.gen")
    rooted.write(context.chroot, "etc/locale.gen", f"{before}{name} {encoding}\n")
    inroot.run(context, context.chroot, ("locale-gen",))


def _known(context: Context) -> set[str]:
    if rooted.first_file(context.chroot, "usr/bin/locale") is None:
        return set()
    answer = inroot.run(context, context.chroot, ("locale", "-a"))
    return {_plain(line) for line in answer.stdout.split()}


def _plain(name: str) -> str:
    """The name as locale(1) has it: the encoding in small letters, without dashes."""
    language, dot, rest = name.partition(".")
    encoding, at, variant = rest.partition("@")
    return f"{language}{dot}{encoding.replace('-', '').lower()}{at}{variant}"


def _keymap(context: Context, name: str) -> str:
    if not _KEYMAP.fullmatch(name):
        raise UsageError(f"Keymap is '{name}', which is none", remedy="write one like de-latin1")
    before = rooted.text(context.chroot, "etc/vconsole.conf")
    rooted.write(context.chroot, "etc/vconsole.conf", assigned(before, {"KEYMAP": name}))
    return f"keymap {name}"


def _timezone(context: Context, name: str) -> str:
    root = context.chroot
    zones = rooted.resolve(root, _ZONES)
    if not _ZONE.fullmatch(name) or not ((zones / name).is_file() or name in _UTC):
        known = [str(path.relative_to(zones)) for path in _zone_files(zones)]
        remedy = did_you_mean(near(name, known)) if known else "add tzdata to Packages"
        raise LivecdError(f"the root has no time zone '{name}'", remedy=remedy)
    link = rooted.resolve(root, "etc") / "localtime"
    link.unlink(missing_ok=True)
    link.symlink_to(f"../{_ZONES}/{name}")
    if rooted.resolve(root, "etc/timezone").is_file():
        rooted.write(root, "etc/timezone", f"{name}\n")
    return f"time zone {name}"


def _zone_files(zones: Path) -> Iterator[Path]:
    return (path for path in zones.rglob("*") if path.is_file()) if zones.is_dir() else iter(())


def _hostname(context: Context, name: str) -> str:
    if not _HOSTNAME.fullmatch(name):
        raise UsageError(
            f"Hostname is '{name}', which is none",
            remedy="letters, digits and dashes, 64 at most; dots between words",
        )
    rooted.write(context.chroot, "etc/hostname", f"{name}\n")
    hosts = rooted.text(context.chroot, "etc/hosts").splitlines()
    kept = [line for line in hosts if line.split()[:1] != [_OWN_ADDRESS]]
    names = " ".join(dict.fromkeys((name, name.partition(".")[0])))
    # Debian's own installer writes the name to this address (Debian reference, 5.1.1).
    lines = "".join(f"{line}\n" for line in (*kept, f"{_OWN_ADDRESS} {names}"))
    rooted.write(context.chroot, "etc/hosts", lines)
    return f"host name {name}"
