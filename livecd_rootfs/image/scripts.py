"""The user's scripts: where they are, running them in the root or on the host, and why one failed."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import hostroot, process, sandbox
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import chrootcommand, inroot
from livecd_rootfs.mounts import Bind, Operation, Overlay, Tmpfs
from livecd_rootfs.process import COMMAND_NOT_FOUND, SIGNAL_BASE, describe_status
from livecd_rootfs.sandbox import Sandbox, User
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

# Where the scripts of mkosi find themselves, their sources and where to put what they build.
WORK = "/work"
COMMANDS = f"{WORK}/bin"
NAMES = {
    "PREPARE_SCRIPT": "mkosi.prepare",
    "BUILD_SCRIPT": "mkosi.build",
    "POST_INSTALLATION_SCRIPT": "mkosi.postinst",
    "FINALIZE_SCRIPT": "mkosi.finalize",
}
# By these a script that mkosi 15 runs on the host knows that it is in the root already, and
# need not enter it; its paths below $BUILDROOT are those of the root.
INSIDE = {"container": "mkosi", "BUILDROOT": "/"}
_PATHS = ("SCRIPT", "SRCDIR", "BUILDDIR", "DESTDIR", "OUTPUTDIR")
_MARK = b"#!"
_BINARY = b"\x7fELF"
_FIRST_LINE_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script of the user's.

    Attributes:
        name: how the user knows it, such as ``mkosi.build``.
        path: where this process finds it.
    """

    name: str
    path: Path

    @property
    def inside(self) -> str:
        """Where it finds itself when it runs in the root."""
        return f"{WORK}/{self.name}"


def find(context: Context, variable: str) -> Script | None:
    """The script that a variable names; ``None`` if there is none.

    Args:
        context: the build.
        variable: one of ``NAMES``.
    """
    path = context.variables.get(variable, "").strip()
    return Script(name=NAMES[variable], path=Path(path)) if path else None


def environment(context: Context) -> dict[str, str]:
    """The variables that the setting Environment gives to every script."""
    lines = context.variables.get("ENVIRONMENT", "").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip())
    return {name.strip(): value for name, _, value in pairs}


def run(
    context: Context,
    script: Script,
    root: Path,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    network: bool = False,
    binds: Sequence[Operation] = (),
    cwd: str = "/",
    user: User | None = None,
) -> None:
    """Run a script with a target root as its root; what it prints goes where we print to.

    Args:
        context: the build.
        script: the script, which sees itself at ``script.inside``.
        root: the root.
        arguments: what it is called with.
        env: its variables beside ``INSIDE``, those of every command and of Environment.
        network: whether it has the network.
        binds: what else it sees; ``/work`` is a directory in memory.
        cwd: its working directory.
        user: as whom it runs.

    Raises:
        LivecdError: it can't be run, or failed: with its status and where its files are.
    """
    _must_be_runnable(script, root)
    own = (Tmpfs(target=WORK), Bind(source=script.path, target=script.inside), *binds)
    variables = {
        **_own(context, script, inroot.PATH),
        **environment(context),
        **INSIDE,
        **(env or {}),
    }
    argv = (script.inside, *arguments)
    with chrootcommand.bound(chrootcommand.IN_ROOT, COMMANDS) as command:
        done = inroot.run(
            context,
            root,
            argv,
            env={**variables, **_entered(variables)},
            network=network,
            binds=(*own, command),
            cwd=cwd,
            user=user,
            shown=True,
            check=False,
        )
    if done.status != 0:
        raise _failed(script, argv, done.status, _places(root, variables, binds))


def run_on_host(
    context: Context,
    script: Script,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    binds: Sequence[Operation] = (),
) -> None:
    """Run a script beside the root, not in it; what it prints goes where we print to.

    It sees the host, read-only, and itself at ``script.inside`` in ``/work``, which
    is its working directory; it can write to ``/tmp`` and to what is bound so.

    Args:
        context: the build.
        script: the script.
        arguments: what it is called with.
        env: its variables beside those of every tool and of the setting Environment.
        binds: what else it sees.

    Raises:
        LivecdError: it can't be run, or failed: with its status and where its files are.
    """
    _must_be_runnable(script, Path("/"))
    tools = context.environment()
    variables = {**_own(context, script, tools["PATH"]), **environment(context), **(env or {})}
    argv = (script.inside, *arguments)
    own = (Tmpfs(target=WORK), Bind(source=script.path, target=script.inside))
    with chrootcommand.bound(chrootcommand.ON_HOST, COMMANDS) as command:
        seen = Sandbox(
            operations=(*hostroot.operations(), *own, command, *binds),
            cwd=WORK,
            env={**tools, **variables, **_entered(variables)},
            network=False,
        )
        done = sandbox.run(seen, argv, output=inroot.output_descriptor(), check=False)
    if done.status != 0:
        raise _failed(script, argv, done.status, _bound(variables, binds))


