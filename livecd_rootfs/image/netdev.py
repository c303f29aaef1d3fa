"""The network device by which systemd-nspawn and QEMU connect an image with the host."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import units
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

FILE = "etc/systemd/network/80-image-host.network"
UNIT = "systemd-networkd.service"
# In a container it is called host0 (systemd-nspawn(1), --network-veth).
_TEXT = """\
# The link to the host: addresses by DHCP, or of the link's own, and names by LLDP and mDNS.
[Match]
Type=ether
Driver=virtio_net veth

[Network]
DHCP=yes
LinkLocalAddressing=yes
LLDP=yes
EmitLLDP=customer-bridge
MulticastDNS=yes

[DHCPv4]
UseTimezone=yes
"""


def configure(context: Context) -> Iterator[str]:
    """Write it if NETDEV asks for it; gives that in words.

    Raises:
        LivecdError: the root has no systemd-networkd.
    """
    if context.choice("NETDEV", ("no", "yes")) == "no":
        return
    if not units.exists(context.chroot, UNIT):
        raise LivecdError(
            "Netdev is set, but the root has no systemd-networkd",
            remedy="add systemd to Packages, or leave out Netdev",
        )
    rooted.write(context.chroot, FILE, _TEXT)
    units.want(context.chroot, UNIT, "multi-user.target")
    yield "network to the host"
