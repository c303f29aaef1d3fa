"""Package sources beside the suite itself: proposed updates, personal archives, and mirrors.

live-build takes them from ``config/archives``: NAME.list.chroot while the root is made,
NAME.key.chroot for their keys, NAME.pref.chroot for their priority.
"""

from __future__ import annotations

import json
import re
import shlex
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from livecd_rootfs import process
from livecd_rootfs.distributions import DEBIAN, UBUNTU
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.livebuild.options import Mirrors
from livecd_rootfs.livebuild.request import Request

# Launchpad's web service and archive server (help.launchpad.net, "API" and "PPA").
_API = "https://api.launchpad.net/1.0/~{owner}/+archive/ubuntu/{name}?ws.op=getSigningKeyData"
_ADDRESS = "http://ppa.launchpadcontent.net/{owner}/{name}/ubuntu"
_ORIGIN = "LP-PPA-{owner}-{name}"
_PPA = re.compile(r"(?:ppa:)?([a-z0-9][a-z0-9.+-]*)/([a-z0-9][a-z0-9.+-]*)(?::(-?\d+))?")
SECONDS = 60

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ppa:
    """A personal package archive.

    Attributes:
        owner: who has it.
        name: which of theirs.
        priority: for apt, see apt_preferences(5); ``None`` leaves it as it is.
    """

    owner: str
    name: str
    priority: int | None

    @property
    def file(self) -> str:
        """What its files in ``config/archives`` begin with."""
        return f"ppa-{self.owner}-{self.name}"


def ppas(text: str) -> tuple[Ppa, ...]:
    """The archives that EXTRA_PPAS names, ``OWNER/NAME[:PRIORITY]`` each.

    Raises:
        UsageError: a word is none.
    """
    return tuple(map(_ppa, text.replace(",", " ").split()))


def _ppa(word: str) -> Ppa:
    match = _PPA.fullmatch(word)
    if not match:
        raise UsageError(
            f"EXTRA_PPAS has {word!r}, which is no personal archive",
            remedy="write OWNER/NAME, or OWNER/NAME:PRIORITY",
        )
    owner, name, priority = match.groups()
    return Ppa(owner=owner, name=name, priority=None if priority is None else int(priority))


def personal(request: Request, fetch: Fetch) -> Mapping[str, bytes]:
    """What goes into ``config/archives`` for the archives that EXTRA_PPAS names, by name.

    Args:
        request: what is asked for.
        fetch: gets what lies at an address.

    Raises:
        LivecdError: an archive's key can't be had, or the distribution has no such archives.
    """
    wanted = ppas(request.passed_on["EXTRA_PPAS"])
    if wanted and request.settings.text("distribution") != UBUNTU.name:
        raise UsageError(
            "EXTRA_PPAS is set, and personal archives have packages for Ubuntu alone",
            why=f"the suite is {request.settings.text('suite')}",
            remedy="unset EXTRA_PPAS",
        )
    found = {}
    for ppa in wanted:
        found.update(_files_of(ppa, request.settings.text("suite"), fetch))
    return found


def proposed(request: Request, archive: str) -> Mapping[str, bytes]:
    """Likewise for proposed updates, if they are asked for.

    Args:
        request: what is asked for.
        archive: the address of the suite's own archive.
    """
    if not request.passed_on["PROPOSED"]:
        return {}
    suite = request.settings.text("suite")
    debian = request.settings.text("distribution") == DEBIAN.name
    pocket = f"{suite}-proposed-updates" if debian else f"{suite}-proposed"
    components = " ".join(request.settings.words("components"))
    return {"proposed.list.chroot": f"deb {archive} {pocket} {components}\n".encode()}


def _files_of(ppa: Ppa, suite: str, fetch: Fetch) -> dict[str, bytes]:
    address = _ADDRESS.format(owner=ppa.owner, name=ppa.name)
    found = {
        f"{ppa.file}.list.chroot": f"deb {address} {suite} main\n".encode(),
        f"{ppa.file}.key.chroot": _key(ppa, fetch),
    }
    if ppa.priority is not None:
        origin = _ORIGIN.format(owner=ppa.owner, name=ppa.name)
        text = f"Package: *\nPin: release o={origin}\nPin-Priority: {ppa.priority}\n"
        found[f"{ppa.file}.pref.chroot"] = text.encode()
    return found


def _key(ppa: Ppa, fetch: Fetch) -> bytes:
    """The key that signs the archive, as Launchpad tells it: a text in JSON."""
    answer = fetch(_API.format(owner=ppa.owner, name=ppa.name))
    try:
        key = json.loads(answer)
    except ValueError:
        key = None
    if not (isinstance(key, str) and "BEGIN PGP PUBLIC KEY BLOCK" in key):
        raise LivecdError(f"the key of {ppa.owner}/{ppa.name} is none", why=repr(answer[:60]))
    return key.encode()


def fetched(address: str) -> bytes:
    """What lies at an address.

    Raises:
        LivecdError: nothing, or it can't be had.
    """
    try:
        # The address is one of ours above, with https.
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 (see above)
            content: bytes = answer.read()
            return content
    except (OSError, urllib.error.HTTPError) as error:
        raise LivecdError(
            "the key of a personal archive can't be had",
            place=address,
            why=str(error),
            remedy="check the archive's name, and the network; a proxy is taken from https_proxy",
        ) from error


def mirrors(request: Request, entries: Iterable[tuple[str, str]]) -> Mirrors:
    """The mirrors to make the root from.

    Debian's security updates lie elsewhere than its archive. Where the host's own apt gets
    such, this one can get them, too; live-build's own idea of the place may be out of reach.

    Args:
        request: MIRROR, if it is set, and the distribution.
        entries: address and suite of each source of the host's apt.
    """
    main = request.settings.text("mirror")
    if request.settings.text("distribution") == UBUNTU.name:
        return Mirrors(main=main, security=main, security_in_image="")
    found = next((address for address, suite in entries if suite.endswith("-security")), "")
    # A host with a mirror of its own may have another one for these, too.
    return Mirrors(main=main, security=found, security_in_image="" if main else found)


def of_host(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Address and suite of each source that the host's apt has for Debian."""
    words = ("indextargets", "--format", "$(ORIGIN) $(REPO_URI) $(RELEASE)", "Created-By: Packages")
    answer = process.run(["apt-get", *words], env=environ, check=False)
    rows = (line.split() for line in answer.stdout.splitlines())
    return tuple((row[1], row[2]) for row in rows if len(row) == 3 and row[0] == "Debian")  # noqa: PLR2004 (the three of the format)


def archive_of(bootstrap: str) -> str:
    """The archive's address, from the text of ``config/bootstrap`` that live-build has written."""
    for line in bootstrap.splitlines():
        name, _, value = line.partition("=")
        if name == "LB_MIRROR_CHROOT":
            return "".join(shlex.split(value))
    return ""
