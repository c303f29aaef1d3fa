"""The archive: what it offers for a suite right now, by its signed InRelease files.

mmdebstrap knows the public archives and writes the sources; apt, called in one
of its hooks, fetches nothing but the InRelease files and checks their
signatures. That takes a second, finds out early that there is no network or no
such suite, and gives the build its date.
"""

from __future__ import annotations

import email.utils
import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import hostroot, sandbox
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import Request, argv, failure
from livecd_rootfs.mounts import Bind, Tmpfs
from livecd_rootfs.sandbox import Sandbox

OUT = "/livecd/archive"
_DATE = re.compile(r"^Date: (.+)$", re.MULTILINE)
HOOK = "ask"
_UPDATE = f"""\
#!/bin/sh
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
targets=Acquire::IndexTargets::deb
apt-get update -q -o Acquire::Retries=1 -o APT::Update::Error-Mode=any \
    -o $targets::Packages::DefaultEnabled=false \
    -o $targets::Translations::DefaultEnabled=false \
    -o $targets::DEP-11::DefaultEnabled=false >&2
cp "$1"/var/lib/apt/lists/*Release {OUT}/
touch {OUT}/done
exit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One InRelease file: apt's name for it, its SHA-256 and its Date in seconds since 1970."""

    name: str
    sha256: str
    date: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the archive was at one moment."""

    releases: tuple[Release, ...]

    @property
    def date(self) -> int:
        """The newest Date of all: the time that the files of an image get."""
        return max(release.date for release in self.releases)


def query(request: Request, environ: Mapping[str, str]) -> State:
    """Ask the archive for the InRelease files of a suite.

    Args:
        request: a bootstrap that would be made; only its sources matter.
        environ: PATH and the proxies.

    Raises:
        LivecdError: no network, an unknown suite, a wrong signature: as
            ``mmdebstrap.failure`` explains it.
    """
    with tempfile.TemporaryDirectory(prefix="livecd-archive-") as name:
        out = Path(name)
        (out / HOOK).write_text(_UPDATE)
        (out / HOOK).chmod(0o755)
        asked = sandbox.run(_sandbox(out, environ), _command(request), check=False)
        if not (out / "done").exists():
            raise failure(request, asked)
        files = sorted(out.glob("*Release"))
        return State(releases=tuple(release(file.name, file.read_bytes()) for file in files))


def _sandbox(out: Path, environ: Mapping[str, str]) -> Sandbox:
    shown = Bind(source=out, target=OUT, writable=True)
    operations = (*hostroot.operations(), Tmpfs(target="/build"), shown)
    return Sandbox(operations=operations, env=environ)


def _command(request: Request) -> tuple[str, ...]:
    """The bootstrap, ended by a set-up hook as soon as the files are there."""
    asking = request.asking(setup=f'{OUT}/{HOOK} "$1"', target=Path("/build/root"))
    return argv(asking)


def release(name: str, content: bytes) -> Release:
    """An InRelease file's digest and date.

    Raises:
        LivecdError: it has no Date.
    """
    text = content.decode(errors="replace")
    found = _DATE.search(text)
    if found is None:
        raise LivecdError("the archive's InRelease has no Date", place=name)
    date = int(email.utils.parsedate_to_datetime(found.group(1)).timestamp())
    return Release(name=name, sha256=hashlib.sha256(content).hexdigest(), date=date)
