"""What is known of suites, and which packages a cloud image of each one has."""

from __future__ import annotations

import pytest

from livecd_rootfs import distributions
from livecd_rootfs.distributions import DEBIAN, ROLLING, UBUNTU, Suite, Variant, find_suite
from livecd_rootfs.errors import UsageError
from livecd_rootfs.variants import SYSTEMD_BOOT

FOUND = {
    "a release of Debian": (("trixie", None), DEBIAN, (13,)),
    "a suite without a number": (("sid", None), DEBIAN, ROLLING),
    "a release of Ubuntu": (("noble", None), UBUNTU, (24, 4)),
    "with its distribution": (("noble", "ubuntu"), UBUNTU, (24, 4)),
    "one that is not out yet": (("zesty", "ubuntu"), UBUNTU, ROLLING),
}


@pytest.mark.parametrize(("words", "distribution", "version"), FOUND.values(), ids=FOUND)
def test_suite(
    words: tuple[str, str | None], distribution: distributions.Distribution, version: tuple[int]
) -> None:
    expected = Suite(name=words[0], distribution=distribution, version=version)
    assert find_suite(*words) == expected


KNOWN = "bookworm, trixie, forky, sid, jammy, noble, resolute"
OTHERS = "any other one needs its distribution named (--distribution)"
REFUSED = {
    "a slip of the finger": (
        ("trixi", None),
        "there is no suite 'trixi' that this program knows",
        f"did you mean 'trixie'? {OTHERS}",
    ),
    "a name that is like no other": (
        ("zesty", None),
        "there is no suite 'zesty' that this program knows",
        f"known are {KNOWN}; {OTHERS}",
    ),
    "the wrong distribution": (
        ("noble", "debian"),
        "the suite 'noble' is one of ubuntu, not of debian",
        "leave the distribution open, or set it to ubuntu",
    ),
    "no distribution": (
        ("noble", "ubunto"),
        "there is no distribution 'ubunto' that this program knows",
        "did you mean 'ubuntu'?",
    ),
}


@pytest.mark.parametrize(("words", "message", "remedy"), REFUSED.values(), ids=REFUSED)
def test_refused_suite(words: tuple[str, str | None], message: str, remedy: str) -> None:
    with pytest.raises(UsageError) as failure:
        find_suite(*words)
    assert (failure.value.message, failure.value.remedy) == (message, remedy)


@pytest.mark.parametrize(
    ("arch", "flavour", "message", "remedy"),
    [
        (
            *("amd46", "cloud"),
            "there is no architecture 'amd46' that this program knows",
            "did you mean 'amd64'?",
        ),
        (
            *("amd64", "clod"),
            "there is no kernel flavour 'clod' that this program knows",
            "did you mean 'cloud'?",
        ),
    ],
    ids=["architecture", "kernel flavour"],
)
def test_refused_packages(arch: str, flavour: str, message: str, remedy: str) -> None:
    with pytest.raises(UsageError) as failure:
        distributions.packages(find_suite("trixie"), arch, Variant(flavour=flavour))
    assert (failure.value.message, failure.value.remedy) == (message, remedy)


def test_a_whole_list() -> None:
    """A change of what a Debian image has installed is seen here."""
    assert distributions.packages(find_suite("trixie"), "amd64") == (
        "linux-image-cloud-amd64",
        *("init", "systemd-sysv", "udev", "dbus", "libpam-systemd"),
        *("netplan.io", "libnss-myhostname", "polkitd", "netbase", "iproute2"),
        *("systemd-resolved", "systemd-timesyncd", "initramfs-tools", "zstd"),
        *("cloud-init", "cloud-guest-utils", "openssh-server", "sudo"),
        *("locales", "ca-certificates", "apt-utils", "whiptail"),
        *("unattended-upgrades", "logrotate", "dosfstools"),
        *("bash-completion", "curl", "iputils-ping", "less", "nano", "vim-tiny"),
        *("grub-cloud-amd64", "grub-efi-amd64-signed", "shim-signed"),
    )


