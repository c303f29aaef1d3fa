"""Passwords: their hashes, as crypt(5) has them, and who can read their files."""

from __future__ import annotations

import ctypes
import hashlib
import re
import stat
from functools import cache
from pathlib import Path

from livecd_rootfs.errors import LivecdError

# crypt(5): an identifier of the method, its parameters and the salt, and the hash.
_HASH = re.compile(r"\$(?:[156]|y|gy|7|2[aby]?)\$[./A-Za-z0-9$=,-]+\$[./A-Za-z0-9]{20,}")
_LIBRARY = "libcrypt.so.1"
# yescrypt, the default of Debian since 11 and of Ubuntu since 22.04.
_METHOD = b"$y$"
_SALT_BYTES = 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_hash(text: str) -> bool:
    """Whether it is what crypt(3) gives."""
    return _HASH.fullmatch(text) is not None


def hashed(password: str, seed: str) -> str:
    """The hash of a password; that of an empty one is empty: no password is asked for.

    Args:
        password: the plain text.
        seed: what the salt is made of, so that the same build gives the same hash,
            and another one another.

    Raises:
        LivecdError: the password has characters that nobody can type, or libcrypt is missing.
    """
    if not password:
        return ""
    if not password.isprintable():
        raise LivecdError(
            "the password has a character that can't be typed",
            remedy="leave out line breaks, tabs and control characters",
        )
    salt = hashlib.sha256(f"salt of a password\n{seed}".encode()).digest()[:_SALT_BYTES]
    library = _libcrypt()
    setting = library.crypt_gensalt(_METHOD, 0, salt, len(salt))
    found: bytes | None = library.crypt(password.encode(), setting)
    # crypt(3) tells a failure by a text that begins with a star.
    if found is None or found.startswith(b"*"):
        raise LivecdError("the password can't be hashed", why=f"{_LIBRARY} lacks yescrypt")
    return found.decode("ascii")


@cache
def _libcrypt() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise LivecdError(
            "a password can't be hashed",
            why=str(error),
            remedy="apt-get install libcrypt1, or give the hash that `openssl passwd -6` prints, "
            "and PasswordIsHashed=yes",
        ) from error
    library.crypt_gensalt.restype = ctypes.c_char_p
    library.crypt.restype = ctypes.c_char_p
    return library


def exposed(path: Path) -> str | None:
    """Why the mode of a password's file lets others at it; ``None`` if it does not."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & _OTHERS:
        return None
    return f"{path.name}: mode {mode:04o} lets others at the password; chmod 600 {path.name}"
