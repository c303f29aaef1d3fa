"""The tools that image steps need: which one runs, from the host or from the tools root.

Results must not depend on what a host happens to have, so each tool states the
oldest version that does the work right. A host's tool that is missing or older
is replaced by that of the *tools root* (see ``toolsroot``): a directory with a
current stable's tools, entered by namespaces with the working directory bound in.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from livecd_rootfs import mounts, process, sandbox
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.running import HostProcess, Running
from livecd_rootfs.values import Value

MAKE_ROOT = "`livecd-rootfs tools` makes the tools root"
ROOT_PATH = "/usr/sbin:/usr/bin"
SYSTEM = frozenset({"bin", "etc", "lib", "lib64", "sbin", "usr", "var"})
_SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")

Version = tuple[int, ...]


class Tool(Value):
    """One program that a step runs.

    Attributes:
        name: what it is called on the PATH.
        package: the Debian and Ubuntu package that has it.
        minimum: the oldest version that does the work right; empty if every one does.
        because: what older ones lack.
        ask: the arguments that make it print its version.
    """

    name: str
    package: str
    minimum: Version = ()
    because: str = ""
    ask: tuple[str, ...] = ("--version",)


def _tools(
    package: str,
    names: str,
    minimum: Version = (),
    because: str = "",
    ask: tuple[str, ...] = ("--version",),
) -> tuple[Tool, ...]:
    return tuple(
        Tool(name=name, package=package, minimum=minimum, because=because, ask=ask)
        for name in names.split()
    )


# Each minimum is from the project's own release notes, except that of the
# emulators: QEMU 7.2 was seen to panic Linux 6.12 about every other boot.
_EMULATOR = (8, 0), "which can panic current kernels"

TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            *_tools(
                "e2fsprogs",
                "mke2fs e2fsck debugfs dumpe2fs resize2fs tune2fs",
                (1, 47, 1),
                "which ignores SOURCE_DATE_EPOCH",
                ("-V",),
            ),
            *_tools("mtools", "mformat mmd mcopy mdir mdel mattrib minfo"),
            *_tools("dosfstools", "mkfs.vfat fsck.vfat"),
            *_tools("fdisk", "sfdisk"),
            *_tools("gdisk", "sgdisk"),
            *_tools("util-linux", "blkid"),
            *_tools(
                "squashfs-tools",
                "mksquashfs unsquashfs",
                (4, 4),
                "which is neither reproducible nor knows zstd",
                ("-version",),
            ),
            *_tools("qemu-utils", "qemu-img qemu-io", (5, 1), "which lacks zstd"),
            *_tools("qemu-system-x86", "qemu-system-x86_64", *_EMULATOR),
            *_tools("qemu-system-arm", "qemu-system-aarch64", *_EMULATOR),
            *_tools("grub-common", "grub-mkimage"),
            *_tools("openssh-client", "ssh ssh-keygen", ask=("-V",)),
            *_tools("systemd-repart", "systemd-repart", (254,), "which can't work offline"),
            *_tools("systemd-ukify", "ukify", (257,), "which can't sign by systemd-sbsign"),
            *_tools("tar", "tar", (1, 29), "which can't clamp times"),
            *_tools("zstd", "zstd"),
            *_tools("xz-utils", "xz", (5, 4), "whose bytes depend on the number of cores"),
            *_tools("pigz", "pigz"),
            *_tools("cpio", "cpio", (2, 12), "which can't renumber inodes"),
            *_tools("cryptsetup-bin", "veritysetup"),
            *_tools("sbsigntool", "sbsign sbverify"),
            *_tools("efitools", "cert-to-efi-sig-list sign-efi-sig-list"),
        )
    }
)


class Mode(Enum):
    """Where tools come from."""

    AUTO = "auto"
    HOST = "host"
    ROOT = "root"


class Host(Value):
    """The tool of the host is used."""

    path: Path
    reason: str
    owner: str = "host"


class Root(Value):
    """The tool of the tools root is used; ``path`` is its name inside of ``directory``."""

    directory: Path
    path: Path
    reason: str
    owner: str = "tools root"


class ToolError(LivecdError):
    """A tool that can't be had: missing, too old, or in no tools root."""


