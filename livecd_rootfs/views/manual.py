"""The options of mkosi.conf as a page of the manual, made from their table."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.settings import LISTS, SECTIONS, TABLE, Kind, Setting
from livecd_rootfs.settings.foreign import BY_REASON

_INTRODUCTION = """\
# Options of mkosi.conf

<!-- Made from livecd_rootfs/settings by `make options`; a test sees that it is current. -->

A project is a directory with a `mkosi.conf`, in mkosi's own words of releases 14 and 15. \
`livecd-rootfs build image` makes an image of it, `livecd-rootfs summary` shows each option with \
its value and where that came from.

**Who wins**, highest first: the command line, the environment, `mkosi.conf` and after it \
`mkosi.conf.d/*.conf` in the order of their names, the default. Any option is set on the command \
line by `--set Option=Value`, as often as needed, as if that were the last line of the last file; \
in the environment by the variable below.

**Lists** grow with each line that gives them: `!name` takes away what was there (`!lib*` all \
such), `!*` everything, and an empty value begins anew. Items are apart by commas, and they may \
stand on lines of their own, which begin with a blank. Of anything else the last line counts, and \
an empty value gives the default again. A comment is a line that begins with `#` or `;`, or what \
stands behind a blank and `#`. Yes and no may also be written `true` and `false`, `1` and `0`, \
`on` and `off`.

**Files** that stand there by their default name need no option; an empty value leaves them out. \
A script must be executable. Their content decides what is built again, and not where they are. \
A build script sees the project in `$SRCDIR` without its options, default files, places that are \
written to, and `.git`; what it writes there is thrown away.

**Folders.** What stands in `mkosi.conf.d` may be a folder as well, with a `mkosi.conf`, a \
`mkosi.conf.d` and default files of its own, from where its paths are; its `[Match]` counts for \
all of these. `mkosi.presets` has images that share the project's `mkosi.conf`: \
`--set Preset=NAME` builds one, whose `NAME/` or `NAME.conf` is read last, and which is named so \
unless `ImageId` or `Output` says it. Other presets that it needs are built before, by hand. \
`@Option=Value`, as mkosi 16 has it, counts only if no file has the option without `@`. Where \
two files set an option of one value, the last counts, and a warning tells both places: mkosi 15 \
takes the first, other releases the last.

**Conditions.** A file with a section `[Match]` counts only if each line there holds: \
`Distribution=debian`, `Release=trixie sid` (either), `Architecture=!arm64`, \
`ImageVersion=>=2`, `PathExists=src`, or any other option. Of lines that begin with a pipe, as in \
`Release=|sid`, one has to hold.

**From little.** The target `image` begins with essential packages and apt; `Bootable` adds what \
boots them (init, a kernel unless `Packages` has one, a boot loader, an initramfs tool), and no \
more. So there `Bootloader` is `systemd-boot` and `Cloud` is `no` where nobody sets them. With \
`BaseTrees` it begins with another root, to which packages that it lacks are added. One run \
builds either such targets or others.

An option that nobody knows is told with its place and the nearest name, and does no harm. The \
section in which an option stands has no meaning.
"""
_FOREIGN = """
## Options without effect

They are mkosi's; a build tells that it passes them over, and what to do instead.

| option | what to know |
|---|---|
"""
_HEAD = "| option | what it can be | default | variable | meaning |\n|---|---|---|---|---|"
_WORDS = {Kind.TEXT: "text", Kind.WORDS: "list of words", Kind.ARGUMENTS: "list of arguments"}


def page() -> str:
    """The page."""
    sections = "".join(_section(name) for name in SECTIONS)
    foreign = "".join(
        f"| {', '.join(f'`{option}`' for option in options)} | {reason} |\n"
        for reason, options in BY_REASON.items()
    )
    return f"{_INTRODUCTION}{sections}{_FOREIGN}{foreign}"


def _section(name: str) -> str:
    rows = [row for row in TABLE if row.section == name]
    lines = "\n".join(_line(row) for row in rows)
    return f"\n## [{name}]\n\n{_HEAD}\n{lines}\n" if rows else ""


def _line(row: Setting) -> str:
    names = ", ".join(f"`{name}`" for name in row.spellings)
    cells = (names, ", ".join(_values(row)), _default(row), f"`{row.asked}`", row.help)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _values(row: Setting) -> Iterator[str]:
    if not row.choices:
        yield _WORDS.get(row.kind, row.kind.value)
        return
    if row.kind in LISTS:
        yield "list of"
    yield from (f"`{choice}`" for choice in row.choices)


def _default(row: Setting) -> str:
    names = [row.default] if row.default else []
    return ", ".join(f"`{name}`" for name in (*row.files, *names))
