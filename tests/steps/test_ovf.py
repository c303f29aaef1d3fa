"""The description of a machine, against what the standard demands."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import jinja2
import pytest

from livecd_rootfs import process, values
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import ovf, templates
from livecd_rootfs.steps.ovf import Disk, Hardware, Machine, System
from tests import checkout
from tests.steps.builds import made_context

TEMPLATE = checkout.ROOT / "hooks.d/base/templates" / ovf.TEMPLATE
SCHEMA = checkout.ROOT / "tests/schemas/ovf-1.rng"
OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"
RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"
MACHINE = Machine(
    name="livecd.test",
    system=System(cim=96, vmware="debian10_64Guest", title='Debian & "friends" <13>'),
    hardware=ovf.VMWARE,
    network="VM Network",
    disks=(Disk(file="livecd.test.vmdk", file_size=1234, capacity=100 << 20),),
    firmware=ovf.BIOS,
    configurable=True,
)
BOX = values.replaced(
    MACHINE,
    hardware=ovf.VIRTUALBOX,
    configurable=False,
    disks=(*MACHINE.disks, Disk(file="seed.vmdk", file_size=99, capacity=1 << 20)),
)


def valid(document: bytes, folder: Path) -> tuple[bool, str]:
    (folder / "machine.ovf").write_bytes(document)
    argv: list[str | Path] = [
        "xmllint",
        "--nonet",
        "--noout",
        "--relaxng",
        SCHEMA,
        folder / "machine.ovf",
    ]
    ended = process.run(argv, check=False)
    return ended.status == 0, ended.stderr


@pytest.mark.tools("xmllint")
@pytest.mark.parametrize("machine", [MACHINE, BOX], ids=["OVA", "box"])
def test_it_is_as_the_standard_demands(tmp_path: Path, machine: Machine) -> None:
    assert valid(ovf.render(TEMPLATE, machine), tmp_path)[0]


SPOILT = {
    "children of an item in another order": (
        b"<rasd:InstanceID>1</rasd:InstanceID>\n        <rasd:ResourceType>3</rasd:ResourceType>",
        b"<rasd:ResourceType>3</rasd:ResourceType>\n        <rasd:InstanceID>1</rasd:InstanceID>",
    ),
    "no info": (b"<Info>Virtual disks</Info>", b""),
    "a size that is none": (b'ovf:size="1234"', b'ovf:size="big"'),
    "an attribute that nobody knows": (b"ovf:capacity=", b'ovf:capacities="" ovf:capacity='),
}


@pytest.mark.tools("xmllint")
@pytest.mark.parametrize("fault", SPOILT)
def test_the_check_finds_faults(tmp_path: Path, fault: str) -> None:
    good = ovf.render(TEMPLATE, MACHINE)
    bad = good.replace(*SPOILT[fault])
    assert bad != good
    passed, said = valid(bad, tmp_path)
    assert not passed
    assert "fails to validate" in said


def items(document: bytes) -> list[dict[str, str]]:
    return [
        {child.tag.removeprefix(RASD): child.text or "" for child in item}
        for item in ET.fromstring(document).iter(f"{OVF}Item")  # noqa: S314 (our own text)
    ]


@pytest.mark.parametrize("machine", [MACHINE, BOX], ids=["OVA", "box"])
def test_references_lead_somewhere(machine: Machine) -> None:
    document = ovf.render(TEMPLATE, machine)
    root = ET.fromstring(document)  # noqa: S314 (our own text)
    files = {each.get(f"{OVF}id"): each.get(f"{OVF}href") for each in root.iter(f"{OVF}File")}
    disks = {each.get(f"{OVF}diskId"): each for each in root.iter(f"{OVF}Disk")}
    ids = [item["InstanceID"] for item in items(document)]
    assert len(set(ids)) == len(ids)
    assert {item["Parent"] for item in items(document) if "Parent" in item} <= set(ids)
    attached = [item["HostResource"] for item in items(document) if "HostResource" in item]
    assert attached == [f"ovf:/disk/{name}" for name in disks]
    assert [files[disk.get(f"{OVF}fileRef")] for disk in disks.values()] == [
        disk.file for disk in machine.disks
    ]


@pytest.mark.parametrize(
    ("hardware", "kinds"),
    [
        (ovf.VMWARE, {("6", "VirtualSCSI"), ("10", "VmxNet3")}),
        (ovf.VIRTUALBOX, {("20", "AHCI"), ("10", "E1000")}),
    ],
)
def test_devices(hardware: Hardware, kinds: set[tuple[str, str]]) -> None:
    found = items(ovf.render(TEMPLATE, values.replaced(MACHINE, hardware=hardware)))
    assert {
        (item["ResourceType"], item["ResourceSubType"])
        for item in found
        if "ResourceSubType" in item
    } == kinds


@pytest.mark.parametrize(
    ("variables", "firmware"),
    [
        ({"ARCH": "amd64"}, "bios"),
        ({"ARCH": "arm64"}, "efi"),
        ({"ARCH": "amd64", "BOOTLOADER": "systemd-boot"}, "efi"),
    ],
)
def test_firmware(tmp_path: Path, variables: dict[str, str], firmware: str) -> None:
    assert ovf.firmware(made_context(tmp_path, None, **variables)) == firmware
    document = ovf.render(TEMPLATE, values.replaced(MACHINE, firmware=firmware))
    assert f'vmw:key="firmware" vmw:value="{firmware}"'.encode() in document


def test_values_are_escaped() -> None:
    document = ovf.render(TEMPLATE, MACHINE)
    assert b"Debian &amp; &#34;friends&#34; &lt;13&gt;" in document


def test_a_name_that_is_not_given_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "x.jinja").write_text("{{ machine.nothing }}")
    with pytest.raises(jinja2.UndefinedError):
        templates.render(tmp_path / "x.jinja", escape=True, machine=MACHINE)


def test_without_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(LivecdError, match="needs Jinja") as caught:
        ovf.render(TEMPLATE, MACHINE)
    assert caught.value.remedy == "apt-get install python3-jinja2"
