"""Cleaning: metadata of managers that are gone, what building left, and the list of packages."""

from __future__ import annotations

import json

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.image import clean_metadata, manifest, packages
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import STATUS, plant
from tests.steps.builds import tree as facts

pytestmark = pytest.mark.root

METADATA = {
    "var/lib/dpkg/status": STATUS,
    "var/lib/apt/extended_states": "",
    "var/lib/apt/lists/archive_InRelease": "lists\n",
    "var/cache/debconf/config.dat": "answers\n",
}
PROGRAMS = {
    "usr/bin/apt-get": "#!/bin/sh\n",
    "usr/bin/dpkg": "#!/bin/sh\n",
    "usr/share/debconf/frontend": "#!/bin/sh\n",
}
LEFT = {
    "var/lib/dpkg/status-old": "old\n",
    "var/cache/debconf/config.dat-old": "old\n",
    "etc/shadow-": "old\n",
    "var/cache/apt/pkgcache.bin": "cache\n",
    "var/cache/ldconfig/aux-cache": "inodes\n",
    "var/log/dpkg.log": "log\n",
    "var/log/apt/history.log": "log\n",
    "var/log/wtmp": "log\n",
    "tmp/deep/file": "x\n",
}


def made(new_context: NewContext, choice: str, *without: str) -> Context:
    context = new_context(CLEAN_PACKAGE_METADATA=choice)
    files = {**METADATA, **PROGRAMS, **LEFT}
    return plant_all(context, {name: files[name] for name in files if name not in without})


def plant_all(context: Context, files: dict[str, str]) -> Context:
    plant(context.chroot, files)
    return context


def there(context: Context, *names: str) -> list[str]:
    return [name for name in names if (context.chroot / name).exists()]


@pytest.mark.parametrize("choice", ["", "auto"])
def test_managers_that_are_there_keep_theirs(new_context: NewContext, choice: str) -> None:
    context = made(new_context, choice)
    assert clean_metadata.run(context) == "clean-metadata: 10 files that building left removed"
    assert there(context, *METADATA) == [name for name in METADATA if "lists" not in name]


def test_what_building_left_goes_and_folders_stay(new_context: NewContext) -> None:
    context = made(new_context, "auto")
    clean_metadata.run(context)
    assert there(context, *LEFT) == ["var/log/wtmp"]
    assert (context.chroot / "var/log/wtmp").read_text() == ""
    for folder in ("var/log/apt", "var/cache/apt", "var/lib/apt/lists", "tmp"):
        assert (context.chroot / folder).is_dir()


def test_managers_that_are_gone(new_context: NewContext) -> None:
    context = made(new_context, "auto", "usr/bin/apt-get", "usr/bin/dpkg")
    said = clean_metadata.run(context)
    assert said.startswith("clean-metadata: metadata of apt, dpkg removed; ")
    assert there(context, *METADATA) == ["var/cache/debconf/config.dat"]
    assert not (context.chroot / "var/lib/dpkg").exists()


def test_all_of_them(new_context: NewContext) -> None:
    context = made(new_context, "yes")
    said = clean_metadata.run(context)
    assert said.startswith("clean-metadata: metadata of apt, dpkg, debconf removed; ")
    assert there(context, *METADATA) == []


def test_none_of_them(new_context: NewContext) -> None:
    context = made(new_context, "no", "usr/bin/dpkg")
    assert clean_metadata.run(context) == "clean-metadata: 9 files that building left removed"
    assert there(context, *METADATA) == list(METADATA)


def test_nothing_to_do(new_context: NewContext) -> None:
    context = new_context()
    plant(context.chroot, {"usr/bin/dpkg": "#!/bin/sh\n"})
    told = "clean-metadata: nothing to do, there is nothing of that kind"
    assert clean_metadata.run(context) == told


def test_what_was_installed_can_still_be_told(new_context: NewContext) -> None:
    """Manifests are made after the root has lost its list of packages."""
    context = made(new_context, "yes")
    before = packages.installed(context)
    told = manifest.as_json(context)
    clean_metadata.run(context)
    assert packages.installed(context) == before
    assert manifest.as_json(context) == told
    assert [each["name"] for each in json.loads(told)["packages"]] == [
        "bash",
        "libc6",
        "linux-image-6.12.9-amd64",
    ]


def test_no_link_leads_it_outside(new_context: NewContext) -> None:
    context = made(new_context, "yes")
    outside = plant(context.build.parent / "outside", {"precious": "x\n"})
    for name in ("var/tmp", "var/log/journal", "root/.cache", "var/cache/man"):
        (context.chroot / name).parent.mkdir(parents=True, exist_ok=True)
        (context.chroot / name).symlink_to(outside)
    (context.chroot / "tmp/link").symlink_to(outside)
    clean_metadata.run(context)
    assert (outside / "precious").exists()


def test_twice_is_as_once(new_context: NewContext) -> None:
    context = made(new_context, "auto")
    clean_metadata.run(context)
    before = facts(context.chroot)
    assert clean_metadata.run(context) == (
        "clean-metadata: nothing to do, there is nothing of that kind"
    )
    assert facts(context.chroot) == before


def test_a_wrong_choice(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="CLEAN_PACKAGE_METADATA is 'perhaps'"):
        clean_metadata.run(new_context(CLEAN_PACKAGE_METADATA="perhaps"))
