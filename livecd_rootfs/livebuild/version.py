"""Which live-build is installed: the 3.0 that Ubuntu carries, or Debian's of today."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from livecd_rootfs import process
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import CommandMissing

PROGRAM = "lb"
# Debian's are numbered by their date, and take `normal/` and `live/` since that of 2018;
# --architecture, of one machine alone, since that of December 2020.
OLDEST = "20210407"
_DATE = re.compile(r"\b(20\d{6})\b")
_THREE = re.compile(r"\b3\.0~a\d+\S*")


class Line(Enum):
    """Lines of live-build, by the layout of ``config/hooks`` that they read."""

    UBUNTU = "flat"
    DEBIAN = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBuild:
    """A live-build.

    Attributes:
        version: as it says itself.
        line: which options it takes, and where it looks for hooks.
    """

    version: str
    line: Line


def installed(environ: Mapping[str, str]) -> LiveBuild:
    """The live-build that the PATH has.

    Args:
        environ: the environment.

    Raises:
        LivecdError: there is none, or one that nobody here knows.
    """
    try:
        answer = process.run([PROGRAM, "--version"], env=environ, check=False)
    except CommandMissing as error:
        raise LivecdError(
            "live-build is not installed", why=str(error), remedy=error.remedy
        ) from error
    return parse(answer.stdout + answer.stderr)


def parse(answer: str) -> LiveBuild:
    """The live-build that answers ``lb --version`` like this.

    Raises:
        LivecdError: neither line answers so.
    """
    three, date = _THREE.search(answer), _DATE.search(answer)
    if three:
        return LiveBuild(version=three.group(), line=Line.UBUNTU)
    if date and date.group() >= OLDEST:
        return LiveBuild(version=date.group(), line=Line.DEBIAN)
    said = " ".join(answer.split())[:60]
    raise LivecdError(
        f"live-build says it is '{said}', which is none that this program knows",
        why="where it looks for hooks, and its options, are not known",
        remedy=f"install one of 3.0~a57 (Ubuntu) or {OLDEST} and later (Debian)",
    )
