"""The settings of a build: one table, and frozen values that know where they came from.

Precedence, highest first: the command line, the environment, the project's
``mkosi.conf``, the default. The option names in the file are mkosi's own.
"""

from __future__ import annotations

import difflib
import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from livecd_rootfs import ini
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.variants import GRUB, SYSTEMD_BOOT

CONFIG_FILE = "mkosi.conf"
DEFAULT_SUITE = "trixie"
# From the quickest to the smallest; what each means is decided in steps/compression.py.
COMPRESSIONS = ("fast", "balanced", "small")
COMPRESSION_DEFAULT = "balanced"


class Kind(Enum):
    """How the text of a setting is read."""

    TEXT = "text"
    WORDS = "list"
    BYTES = "size"
    SECONDS = "time"
    FILE = "file"
    HASH = "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table.

    Attributes:
        name: how the program calls it; the command line's is ``--name`` with dashes.
        section: its section in mkosi.conf.
        option: its name there.
        variable: its environment variable.
        kind: how its text is read.
        choices: all that it can be; empty if it is free.
        default: text when nobody sets it; empty is "decided from the others".
        help: one line for ``--help`` and the manual.
    """

    name: str
    section: str
    option: str
    variable: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    default: str = ""
    help: str


TABLE = (
    Setting(
        name="distribution",
        section="Distribution",
        option="Distribution",
        variable="DISTRIBUTION",
        help="debian or ubuntu; by default the one that has the suite",
    ),
    Setting(
        name="suite",
        section="Distribution",
        option="Release",
        variable="SUITE",
        default=DEFAULT_SUITE,
        help="the distribution's release, such as trixie or noble",
    ),
    Setting(
        name="mirror",
        section="Distribution",
        option="Mirror",
        variable="MIRROR",
        help="archive to take packages from; by default the distribution's public one",
    ),
    Setting(
        name="arch",
        section="Distribution",
        option="Architecture",
        variable="ARCH",
        help="architecture, in the distribution's words (amd64, arm64)",
    ),
    Setting(
        name="components",
        section="Distribution",
        option="Repositories",
        variable="COMPONENTS",
        kind=Kind.WORDS,
        help="archive components, such as main",
    ),
    Setting(
        name="packages",
        section="Content",
        option="Packages",
        variable="PACKAGES",
        kind=Kind.WORDS,
        help="packages in addition to those of a cloud image; !name leaves one out",
    ),
    Setting(
        name="kernel_flavour",
        section="Content",
        option="KernelFlavour",
        variable="KERNEL_FLAVOUR",
        default="cloud",
        help="which of the distribution's kernels: cloud or generic",
    ),
    Setting(
        name="bootloader",
        section="Content",
        option="Bootloader",
        variable="BOOTLOADER",
        choices=(GRUB, SYSTEMD_BOOT),
        default=GRUB,
        help="grub (BIOS and UEFI), or systemd-boot (UEFI, a unified kernel image)",
    ),
    Setting(
        name="cloud",
        section="Content",
        option="Cloud",
        variable="CLOUD",
        choices=("yes", "no"),
        default="yes",
        help="no leaves out cloud-init and its tools: no user is made at the first boot",
    ),
    Setting(
        name="root_password_hash",
        section="Content",
        option="RootPasswordHash",
        variable="ROOT_PASSWORD_HASH",
        kind=Kind.HASH,
        help="root's password as `openssl passwd -6` prints it; by default root is locked",
    ),
    Setting(
        name="serial_console",
        section="Content",
        option="SerialConsole",
        variable="SERIAL_CONSOLE",
        help="a port such as ttyS0,115200, or none; by default the first of the architecture",
    ),
    Setting(
        name="kernel_command_line",
        section="Output",
        option="KernelCommandLine",
        variable="KERNEL_COMMAND_LINE",
        help="more arguments for the kernel",
    ),
    Setting(
        name="project",
        section="Output",
        option="ImageId",
        variable="PROJECT",
        help="artifacts are named livecd.PROJECT[-SUBARCH].*; by default debian-cpc or ubuntu-cpc",
    ),
    Setting(
        name="subproject",
        section="Output",
        option="SubProject",
        variable="SUBPROJECT",
        help="minimized for an image with less in it, or another variant that hooks know",
    ),
    Setting(
        name="subarch",
        section="Output",
        option="SubArchitecture",
        variable="SUBARCH",
        help="a variant of the architecture; part of the artifacts' names",
    ),
    Setting(
        name="image_size",
        section="Output",
        option="ImageSize",
        variable="IMAGE_SIZE",
        kind=Kind.BYTES,
        help="size of the disk image; by default its content and some head room",
    ),
    Setting(
        name="compression",
        section="Output",
        option="Compression",
        variable="COMPRESSION",
        choices=COMPRESSIONS,
        default=COMPRESSION_DEFAULT,
        help="of every artifact: fast, balanced or small",
    ),
    Setting(
        name="secure_boot_key",
        section="Output",
        option="SecureBootKey",
        variable="SECURE_BOOT_KEY",
        kind=Kind.FILE,
        help="private key (PEM) that signs unified kernel images and systemd-boot",
    ),
    Setting(
        name="secure_boot_certificate",
        section="Output",
        option="SecureBootCertificate",
        variable="SECURE_BOOT_CERTIFICATE",
        kind=Kind.FILE,
        help="its certificate (PEM), which the firmware must know",
    ),
    Setting(
        name="sign_key",
        section="Output",
        option="SignKey",
        variable="SIGN_KEY",
        help="signs SHA256SUMS: gpg:ID of a key, or minisign:FILE of a secret key",
    ),
    Setting(
        name="source_date_epoch",
        section="Output",
        option="SourceDateEpoch",
        variable="SOURCE_DATE_EPOCH",
        kind=Kind.SECONDS,
        help="time of every file, in seconds since 1970; by default the archive's own date",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The text of a setting and where it stands."""

    text: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one build, by the table's names."""

    values: Mapping[str, Value]

    def text(self, name: str) -> str:
        """The setting's text, empty when nobody set it."""
        return self.values[name].text

    def origin(self, name: str) -> str:
        """Where it was set."""
        return self.values[name].origin

    def words(self, name: str) -> tuple[str, ...]:
        """A list setting; commas and white space separate."""
        return tuple(self.text(name).replace(",", " ").split())

    def replaced(self, name: str, text: str, origin: str) -> Settings:
        """The same settings with one decided."""
        return Settings(values={**self.values, name: Value(text=text, origin=origin)})


