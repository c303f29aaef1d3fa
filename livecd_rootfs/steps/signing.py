"""The user's own key for Secure Boot."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value

KEY = "SECURE_BOOT_KEY"
CERTIFICATE = "SECURE_BOOT_CERTIFICATE"


class Signer(Value):
    """A private key and its certificate, both PEM; the firmware must know the certificate."""

    key: Path
    certificate: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """What a program that signs must see."""
        return self.key, self.certificate


def of(context: Context) -> Signer | None:
    """The signer that SECURE_BOOT_KEY and SECURE_BOOT_CERTIFICATE name; ``None`` without them.

    Raises:
        UsageError: only one is named.
        LivecdError: one can't be seen from here.
    """
    named = {name: context.variables.get(name) or "" for name in (KEY, CERTIFICATE)}
    if not any(named.values()):
        return None
    absent = [name for name, path in named.items() if not path]
    if absent:
        raise UsageError(
            f"{absent[0]} is not set, and the other one is",
            remedy=f"to sign for Secure Boot takes both {KEY} and {CERTIFICATE}",
        )
    for name, path in named.items():
        if not Path(path).is_file():
            raise LivecdError(
                f"{name} is no file that this hook sees",
                place=path,
                remedy="give its absolute name",
            )
    return Signer(key=Path(named[KEY]), certificate=Path(named[CERTIFICATE]))
