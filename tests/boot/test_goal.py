"""What shows that a guest came so far, and what does not."""

from __future__ import annotations

import pytest

from livecd_rootfs.boot.goal import Seen
from livecd_rootfs.boot.request import Proof, Until
from livecd_rootfs.boot.seed import Seed
from livecd_rootfs.boot.watcher import Event, KernelStarted, Marker, Prompt, SecureBoot

SEED = Seed(nonce="edcd46ee")
OURS = Prompt(hostname="boot-edcd46ee")
PLAIN = Prompt(hostname="localhost")
ISSUE = Marker(name="issue", value="edcd46ee")
THROUGH = Marker(name="cloud-init", value="6c307c82d59b0d14")

PROOFS: dict[str, tuple[Until, tuple[Event, ...], Proof | None]] = {
    "a prompt with our host name": (Until.LOGIN, (OURS,), Proof.MARKER),
    "our issue text above a prompt": (Until.LOGIN, (ISSUE, PLAIN), Proof.MARKER),
    "a prompt alone": (Until.LOGIN, (PLAIN,), Proof.PROMPT),
    "an issue text without a prompt": (Until.LOGIN, (ISSUE,), None),
    "the issue text of another boot": (
        Until.LOGIN,
        (Marker(name="issue", value="00000000"), PLAIN),
        Proof.PROMPT,
    ),
    "cloud-init is through": (Until.CLOUD_INIT, (THROUGH,), Proof.MARKER),
    "cloud-init showed what it was given, unhashed": (
        Until.CLOUD_INIT,
        (Marker(name="cloud-init", value="edcd46ee"),),
        None,
    ),
    "a prompt while cloud-init still runs": (Until.CLOUD_INIT, (OURS, ISSUE), None),
    "ssh shows itself elsewhere": (Until.SSH, (OURS, ISSUE, THROUGH), None),
}


@pytest.mark.parametrize(("until", "events", "proof"), PROOFS.values(), ids=PROOFS)
def test_proof(until: Until, events: tuple[Event, ...], proof: Proof | None) -> None:
    assert after(*events).proof(until, SEED) == proof


def after(*events: Event) -> Seen:
    seen = Seen()
    for event in events:
        seen = seen.after(event, SEED)
    return seen


def test_what_is_told_of_the_kernel_is_kept() -> None:
    seen = after(KernelStarted(version="6.12"), SecureBoot(enabled=True), PLAIN)
    assert (seen.kernel, seen.secure_boot, seen.prompt) == ("6.12", True, "localhost")


def test_how_far_it_came_in_words() -> None:
    assert after().describe() == "no kernel printed anything on the serial console"
    kernel = KernelStarted(version="6.12")
    assert after(kernel).describe() == "the kernel 6.12 started, but no login prompt came"
    assert after(kernel, PLAIN).describe() == "it came to the login prompt of 'localhost'"
