"""Debian's live-build for real: exactly the explicit artifacts, and the root of our own build.

The directory is that of one build, in which hooks then fail in each phase.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from livecd_rootfs import trees
from tests import checkout
from tests.images.conftest import CHECKOUT, PREFIX, Built

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("lb", "grep-aptavail"),
]

SETTINGS = {"IMAGE_TARGETS": "squashfs,qcow2", "PROJECT": "debian-cpc", "SUITE": "bookworm"}
# What Launchpad's builders say to `lb build`, which is less than they say to `lb config`.
TOLD_TO_BUILD = ("PROJECT", "IMAGE_TARGETS")

# Which files one root has and the other has not, and why. Nothing else may differ.
ONLY_OURS = {
    # 9010-remove-python-pyc of live-build. Ours keeps it: a first boot is quicker with it.
    "Python's byte code": re.compile(r".*/__pycache__(?:/.*)?"),
    # 020-apt-sources writes deb822; under live-build it leaves the sources to live-build.
    "sources of apt": re.compile(r"/etc/apt/sources\.list\.d/debian\.sources"),
    # A tmpfs of live-build's while its hooks run, which ours has, too, but makes these in it.
    "run-time folders": re.compile(r"/run/lock(?:/subsys)?"),
    # dpkg --add-architecture, which only mmdebstrap calls.
    "dpkg's architectures": re.compile(r"/var/lib/dpkg/arch"),
}
ONLY_LIVE_BUILD = {
    # The device that our build leaves to systemd, since only real root could make it.
    "device nodes": re.compile(r"/dev/\w+"),
    "sources of apt": re.compile(r"/etc/apt/sources\.list"),
    # live-build writes its --apt-recommends into the root.
    "settings of apt": re.compile(r"/etc/apt/apt\.conf\.d/00recommends"),
    # util-linux's hwclock, in debootstrap.
    "the hardware clock": re.compile(r"/etc/adjtime"),
    # debootstrap's dpkg, and the diversions that live-build takes back after our hooks.
    "dpkg's own": re.compile(r"/var/lib/dpkg/(?:available|cmethopt|diversions-old)"),
    # 8030-truncate-log-files of live-build empties them; ours removes what is not empty.
    "empty logs": re.compile(r"/var/log/(?:alternatives|bootstrap|dpkg|apt/\w+)\.log(?:\.xz)?"),
    # live-build runs dpkg after our hooks, which calls ldconfig.
    "the linker's cache": re.compile(r"/var/cache/ldconfig/aux-cache"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBuild:
    """A build directory of live-build's, and what our own build made meanwhile."""

    place: Path
    environ: Mapping[str, str]
    said: str
    own: Path

    def lb(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("lb", *words),
            cwd=self.place,
            env={**self.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def mounted(self) -> tuple[str, ...]:
        return trees.mounts_below(self.place, Path("/proc/self/mountinfo").read_text())


@pytest.fixture(scope="module")
def live(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBuild]:
    """``lb clean --purge; lb config; lb build``, as Launchpad's builders call it."""
    folder = tmp_path_factory.mktemp("live-build")
    place, own = folder / "build", folder / "own"
    (place / "auto").mkdir(parents=True)
    for script in ("config", "build", "clean"):
        (place / "auto" / script).symlink_to(CHECKOUT / "auto" / script)
    environ = {**os.environ, "LIVECD_CACHE": str(built.cache)}
    first = LiveBuild(place=place, environ=environ, said="", own=own)
    with own_build(own, environ) as ours:
        said = ""
        for words in (("clean", "--purge"), ("config",), ("build",)):
            told = SETTINGS if words != ("build",) else told_to_build()
            ended = first.lb(*words, **told)
            said += ended.stdout
            assert ended.returncode == 0, said[-4000:]
        text, _ = ours.communicate()
        assert ours.returncode == 0, text
    yield LiveBuild(place=place, environ=environ, said=said, own=own)
    subprocess.run(("lb", "clean", "--purge"), cwd=place, env=environ, check=True)


def told_to_build() -> dict[str, str]:
    return {name: SETTINGS[name] for name in TOLD_TO_BUILD}


def own_build(output: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Ours, at the same time: live-build keeps one core busy at most."""

    return subprocess.Popen(
        (sys.executable, "-m", "livecd_rootfs", "build", "squashfs,qcow2",
         "--suite", "bookworm", "--output", str(output)),
        env={**environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=checkout.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def test_exactly_the_explicit_artifacts_are_made(live: LiveBuild) -> None:
    made = {path.name for path in live.place.glob("livecd.*")}
    own = {path.name for path in live.own.iterdir()}
    # What our own build writes beside artifacts, and no hook does.
    beside = {"SHA256SUMS", f"{PREFIX}.squashfs+qcow2.provenance.json"}
    assert beside < own
    assert made == own - beside
    for name in made:
        assert (live.place / name).is_file()
        assert not (live.place / name).is_symlink()
    assert live.mounted() == ()


def test_the_pruner_comes_last_and_says_what_was_only_on_the_way(live: LiveBuild) -> None:
    last = [line for line in live.said.splitlines() if line][-1]
    assert last.startswith("auto/build: [PRUNED] ")
    assert "[REMOVE] livecd.debian-cpc.kernel-cloud-amd64" in live.said


# init-system-helpers needs `usrmerge | usr-is-merged`. debootstrap prefers the second one,
# which is empty; apt takes the first, which brings Perl and its modules.
ONLY_OUR_PACKAGES = {
    *("usrmerge", "perl", "perl-modules-5.36", "libperl5.36", "libgdbm6", "libgdbm-compat4"),
    *("libfile-find-rule-perl", "libnumber-compare-perl", "libtext-glob-perl"),
}
ONLY_LIVE_BUILD_PACKAGES = {"usr-is-merged"}


def packages(folder: Path, artifact: str) -> set[str]:
    """Names with versions, without the architecture."""
    rows = (folder / f"{PREFIX}.{artifact}.manifest").read_text().splitlines()
    return {re.sub(r":\w+\t", "\t", row) for row in rows}


@pytest.mark.parametrize("artifact", ["img", "squashfs"])
def test_an_image_has_the_packages_of_our_own_build(live: LiveBuild, artifact: str) -> None:
    ours, theirs = packages(live.own, artifact), packages(live.place, artifact)
    assert {row.partition("\t")[0] for row in ours - theirs} == ONLY_OUR_PACKAGES
    assert {row.partition("\t")[0] for row in theirs - ours} == ONLY_LIVE_BUILD_PACKAGES


def files(folder: Path) -> set[str]:
    lines = (folder / f"{PREFIX}.squashfs.filelist").read_text().splitlines()
    return {line.removeprefix(".") for line in lines}


def files_of(names: set[str], folder: Path, scratch: Path) -> set[str]:
    """What dpkg in an image says that packages have, and what it keeps of them itself."""
    image, info = folder / f"{PREFIX}.squashfs", "var/lib/dpkg/info"
    unpack = ("unsquashfs", "-quiet", "-no-progress", "-dest", scratch, image, info)
    subprocess.run(unpack, check=True)
    kept = [
        path
        for path in (scratch / info).iterdir()
        if path.name.rpartition(".")[0].partition(":")[0] in names
    ]
    lists = [path for path in kept if path.suffix == ".list"]
    owned = {line for path in lists for line in path.read_text().splitlines()}
    return owned | {f"/{info}/{path.name}" for path in kept}


@pytest.mark.tools("unsquashfs")
def test_the_root_has_the_files_of_our_own_build(live: LiveBuild, tmp_path: Path) -> None:
    """All others are those of packages that only one has, or have their reason above."""
    ours, theirs = files(live.own), files(live.place)
    differences = (
        (ours - theirs, files_of(ONLY_OUR_PACKAGES, live.own, tmp_path / "own"), ONLY_OURS),
        (
            theirs - ours,
            files_of(ONLY_LIVE_BUILD_PACKAGES, live.place, tmp_path / "theirs"),
            ONLY_LIVE_BUILD,
        ),
    )
    for only, owned, reasons in differences:
        unexplained = only - owned
        for why, reason in reasons.items():
            found = {name for name in unexplained if reason.fullmatch(name)}
            assert found, f"no longer so: {why}"
            unexplained -= found
        assert sorted(unexplained) == []


# Phase, and the mark by which live-build knows that its hooks have run.
FAILURES = {
    "chroot_early": "livecd_chroot_early",
    "chroot": "chroot_hooks",
    "binary": "binary_hooks",
}


@pytest.mark.parametrize("phase", FAILURES)
def test_a_hook_that_fails_ends_the_build_and_leaves_nothing_mounted(
    live: LiveBuild, phase: str
) -> None:
    """In the directory of the finished build: live-build goes on where a stage is not done."""
    mark = live.place / ".build" / FAILURES[phase]
    hook = live.place / f"config/hooks/normal/9000-fails.hook.{phase}"
    hook.write_text("#!/bin/sh\necho it fails in $PWD\nexit 9\n")
    hook.chmod(0o755)
    mark.unlink()
    try:
        ended = live.lb("build", **told_to_build())
    finally:
        hook.unlink()
        mark.touch()
    assert ended.returncode == 1, ended.stdout[-2000:]
    assert "it fails in /" in ended.stdout
    assert hook.name in ended.stdout
    assert live.mounted() == ()


def test_without_config_and_project_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "auto").mkdir()
    for script in ("config", "build"):
        (tmp_path / "auto" / script).symlink_to(CHECKOUT / "auto" / script)
    environ = {name: text for name, text in os.environ.items() if name != "PROJECT"}
    ended = subprocess.run(
        ("lb", "build"), cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "auto/config: PROJECT is not set" in ended.stderr
