"""The licences of a package, from its machine-readable copyright file (DEP 5).

Debian's short names become SPDX's. What has a part that SPDX's list lacks, or
words that need a lawyer, has no expression here: no answer beats a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from livecd_rootfs.steps import rooted

_FORMAT = re.compile(r"Format(?:-Specification)?: \S*copyright-format", re.IGNORECASE)
_LICENSE = re.compile(r"^License:[ \t]*(.*)$", re.MULTILINE | re.IGNORECASE)
_FILES = re.compile(r"^Files:", re.MULTILINE | re.IGNORECASE)
_JOINED = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
# Those of which Debian's name is SPDX's, but for the case of letters.
_SAME = (
    "0BSD Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 CC-BY-3.0 "
    "CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 curl FTL HPND ISC MIT MIT-0 MPL-1.1 MPL-2.0 "
    "OFL-1.1 OpenSSL Unlicense W3C WTFPL X11 Zlib"
)
_OTHERS = {"expat": "MIT", "cc0": "CC0-1.0", "psf-2": "PSF-2.0", "openldap-2.8": "OLDAP-2.8"}
_NAMES = {name.lower(): name for name in _SAME.split()} | _OTHERS
_GNU = re.compile(r"(a?gpl|lgpl|gfdl)-(niv-)?([123](?:\.\d)?)(\+?)", re.IGNORECASE)
_GNU_VERSIONS = {
    "GPL": ("1.0", "2.0", "3.0"),
    "LGPL": ("2.0", "2.1", "3.0"),
    "AGPL": ("3.0",),
    "GFDL": ("1.1", "1.2", "1.3"),
}


def licence_of(root: Path, package: str) -> str | None:
    """The licences of an installed package as one SPDX expression; ``None`` if it is not known."""
    return expression(rooted.text(root, f"usr/share/doc/{package}/copyright"))


def expression(copyright_file: str) -> str | None:
    """The SPDX expression of a copyright file: all licences of its files together."""
    if not _FORMAT.match(copyright_file):
        return None
    paragraphs = re.split(r"\n[ \t]*\n", copyright_file)
    names = {
        found[1].strip()
        for paragraph in paragraphs
        if _names_files(paragraph) and (found := _LICENSE.search(paragraph))
    }
    return _all(_spdx(name) for name in names) if names else None


def _names_files(paragraph: str) -> bool:
    """Whether a paragraph tells of files: few do, and most of the text is in the others."""
    return "files:" in paragraph.lower() and _FILES.search(paragraph) is not None


def _all(expressions: Iterable[str | None]) -> str | None:
    found = set(expressions)
    known = {part for each in found if each is not None for part in _conjuncts(each)}
    if None in found:
        return None
    return " AND ".join(f"({p})" if " OR " in p and len(known) > 1 else p for p in sorted(known))


def _conjuncts(expression: str) -> list[str]:
    return [expression] if " OR " in expression else expression.split(" AND ")


@cache
def _spdx(text: str) -> str | None:
    """A licence as DEP 5 writes it: names joined by ``and`` and ``or``."""
    words = _JOINED.split(text)
    names = [_identifier(word) for word in words[::2]]
    if None in names:
        return None
    joined = zip(names, [*(word.upper() for word in words[1::2]), ""], strict=True)
    return " ".join(f"{name} {operator}".rstrip() for name, operator in joined)


def _identifier(name: str) -> str | None:
    """The identifier in SPDX's list of one licence."""
    gnu = _GNU.fullmatch(name)
    if gnu is None:
        return _NAMES.get(name.lower())
    family, version = gnu[1].upper(), gnu[3] if "." in gnu[3] else f"{gnu[3]}.0"
    if version not in _GNU_VERSIONS[family]:
        return None
    invariants = "-no-invariants" if gnu[2] else ""
    return f"{family}-{version}{invariants}-{'or-later' if gnu[4] else 'only'}"
