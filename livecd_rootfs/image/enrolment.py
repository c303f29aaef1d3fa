"""Keys of Secure Boot where systemd-boot finds them: it enrols them in a firmware in setup mode.

See systemd-boot(7), ``/loader/keys/auto/``, and loader.conf(5), ``secure-boot-enroll``: in
virtual machines it does so by itself. All three variables get the user's one certificate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.signing import Signer
from livecd_rootfs.steps.vfat import File

# The UEFI specification, 32.3: who may change keys, who may change programs, whose programs run.
VARIABLES = ("PK", "KEK", "db")
_FOLDER = PurePosixPath("loader/keys/auto")


def files(context: Context, signer: Signer, staging: Path) -> Iterator[File]:
    """The signed variables.

    Args:
        context: the build; its time is the variables'.
        signer: whose certificate it is; it signs them itself.
        staging: an empty directory.

    Raises:
        CommandError: key and certificate are none, or not a pair.
    """
    owner = str(context.id("owner of the keys of Secure Boot"))
    listed = staging / "keys.esl"
    make = ("cert-to-efi-sig-list", "-g", owner, str(signer.certificate), str(listed))
    _run(context, make, signer, staging)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(context.epoch))
    for variable in VARIABLES:
        signed = staging / f"{variable}.auth"
        keys = ("-k", str(signer.key), "-c", str(signer.certificate))
        sign = ("sign-efi-sig-list", "-g", owner, "-t", moment, *keys)
        _run(context, (*sign, variable, str(listed), str(signed)), signer, staging)
        yield File(path=_FOLDER / signed.name, content=signed.read_bytes())


def _run(context: Context, argv: tuple[str, ...], signer: Signer, staging: Path) -> None:
    context.tools.run(
        argv, env=context.environment(), cwd=context.build, bind=(*signer.files, staging)
    )
