"""What has been seen of a guest so far, and whether it has come as far as it should."""

from __future__ import annotations

from dataclasses import dataclass, replace

from livecd_rootfs.boot.request import Proof, Until
from livecd_rootfs.boot.seed import CLOUD_INIT, ISSUE, Seed
from livecd_rootfs.boot.watcher import Event, KernelStarted, Marker, Prompt, SecureBoot


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the console has told.

    Attributes:
        kernel: the kernel's version, once it printed it.
        secure_boot: what the kernel said of Secure Boot.
        prompt: the host name of the last login prompt.
        markers: the markers of this boot that were shown.
    """

    kernel: str | None = None
    secure_boot: bool | None = None
    prompt: str | None = None
    markers: frozenset[str] = frozenset()

    def after(self, event: Event, seed: Seed) -> Seen:
        """The same with one event more; a marker of another boot counts for nothing."""
        match event:
            case KernelStarted(version=version):
                return replace(self, kernel=version)
            case SecureBoot(enabled=enabled):
                return replace(self, secure_boot=enabled)
            case Prompt(hostname=hostname):
                return replace(self, prompt=hostname)
            case Marker(name=name, value=value) if value == seed.expected(name):
                return replace(self, markers=self.markers | {name})
        return self

    def proof(self, until: Until, seed: Seed) -> Proof | None:
        """What shows that the guest is there; ssh shows it elsewhere."""
        if until is Until.CLOUD_INIT:
            return Proof.MARKER if CLOUD_INIT in self.markers else None
        if until is Until.SSH or self.prompt is None:
            return None
        marked = self.prompt == seed.hostname or ISSUE in self.markers
        return Proof.MARKER if marked else Proof.PROMPT

    def describe(self) -> str:
        """How far it came, in words."""
        if self.prompt is not None:
            return f"it came to the login prompt of '{self.prompt}'"
        if self.kernel is not None:
            return f"the kernel {self.kernel} started, but no login prompt came"
        return "no kernel printed anything on the serial console"
