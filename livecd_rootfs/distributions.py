"""Distributions and their suites: names, versions, and the packages of a cloud image.

Only tables, and questions to them. The package lists follow the distributions'
own cloud images: what Debian's cloud team puts into ``genericcloud``, and what
Ubuntu's server images have beneath their metapackages; each row says its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import UsageError
from livecd_rootfs.variants import GRUB, SYSTEMD_BOOT

Version: TypeAlias = tuple[int, ...]

# The version of suites that have none yet: newer than all that have one.
ROLLING: Version = (9999,)

# Required packages and apt, no more: what else a cloud image has stands in RULES.
VARIANT = "minbase"
# Essential packages and apt: what the image pipeline begins with.
PIPELINE_VARIANT = "apt"


class Flavour(Enum):
    """Kernels that a distribution builds, by what they are for."""

    CLOUD = "cloud"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution.

    Attributes:
        name: as in ``ID`` of os-release(5).
        project: the artifacts' middle name, unless the user has another.
        components: parts of the archive that its cloud images use.
        keyring: where its archive's keys are, on any system that has ``keyring_package``.
        keyring_package: the package that brings them, on this distribution and on others.
        kernels: the package of each kernel flavour; ``{arch}`` is the architecture.
    """

    name: str
    project: str
    components: tuple[str, ...]
    keyring: str
    keyring_package: str
    kernels: tuple[tuple[Flavour, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A release of a distribution.

    Attributes:
        name: its code name, as in the archive.
        distribution: whose release it is.
        version: its number, for comparison; ``ROLLING`` when it has none yet.
    """

    name: str
    distribution: Distribution
    version: Version = ROLLING

    @property
    def components(self) -> tuple[str, ...]:
        """Parts of the archive that its cloud images use."""
        return self.distribution.components

    @property
    def bootstrap_merges_usr(self) -> bool:
        """Whether it is for the bootstrap to make the links of a merged /usr."""
        return self.distribution is DEBIAN and self.version in USR_MERGED_BY_BOOTSTRAP


DEBIAN = Distribution(
    name="debian",
    project="debian-cpc",
    components=("main",),
    keyring="/usr/share/keyrings/debian-archive-keyring.gpg",
    keyring_package="debian-archive-keyring",
    kernels=(
        (Flavour.CLOUD, "linux-image-cloud-{arch}"),
        (Flavour.GENERIC, "linux-image-{arch}"),
    ),
)
UBUNTU = Distribution(
    name="ubuntu",
    project="ubuntu-cpc",
    components=("main", "restricted", "universe", "multiverse"),
    keyring="/usr/share/keyrings/ubuntu-archive-keyring.gpg",
    keyring_package="ubuntu-keyring",
    kernels=(
        (Flavour.CLOUD, "linux-image-virtual"),
        (Flavour.GENERIC, "linux-image-generic"),
    ),
)
DISTRIBUTIONS = (DEBIAN, UBUNTU)

# Releases that are supported (distro-info-data); any other one can be built too,
# when its distribution is named.
SUITES = (
    Suite(name="bookworm", distribution=DEBIAN, version=(12,)),
    Suite(name="trixie", distribution=DEBIAN, version=(13,)),
    Suite(name="forky", distribution=DEBIAN, version=(14,)),
    Suite(name="sid", distribution=DEBIAN),
    Suite(name="jammy", distribution=UBUNTU, version=(22, 4)),
    Suite(name="noble", distribution=UBUNTU, version=(24, 4)),
    Suite(name="resolute", distribution=UBUNTU, version=(26, 4)),
)

# The first releases with the package systemd-ukify.
UKIFY_SINCE: Mapping[str, Version] = {DEBIAN.name: (13,), UBUNTU.name: (23, 10)}
# Debian's releases that keep all programs in /usr, but leave the links to them (/bin ...) to the
# bootstrap: from init-system-helpers' `usrmerge | usr-is-merged` up to links in base-files.
USR_MERGED_BY_BOOTSTRAP: tuple[Version, ...] = ((12,),)
ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What kind of image it is.

    Attributes:
        flavour: a value of ``Flavour``.
        bootloader: ``variants.GRUB`` or ``variants.SYSTEMD_BOOT``.
        cloud: whether cloud-init sets it up.
        minimized: whether it is without what only people at a prompt want.
    """

    flavour: str = Flavour.CLOUD.value
    bootloader: str = GRUB
    cloud: bool = True
    minimized: bool = False


STANDARD = Variant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Packages, and the images that have them.

    Attributes:
        packages: their names.
        distribution: only there; ``None`` is everywhere.
        since: from this version on.
        before: up to this version, and not in it.
        arch: only on this architecture; ``None`` is on every one.
        bootloader: only with this one; ``None`` is with either.
        cloud: only in images for a cloud, or only in others; ``None`` is in both.
        minimized: likewise, of minimized images.
    """

    packages: tuple[str, ...]
    distribution: Distribution | None = None
    since: Version = ()
    before: Version = (*ROLLING, 1)
    arch: str | None = None
    bootloader: str | None = None
    cloud: bool | None = None
    minimized: bool | None = None

    def applies(self, suite: Suite, arch: str, variant: Variant) -> bool:
        """Whether an image of that suite, architecture and variant has these packages."""
        return (
            self.distribution in (None, suite.distribution)
            and self.since <= suite.version < self.before
            and self.arch in (None, arch)
            and self.bootloader in (None, variant.bootloader)
            and self.cloud in (None, variant.cloud)
            and self.minimized in (None, variant.minimized)
        )


RULES = (
    # A system that boots, lets people log in, and powers off when it is told to.
    Rule(packages=("init", "systemd-sysv", "udev", "dbus", "libpam-systemd")),
    # systemd-networkd asks polkit when it sets the host name that DHCP gave.
    Rule(packages=("netplan.io", "libnss-myhostname", "polkitd", "netbase", "iproute2")),
    # Part of the package systemd before these.
    Rule(packages=("systemd-resolved",), distribution=DEBIAN, since=(12,)),
    Rule(packages=("systemd-resolved",), distribution=UBUNTU, since=(22, 10)),
    # Ubuntu changed its defaults in 25.10: chrony, and dracut.
    Rule(packages=("systemd-timesyncd", "initramfs-tools"), distribution=DEBIAN),
    Rule(packages=("systemd-timesyncd", "initramfs-tools"), distribution=UBUNTU, before=(25, 10)),
    Rule(packages=("chrony", "dracut"), distribution=UBUNTU, since=(25, 10)),
    # Compresses the initramfs.
    Rule(packages=("zstd",)),
    # growpart is in cloud-guest-utils.
    Rule(packages=("cloud-init", "cloud-guest-utils"), cloud=True),
    Rule(packages=("openssh-server", "sudo")),
    # Makes the root partition grow where no cloud-init does; part of systemd before.
    Rule(packages=("systemd-repart",), distribution=DEBIAN, since=(13,), cloud=False),
    Rule(packages=("systemd-repart",), distribution=UBUNTU, since=(25, 4), cloud=False),
    # cloud-init makes the locale that an instance asks for.
    Rule(packages=("locales",), minimized=False),
    Rule(packages=("ca-certificates",)),
    # Questions of packages at a terminal.
    Rule(packages=("apt-utils", "whiptail"), minimized=False),
    # Keeps itself secure, and its logs small; checks the EFI system partition.
    Rule(packages=("unattended-upgrades", "logrotate"), minimized=False),
    Rule(packages=("dosfstools",)),
    # For the people who log in.
    Rule(
        packages=("bash-completion", "curl", "iputils-ping", "less", "nano", "vim-tiny"),
        minimized=False,
    ),
    # What makes it an Ubuntu for its own upgrades; its kernel confines by AppArmor.
    Rule(packages=("ubuntu-minimal",), distribution=UBUNTU, minimized=False),
    Rule(packages=("apparmor",), distribution=UBUNTU),
    # One disk for BIOS, UEFI and Secure Boot. Debian has a package for just this;
    # Ubuntu's grub-pc keeps the BIOS part up to date, beside the signed GRUB.
    Rule(packages=("grub-cloud-amd64",), distribution=DEBIAN, arch="amd64", bootloader=GRUB),
    Rule(packages=("grub-pc",), distribution=UBUNTU, arch="amd64", bootloader=GRUB),
    Rule(packages=("grub-efi-amd64-signed", "shim-signed"), arch="amd64", bootloader=GRUB),
    Rule(
        packages=("grub-efi-arm64", "grub-efi-arm64-signed", "shim-signed"),
        arch="arm64",
        bootloader=GRUB,
    ),
    # The boot loader, and what makes a unified image of each kernel to come.
    Rule(packages=("systemd-boot", "systemd-boot-efi", "systemd-ukify"), bootloader=SYSTEMD_BOOT),
    # systemd-sbsign is in it.
    Rule(packages=("systemd-repart",), distribution=DEBIAN, since=(13,), bootloader=SYSTEMD_BOOT),
)


# What a root of essential packages lacks to boot.
_BOOTS = (
    Rule(packages=("systemd-sysv", "udev", "dbus")),
    Rule(packages=("initramfs-tools", "zstd"), distribution=DEBIAN),
    Rule(packages=("initramfs-tools", "zstd"), distribution=UBUNTU, before=(25, 10)),
    Rule(packages=("dracut", "zstd"), distribution=UBUNTU, since=(25, 10)),
    *(rule for rule in RULES if rule.bootloader == GRUB),
    # Part of the package systemd before these.
    Rule(
        packages=("systemd-boot", "systemd-boot-efi"),
        distribution=DEBIAN,
        since=(12,),
        bootloader=SYSTEMD_BOOT,
    ),
    Rule(
        packages=("systemd-boot", "systemd-boot-efi"),
        distribution=UBUNTU,
        since=(23, 4),
        bootloader=SYSTEMD_BOOT,
    ),
    *(
        Rule(
            packages=("systemd-ukify",),
            distribution=distribution,
            since=UKIFY_SINCE[distribution.name],
            bootloader=SYSTEMD_BOOT,
        )
        for distribution in DISTRIBUTIONS
    ),
)
_KERNELS = ("linux-image-",)


def find_suite(name: str, distribution: str | None = None) -> Suite:
    """The suite of that name.

    Args:
        name: its code name.
        distribution: whose it is; with it, suites that are not in the table are
            taken for newer than all that are.

    Raises:
        UsageError: nobody knows it, or the distribution, or they don't fit together.
    """
    known = {suite.name: suite for suite in SUITES}
    owner = None if distribution is None else _find_distribution(distribution)
    suite = known.get(name) or (Suite(name=name, distribution=owner) if owner else None)
    if suite is None:
        raise _unknown(
            "suite", name, known, "any other one needs its distribution named (--distribution)"
        )
    if owner not in (None, suite.distribution):
        raise UsageError(
            f"the suite '{name}' is one of {suite.distribution.name}, not of {distribution}",
            remedy=f"leave the distribution open, or set it to {suite.distribution.name}",
        )
    return suite


def _find_distribution(name: str) -> Distribution:
    known = {distribution.name: distribution for distribution in DISTRIBUTIONS}
    if name not in known:
        raise _unknown("distribution", name, known)
    return known[name]


def packages(suite: Suite, arch: str, variant: Variant = STANDARD) -> tuple[str, ...]:
    """What an image has installed beyond VARIANT, the kernel first.

    Args:
        suite: the release.
        arch: architecture, in the distribution's words.
        variant: what kind of image it is.

    Raises:
        UsageError: there is no such architecture or flavour, or the suite lacks the boot loader.
    """
    if arch not in ARCHITECTURES:
        raise _unknown("architecture", arch, ARCHITECTURES)
    if variant.bootloader == SYSTEMD_BOOT and suite.version < UKIFY_SINCE[suite.distribution.name]:
        raise UsageError(
            f"{suite.name} can't have systemd-boot",
            why="it has no ukify, which makes unified kernel images",
            remedy=f"--bootloader {GRUB}, or a later suite",
        )
    rules = (rule.packages for rule in RULES if rule.applies(suite, arch, variant))
    return (kernel(suite, arch, variant.flavour), *(name for names in rules for name in names))


def needed_to_boot(
    suite: Suite, arch: str, variant: Variant, chosen: Iterable[str]
) -> tuple[str, ...]:
    """What a root of essential packages needs to boot.

    Args:
        suite: the release.
        arch: architecture, in the distribution's words.
        variant: what kind of image it is.
        chosen: packages that it has anyway; a kernel among them is the only one.

    Raises:
        UsageError: there is no such architecture or flavour.
    """
    if arch not in ARCHITECTURES:
        raise _unknown("architecture", arch, ARCHITECTURES)
    has_kernel = any(name.startswith(_KERNELS) for name in chosen)
    kernels = () if has_kernel else (kernel(suite, arch, variant.flavour),)
    rules = (rule.packages for rule in _BOOTS if rule.applies(suite, arch, variant))
    return (*kernels, *(name for names in rules for name in names))


def kernel(suite: Suite, arch: str, flavour: str) -> str:
    """The kernel's package.

    Raises:
        UsageError: there is no such flavour.
    """
    known = {each.value: package for each, package in suite.distribution.kernels}
    if flavour not in known:
        raise _unknown("kernel flavour", flavour, known)
    return known[flavour].format(arch=arch)


def select(defaults: Iterable[str], words: Iterable[str]) -> tuple[str, ...]:
    """A package list as the user changes it.

    Args:
        defaults: the list.
        words: ``name`` adds a package, ``!name`` removes it, ``!*`` removes all
            that came before (the meaning of mkosi's ``Packages=``).
    """
    chosen = dict.fromkeys(defaults)
    for word in words:
        if word == "!*":
            chosen.clear()
        elif word.startswith("!"):
            chosen.pop(word[1:], None)
        else:
            chosen[word] = None
    return tuple(chosen)


def _unknown(kind: str, name: str, known: Iterable[str], remedy: str | None = None) -> UsageError:
    names = tuple(known)
    advice = did_you_mean(near(name, names)) or f"known are {', '.join(names)}"
    return UsageError(
        f"there is no {kind} '{name}' that this program knows",
        remedy=f"{advice}{' ' if advice.endswith('?') else '; '}{remedy}" if remedy else advice,
    )
