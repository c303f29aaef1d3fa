"""apt in a target root: from the build's mirror, where it has one, and not from the root's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs.image import inroot
from livecd_rootfs.mounts import Bind
from livecd_rootfs.steps import overlay, rooted
from livecd_rootfs.steps.context import Context

FOLDER = "/run/livecd-apt"
OPTIONS = (
    *("-o", "APT::Install-Recommends=false"),
    # Nobody needs what a failed step leaves, so nothing must reach the disk meanwhile.
    *("-o", "Dpkg::Options::=--force-unsafe-io"),
    *("-o", "APT::Keep-Downloaded-Packages=false"),
)
# The initramfs is made at the end, by the step that sees to kernels (update-initramfs(8)).
ENVIRONMENT = {"INITRD": "No"}
_COMPONENTS = re.compile(r"^Components: *(.+)$", re.MULTILINE)
_ID = re.compile(r"^ID=\"?([a-z0-9.-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a command in the root needs so that apt takes packages from the build's mirror."""

    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()


@contextmanager
def access(context: Context, root: Path) -> Iterator[Access]:
    """Sources for apt: MIRROR and SUITE; without MIRROR those that the root has.

    Args:
        context: the build.
        root: the target root, whose components and keyring are taken.
    """
    mirror = context.variables.get("MIRROR", "")
    if not mirror:
        yield Access()
        return
    with overlay.scratch(context) as scratch:
        scratch.chmod(0o755)  # for apt's own user
        sources = f"{FOLDER}/sources.list"
        (scratch / "sources.list").write_text(line(root, mirror, context.variables["SUITE"]))
        (scratch / "apt.conf").write_text(
            f'Dir::Etc::SourceList "{sources}";\nDir::Etc::SourceParts "/dev/null";\n'
        )
        bind = Bind(source=scratch, target=FOLDER)
        yield Access(env={"APT_CONFIG": f"{FOLDER}/apt.conf"}, binds=(bind,))


def line(root: Path, mirror: str, suite: str) -> str:
    """The line of sources.list(5) for a mirror."""
    distribution = _first(_ID, rooted.text(root, "etc/os-release"), "debian")
    keyring = f"/usr/share/keyrings/{distribution}-archive-keyring.gpg"
    signed = f"[signed-by={keyring}] " if rooted.resolve(root, keyring).is_file() else ""
    return f"deb {signed}{mirror} {suite} {_components(root)}\n"


def _components(root: Path) -> str:
    folder = rooted.resolve(root, "etc/apt/sources.list.d")
    texts = (path.read_text(errors="replace") for path in sorted(folder.glob("*.sources")))
    found = (_first(_COMPONENTS, text, "") for text in texts)
    return next(filter(None, found), "main")


def _first(pattern: re.Pattern[str], text: str, default: str) -> str:
    match = pattern.search(text)
    return match.group(1) if match else default


def install(context: Context, root: Path, packages: Sequence[str]) -> None:
    """Install packages, with what they need and without what they only recommend.

    Raises:
        CommandError: apt failed; what it printed goes where we print to.
    """
    with access(context, root) as given:
        for words in (("update",), ("install", "--", *packages)):
            argv = ("apt-get", "--quiet", "--yes", *OPTIONS, *words)
            env = {**given.env, **ENVIRONMENT}
            inroot.run(context, root, argv, env=env, network=True, binds=given.binds, shown=True)
