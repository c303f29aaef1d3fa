"""Removing packages: which ones apt is asked to purge, and what is told of the others."""

from __future__ import annotations

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import remove_packages
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import plant

pytestmark = pytest.mark.root

STATUS = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: 1\n\n"
    for name, arch in (("gcc", "amd64"), ("gcc-14", "amd64"), ("libc6", "amd64"), ("libc6", "i386"))
)
# What apt would do, from a table.
APT_GET = """\
#!/bin/sh
echo "$@" >>/calls
case "$*" in
*--simulate*autoremove*) echo 'Remv orphan [1]' ;;
*--simulate*purge*) echo 'Remv orphan [1]'; echo 'Purg gcc [1]'; echo 'Remv libgcc [1]' ;;
esac
"""


@pytest.fixture
def context(new_context: NewContext) -> Context:
    context = new_context(REMOVE_PACKAGES="gcc none")
    plant(context.chroot, {"var/lib/dpkg/status": STATUS, "usr/bin/apt-get": APT_GET})
    return context


def called(context: Context) -> str:
    return (context.chroot / "calls").read_text().splitlines()[-1]


def test_nothing_to_do(new_context: NewContext) -> None:
    told = "remove-packages: nothing to do, RemovePackages is empty"
    assert remove_packages.run(new_context()) == told


def test_what_goes_with_it(context: Context) -> None:
    told = "remove-packages: 1 purged, and 1 with it; none is not installed"
    assert remove_packages.run(context) == told
    assert called(context).endswith("purge gcc libgcc")


@pytest.mark.parametrize(
    ("words", "asked"),
    [("gcc*", "gcc gcc-14"), ("libc6:i386", "libc6:i386"), ("*:i386", "libc6:i386")],
)
def test_patterns(new_context: NewContext, words: str, asked: str) -> None:
    context = new_context(REMOVE_PACKAGES=words)
    plant(context.chroot, {"var/lib/dpkg/status": STATUS, "usr/bin/apt-get": APT_GET})
    remove_packages.run(context)
    assert f"--auto-remove purge {asked}\n" in (context.chroot / "calls").read_text()


def test_what_is_not_installed_needs_no_apt(new_context: NewContext) -> None:
    told = "remove-packages: a is not installed; b* is not installed"
    assert remove_packages.run(new_context(REMOVE_PACKAGES="a b*")) == told


def test_a_root_without_apt(context: Context) -> None:
    (context.chroot / "usr/bin/apt-get").unlink()
    with pytest.raises(LivecdError, match="the root has no apt"):
        remove_packages.run(context)


def test_apt_fails(context: Context) -> None:
    plant(context.chroot, {"usr/bin/apt-get": "#!/bin/sh\necho no locks >&2\nexit 100\n"})
    with pytest.raises(CommandError) as caught:
        remove_packages.run(context)
    assert caught.value.notes == ("| no locks",)


def test_dpkg_is_removed_last_and_from_outside(new_context: NewContext) -> None:
    """It can remove all others, and itself only by half."""
    context = new_context(REMOVE_PACKAGES="dpkg gcc")
    record = "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
    plant(
        context.chroot,
        {
            "var/lib/dpkg/status": record + STATUS,
            "var/lib/dpkg/info/dpkg.list": "/.\n/bin\n/bin/dpkg\n/etc/dpkg\n/gone\n/var/lib/dpkg\n",
            "usr/bin/apt-get": APT_GET,
            "usr/bin/dpkg": "#!/bin/sh\n",
        },
    )
    (context.chroot / "etc/dpkg").mkdir()
    assert remove_packages.run(context) == "remove-packages: 2 purged, and 1 with them"
    assert called(context).endswith("purge gcc libgcc")
    assert not (context.chroot / "usr/bin/dpkg").exists()
    assert not (context.chroot / "etc/dpkg").exists()
    assert (context.chroot / "bin").is_symlink()
    assert (context.chroot / "var/lib/dpkg/status").read_text() == STATUS
