"""The software bill of materials of an artifact: an SPDX 2.3 document, as JSON.

It lists the packages that dpkg has installed. Nothing in it is of the run that
made it: its time is the build's, its ids follow from what it says.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote
from uuid import UUID

from livecd_rootfs import __version__
from livecd_rootfs.steps import dpkg
from livecd_rootfs.steps.dpkg import Package
from livecd_rootfs.values import Value

NO_ASSERTION = "NOASSERTION"
DOCUMENT = "SPDXRef-DOCUMENT"
IMAGE = "SPDXRef-Image"
# Words in the names of those maintainers that are several people.
_GROUP = re.compile(r"@lists\.|\b(?:team|group|maintainers?|developers|packagers)\b", re.IGNORECASE)

Document = Mapping[str, object]
Identify = Callable[[str], UUID]


class System(Value):
    """What a root says of itself.

    Attributes:
        release: the variables of its os-release.
        architecture: its own architecture in Debian's words.
        packages: what is installed.
        licences: SPDX expressions by the names of packages, of those where it is known.
    """

    release: Mapping[str, str]
    architecture: str
    packages: tuple[Package, ...]
    licences: Mapping[str, str]


def document(system: System, name: str, *, epoch: int, identify: Identify) -> Document:
    """The SPDX document of an artifact.

    Args:
        system: what is in it.
        name: its file name.
        epoch: the build's time, seconds since 1970.
        identify: gives an id that follows from a text.
    """
    packages = sorted(system.packages, key=lambda each: dpkg.full_name(each, system.architecture))
    entries = [_package(system, each) for each in packages]
    contained = [_relation(IMAGE, "CONTAINS", str(entry["SPDXID"])) for entry in entries]
    unnamed = {
        "SPDXID": DOCUMENT,
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            "creators": [f"Tool: livecd-rootfs-{__version__}"],
        },
        "packages": [_image(system), *entries],
        "relationships": [_relation(DOCUMENT, "DESCRIBES", IMAGE), *contained],
    }
    return named(unnamed, name, identify=identify)


def named(document: Document, name: str, *, identify: Identify) -> Document:
    """The same document for another artifact that holds the same packages."""
    packages = document["packages"]
    image, *others = packages if isinstance(packages, list) else [{}]
    content = {**document, "name": name, "packages": [{**image, "name": name}, *others]}
    content.pop("documentNamespace", None)
    digest = json.dumps(content, sort_keys=True)
    return {**content, "documentNamespace": f"urn:uuid:{identify(digest)}"}


def encoded(document: Document) -> bytes:
    """The document as it is written into a file."""
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def _relation(one: str, kind: str, other: str) -> Mapping[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _image(system: System) -> Mapping[str, object]:
    """The artifact as a whole; its name is given by ``named``."""
    return {
        "SPDXID": IMAGE,
        "versionInfo": system.release.get("VERSION_ID") or system.release.get("VERSION_CODENAME"),
        "primaryPackagePurpose": "OPERATING_SYSTEM",
        "summary": system.release.get("PRETTY_NAME", ""),
        **_unknown(),
    }


def _package(system: System, package: Package) -> Mapping[str, object]:
    name = dpkg.full_name(package, system.architecture)
    return {
        "SPDXID": "SPDXRef-Package-" + name.replace("+", "plus").replace(":", "-"),
        "name": package.name,
        "versionInfo": package.version,
        **_unknown(),
        "supplier": _supplier(package.maintainer),
        "licenseDeclared": system.licences.get(package.name, NO_ASSERTION),
        "sourceInfo": f"built from {_source(package)[0]} {_source(package)[1]}",
        **({"homepage": package.homepage} if _is_url(package.homepage) else {}),
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl(package, system.release),
            }
        ],
    }


def _unknown() -> Mapping[str, object]:
    """What a package must say, where nothing is known."""
    return {
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION,
    }


def _is_url(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"]+", text) is not None


def _source(package: Package) -> tuple[str, str]:
    """Name and version of the source package."""
    return package.source or package.name, package.source_version or package.version


def _supplier(maintainer: str) -> str:
    """A maintainer as SPDX writes people and groups."""
    name, _, address = maintainer.partition("<")
    if not name.strip():
        return NO_ASSERTION
    kind = "Organization" if _GROUP.search(maintainer) else "Person"
    mail = f" ({address.strip(' >')})" if address else ""
    return f"{kind}: {name.strip()}{mail}"


def purl(package: Package, release: Mapping[str, str]) -> str:
    """The package URL: purl specification, type ``deb``.

    ``upstream`` names the source package where that is another: it is by those
    that a distribution tells of vulnerabilities.
    """
    source, version = _source(package)
    differs = (source, version) != (package.name, package.version)
    qualifiers = {
        "arch": package.architecture,
        "distro": release.get("VERSION_CODENAME", ""),
        "upstream": f"{source}@{version}" if differs else "",
    }
    told = "&".join(f"{key}={_percent(text)}" for key, text in qualifiers.items() if text)
    vendor = release.get("ID", "debian")
    return f"pkg:deb/{vendor}/{_percent(package.name)}@{_percent(package.version)}?{told}"


def _percent(text: str) -> str:
    """A part of a package URL: all but letters, digits and ``.-_~`` is percent-encoded."""
    return quote(text, safe="")


def system(
    release: Mapping[str, str],
    architecture: str,
    packages: Iterable[Package],
    licence_of: Callable[[str], str | None],
) -> System:
    """The system of these packages, each asked for its licence."""
    found = tuple(packages)
    licences = {package.name: licence_of(package.name) for package in found}
    return System(
        release=release,
        architecture=architecture,
        packages=found,
        licences={name: text for name, text in licences.items() if text},
    )
