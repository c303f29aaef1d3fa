"""What a boot gives to its guest: a secret, and who to let in.

The guest gets it twice: as a NoCloud seed, a small disk that cloud-init reads,
and as systemd credentials for images without cloud-init (systemd 252 and
later). The guest shows the secret again on its console: as host name of the
login prompt, in the issue text above it, and hashed when cloud-init is through.
So neither a console log of another boot nor an echo of the input can pass.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot.watcher import MARKER_PREFIX
from livecd_rootfs.tools import Toolbox

USER = "livecd"
SIZE_KIB = 1440
ISSUE = "issue"
CLOUD_INIT = "cloud-init"
# agetty(8), "ISSUE FILES": the second serves where there is no /etc/issue.
ISSUE_FOLDERS = ("/etc/issue.d", "/run/issue.d")
CONSOLES = "/dev/console /dev/ttyS0 /dev/ttyAMA0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The secret of one boot and the means to log in.

    Attributes:
        nonce: hexadecimal digits that no other boot has.
        public_key: for ssh; ``None`` lets nobody in that way.
        password: of the user ``livecd``; ``None`` locks it.
    """

    nonce: str
    public_key: str | None = None
    password: str | None = None

    @property
    def hostname(self) -> str:
        """The guest's name."""
        return f"boot-{self.nonce}"

    def answer(self, stage: str) -> str:
        """What the guest must show for a stage: made in the guest, from the nonce."""
        return hashlib.sha256(f"{self.nonce}:{stage}".encode()).hexdigest()[:16]

    def expected(self, marker: str) -> str | None:
        """What the marker of this name must say."""
        return {ISSUE: self.nonce, CLOUD_INIT: self.answer(CLOUD_INIT)}.get(marker)


def new_nonce() -> str:
    """Eight hexadecimal digits by chance."""
    return secrets.token_hex(4)


def answer_command(seed: Seed, stage: str) -> str:
    """The shell line by which the guest makes the answer for a stage."""
    return f"printf %s {seed.nonce}:{stage} | sha256sum | cut -c1-16"


def files(seed: Seed) -> dict[str, str]:
    """The seed's files, by name (cloud-init documentation, "NoCloud")."""
    about = {"instance-id": f"boot-{seed.nonce}", "local-hostname": seed.hostname}
    return {
        "meta-data": json.dumps(about) + "\n",
        "user-data": "#cloud-config\n" + json.dumps(_user_data(seed), indent=1) + "\n",
    }


def _user_data(seed: Seed) -> dict[str, object]:
    line = f"{MARKER_PREFIX}:{CLOUD_INIT}:$answer"
    show = (
        f"answer=$({answer_command(seed, CLOUD_INIT)}); for console in {CONSOLES}; do "
        f'if [ -c "$console" ]; then echo "{line}" > "$console"; fi; done'
    )
    return {"users": ["default", _user(seed)], "runcmd": [["sh", "-c", show]]}


def _user(seed: Seed) -> dict[str, object]:
    user: dict[str, object] = {
        "name": USER,
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": seed.password is None,
    }
    if seed.password is not None:
        user["plain_text_passwd"] = seed.password
    if seed.public_key is not None:
        user["ssh_authorized_keys"] = [seed.public_key]
    return user


def credentials(seed: Seed) -> tuple[tuple[str, str], ...]:
    """The systemd credentials (systemd.system-credentials(7)): an issue text, and root's key."""
    issue = f"{MARKER_PREFIX}:{ISSUE}:{seed.nonce}"
    lines = "".join(
        f"f {folder}/{MARKER_PREFIX}.issue 0644 root root - {issue}\\n\n"
        for folder in ISSUE_FOLDERS
    )
    key = (("ssh.authorized_keys.root", seed.public_key),) if seed.public_key else ()
    return (("tmpfiles.extra", lines), *key)


def write(seed: Seed, disk: Path, toolbox: Toolbox) -> None:
    """Make the seed's disk: a FAT file system labelled CIDATA, without a partition table."""
    folder = disk.parent
    label = ("-v", "CIDATA", "-f", str(SIZE_KIB))
    toolbox.run(("mformat", "-C", "-i", disk, *label, "::"), cwd=folder)
    names = []
    for name, text in files(seed).items():
        (folder / name).write_text(text, encoding="utf-8")
        names.append(name)
    toolbox.run(("mcopy", "-i", disk, *names, "::"), cwd=folder)
