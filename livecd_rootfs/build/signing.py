"""The signature of SHA256SUMS, by the user's own GnuPG or minisign, with the user's own key.

These run on the host, never in the tools root: keys, agents and smart cards are there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from livecd_rootfs import process
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.process import CommandError


class Method(Enum):
    """What makes the signature; the value is how a setting names it."""

    GPG = "gpg"
    MINISIGN = "minisign"


# What a signature is called: the signed file's name, and this.
SUFFIXES = {Method.GPG: ".gpg", Method.MINISIGN: ".minisig"}
# Without it minisign would write the time of the run.
# What gpg (without a terminal; without a program to ask) and minisign say of a password.
_ASKING = ("Inappropriate ioctl", "No pinentry", "get_password()")
_COMMENT = "checksums of artifacts of livecd-rootfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs.

    Attributes:
        method: with which program.
        key: for GnuPG a key's id, fingerprint or address; for minisign a file.
    """

    method: Method
    key: str

    def check(self) -> None:
        """See before a long build that its end can be signed, by signing something else.

        Raises:
            LivecdError: it can't.
        """
        with tempfile.TemporaryDirectory(prefix="livecd-sign-") as folder:
            trial = Path(folder, "trial")
            trial.touch()
            self.sign(trial)

    def sign(self, path: Path) -> Path:
        """Sign a file; gives the signature, which lies beside it.

        Raises:
            LivecdError: it could not be signed.
        """
        signature = path.with_name(path.name + SUFFIXES[self.method])
        try:
            process.run(self._argv(path, signature))
        except CommandError as error:
            said = (error.completed.stderr or error.completed.stdout).strip().splitlines()
            raise LivecdError(
                f"nothing can be signed with the key '{self.key}' of {self.method.value}",
                why=_why(said),
                remedy="a key must be there, and usable without a question: by an agent, or "
                "without password",
            ) from error
        return signature

    def _argv(self, path: Path, signature: Path) -> Sequence[str | Path]:
        if self.method is Method.GPG:
            options = ("--batch", "--yes", "--armor", "--digest-algo", "SHA512")
            return ("gpg", *options, "--local-user", self.key, "--output", signature,
                    "--detach-sign", path)  # fmt: skip
        return ("minisign", "-S", "-s", self.key, "-t", _COMMENT, "-x", signature, "-m", path)


def _why(said: Sequence[str]) -> str | None:
    """The last line; that of a program which wanted to ask says so only to who knows it."""
    last = said[-1] if said else None
    return "it has a password" if last and any(word in last for word in _ASKING) else last


def parse(text: str, origin: str) -> Signer | None:
    """The signer that a setting names, as ``gpg:ID`` or ``minisign:FILE``; ``None`` if empty.

    Args:
        text: the setting.
        origin: where it was set.

    Raises:
        UsageError: it names none.
    """
    if not text:
        return None
    name, _, key = text.partition(":")
    if name not in {method.value for method in Method} or not key:
        raise UsageError(
            f"'{text}' is no key to sign with",
            place=origin,
            remedy="gpg:ID with a key of GnuPG, or minisign:FILE with a secret key",
        )
    return Signer(method=Method(name), key=key)
