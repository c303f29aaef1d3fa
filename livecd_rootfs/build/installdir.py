"""The project's InstallDirectory: what the build script installed, shown to who runs the build."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import process, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import build_script
from livecd_rootfs.image.build_overlay import DEST
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.sandbox import User
from livecd_rootfs.settings import Settings

SETTING = "install_directory"
DEFAULT_NAME = "mkosi.installdir"
# Marks a directory that was filled here, and so may be filled anew.
_MARK = "user.livecd-rootfs.installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallDirectory:
    """A directory of the host that holds what the last build's script installed, and no more.

    Attributes:
        path: where it is.
        owner: whose its files are; ``None`` leaves them to who runs this.
    """

    path: Path
    owner: User | None = None

    def fill(self, layers: Iterable[Layer]) -> int | None:
        """Put there what the build script installed, now or when its layer was made.

        Args:
            layers: the last ones of the side branches of a build.

        Returns:
            how many files it has now; ``None`` if no build script ran, and it is as it was.

        Raises:
            LivecdError: it can't be written.
        """
        found = [layer.diff / DEST for layer in layers if (layer.diff / DEST).is_dir()]
        try:
            return self._replace(found[-1]) if found else None
        except OSError as error:
            raise LivecdError(
                "the install directory can't be written", place=str(self.path), why=error.strerror
            ) from error

    def _replace(self, dest: Path) -> int:
        """Make a copy beside it, which takes its place when it is whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        try:
            new = staging / "new"
            process.run(("cp", "-a", "--reflink=auto", "--", dest, new))
            count = sum(len(files) for _, _, files in os.walk(new))
            if self.owner:
                _give(new, self.owner)
            _mark(new)
            if self.path.exists():
                self.path.rename(staging / "old")
            new.rename(self.path)
        finally:
            trees.remove(staging)
        return count


def of(settings: Settings, environ: Mapping[str, str]) -> InstallDirectory | None:
    """The install directory that settings name.

    Args:
        settings: the settings.
        environ: the environment, which knows who called sudo.

    Raises:
        LivecdError: what is there was not made by a build, and would be lost.
    """
    text = settings.text(SETTING)
    if not text:
        return None
    path = (settings.directory / text).expanduser().resolve()
    if not _is_free(path):
        raise LivecdError(
            f"InstallDirectory is '{text}', which holds files that no build has put there",
            place=settings.values[SETTING].where,
            why="each build replaces all that is in it",
            remedy=f"name a new or an empty directory; one called {DEFAULT_NAME} may hold anything",
        )
    owner = build_script.invoker(environ, Path("/proc/self/uid_map").read_text())
    return InstallDirectory(path=path, owner=owner)


def _is_free(path: Path) -> bool:
    if not path.is_dir():
        return not path.exists()
    return path.name == DEFAULT_NAME or not any(path.iterdir()) or _is_marked(path)


def _is_marked(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, _MARK))
    except OSError:
        return False


def _mark(path: Path) -> None:
    """Some file systems have no such attributes; there the directory has to be emptied by hand."""
    try:
        os.setxattr(path, _MARK, b"1")
    except OSError:
        return


def _give(folder: Path, owner: User) -> None:
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files, "."):
            os.chown(Path(place, name), owner.uid, owner.gid, follow_symlinks=False)