class Toolbox(Value):
    """Where to find tools, and how to run them.

    Attributes:
        mode: the host's where they suffice (auto), never (root), or always (host).
        root: the tools root; ``None`` when none was made.
        any_version: a host's tool will do however old it is: it only reads.
    """

    mode: Mode = Mode.AUTO
    root: Path | None = None
    any_version: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Toolbox:
        """The toolbox that LIVECD_TOOLS (auto, host, root) and LIVECD_TOOLS_ROOT ask for.

        Raises:
            UsageError: LIVECD_TOOLS is none of these.
        """
        root = environ.get("LIVECD_TOOLS_ROOT")
        return cls(
            mode=mode_named(environ.get("LIVECD_TOOLS") or Mode.AUTO.value),
            root=Path(root) if root else None,
        )

    def environment(self) -> dict[str, str]:
        """What ``from_environment`` of another process needs to make the same toolbox."""
        root = {} if self.root is None else {"LIVECD_TOOLS_ROOT": str(self.root)}
        return {"LIVECD_TOOLS": self.mode.value, **root}

    def where(self, name: str) -> Host | Root:
        """Which program runs for a tool, and why that one.

        Raises:
            UsageError: no tool has this name.
            ToolError: it can't be had; the remedy names its package.
        """
        tool = tool_named(name)
        if self.mode is Mode.ROOT:
            return self._in_root(tool, "the tools root was asked for")
        path = find_on_host(tool.name)
        unfit = self._unfit(tool, path)
        if path is not None and unfit is None:
            return Host(path=path, reason=f"the host has {describe(tool, path)}")
        if self.mode is Mode.HOST:
            raise ToolError(
                f"the host lacks a fit '{tool.name}'",
                why=unfit,
                remedy=f"apt-get install {tool.package}, or choose `--tools auto`",
            )
        return self._in_root(tool, unfit or "")

    def needs_root(self, names: Iterable[str]) -> dict[str, str]:
        """The tools among these that only a tools root can give, each with the reason."""
        tools = [tool_named(name) for name in names]
        if self.mode is Mode.HOST:
            return {}
        if self.mode is Mode.ROOT:
            return {tool.name: "the tools root was asked for" for tool in tools}
        reasons = {tool.name: self._unfit(tool, find_on_host(tool.name)) for tool in tools}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def _unfit(self, tool: Tool, path: Path | None) -> str | None:
        return None if self.any_version and path else unfit_reason(tool, path)

    def version(self, name: str) -> Version:
        """The version of the tool that runs; empty if it prints none.

        Raises:
            ToolError: it can't be had.
        """
        answer = self.run((name, *tool_named(name).ask), cwd=Path("/"), check=False)
        return version_in(answer.stdout + answer.stderr)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        output: int | None = None,
        bind: Sequence[Path] = (),
        show: Sequence[Path] = (),
        check: bool = True,
    ) -> process.Completed:
        """Run a tool to its end.

        Args:
            argv: the tool's name and its arguments.
            env: the whole environment; ``None`` is that of this process.
            cwd: where it runs; in the tools root it sees this directory, writable.
            stdin: text for its standard input; without it, an empty one.
            output: a descriptor that gets both streams; without it they are captured.
            bind: files and directories outside ``cwd`` that it reads or writes; in
                the tools root it sees them under the same absolute names.
            show: likewise, but for reading alone.
            check: raise when the status is not 0.

        Raises:
            ToolError: the tool can't be had.
            CommandError: it failed.
        """
        words = [str(word) for word in argv]
        place = self.where(words[0])
        here = (cwd or Path.cwd()).absolute()
        if isinstance(place, Host):
            words[0] = str(place.path)
            return process.run(words, env=env, cwd=here, stdin=stdin, output=output, check=check)
        inside = enter(place.directory, env=env, cwd=here, bind=bind, show=show)
        return sandbox.run(inside, words, stdin=stdin, output=output, check=check)

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        streams: tuple[int, int, int],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        bind: Sequence[Path] = (),
        show: Sequence[Path] = (),
        shut: Sequence[int] = (),
    ) -> Running:
        """Start a tool that runs for long; it dies with this process.

        Args:
            argv: the tool's name and its arguments.
            streams: descriptors for its standard input, output and errors.
            cwd: as in ``run``.
            env: as in ``run``.
            bind: as in ``run``; devices too.
            show: as in ``run``.
            shut: as in ``sandbox.spawn``.

        Raises:
            ToolError: the tool can't be had.
        """
        words = [str(word) for word in argv]
        place = self.where(words[0])
        if isinstance(place, Host):
            words[0] = str(place.path)
            return HostProcess.start(words, streams=streams, cwd=cwd, env=env)
        here = cwd.absolute()
        inside = enter(place.directory, env=env, cwd=here, bind=bind, show=show)
        stdin, stdout, stderr = streams
        return sandbox.spawn(inside, words, stdin=stdin, stdout=stdout, stderr=stderr, shut=shut)

    def file(self, tool: str, path: str) -> tuple[Path, Path] | None:
        """A data file that lies beside a tool, such as firmware.

        Args:
            tool: the tool that reads it; the file is taken from where that runs.
            path: its absolute name in a Debian system.

        Returns:
            the name that the tool uses and the name that this process uses, or
            ``None`` if there is no such file.
        """
        place = self.where(tool)
        base = place.directory if isinstance(place, Root) else Path("/")
        inside, outside = Path(path), base / path.lstrip("/")
        return (inside, outside) if outside.is_file() else None

    def _in_root(self, tool: Tool, reason: str) -> Root:
        remedy = f"{MAKE_ROOT}; or apt-get install {tool.package}"
        if self.root is None or not self.root.is_dir():
            where = "none is known" if self.root is None else f"{self.root} does not exist"
            raise ToolError(
                f"'{tool.name}' must come from the tools root, but there is none",
                why=f"{reason}; {where}",
                remedy=remedy,
            )
        for directory in ROOT_PATH.split(":"):
            path = Path(directory, tool.name)
            if os.path.lexists(self.root / path.relative_to("/")):
                return Root(directory=self.root, path=path, reason=reason)
        raise ToolError(
            f"the tools root lacks '{tool.name}'",
            place=str(self.root),
            why=f"{reason}; the root was made without the package {tool.package}",
            remedy=remedy,
        )