def load(
    options: Mapping[str, str | None], environ: Mapping[str, str], directory: Path
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from the command line, the environment and the project's file.

    Args:
        options: the command line's, by the table's names; ``None`` was not given.
        environ: the environment.
        directory: the project's directory, which may hold a mkosi.conf.

    Returns:
        The settings, and warnings about options that nobody knows.

    Raises:
        LivecdError: the file can't be read or parsed, or a value is of the wrong kind.
    """
    from_file, warnings = _from_file(directory / CONFIG_FILE)
    values = {
        setting.name: _first(
            _option(setting, options), _variable(setting, environ), from_file.get(setting.name)
        )
        or Value(text=setting.default, origin="default")
        for setting in TABLE
    }
    for setting in TABLE:
        _check(setting, values[setting.name])
    return Settings(values=values), warnings


def _first(*values: Value | None) -> Value | None:
    return next((value for value in values if value is not None), None)


def _option(setting: Setting, options: Mapping[str, str | None]) -> Value | None:
    text = options.get(setting.name)
    flag = setting.name.replace("_", "-")
    return None if text is None else Value(text=text, origin=f"--{flag}")


def _variable(setting: Setting, environ: Mapping[str, str]) -> Value | None:
    """An empty variable counts as not set, as Launchpad's builders leave them empty."""
    text = environ.get(setting.variable, "")
    return Value(text=text, origin=f"${setting.variable}") if text else None


def _from_file(path: Path) -> tuple[dict[str, Value], tuple[str, ...]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError) as error:
        raise LivecdError(f"{path.name} can't be read", place=str(path), why=str(error)) from error
    known = {(row.section, row.option): row for row in TABLE}
    values: dict[str, Value] = {}
    warnings = []
    for entry in ini.parse(text, path.name):
        row = known.get((entry.section, entry.key))
        if row is None:
            warnings.append(_unknown(entry, path.name))
        else:
            values[row.name] = _merged(row, values.get(row.name), entry, path.name)
    return values, tuple(warnings)


def _merged(row: Setting, earlier: Value | None, entry: ini.Entry, name: str) -> Value:
    """A list given twice is the whole of both; an empty value starts it anew."""
    text = entry.value
    if row.kind is Kind.WORDS and earlier is not None and text:
        text = f"{earlier.text} {text}"
    return Value(text=text, origin=f"{name}:{entry.line}")


def _unknown(entry: ini.Entry, name: str) -> str:
    options = [row.option for row in TABLE if row.section == entry.section]
    near = difflib.get_close_matches(entry.key, options, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    place = f"{name}:{entry.line}:{entry.column}"
    return f"{place}: unknown option [{entry.section}] {entry.key} is ignored{hint}"


_SUFFIXES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def byte_count(text: str) -> int:
    """A size such as ``3G``, ``512M`` or ``1048576``; suffixes are powers of 1024.

    Raises:
        ValueError: it is not a size.
    """
    upper = text.strip().upper().removesuffix("IB").removesuffix("B")
    suffix = upper[-1:] if upper[-1:] in _SUFFIXES else ""
    return int(upper.removesuffix(suffix)) * _SUFFIXES[suffix]


def _check(setting: Setting, value: Value) -> None:
    if not value.text:
        return
    if setting.choices and value.text not in setting.choices:
        raise UsageError(
            f"{setting.option} is '{value.text}', which it can't be",
            place=value.origin,
            remedy=f"one of {', '.join(setting.choices)}",
        )
    try:
        _CHECKS[setting.kind](value.text)
    except ValueError as error:
        # What was taken for a password's hash may be the password.
        shown = "" if setting.kind is Kind.HASH else f" '{value.text}', which is"
        raise UsageError(
            f"{setting.option} is{shown} not a {setting.kind.value}",
            place=value.origin,
            remedy=f"write something like {_EXAMPLES[setting.kind]}",
        ) from error


# crypt(5): an identifier of the method, its parameters and the salt, and the hash.
_HASH = re.compile(r"\$(?:[156]|y|gy|7|2[aby]?)\$[./A-Za-z0-9$=,-]+\$[./A-Za-z0-9]{20,}")


def _is_hash(text: str) -> None:
    if not _HASH.fullmatch(text):
        raise ValueError(text)


def _is_file(text: str) -> None:
    if not Path(text).is_file():
        raise ValueError(text)


_CHECKS: Mapping[Kind, Callable[[str], object]] = {
    Kind.TEXT: str,
    Kind.WORDS: str,
    Kind.BYTES: byte_count,
    Kind.SECONDS: int,
    Kind.FILE: _is_file,
    Kind.HASH: _is_hash,
}
_EXAMPLES = {
    Kind.BYTES: "3G or 512M",
    Kind.SECONDS: "1700000000",
    Kind.FILE: "/etc/keys/uefi.pem; there must be such a file",
    Kind.HASH: "what `openssl passwd -6` prints; a password itself is never taken",
}


_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el"}


def host_architecture() -> str:
    """The machine's architecture in Debian's words."""
    machine = platform.machine()
    return _MACHINES.get(machine, machine)


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables, which every step that uses the network needs."""
    names: Iterable[str] = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")
    return {
        name: environ[name]
        for lower in names
        for name in (lower, lower.upper())
        if environ.get(name)
    }


def cache_directory(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Where roots, tools and logs are kept between runs.

    ``--cache``, else $LIVECD_CACHE, else /var/cache/livecd-rootfs for root and
    the user's own cache directory (XDG Base Directory Specification) for others.
    """
    if option is not None:
        return option.absolute()
    if environ.get("LIVECD_CACHE"):
        return Path(environ["LIVECD_CACHE"]).absolute()
    if os.geteuid() == 0 and "LIVECD_USERNS" not in environ:
        return Path("/var/cache/livecd-rootfs")
    home = Path(environ.get("HOME", "/"))
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "livecd-rootfs"
