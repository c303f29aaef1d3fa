"""The bill of materials: what it says, that SPDX's own rules find no fault, and that it is fixed."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from spdx_tools.spdx.model.document import Document
from spdx_tools.spdx.parser.json import json_parser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import inventory, sbom
from livecd_rootfs.steps.dpkg import Package
from tests.steps.builds import EPOCH, made_context, plant

RELEASE = {
    "ID": "debian",
    "VERSION_ID": "13",
    "VERSION_CODENAME": "trixie",
    "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)",
}
STATUS = """\
Package: libstdc++6
Status: install ok installed
Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>
Architecture: amd64
Multi-Arch: same
Source: gcc-14 (14.2.0-19)
Version: 1:14.2.0-19+b1
Homepage: http://gcc.gnu.org/

Package: adduser
Status: install ok installed
Maintainer: Jane Doe <jane@example.org>
Architecture: all
Version: 3.152
Homepage: not a place
"""
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+
"""
ROOT = {
    "etc/os-release": "".join(f'{name}="{value}"\n' for name, value in RELEASE.items()),
    "var/lib/dpkg/status": STATUS,
    "usr/share/doc/adduser/copyright": COPYRIGHT,
}


def package(name: str = "bash", version: str = "5.2-1", **facts: str) -> Package:
    return Package(name=name, version=version, architecture="amd64", same=False, kib=0, **facts)


def identify(text: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, text)


def document_of(*packages: Package, name: str = "livecd.x.img", epoch: int = EPOCH) -> bytes:
    system = sbom.system(RELEASE, "amd64", packages, lambda _: None)
    return sbom.encoded(sbom.document(system, name, epoch=epoch, identify=identify))


def faults(document: Document) -> list[str]:
    return [message.validation_message for message in validate_full_spdx_document(document)]


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build directory with the inventories of a disk and of a qcow2 of it."""
    folder = tmp_path_factory.mktemp("sbom")
    context = made_context(folder)
    inventory.write(context, plant(folder / "root", ROOT), "")
    inventory.copy(context, ".img")
    return folder


@pytest.mark.parametrize("name", ["livecd.test.spdx.json", "livecd.test.img.spdx.json"])
def test_a_second_reader_finds_what_dpkg_has(made: Path, name: str) -> None:
    document = json_parser.parse_from_file(str(made / name))
    assert faults(document) == []
    assert document.creation_info.name == name.removesuffix(".spdx.json")
    assert {(one.name, one.version) for one in document.packages} == {
        (document.creation_info.name, "13"),
        ("adduser", "3.152"),
        ("libstdc++6", "1:14.2.0-19+b1"),
    }
    adduser = next(one for one in document.packages if one.name == "adduser")
    assert str(adduser.license_declared) == "GPL-2.0-or-later"
    assert str(adduser.supplier) == "Person: Jane Doe (jane@example.org)"
    assert adduser.homepage is None


def test_each_artifact_has_a_document_of_its_own(made: Path) -> None:
    disk, image = (
        json.loads((made / f"livecd.test{suffix}.spdx.json").read_bytes())
        for suffix in ("", ".img")
    )
    assert disk["documentNamespace"] != image["documentNamespace"]
    assert disk["relationships"] == image["relationships"]
    assert (made / "livecd.test.img.manifest").read_bytes() == (
        made / "livecd.test.manifest"
    ).read_bytes()


def test_there_is_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match=r"there is no livecd\.test\.manifest"):
        inventory.copy(made_context(tmp_path), ".img")
    assert list(tmp_path.iterdir()) == []


def test_the_same_packages_give_the_same_bytes_in_any_order() -> None:
    one, other = package("a"), package("b")
    assert document_of(one, other) == document_of(other, one)


@pytest.mark.parametrize(
    "other",
    [
        document_of(package(version="5.2-2")),
        document_of(package(), name="livecd.y.img"),
        document_of(package(), epoch=EPOCH + 1),
    ],
)
def test_another_content_has_another_namespace(other: bytes) -> None:
    first = json.loads(document_of(package()))["documentNamespace"]
    assert first.startswith("urn:uuid:")
    assert json.loads(other)["documentNamespace"] != first


def test_a_root_without_packages_has_a_document(tmp_path: Path) -> None:
    (tmp_path / "empty.spdx.json").write_bytes(document_of())
    assert faults(json_parser.parse_from_file(str(tmp_path / "empty.spdx.json"))) == []


PURLS = {
    "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=trixie": package(),
    "pkg:deb/debian/libstdc%2B%2B6@1%3A14-1%2Bb1?arch=amd64&distro=trixie"
    "&upstream=gcc-14%4014-1": package(
        "libstdc++6", "1:14-1+b1", source="gcc-14", source_version="14-1"
    ),
    "pkg:deb/debian/libc6@2.41~rc1?arch=amd64&distro=trixie&upstream=glibc%402.41~rc1": package(
        "libc6", "2.41~rc1", source="glibc"
    ),
}


@pytest.mark.parametrize("expected", PURLS)
def test_purl(expected: str) -> None:
    assert sbom.purl(PURLS[expected], RELEASE) == expected


@pytest.mark.parametrize(
    ("maintainer", "supplier"),
    [
        ("Jane Doe <jane@example.org>", "Person: Jane Doe (jane@example.org)"),
        ("Debian Go Team <go@example.org>", "Organization: Debian Go Team (go@example.org)"),
        ("Someone", "Person: Someone"),
        ("", "NOASSERTION"),
        ("<x@example.org>", "NOASSERTION"),
    ],
)
def test_supplier(maintainer: str, supplier: str) -> None:
    found = json.loads(document_of(package(maintainer=maintainer)))["packages"][1]
    assert found["supplier"] == supplier
