"""What the licences of a package are called in SPDX's words, and when nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.steps import licences

HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


def files(*names: str) -> str:
    """A machine-readable copyright file with these licences."""
    return HEAD + "".join(f"\nFiles: *\nCopyright: someone\nLicense: {name}\n" for name in names)


CASES: dict[str, tuple[str, str | None]] = {
    "one": (files("GPL-2+"), "GPL-2.0-or-later"),
    "one version only": (files("LGPL-2.1"), "LGPL-2.1-only"),
    "another name": (files("Expat"), "MIT"),
    "in another case": (files("bsd-3-clause"), "BSD-3-Clause"),
    "several, each once": (files("MIT", "Apache-2.0", "Expat"), "Apache-2.0 AND MIT"),
    "both": (files("GPL-3 and MIT", "MIT"), "GPL-3.0-only AND MIT"),
    "a choice": (files("GPL-1+ or Artistic-2.0"), "GPL-1.0-or-later OR Artistic-2.0"),
    "a choice among others": (
        files("GPL-1+ or Artistic-2.0", "MIT"),
        "(GPL-1.0-or-later OR Artistic-2.0) AND MIT",
    ),
    "no invariants": (files("GFDL-NIV-1.3+"), "GFDL-1.3-no-invariants-or-later"),
    "the text follows": (files("MIT\n Permission is granted\n .\n to anyone"), "MIT"),
    "the texts of licences count once they are used": (
        files("MIT") + "\nLicense: GPL-2\n text\n",
        "MIT",
    ),
    "one of them SPDX lacks": (files("MIT", "public-domain"), None),
    "an exception": (files("GPL-2+ with OpenSSL exception"), None),
    "a version that there is not": (files("GPL-4"), None),
    "commas": (files("MIT, and GPL-2 or Zlib"), None),
    "no name": (files(""), None),
    "no files": (HEAD, None),
    "prose": ("This is free software.\n\nFiles: *\nLicense: MIT\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("case", CASES)
def test_expression(case: str) -> None:
    text, expected = CASES[case]
    assert licences.expression(text) == expected


def test_licence_of(tmp_path: Path) -> None:
    """The folder of a package may be a link to that of another one."""
    folder = tmp_path / "usr/share/doc"
    (folder / "libx1").mkdir(parents=True)
    (folder / "libx1/copyright").write_text(files("Zlib"))
    (folder / "libx-dev").symlink_to("libx1")
    assert licences.licence_of(tmp_path, "libx-dev") == "Zlib"
    assert licences.licence_of(tmp_path, "liby") is None
