"""A directory that one process at a time changes, whole or not at all."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

# What flock(2) on a directory gives on file systems that don't have it, NFS among them.
_NO_LOCKS_HERE = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class Folder:
    """A directory, made if it is missing and held alone as a context.

    When the context ends by an exception, ^C included, every change made through it is
    taken back in reverse. How to take a change back is noted before it is made and does
    nothing where it was not made, so that a signal between the two does no harm.
    Where the file system has no locks, two processes at once are not kept apart.

    Args:
        path: the directory.

    Raises:
        OSError: from the context and each change, as the system gives it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._undo: list[Callable[[], None]] = []
        self._held = -1

    def __enter__(self) -> Self:
        try:
            self._make()
            self._hold()
        except BaseException:
            self._take_back()
            raise
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        try:
            if failure is not None:
                self._take_back()
        finally:
            os.close(self._held)

    def names(self) -> list[str]:
        """What is in the directory."""
        return os.listdir(self._held)

    def link_text(self, name: str) -> str | None:
        """What a symbolic link holds; ``None`` for anything else."""
        try:
            return os.readlink(name, dir_fd=self._held)
        except OSError:
            return None

    def write(self, path: str, text: str) -> str:
        """Write a new file, here or in another directory, and give its path."""
        self._undo.append(lambda: _remove_file(path))
        _write(path, text)
        return path

    def symlink(self, name: str, text: str) -> None:
        """Make a symbolic link."""
        self._undo.append(lambda: self._remove_link(name, text))
        os.symlink(text, name, dir_fd=self._held)

    def unlink(self, name: str, text: str) -> None:
        """Remove a symbolic link that holds this text."""
        self._undo.append(lambda: self._restore_link(name, text))
        os.unlink(name, dir_fd=self._held)

    def text(self, name: str) -> str:
        """What a plain file holds; nothing for anything else, and for what is no text."""
        path = os.path.join(self.path, name)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                return file.read()
        except OSError:
            return ""

    def script(self, name: str, text: str) -> None:
        """Write a new file that can be run."""
        _let_run(self.write(os.path.join(self.path, name), text))

    def remove(self, name: str) -> None:
        """Remove a symbolic link, or a file that `script` made."""
        held = self.link_text(name)
        if held is not None:
            self.unlink(name, held)
            return
        path, text = os.path.join(self.path, name), self.text(name)
        self._undo.append(lambda: _let_run(_write(path, text)))
        os.unlink(name, dir_fd=self._held)

    def _make(self) -> None:
        missing, path = [], self.path
        while not os.path.lexists(path):
            missing.append(path)
            path = os.path.dirname(path)
        for one in reversed(missing):
            self._mkdir(one)

    def _mkdir(self, path: str) -> None:
        self._undo.append(lambda: _remove_directory(path))
        os.makedirs(path, exist_ok=True)

    def _hold(self) -> None:
        from fcntl import LOCK_EX, flock  # noqa: PLC0415 (a shared library on some systems)

        while True:
            self._held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                flock(self._held, LOCK_EX)
            except OSError as error:
                if error.errno in _NO_LOCKS_HERE:
                    return
                raise
            if os.path.samestat(os.fstat(self._held), os.stat(self.path)):
                return
            os.close(self._held)  # a run that failed took it away while we waited

    def _take_back(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _remove_link(self, name: str, text: str) -> None:
        if self.link_text(name) == text:
            os.unlink(name, dir_fd=self._held)

    def _restore_link(self, name: str, text: str) -> None:
        try:
            os.symlink(text, name, dir_fd=self._held)
        except FileExistsError:
            return  # it was not removed


def _write(path: str, text: str) -> str:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write(text)
    return path


def _let_run(path: str) -> None:
    os.chmod(path, 0o755)  # noqa: S103 (a hook is run by whoever builds)


def _remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def _remove_directory(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:
        return  # it was not made, or someone else uses it by now
