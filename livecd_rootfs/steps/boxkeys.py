"""The key of a box, from the file that VAGRANT_KEY_FILE names."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value

VARIABLE = "VAGRANT_KEY_FILE"
_PRIVATE = b"PRIVATE KEY-----"


class BoxKey(Value):
    """The public key that lets in, and the private one, if the box is to have it."""

    public: str
    private: bytes | None


def read(context: Context, folder: Path) -> BoxKey:
    """The key that the build was given.

    A public key alone makes a box that its owner's own key opens. Without any, as
    under live-build, a new one is made, and no two builds are the same.

    Args:
        context: the build.
        folder: for a copy that ssh-keygen finds private enough.

    Raises:
        LivecdError: it is none, or has a passphrase.
    """
    path = context.variables.get(VARIABLE)
    content = Path(path).read_bytes() if path else _made(context, folder)
    if _PRIVATE in content:
        return BoxKey(public=_public(context, content, folder), private=content)
    return BoxKey(public=_checked(context, content, folder), private=None)


def _made(context: Context, folder: Path) -> bytes:
    _ask(context, ("-q", "-t", "ed25519", "-N", "", "-C", "vagrant", "-f", "made"), folder)
    return (folder / "made").read_bytes()


def _public(context: Context, private: bytes, folder: Path) -> str:
    copy = folder / "key"
    copy.write_bytes(private)
    copy.chmod(0o600)
    # Without a passphrase; with -P nobody is asked for one.
    return _ask(context, ("-y", "-P", "", "-f", copy.name), folder)


def _checked(context: Context, public: bytes, folder: Path) -> str:
    (folder / "key.pub").write_bytes(public)
    _ask(context, ("-l", "-f", "key.pub"), folder)
    return public.decode().strip()


def _ask(context: Context, words: tuple[str, ...], folder: Path) -> str:
    argv = ("ssh-keygen", *words)
    try:
        return context.tools.run(argv, env=context.environment(), cwd=folder).stdout.strip()
    except CommandError as error:
        raise LivecdError(
            f"what {VARIABLE} names is no key for a box",
            why=error.completed.stderr.strip() or None,
            remedy="name a private key without a passphrase, or a public key",
        ) from error
