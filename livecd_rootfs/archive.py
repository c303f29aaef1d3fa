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
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from livecd_rootfs import cachefile, hostroot, sandbox
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import PROGRAM, Request, argv, failure
from livecd_rootfs.mounts import Bind, Tmpfs
from livecd_rootfs.process import Completed
from livecd_rootfs.sandbox import Sandbox

OUT = "/livecd/archive"
_DATE = re.compile(r"^Date: (.+)$", re.MULTILINE)
_NAMES = re.compile(r"^(?:Suite|Codename): (\S+)$", re.MULTILINE)
_COMPONENTS = re.compile(r"^Components: (.+)$", re.MULTILINE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the archive is asked, and what is known from last time.

    Attributes:
        request: a bootstrap that would be made; only its sources matter.
        environ: PATH and the proxies.
        cache: the cache directory.
    """

    request: Request
    environ: Mapping[str, str]
    cache: Path

    def last(self) -> State | None:
        """The answer of last time; ``None`` if there is none that can be read."""
        try:
            found = json.loads(self._kept(".json").read_text())
            return State(releases=tuple(Release(**each) for each in found))
        except (OSError, ValueError, TypeError):
            return None

    def ask(self, meanwhile: Callable[[], object] = lambda: None) -> State:
        """Ask, and wait for the answer.

        Args:
            meanwhile: other work, done while the archive is waited for.

        Raises:
            LivecdError: no network, an unknown suite, a wrong signature: as
                ``mmdebstrap.failure`` explains it.
        """
        with contextlib.closing(self.attempts()) as attempts:
            for attempt in attempts:
                seen = attempt.sandbox
                done = sandbox.run(seen, attempt.argv, check=False, meanwhile=meanwhile)
                if state := attempt.answer(done):
                    return state
        raise LivecdError("the archive was not asked")  # the last attempt tells what is wrong

    def attempts(self) -> Generator[Attempt, None, None]:
        """The ways to ask: from the root that asked last time, and from a new one.

        Each is to be run, and then to be asked for its answer; the directory that it
        uses is gone when the next one is taken.
        """
        kept = self._kept(".tar")
        for again in (True, False) if kept.is_file() else (False,):
            with _place() as out:
                if again:
                    shutil.copyfile(kept, out / ASKER)
                yield Attempt(question=self, out=out, again=again)

    def argv(self) -> tuple[str, ...]:
        """The bootstrap, ended by a set-up hook as soon as the files are there."""
        return argv(self.request.asking(setup=f'{OUT}/{HOOK} "$1"', target=Path(ROOT)))

    def keep(self, out: Path, state: State) -> None:
        """Keep the answer and the root that asked; a cache that can't be written does without."""
        answer = json.dumps([asdict(each) for each in state.releases], indent=1)
        with contextlib.suppress(OSError):
            if not self._kept(".tar").exists():
                cachefile.keep(self._kept(".tar"), (out / ASKER).read_bytes())
            cachefile.keep(self._kept(".json"), answer)

    def _kept(self, suffix: str) -> Path:
        """A file in the cache, named by the command and by the program that is behind it."""
        program = shutil.which(PROGRAM)
        content = Path(program).read_bytes() if program else b""
        named = b"\0".join((*map(os.fsencode, self.argv()), content))
        return self.cache / FOLDER / f"{hashlib.sha256(named).hexdigest()}{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to ask: a command in a sandbox, and where it leaves the answer."""

    question: Question
    out: Path
    again: bool

    @property
    def argv(self) -> tuple[str, ...]:
        """The command."""
        return ("sh", "-c", _AGAIN) if self.again else self.question.argv()

    @property
    def sandbox(self) -> Sandbox:
        """What it sees."""
        shown = Bind(source=self.out, target=OUT, writable=True)
        operations = (*hostroot.operations(), Tmpfs(target="/build"), shown)
        return Sandbox(operations=operations, env=self.question.environ)

    def answer(self, done: Completed) -> State | None:
        """The answer when the command has ended; ``None`` if it is worth asking anew.

        Raises:
            LivecdError: there is none, and there will be none.
        """
        if not (self.out / "done").exists():
            if self.again:
                return None
            raise failure(self.question.request, done)
        files = {file.name: file.read_bytes() for file in sorted(self.out.glob("*Release"))}
        state = State(releases=tuple(release(name, content) for name, content in files.items()))
        check_components(self.question.request, files.values())
        self.question.keep(self.out, state)
        return state


def check_components(request: Request, files: Iterable[bytes]) -> None:
    """See that the suite has the components that are asked for; apt only warns where it has not.

    Args:
        request: names them.
        files: the InRelease files; those of updates may call components otherwise, and that of
            an archive of one's own may name none.

    Raises:
        LivecdError: one is not there.
    """
    texts = [content.decode(errors="replace") for content in files]
    own = [text for text in texts if request.suite in _NAMES.findall(text)]
    known = {word for text in own for line in _COMPONENTS.findall(text) for word in line.split()}
    lacking = [name for name in request.components if name not in known]
    if known and lacking:
        raise LivecdError(
            f"'{request.suite}' has no component '{lacking[0]}'",
            why=f"it has {', '.join(sorted(known))}",
            remedy="mend --components",
        )


@contextmanager
def _place() -> Iterator[Path]:
    """A directory for the question and its answer."""
    with tempfile.TemporaryDirectory(prefix="livecd-archive-") as name:
        out = Path(name)
        (out / HOOK).write_text(_UPDATE)
        (out / HOOK).chmod(0o755)
        yield out


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
