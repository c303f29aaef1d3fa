"""Debian's live-build for real: exactly the explicit artifacts, and the root of our own build.

The directory is that of one build with foreign hooks, in which hooks then fail in each phase.
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
from tests.images import examples
from tests.images.conftest import CHECKOUT, PREFIX, Built

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("lb", "grep-aptavail"),
]

# `branded` is only what `review` depends on.
TARGETS = ("squashfs", "qcow2", "review", "appliance")
SERIAL = "20260101.1"
SETTINGS = {
    "IMAGE_TARGETS": "squashfs,qcow2; review appliance",
    "PROJECT": "debian-cpc",
    "SUITE": "bookworm",
    "NOW": SERIAL,
}
MADE = {
    *("img", "img.manifest", "img.spdx.json"),
    *("squashfs", "squashfs.manifest", "squashfs.filelist", "squashfs.spdx.json"),
    *("appliance.vmdk", "appliance.manifest", "appliance.filelist"),
    *("largest.json", "targets"),
}
EARLY = "#!/bin/sh\nset -eu\n. /root/config/chroot\necho $PROJECT >/etc/early\n"
PACKAGE = """\
#!/bin/bash -eux
# Installs a package, as private hooks do.
. /root/config/chroot
apt-get -qq -o APT::Update::Error-Mode=any update
apt-get -qq install -y --no-install-recommends bc
"""
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
    tree = examples.plant(place / "hooks.d")
    examples.add_hook(tree, "extra/010-early.chroot_early", EARLY)
    examples.add_hook(tree, "extra/020-bc.chroot", PACKAGE)
    environ = {**os.environ, "LIVECD_CACHE": str(built.cache)}
    first = LiveBuild(place=place, environ=environ, said="", own=own)
    with own_build(tree, own, environ) as ours:
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


def own_build(tree: Path, output: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Ours, at the same time: live-build keeps one core busy at most."""

    return subprocess.Popen(
        (sys.executable, "-m", "livecd_rootfs", "build", ",".join(TARGETS), "--tree", str(tree),
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
    beside = {"SHA256SUMS", f"{PREFIX}.{'+'.join(TARGETS)}.provenance.json"}
    assert made == {f"{PREFIX}.{suffix}" for suffix in MADE}
    assert own == made | beside
    for name in made:
        assert (live.place / name).is_file()
        assert not (live.place / name).is_symlink()
    assert live.mounted() == ()


def test_the_pruner_comes_last_and_says_what_was_only_on_the_way(live: LiveBuild) -> None:
    last = [line for line in live.said.splitlines() if line][-1]
    assert last.startswith("auto/build: [PRUNED] ")
    for on_the_way in ("kernel-cloud-amd64", "branded.squashfs"):
        assert f"[REMOVE] {PREFIX}.{on_the_way}" in live.said


def test_foreign_hooks_run_unchanged(live: LiveBuild, tmp_path: Path) -> None:
    assert examples.check_appliance(live.place, tmp_path) == f"{SERIAL}\n"
    examples.check_largest(live.place)
    assert examples.targets(live.place) == [
        "squashfs",
        "qcow2",
        "review: for everybody",
        "appliance: for everybody",
    ]


def test_an_early_hook_runs_before_the_packages_are_there(live: LiveBuild) -> None:
    early, packages = (live.said.index(line) for line in ("-early.hook", "lb chroot_install-pack"))
    assert early < packages
    squashfs = str(live.place / f"{PREFIX}.squashfs")
    assert examples.said("unsquashfs", "-cat", squashfs, "etc/early") == "debian-cpc\n"


def test_the_network_is_there_whenever_live_build_or_a_hook_wants_it(live: LiveBuild) -> None:
    assert "Failed to fetch" not in live.said
    assert "bc\t" in (live.place / f"{PREFIX}.squashfs.manifest").read_text()


def packages(folder: Path, artifact: str) -> set[str]:
    """Names with versions, without the architecture."""
    rows = (folder / f"{PREFIX}.{artifact}.manifest").read_text().splitlines()
    return {re.sub(r":\w+\t", "\t", row) for row in rows}


@pytest.mark.parametrize("artifact", ["img", "squashfs"])
def test_an_image_has_the_packages_of_our_own_build(live: LiveBuild, artifact: str) -> None:
    assert packages(live.own, artifact) == packages(live.place, artifact)


def files(folder: Path) -> set[str]:
    lines = (folder / f"{PREFIX}.squashfs.filelist").read_text().splitlines()
    return {line.removeprefix(".") for line in lines}


def test_the_root_has_the_files_of_our_own_build(live: LiveBuild) -> None:
    """All others have their reason above."""
    ours, theirs = files(live.own), files(live.place)
    for only, reasons in ((ours - theirs, ONLY_OURS), (theirs - ours, ONLY_LIVE_BUILD)):
        unexplained = only
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
