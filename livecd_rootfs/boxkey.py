"""The key pair of Vagrant boxes: made once by chance, kept in the cache, the same in every build.

A box has a private key in it, or nobody could log in; so whoever has the box has
the key. It must not be one that all the world has, which Vagrant's own is, and
which a key derived from a build's names would be. And the same build must give
the same bytes: so the key is an input of the step, kept beside the layers
(``CACHE/keys/vagrant``), and its content is part of the layer's key. Several
machines that are to make the same box are given one key by VAGRANT_KEY_FILE.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps.boxkeys import VARIABLE
from livecd_rootfs.tools import Toolbox

__all__ = ("FOLDER", "VARIABLE", "kept")

FOLDER = "keys"
NAME = "vagrant"


def kept(cache: Path, toolbox: Toolbox) -> Path:
    """The private key of a cache, made if there is none; of several processes one makes it.

    Args:
        cache: the cache directory.
        toolbox: where ssh-keygen is from.

    Raises:
        LivecdError: the cache can't be written, or there is no ssh-keygen.
    """
    path = cache / FOLDER / NAME
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{NAME}-") as folder:
            made = _make(Path(folder), toolbox)
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
    except OSError as error:
        raise LivecdError(
            "the key of Vagrant boxes can't be kept",
            place=str(path),
            why=error.strerror,
            remedy=f"name a key by {VARIABLE}, or another cache by --cache",
        ) from error
    return path


def _make(folder: Path, toolbox: Toolbox) -> Path:
    """A new key without a passphrase, of the kind that every Vagrant since 2.2 takes."""
    key = folder / "key"
    options = ("-q", "-t", "ed25519", "-N", "", "-C", NAME, "-f", str(key))
    toolbox.run(("ssh-keygen", *options), cwd=folder)
    return key