def mode_named(text: str) -> Mode:
    """The mode of this name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Mode(text)
    except ValueError:
        choices = ", ".join(mode.value for mode in Mode)
        raise UsageError(f"'{text}' is no place for tools", remedy=f"one of {choices}") from None


def tool_named(name: str) -> Tool:
    """The tool of this name.

    Raises:
        UsageError: there is none; the remedy names the nearest.
    """
    if name in TOOLS:
        return TOOLS[name]
    import difflib  # noqa: PLC0415 (slow to load, and only for this)

    near = difflib.get_close_matches(name, TOOLS, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"one of {', '.join(sorted(TOOLS))}"
    raise UsageError(f"no tool is called '{name}'", remedy=remedy)


def find_on_host(name: str) -> Path | None:
    """The program on the PATH; system directories count, also where the PATH lacks them."""
    return _find(name, os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM_DIRECTORIES)))


@cache
def _find(name: str, path: str) -> Path | None:
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def unfit_reason(tool: Tool, path: Path | None) -> str | None:
    """Why the host's program won't do; ``None`` if it will."""
    if path is None:
        return f"the host has no {tool.name} (package {tool.package})"
    if not tool.minimum or host_version(tool, path) >= tool.minimum:
        return None
    minimum = ".".join(map(str, tool.minimum))
    return f"{describe(tool, path)} is older than {minimum}, {tool.because}"


def describe(tool: Tool, path: Path) -> str:
    """Name and version, as in ``mke2fs 1.47.0``; the path where no version matters."""
    if not tool.minimum:
        return str(path)
    return f"{tool.name} {'.'.join(map(str, host_version(tool, path))) or '(unknown version)'}"


@cache
def host_version(tool: Tool, path: Path) -> Version:
    """The version that the program prints, asked once; empty if it prints none."""
    answer = process.run([path, *tool.ask], check=False)
    return version_in(answer.stdout + answer.stderr)


def version_in(text: str) -> Version:
    """The first dotted number of a tool's answer to the question for its version."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def enter(
    root: Path,
    *,
    env: Mapping[str, str] | None,
    cwd: Path,
    bind: Sequence[Path] = (),
    show: Sequence[Path] = (),
) -> sandbox.Sandbox:
    """The sandbox in which a tool of the tools root runs.

    The tools root is read-only; ``cwd`` and ``bind`` are writable and ``show``
    readable under their own names; ``/tmp`` and ``/run`` are empty and private.
    """
    visible = _visible((cwd, *bind), show)
    system = tuple(part for path in sorted(root.iterdir()) for part in _system(path, visible))
    private = (
        mounts.Proc(),
        mounts.Devices(),
        mounts.Bind(source=Path("/sys"), target="/sys"),
        mounts.Tmpfs(target="/tmp", mode=0o1777),  # noqa: S108 (a private one, inside)
        mounts.Tmpfs(target="/run"),
    )
    variables = {**(os.environ if env is None else env), "PATH": ROOT_PATH}
    return sandbox.Sandbox(
        operations=(*system, *private, *visible),
        cwd=str(cwd),
        env=variables,
    )


def _system(path: Path, visible: Iterable[mounts.Bind]) -> tuple[mounts.Operation, ...]:
    """What of the tools root becomes part of the sandbox: links such as /bin, and /usr, /etc.

    No tool needs its /var, in whose place what the user has in /var can be seen.
    """
    target = f"/{path.name}"
    if target == "/var" and any(each.target.startswith("/var/") for each in visible):
        return (mounts.Tmpfs(target=target),)
    if path.is_symlink():
        return (mounts.Link(target=target, to=str(path.readlink())),)
    if path.name in SYSTEM:
        return (mounts.Bind(source=path, target=target),)
    return ()


def _visible(bind: Iterable[Path], show: Iterable[Path]) -> tuple[mounts.Bind, ...]:
    """Binds under the same names, outer directories before what lies in them."""
    writable = {path.absolute() for path in bind} - {Path("/")}
    readable = {path.absolute() for path in show} - writable
    return tuple(
        mounts.Bind(source=path, target=str(path), writable=path in writable)
        for path in sorted(writable | readable)
    )
