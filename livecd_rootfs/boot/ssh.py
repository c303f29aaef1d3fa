"""Logging in to the guest by ssh, with a key made for this boot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot import qmp
from livecd_rootfs.boot.seed import USER, Seed, answer_command
from livecd_rootfs.running import Running, end, is_over
from livecd_rootfs.tools import Toolbox

STAGE = "ssh"
GUEST_PORT = 22
# The seed's user where cloud-init runs; root by systemd's credential where it does not.
USERS = (USER, "root")
RETRY_SECONDS = 1.0
CONNECT_SECONDS = 15


def make_key(directory: Path, toolbox: Toolbox) -> tuple[Path, str]:
    """A new key pair: the private key's file, and the public key."""
    key = directory / "key"
    options = ("-q", "-t", "ed25519", "-N", "", "-C", "livecd-rootfs", "-f", str(key))
    toolbox.run(("ssh-keygen", *options), cwd=directory)
    return key, key.with_suffix(".pub").read_text(encoding="ascii").strip()


def command(key: Path, port: int, user: str, *words: str) -> tuple[str, ...]:
    """The ssh command line; it heeds no configuration and remembers no host."""
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={os.devnull}",
        f"ConnectTimeout={CONNECT_SECONDS}",
        "LogLevel=ERROR",
    )
    settings = (word for option in options for word in ("-o", option))
    place = ("-i", str(key), "-p", str(port), f"{user}@127.0.0.1")
    return ("ssh", "-F", os.devnull, *settings, *place, *words)


def find_port(control: Path) -> int | None:
    """The port of this host that leads to the guest's ssh; ``None`` while QEMU starts or ends."""
    try:
        listing = qmp.execute(control, "human-monitor-command", **{"command-line": "info usernet"})
    except qmp.QmpError:
        return None
    return qmp.forwarded_port(str(listing), GUEST_PORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to log in, which runs beside the guest."""

    user: str
    running: Running
    output: Path


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Tries to log in until the guest gives the answer that only it can give.

    Attributes:
        seed: of this boot.
        key: the private key.
        control: QMP's socket.
        directory: for files.
        toolbox: where ssh is from.
        port: the host's port that leads to the guest, once QEMU told it.
        attempt: the try that runs now.
        tries: how many ended.
        next_try: seconds since the machine's start.
        last_words: what ssh said when it failed last.
    """

    seed: Seed
    key: Path
    control: Path
    directory: Path
    toolbox: Toolbox
    port: int | None = None
    attempt: Attempt | None = None
    tries: int = 0
    next_try: float = 0.0
    last_words: str = ""

    def step(self, seconds: float) -> str | None:
        """Go on; the user by which it got in, once it has.

        Args:
            seconds: how long the machine has run.
        """
        if self.attempt is not None:
            return self._answer(self.attempt, seconds) if is_over(self.attempt.running) else None
        if seconds >= self.next_try:
            self.port = self.port or find_port(self.control)
            self.attempt = self._knock(self.port) if self.port else None
        return None

    def close(self) -> None:
        """End a try that still runs."""
        if self.attempt is not None:
            end(self.attempt.running)
            self.attempt = None

    def _knock(self, port: int) -> Attempt:
        output = self.directory / "ssh"
        user = USERS[self.tries % len(USERS)]
        argv = command(self.key, port, user, answer_command(self.seed, STAGE))
        with output.open("wb") as said, Path(os.devnull).open("rb") as nothing:
            streams = (nothing.fileno(), said.fileno(), said.fileno())
            running = self.toolbox.start(argv, streams=streams, cwd=self.directory)
        return Attempt(user=user, running=running, output=output)

    def _answer(self, attempt: Attempt, seconds: float) -> str | None:
        attempt.running.wait()
        self.attempt = None
        self.tries += 1
        self.next_try = seconds + RETRY_SECONDS
        said = attempt.output.read_text(errors="replace").strip()
        if said == self.seed.answer(STAGE):
            return attempt.user
        self.last_words = said
        return None
