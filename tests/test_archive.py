"""Asking the archive: a new root for the first question, the same one for the next."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs.archive import FOLDER, Question, check_components
from livecd_rootfs.build import events
from livecd_rootfs.build.assumption import ArchiveChanged, Assumption
from livecd_rootfs.build.events import Event
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import Request
from tests.test_mmdebstrap import RELEASE

pytestmark = [pytest.mark.root, pytest.mark.tools("mmdebstrap", "apt-get")]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The file that an archive of our own has: who asks from a changed one, is told so."""
    file = tmp_path / "debian/dists/trixie/Release"
    file.parent.mkdir(parents=True)
    file.write_text(RELEASE)
    return file


@pytest.fixture
def server(release: Path) -> Iterator[subprocess.Popen[str]]:
    """Who gives it out: a process, for what is tested forks."""
    argv = (sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1")
    with subprocess.Popen(
        argv, cwd=release.parents[3], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def question(server: subprocess.Popen[str], tmp_path: Path) -> Question:
    """A question to that archive."""
    assert server.stdout
    port = server.stdout.readline().split(" port ")[1].split()[0]
    return Question(
        request=Request(
            suite="trixie",
            target=tmp_path / "root",
            mirror=f"deb [trusted=yes] http://127.0.0.1:{port}/debian trixie main",
        ),
        environ={"PATH": os.environ["PATH"]},
        cache=tmp_path / "cache",
    )


def change(release: Path) -> None:
    release.write_text(RELEASE.replace("01 Nov", "02 Nov"))


def kept(question: Question) -> dict[str, Path]:
    return {path.suffix: path for path in (question.cache / FOLDER).iterdir()}


def test_the_second_question_comes_from_the_root_of_the_first(question: Question) -> None:
    first = question.ask()
    assert question.last() == first
    assert [attempt.again for attempt in question.attempts()] == [True, False]
    with contextlib.closing(question.attempts()) as attempts:
        assert next(attempts).argv[0] == "sh", "mmdebstrap prepares nothing again"
    assert question.ask() == first


def test_a_changed_archive_is_seen_the_second_time(question: Question, release: Path) -> None:
    first = question.ask()
    change(release)
    second = question.ask()
    assert second != first
    assert question.last() == second


@pytest.mark.parametrize("content", [b"", b"no tar file"])
def test_a_damaged_root_is_made_anew(question: Question, content: bytes) -> None:
    first = question.ask()
    tar = kept(question)[".tar"]
    tar.write_bytes(content)
    assert question.ask() == first


def test_a_damaged_answer_is_none(question: Question) -> None:
    question.ask()
    for text in ("", "{", "[1]", '[{"name": "x"}]'):
        kept(question)[".json"].write_text(text)
        assert question.last() is None


def test_what_is_wrong_is_told_as_the_first_time(
    question: Question, server: subprocess.Popen[str]
) -> None:
    question.ask()
    server.kill()
    server.wait()
    with pytest.raises(LivecdError, match="can't be reached"):
        question.ask()


OWN = b"Suite: stable\nCodename: trixie\nComponents: main contrib\n"
SECURITY = b"Suite: stable-security\nCodename: trixie-security\nComponents: updates/main\n"


@pytest.mark.parametrize(
    ("components", "files", "lacking"),
    [
        (("main", "contrib"), (SECURITY, OWN), None),
        (("main", "foo"), (SECURITY, OWN), "foo"),
        (("updates/main",), (SECURITY, OWN), "updates/main"),
        (("foo",), (SECURITY, b"Codename: trixie\n"), None),
        ((), (OWN,), None),
    ],
)
def test_a_component_that_a_suite_has_not_is_told(
    tmp_path: Path, components: tuple[str, ...], files: tuple[bytes, ...], lacking: str | None
) -> None:
    request = Request(suite="trixie", target=tmp_path, components=components)
    if lacking is None:
        check_components(request, files)
        return
    with pytest.raises(LivecdError) as failure:
        check_components(request, files)
    assert failure.value.message == f"'trixie' has no component '{lacking}'"
    assert failure.value.why == "it has contrib, main"


def test_another_mirror_is_another_question(question: Question, tmp_path: Path) -> None:
    question.ask()
    other = Question(
        request=Request(suite="sid", target=tmp_path / "root", mirror=question.request.mirror),
        environ=question.environ,
        cache=question.cache,
    )
    assert other.last() is None


class TestAssumption:
    """Building while the archive is asked whether it is as it was."""

    def assumption(self, question: Question, told: list[Event]) -> Assumption:
        state = question.ask()
        return Assumption(question=question, state=state, listen=told.append)

    def test_what_is_told_waits_for_the_answer(self, question: Question) -> None:
        told: list[Event] = []
        assumption = self.assumption(question, told)
        before: list[int] = []

        async def work() -> None:
            assumption.hear(events.Note(text="early"))
            before.append(len(told))
            await assumption.confirmed()
            assumption.hear(events.Note(text="late"))

        asyncio.run(assumption.beside(work()))
        assert before == [0]
        assert told == [events.Note(text="early"), events.Note(text="late")]

    def test_a_change_ends_the_work_and_tells_nothing(
        self, question: Question, release: Path
    ) -> None:
        told: list[Event] = []
        assumption = self.assumption(question, told)
        change(release)
        undone: list[str] = []

        async def work() -> None:
            assumption.hear(events.Note(text="early"))
            try:
                await asyncio.sleep(60)
            finally:
                undone.append("work")

        with pytest.raises(ArchiveChanged) as changed:
            asyncio.run(assumption.beside(work()))
        assert changed.value.state == question.last() != assumption.state
        assert undone == ["work"]
        assert told == []

    def test_a_change_is_told_rather_than_a_failure_that_came_first(
        self, question: Question, release: Path
    ) -> None:
        assumption = self.assumption(question, [])
        change(release)

        async def work() -> None:
            raise LivecdError("a step failed with what is not there any more")

        with pytest.raises(ArchiveChanged):
            asyncio.run(assumption.beside(work()))

    def test_a_failure_is_told_when_nothing_has_changed(self, question: Question) -> None:
        told: list[Event] = []
        assumption = self.assumption(question, told)

        async def work() -> None:
            assumption.hear(events.Note(text="it fails"))
            raise LivecdError("a step failed")

        with pytest.raises(LivecdError, match="a step failed"):
            asyncio.run(assumption.beside(work()))
        assert told == [events.Note(text="it fails")]

    def test_an_archive_that_is_gone_ends_the_work(
        self, question: Question, server: subprocess.Popen[str]
    ) -> None:
        assumption = self.assumption(question, [])
        server.kill()
        server.wait()
        with pytest.raises(LivecdError, match="can't be reached"):
            asyncio.run(assumption.beside(asyncio.sleep(60)))
