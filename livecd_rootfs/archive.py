"""The archive: what it offers for a suite right now, by its signed InRelease files.

mmdebstrap knows the public archives and writes the sources; apt, called in one
of its hooks, fetches nothing but the InRelease files and checks their
signatures. That finds out early that there is no network or no such suite, and
gives the build its date. The small root in which apt asks is kept in the cache,
since half of the time goes into making it; who asks again from it and gets no
answer asks anew, so that what goes wrong is always explained by mmdebstrap.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import hostroot, sandbox
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import PROGRAM, Request, argv, failure
from livecd_rootfs.mounts import Bind, Tmpfs
from livecd_rootfs.sandbox import Sandbox

OUT = "/livecd/archive"
_DATE = re.compile(r"^Date: (.+)$", re.MULTILINE)
ASKER = "asker.tar"
ROOT = "/build/root"
FOLDER = "archives"
HOOK = "ask"
_UPDATE = f"""\
#!/bin/sh
set -eu
[ -e {OUT}/{ASKER} ] || tar -c --exclude=./dev -C "$1" . >{OUT}/{ASKER}
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
_AGAIN = f"""\
set -eu
mkdir {ROOT}
tar -x -C {ROOT} <{OUT}/{ASKER}
export MMDEBSTRAP_APT_CONFIG=$(find {ROOT} -name "mmdebstrap.apt.conf.*")
{OUT}/{HOOK} {ROOT}
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


def query(
    request: Request,
    environ: Mapping[str, str],
    *,
    cache: Path,
    meanwhile: Callable[[], object] = lambda: None,
) -> State:
    """Ask the archive for the InRelease files of a suite.

    Args:
        request: a bootstrap that would be made; only its sources matter.
        environ: PATH and the proxies.
        cache: the cache directory.
        meanwhile: other work, done while the archive is waited for.

    Raises:
        LivecdError: no network, an unknown suite, a wrong signature: as
            ``mmdebstrap.failure`` explains it.
    """
    asking = request.asking(setup=f'{OUT}/{HOOK} "$1"', target=Path(ROOT))
    kept = cache / FOLDER / f"{_identity(argv(asking))}.tar"
    with _place() as out:
        if _asked_again(out, kept, environ, meanwhile):
            return _state(out)
    with _place() as out:
        seen = _sandbox(out, environ)
        asked = sandbox.run(seen, argv(asking), check=False, meanwhile=meanwhile)
        if not (out / "done").exists():
            raise failure(request, asked)
        _keep(out / ASKER, kept)
        return _state(out)


def _identity(command: Sequence[str]) -> str:
    """What a root that asks depends on: the command, and the program that is behind it."""
    program = shutil.which(PROGRAM)
    content = Path(program).read_bytes() if program else b""
    return hashlib.sha256(b"\0".join((*map(os.fsencode, command), content))).hexdigest()


@contextmanager
def _place() -> Iterator[Path]:
    """A directory for the question and its answer."""
    with tempfile.TemporaryDirectory(prefix="livecd-archive-") as name:
        out = Path(name)
        (out / HOOK).write_text(_UPDATE)
        (out / HOOK).chmod(0o755)
        yield out


def _asked_again(
    out: Path, kept: Path, environ: Mapping[str, str], meanwhile: Callable[[], object]
) -> bool:
    """Ask from the root that asked last time, if there is one; gives whether that was answered."""
    try:
        shutil.copyfile(kept, out / ASKER)
    except OSError:
        return False
    again = ("sh", "-c", _AGAIN)
    sandbox.run(_sandbox(out, environ), again, check=False, meanwhile=meanwhile)
    return (out / "done").exists()


def _keep(asker: Path, kept: Path) -> None:
    """Keep the root that asked; a cache that can't be written does without."""
    part = kept.with_name(f"{kept.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asker, part)
        part.replace(kept)


def _state(out: Path) -> State:
    files = sorted(out.glob("*Release"))
    return State(releases=tuple(release(file.name, file.read_bytes()) for file in files))


def _sandbox(out: Path, environ: Mapping[str, str]) -> Sandbox:
    shown = Bind(source=out, target=OUT, writable=True)
    operations = (*hostroot.operations(), Tmpfs(target="/build"), shown)
    return Sandbox(operations=operations, env=environ)


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
