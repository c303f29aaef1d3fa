"""What the tests of chroot hooks share: the hooks, and a builder's traces that they remove."""

from __future__ import annotations

from tests import checkout

FOLDER = checkout.ROOT / "hooks.d/chroot"
HOOKS = sorted(path.name for path in FOLDER.iterdir())
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}

# What names a machine, and how it is in an image.
NEUTRAL = {
    "etc/machine-id": "uninitialized\n",
    "etc/hostname": "localhost\n",
    "etc/hosts": (
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
        "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
    ),
}
BUILDER = dict.fromkeys(NEUTRAL, "builder.example\n")
# What each machine makes for itself.
SECRETS = (
    "etc/.resolv.conf.systemd-resolved.bak",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/dhcp/dhclient.leases",
    "var/lib/dhcpcd/duid",
    "var/lib/NetworkManager/secret_key",
    "var/lib/cloud/instances/i-1/user-data.txt",
    "var/lib/cloud/data/instance-id",
    "etc/udev/rules.d/70-persistent-net.rules",
)
