"""A bootstrap's command line, and its failures in plain words: recorded ones and real ones."""

from __future__ import annotations

import http.server
import multiprocessing
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livecd_rootfs import mmdebstrap, values
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import Hook, Moment, Request
from livecd_rootfs.process import CommandError, Completed

TARGET = Path("/cache/new")


def test_the_shortest_request() -> None:
    assert mmdebstrap.argv(Request(suite="trixie", target=TARGET)) == (
        "mmdebstrap",
        "--mode=root",
        "--format=directory",
        "--variant=apt",
        "trixie",
        "/cache/new",
    )


def test_a_request_with_everything() -> None:
    request = Request(
        suite="noble",
        target=TARGET,
        mirror="http://127.0.0.1:9/ubuntu",
        architecture="arm64",
        variant="minbase",
        packages=("openssh-server", "sudo"),
        components=("main", "universe"),
        keyring=Path("/keys/archive.gpg"),
        apt_options=('APT::Install-Recommends "false"',),
        dpkg_options=("path-exclude=/usr/share/man/*",),
        hooks=(
            Hook(moment=Moment.ESSENTIAL, command='touch "$1/etc/first"'),
            Hook(moment=Moment.CUSTOMIZE, command='rm "$1/etc/first"'),
        ),
        options=("--skip=check/qemu",),
    )
    assert mmdebstrap.argv(request) == (
        "mmdebstrap",
        "--mode=root",
        "--format=directory",
        "--variant=minbase",
        "--architectures=arm64",
        "--components=main,universe",
        "--keyring=/keys/archive.gpg",
        "--include=openssh-server,sudo",
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--skip=check/qemu",
        '--essential-hook=touch "$1/etc/first"',
        '--customize-hook=rm "$1/etc/first"',
        "noble",
        "/cache/new",
        "http://127.0.0.1:9/ubuntu",
    )


def test_asking_keeps_the_archive_and_drops_the_content() -> None:
    request = Request(suite="sid", target=TARGET, mirror="http://a/", packages=("vim",))
    asked = request.asking(setup="exit 1", target=Path("/build/root"))
    assert mmdebstrap.argv(asked)[3:] == (
        "--variant=apt",
        "--setup-hook=exit 1",
        "sid",
        "/build/root",
        "http://a/",
    )


def test_the_lines_that_tell_what_it_does_now() -> None:
    said = ("I: running apt-get update...", "I: success in 9.1 seconds", "Get:1 http://a b")
    assert [mmdebstrap.milestone(line) for line in said] == ["running apt-get update", None, None]