def _own(context: Context, script: Script, path: str) -> Mapping[str, str]:
    """By what it finds mkosi-chroot, which can run it; and which image this is (mkosi(1) of 15)."""
    version = context.variables.get("IMAGE_VERSION", "")
    which = {"IMAGE_VERSION": version} if version else {}
    project = context.variables.get("PROJECT", "")
    which |= {"IMAGE_ID": project} if project else {}
    return {"PATH": f"{path}:{COMMANDS}", "SCRIPT": script.inside, **which}


def _entered(variables: Mapping[str, str]) -> Mapping[str, str]:
    """What paths are behind mkosi-chroot: here the same as before it."""
    return {f"CHROOT_{name}": variables[name] for name in _PATHS if name in variables}


def _places(root: Path, variables: Mapping[str, str], binds: Sequence[Operation]) -> Sequence[str]:
    """Where the files are of a script that runs in a root, seen from outside."""
    return (f"its root: {root}", *_bound(variables, binds))


def _bound(variables: Mapping[str, str], binds: Sequence[Operation]) -> Sequence[str]:
    """Where the files are that a script knows by its variables, seen from outside."""
    outside = {each.target: each.source for each in binds if isinstance(each, Bind)}
    outside |= {each.target: each.lowers[-1] for each in binds if isinstance(each, Overlay)}
    return tuple(
        f"{name} ({inside}): {outside[inside]}"
        for name, inside in variables.items()
        if inside in outside
    )


def _failed(script: Script, argv: Sequence[str], status: int, places: Sequence[str]) -> LivecdError:
    """The error for a script that ended with a status other than 0."""
    return LivecdError(
        f"{script.name} {describe_status(status)}",
        why=_meaning(status),
        notes=(f"ran: {process.quote(argv)}", *places),
        remedy="see above what it printed; `--shell-on-failure` opens a shell where these are",
    )


def _meaning(status: int) -> str | None:
    """What a status means that is not the script's own."""
    if status == COMMAND_NOT_FOUND:
        return "the script was found and its interpreter, too: a command that it runs was not"
    if abs(status) % SIGNAL_BASE == signal.SIGKILL and status not in range(SIGNAL_BASE):
        return "as the kernel does when there is no memory left"
    return None


def _must_be_runnable(script: Script, root: Path) -> None:
    """Refuse a script that the kernel would, in words that tell why.

    The kernel says the same of a missing script and of a missing interpreter:
    "No such file or directory" (execve(2), ENOENT).
    """
    if not script.path.is_file():
        raise LivecdError(f"{script.name} is not there", place=str(script.path))
    if not os.access(script.path, os.X_OK):
        raise LivecdError(
            f"{script.name} is not executable",
            place=str(script.path),
            remedy=f"chmod +x {script.name}",
        )
    with script.path.open("rb") as stream:
        first = stream.read(_FIRST_LINE_BYTES).partition(b"\n")[0]
    if not first.startswith(_BINARY):
        _must_have_interpreter(script, first, root)


def _must_have_interpreter(script: Script, first: bytes, root: Path) -> None:
    words = first.removeprefix(_MARK).decode(errors="replace").split(maxsplit=1)
    if not first.startswith(_MARK) or not words:
        raise LivecdError(
            f"{script.name} does not say which program runs it",
            place=f"{script.path}:1",
            remedy="begin it with a line such as #!/bin/sh",
        )
    if first.endswith(b"\r"):
        raise LivecdError(
            f"{script.name} has lines that end as on Windows",
            place=f"{script.path}:1",
            why="the carriage return would be a part of the interpreter's name",
            remedy=f"sed -i 's/\\r$//' {script.name}",
        )
    missing = _missing_interpreter(words, root)
    if missing:
        where = "this machine" if root == Path("/") else "the root"
        raise LivecdError(
            f"{script.name} can't run: its interpreter {missing} is not in {where}",
            place=f"{script.path}:1",
            remedy="add the package that has it to Packages (or to BuildPackages, if only "
            "building needs it)",
        )


def _missing_interpreter(words: Sequence[str], root: Path) -> str | None:
    """The program of a first line that the root lacks; of ``env NAME`` that is NAME."""
    if not rooted.resolve(root, words[0]).exists():
        return words[0]
    name = words[1].split()[0] if len(words) > 1 else ""
    if Path(words[0]).name != "env" or name.startswith("-") or "=" in name or not name:
        return None
    folders = [str(rooted.resolve(root, folder)) for folder in inroot.PATH.split(":")]
    return None if shutil.which(name, path=os.pathsep.join(folders)) else name
