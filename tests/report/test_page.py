"""The page of a story: its words, its links, and what must not be in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.report import page
from livecd_rootfs.report.record import Fact
from livecd_rootfs.steps.dpkg import Package
from tests.report.conftest import HEADING, Tell
from tests.report.html import Page
from tests.runs import plan

ONE = plan("one", "bootstrap", "chroot/1.chroot", "base/one.binary")
TWO = plan("two,x", "bootstrap", "chroot/1.chroot", "base/two.binary")
MIB = 1 << 20


def package(name: str, kib: int) -> Package:
    return Package(name=name, version="1", architecture="amd64", same=False, kib=kib)


def built(of: BuildPlan, name: str, *packages: Package) -> events.BuildEnded:
    artifact = Artifact(path=Path("out", name), size=3 * MIB, sha256="0123456789abcdef" * 4)
    return events.BuildEnded(plan=of, output=Path("out"), artifacts=(artifact,), packages=packages)


def read(text: str) -> Page:
    """The page, which must be whole in itself: no script, nothing from elsewhere, no dead link."""
    found = Page(text)
    assert found.faults == []
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "iframe", "object", "img", "base"})
    assert found.values("src") == []
    places = found.places("#")
    assert sorted(found.values("href")) == sorted(
        [*places, *found.places("file:///"), *found.places("data:,")]
    )
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {place[1:] for place in places} <= set(ids)
    assert not [name for _, had in found.tags for name in had if name.startswith("on")]
    return found


def test_what_vouches_for_artifacts_stands_behind_them(telling: Tell) -> None:
    told = telling(ONE)
    vouching = Artifact(path=Path("out/x.provenance.json"), size=MIB, sha256="89ab" * 16)
    told.story.began(jobs=1).tell(1, replace(built(ONE, "x.one"), attestations=(vouching,))).over(1)
    words = read(page.render(told.collector.record())).words
    assert words.index("x.one") < words.index("x.provenance.json") < words.index("89ab" * 16)


def test_a_whole_run(telling: Tell) -> None:
    told = telling(ONE, TWO)
    told.story.began(jobs=2, date=1_700_000_000).reuses(1, 1, saved=62, size=5 * MIB)
    told.story.starts(1, 2, "hook bytes changed").ends(4, 2, size=2 * MIB)
    told.story.starts(4, 3).ends(5, 3, size=MIB).starts(5, 4).ends(9, 4, size=MIB)
    bash = package("bash", 2048)
    told.story.tell(9, built(ONE, "x.one", bash, package("dash", 100)), built(TWO, "x.two", bash))
    told.story.tell(9, events.Note(text="a note")).over(10)
    found = read(page.render(told.collector.record()))
    figures = found.words[: found.words.index("Time line")]
    assert figures == [
        "one two: livecd-rootfs build", "livecd-rootfs 1.2.3", "one", "two", "Done after 10.0 s",
        "began 2026-02-03 04:05:06 UTC", "steps ran", "3", "reused", "1", "work of all steps",
        "8.0 s", "longest chain", "7.0 s", "saved by reuse", "1 min 2 s", "workers", "2",
    ]  # fmt: skip
    words = " ".join(found.words)
    for part in (
        "bootstrap … chroot/1.chroot 2 steps: 1 ran, 1 reused; 3.0 s, 7.0 MiB",
        "✓ two,x",
        f"x.one 3.0 MiB {'0123456789abcdef' * 4} one",
        "2 chroot/1.chroot ran 3.0 s 2.0 MiB hook bytes changed log",
        "Layers 9.0 MiB bootstrap 5.0 MiB chroot/1.chroot 2.0 MiB",
        "Packages of one 2.1 MiB bash 2.0 MiB dash 100.0 KiB",
        "Packages of two,x 2.0 MiB bash 2.0 MiB",
        "suite trixie --suite",
        "time of all files 1700000000 2023-11-14 22:13:20 UTC",
        "a note",
    ):
        assert part in words
    assert found.values("class").count("verdict ran") == 1
    assert "Failure" not in found.words


def test_a_failure(telling: Tell) -> None:
    told = telling(ONE, TWO)
    told.story.began(jobs=2).starts(1, 1).ends(3, 1, status=7).over(3, failed=1)
    told.collector.fail("livecd-rootfs: bootstrap failed with status 7\n  | last words\n")
    found = read(page.render(told.collector.record()))
    words = " ".join(found.words)
    assert "Failed after 3.0 s" in words
    assert "Failure livecd-rootfs: bootstrap failed with status 7\n  | last words" in words
    assert "failed 1 not run 3" in words
    assert "1 failed, 1 not run; 2.0 s, 0 B" in words
    assert "✗ one" in words
    assert "Artifacts" not in words


def test_a_run_that_never_began(telling: Tell) -> None:
    told = telling(ONE)
    told.collector.fail("livecd-rootfs: no image target was named\n")
    words = read(page.render(told.collector.record())).words
    assert words[4:] == [
        "Failed after 0.0 s", "began 2026-02-03 04:05:06 UTC",
        "Failure", "livecd-rootfs: no image target was named",
        "Settings", "setting", "value", "from", "suite", "trixie", "--suite",
    ]  # fmt: skip


HOSTILE = "</style><script>alert('1')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;"


def test_hostile_names_are_names(telling: Tell) -> None:
    """Wherever a text of the user, a hook or a package comes to stand."""
    odd = plan(HOSTILE, f"{HOSTILE}.chroot", f"base/{HOSTILE}.binary")
    facts = (Fact(name=HOSTILE, text=HOSTILE, origin=HOSTILE),)
    told = telling(odd, heading=replace(HEADING, targets=(HOSTILE,), facts=facts))
    told.story.began(jobs=1).waits(0, 1).starts(1, 1, HOSTILE).ends(2, 1, size=1).starts(2, 2)
    told.story.tell(3, events.Note(text=HOSTILE), built(odd, HOSTILE, package(HOSTILE, 1)))
    told.collector.fail(HOSTILE)
    found = read(page.render(told.collector.record()))
    assert found.words.count(HOSTILE) == 9
    assert HOSTILE in found.values("title")[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x00\x7f", "␛[31mred␀␡"),
        ("two\n\tlines", "two\n\tlines"),
        ("http://me:secret@mirror.example/x", "http://…@mirror.example/x"),
        ("me@mirror.example://x", "me@mirror.example://x"),
    ],
)
def test_texts_are_made_presentable(telling: Tell, text: str, shown: str) -> None:
    told = telling(ONE)
    told.collector.fail(f"a{text}b")
    assert f"a{shown}b" in read(page.render(told.collector.record())).words


def test_the_greatest_packages_are_shown(telling: Tell) -> None:
    told = telling(ONE)
    packages = [package(f"p{number:03}", number) for number in range(100)]
    told.story.began(jobs=1).tell(1, built(ONE, "x", *packages))
    found = page.weights(told.collector.record())[1]
    assert [row.name for row in found.rows] == [f"p{number:03}" for number in range(99, 69, -1)]
    assert (found.others, found.total) == (70, 4950 * 1024)
    assert found.rows[0].share == 100


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "1970-01-01 00:00:00 UTC"), (-1, ""), (10**30, "")],
)
def test_instant(seconds: int, shown: str) -> None:
    assert page.instant(seconds) == shown


def test_a_thousand_builds(telling: Tell) -> None:
    told = telling(*(plan(f"t{n}", "bootstrap", f"base/{n}.binary") for n in range(1000)))
    told.story.began(jobs=8).reuses(1, *range(1, 1002), size=1).over(2)
    assert len(read(page.render(told.collector.record())).places("#step-")) > 1000