# What apt and mmdebstrap printed, shortened to the lines that tell; expected: message and remedy.
NETWORK = (
    "check the network; a proxy is taken from http_proxy, another archive by --mirror; "
    "`build --offline` takes the newest cached root"
)
RECORDED = {
    "unknown suite": (
        (
            "I: running apt-get update...\n"
            "Ign:1 http://a/debian nosuch InRelease\n"
            "Err:2 http://a/debian nosuch Release\n"
            "  404  Not Found [IP: 203.0.113.80 80]\n"
            "E: The repository 'http://a/debian nosuch Release' does not have a Release file.\n"
            "E: mmdebstrap failed to run\n"
        ),
        "the distribution's archive has no suite 'nosuch'",
        "check its spelling; old and other suites may need --mirror",
    ),
    "unknown host": (
        (
            "Err:1 http://nosuch.invalid/debian trixie InRelease\n"
            "  Could not resolve 'nosuch.invalid'\n"
            "E: Failed to fetch http://nosuch.invalid/InRelease  Could not resolve 'nosuch.invalid'\n"
        ),
        "the archive's host 'nosuch.invalid' is not known to the network",
        NETWORK,
    ),
    "no connection": (
        (
            "  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)\n"
            "E: Some index files failed to download. They have been ignored, or old ones used.\n"
        ),
        "the archive at 127.0.0.1:9 can't be reached",
        NETWORK,
    ),
    "no key": (
        (
            "W: GPG error: http://a noble InRelease: The following signatures couldn't be verified "
            "because the public key is not available: NO_PUBKEY 871920D1991BC93C\n"
            "E: The repository 'http://a/ubuntu noble InRelease' is not signed.\n"
        ),
        "the signature of the archive for 'nosuch' can't be verified",
        "install the distribution's keyring (debian-archive-keyring, ubuntu-keyring)",
    ),
    "no mirror": (
        "I: finding correct signed-by value...\nE: invalid mirror: nix\n",
        "'nix' is no mirror",
        "write something like --mirror http://HOST/debian, or a line of sources.list",
    ),
    "unknown package": (
        "E: Unable to locate package vmi\nE: setup failed: E: apt-get --yes install vmi failed\n",
        "'nosuch' has no package 'vmi'",
        "check its spelling, and --components",
    ),
    "foreign architecture": (
        (
            "W: binfmt_misc not found in /proc/mounts -- not mounted?\n"
            "E: arm64 can neither be executed natively nor via qemu user emulation with binfmt_misc\n"
        ),
        "this machine can't run programs for arm64",
        "apt-get install arch-test qemu-user-static binfmt-support",
    ),
    "no emulation of a foreign architecture": (
        (
            "I: extracting archives...\n"
            "E: setup failed: E: cannot find /usr/bin/qemu-aarch64-static\n"
            "I: main() received signal PIPE: waiting for setup...\nE: mmdebstrap failed to run\n"
        ),
        "this machine lacks /usr/bin/qemu-aarch64-static, which runs programs of another architecture",
        "apt-get install qemu-user-static",
    ),
    "broken package": (
        (
            "dpkg: error processing package grub-pc (--configure):\n"
            " installed grub-pc package post-installation script subprocess returned error 1\n"
        ),
        "the package grub-pc could not be configured in the new root",
        "the lines above tell which of its scripts failed",
    ),
    "full disk": (
        (
            "tar: ./usr/share/doc/libc6/copyright: Cannot write: No space left on device\n"
            "E: tar --extract failed: 512\n"
        ),
        "no space is left to bootstrap in /cache/new",
        "free some space there, or choose another place with --cache",
    ),
    "cut off": (
        (
            "Err:4 http://a/debian trixie/main amd64 Packages\n"
            "  Error reading from server. Remote end closed connection [IP: 127.0.0.1 80]\n"
        ),
        "the archive broke off in the middle of the transfer",
        "run it again; if it stays, try another archive by --mirror",
    ),
}


@pytest.mark.parametrize(("said", "message", "remedy"), RECORDED.values(), ids=RECORDED)
def test_a_failure_in_plain_words(said: str, message: str, remedy: str) -> None:
    failure = mmdebstrap.failure(Request(suite="nosuch", target=TARGET), ended(said))
    assert (failure.message, failure.remedy) == (message, remedy)
    assert failure.notes, "the archive's own words are shown, too"


def test_an_unknown_failure_shows_the_command_and_its_last_lines() -> None:
    failure = mmdebstrap.failure(Request(suite="trixie", target=TARGET), ended("E: a novelty\n"))
    assert isinstance(failure, CommandError)
    assert failure.notes == ("| E: a novelty",)


def ended(said: str) -> Completed:
    return Completed(argv=("mmdebstrap",), status=1, stdout=said, stderr="", seconds=1.0)


def test_without_mmdebstrap_the_message_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmdebstrap, "SYSTEM_PATH", str(tmp_path))
    with pytest.raises(LivecdError, match="'mmdebstrap' is not installed") as failure:
        bootstrap(Request(suite="trixie", target=tmp_path / "root"))
    assert failure.value.remedy == "apt-get install mmdebstrap"
    assert not (tmp_path / "root").exists()


def bootstrap(request: Request) -> list[str]:
    lines: list[str] = []
    mmdebstrap.bootstrap(request, environ={}, on_line=lines.append)
    return lines


real = [pytest.mark.root, pytest.mark.tools("mmdebstrap")]