PARTS = {
    "Debian's other kernel": ("trixie amd64 generic", "+linux-image-amd64"),
    "Debian's kernel for arm": ("trixie arm64 cloud", "+linux-image-cloud-arm64"),
    "Ubuntu's kernel for clouds": ("noble amd64 cloud", "+linux-image-virtual"),
    "Ubuntu's other kernel": ("noble arm64 generic", "+linux-image-generic"),
    "the resolver, a package of its own": ("noble amd64 cloud", "+systemd-resolved"),
    "the resolver, within systemd": ("jammy amd64 cloud", "-systemd-resolved"),
    "before dracut": ("noble amd64 cloud", "+initramfs-tools -dracut"),
    "since dracut": ("resolute amd64 cloud", "-initramfs-tools +dracut"),
    "Debian keeps initramfs-tools": ("sid amd64 cloud", "+initramfs-tools -dracut"),
    "BIOS and UEFI": ("jammy amd64 cloud", "+grub-pc +grub-efi-amd64-signed"),
    "UEFI alone": ("bookworm arm64 cloud", "+grub-efi-arm64-signed -grub-cloud-amd64"),
}


@pytest.mark.parametrize(("image", "parts"), PARTS.values(), ids=PARTS)
def test_part_of_a_list(image: str, parts: str) -> None:
    suite, arch, flavour = image.split()
    names = distributions.packages(find_suite(suite), arch, Variant(flavour=flavour))
    for part in parts.split():
        assert (part[1:] in names) is part.startswith("+"), part


VARIANTS = {
    "for a cloud": (Variant(), "+cloud-init +nano +grub-cloud-amd64 -systemd-repart"),
    "for no cloud": (
        Variant(cloud=False),
        "-cloud-init -cloud-guest-utils +systemd-repart +openssh-server",
    ),
    "minimized": (Variant(minimized=True), "+cloud-init -nano -curl -unattended-upgrades"),
    "systemd-boot": (
        Variant(bootloader=SYSTEMD_BOOT),
        "+systemd-boot +systemd-ukify -grub-cloud-amd64 -shim-signed",
    ),
}


@pytest.mark.parametrize(("variant", "parts"), VARIANTS.values(), ids=VARIANTS)
def test_variant(variant: Variant, parts: str) -> None:
    names = distributions.packages(find_suite("trixie"), "amd64", variant)
    for part in parts.split():
        assert (part[1:] in names) is part.startswith("+"), part


@pytest.mark.parametrize("suite", ["bookworm", "jammy"])
def test_systemd_boot_needs_a_suite_with_ukify(suite: str) -> None:
    with pytest.raises(UsageError, match=f"{suite} can't have systemd-boot"):
        distributions.packages(find_suite(suite), "amd64", Variant(bootloader=SYSTEMD_BOOT))


@pytest.mark.parametrize(
    ("suite", "by_bootstrap"),
    [("bookworm", True), ("trixie", False), ("sid", False), ("noble", False)],
)
def test_who_makes_the_links_of_a_merged_usr(suite: str, *, by_bootstrap: bool) -> None:
    assert find_suite(suite).bootstrap_merges_usr == by_bootstrap


def test_no_package_is_listed_twice() -> None:
    for suite in distributions.SUITES:
        for arch in distributions.ARCHITECTURES:
            names = distributions.packages(suite, arch)
            assert len(names) == len(set(names)), (suite.name, arch)


SELECTED = {
    "nothing asked": ((), ("a", "b")),
    "one more": (("c",), ("a", "b", "c")),
    "one that is there": (("a",), ("a", "b")),
    "one less": (("!a",), ("b",)),
    "one less that is not there": (("!z",), ("a", "b")),
    "only these": (("!*", "z"), ("z",)),
    "in order: taken out and put back": (("!a", "a"), ("b", "a")),
    "what stands before is gone": (("c", "!*"), ()),
}


@pytest.mark.parametrize(("words", "chosen"), SELECTED.values(), ids=SELECTED)
def test_selection(words: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    assert distributions.select(("a", "b"), words) == chosen
