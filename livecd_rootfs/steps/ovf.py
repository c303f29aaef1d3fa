"""The OVF description of a machine: the values, and the text that a template makes of them."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.steps import layout, osrelease, templates
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value
from livecd_rootfs.variants import GRUB

TEMPLATE = "machine.ovf.jinja"
BIOS, EFI = "bios", "efi"


class System(Value):
    """A guest's system.

    Attributes:
        cim: its number in DMTF's CIM_OperatingSystem, ``OSType``; VirtualBox goes by it.
        vmware: what vSphere calls it.
        title: for people.
    """

    cim: int
    vmware: str
    title: str


class Hardware(Value):
    """The devices of a kind of hypervisor.

    Attributes:
        family: which virtual hardware it is.
        controller: of the disks.
        controller_type: its number in CIM_ResourceAllocationSettingData.
        card: of the network.
    """

    family: str
    controller: str
    controller_type: int
    card: str


# Hardware 13 is that of ESXi 6.5, the oldest to know a manifest by SHA-256. VirtualBox
# takes the controller for its LSI one, and the card for the system's usual one.
VMWARE = Hardware(family="vmx-13", controller="VirtualSCSI", controller_type=6, card="VmxNet3")
VIRTUALBOX = Hardware(family="virtualbox-2.2", controller="AHCI", controller_type=20, card="E1000")
_SYSTEMS = {"debian": (96, "debian10_64Guest"), "ubuntu": (94, "ubuntu64Guest")}
_ANY_LINUX = (101, "other3xLinux64Guest")


class Disk(Value):
    """A disk: the name and the size of its file, and what it holds, in bytes."""

    file: str
    file_size: int
    capacity: int


class Machine(Value):
    """A machine.

    Attributes:
        name: it has no spaces.
        system: what runs on it.
        hardware: its devices.
        network: what its card is connected to, by a name that importers show.
        disks: the first one boots.
        firmware: ``bios`` or ``efi``; VMware goes by it.
        configurable: whether importers ask for what cloud-init is to know.
        processors: how many.
        memory: MiB.
    """

    name: str
    system: System
    hardware: Hardware
    network: str
    disks: tuple[Disk, ...]
    firmware: str
    configurable: bool
    processors: int = 2
    memory: int = 1024


def system(context: Context) -> System:
    """The system of a build's root."""
    found = osrelease.read(context.chroot)
    cim, vmware = _SYSTEMS.get(found.get("ID", ""), _ANY_LINUX)
    return System(cim=cim, vmware=vmware, title=found.get("PRETTY_NAME", "Linux"))


def firmware(context: Context) -> str:
    """What starts a build's disk: a BIOS, unless there is none, or no boot loader for one."""
    has_bios = context.arch in layout.BIOS_ARCHITECTURES and context.bootloader == GRUB
    return BIOS if has_bios else EFI


def render(template: Path, machine: Machine) -> bytes:
    """The description as XML; the template calls the machine ``machine``.

    Raises:
        LivecdError: Jinja is not installed.
    """
    return templates.render(template, escape=True, machine=machine).encode()