class TestReal:
    """The real mmdebstrap against archives that fail."""

    pytestmark = real

    def test_a_closed_port(self, tmp_path: Path) -> None:
        request = Request(
            suite="trixie", target=tmp_path / "root", mirror="http://127.0.0.1:9/debian"
        )
        with pytest.raises(LivecdError, match=r"the archive at 127.0.0.1:9 can't be reached"):
            bootstrap(request)

    def test_an_archive_without_the_suite(self, tmp_path: Path) -> None:
        with archive({}) as mirror:
            request = Request(suite="trixie", target=tmp_path / "root", mirror=mirror)
            with pytest.raises(LivecdError, match=f"{mirror} has no suite 'trixie'"):
                bootstrap(request)

    def test_an_archive_that_nobody_signed(self, tmp_path: Path) -> None:
        files = {"/debian/dists/trixie/InRelease": RELEASE.encode()}
        with archive(files) as mirror:
            request = Request(suite="trixie", target=tmp_path / "root", mirror=mirror)
            with pytest.raises(LivecdError, match="signature of the archive for 'trixie'"):
                bootstrap(request)

    def test_an_archive_that_breaks_off_in_the_middle(self, tmp_path: Path) -> None:
        """The index is promised with 1,000 bytes; the connection ends after 400."""
        files = {"/debian/dists/trixie/InRelease": RELEASE.encode(), PACKAGES: b"x" * 400}
        with archive(files) as mirror:
            request = Request(
                suite="trixie",
                target=tmp_path / "root",
                mirror=f"deb [trusted=yes] {mirror} trixie main",
            )
            with pytest.raises(LivecdError, match="broke off in the middle"):
                bootstrap(request)

    @pytest.mark.network
    def test_a_disk_that_is_full(self, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", disk], check=True)
        try:
            with pytest.raises(LivecdError, match=f"no space is left to bootstrap in {disk}/root"):
                bootstrap(Request(suite="trixie", target=disk / "root"))
        finally:
            subprocess.run(["umount", disk], check=True)

    @pytest.mark.network
    def test_a_root_of_unpacked_packages(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        request = Request(suite="trixie", target=root, variant="extract", packages=("base-files",))
        lines = bootstrap(request)
        assert "extracting archives" in {mmdebstrap.milestone(line) for line in lines}
        assert (root / "etc/debian_version").read_text().startswith("13")
        assert list((root / "dev").iterdir()) == []


PACKAGES = "/debian/dists/trixie/main/binary-amd64/Packages"
RELEASE = """\
Origin: Debian
Suite: stable
Codename: trixie
Date: Sat, 01 Nov 2025 00:00:00 UTC
Architectures: amd64
Components: main
SHA256:
 1111111111111111111111111111111111111111111111111111111111111111 1000 main/binary-amd64/Packages
"""


@contextmanager
def archive(files: dict[str, bytes]) -> Iterator[str]:
    """A server that has these files, promises 1,000 bytes of the index, and nothing else."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header(
                "Content-Length", str(1000 if self.path == PACKAGES else len(content or b""))
            )
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        # A process, not a thread: what is tested forks.
        process = multiprocessing.get_context("fork").Process(target=server.serve_forever)
        process.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/debian"
        finally:
            process.kill()
            process.join()


def test_a_skeleton_that_does_not_fit_is_told_by_its_own_words() -> None:
    text = (
        "skeleton-trees: a file without a target must be a tar file, which this is not\n"
        "  at:   /livecd/files/SKELETON_TREES/0\nE: command failed: cd /build\n"
    )
    done = Completed(argv=("mmdebstrap",), status=25, stdout=text, stderr="", seconds=1)
    failed = mmdebstrap.failure(Request(suite="sid", target=TARGET), done)
    assert failed.message == (
        "the skeleton trees can't be put into the root: "
        "a file without a target must be a tar file, which this is not"
    )
    fine = values.replaced(done, stdout="skeleton-trees: 1 tree, 1 file\nE: something else\n")
    assert isinstance(mmdebstrap.failure(Request(suite="sid", target=TARGET), fine), CommandError)
