"""What is decided where nobody does, for cloud images and for the image pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.build import base, recipes
from livecd_rootfs.build.plan import BaseKind
from livecd_rootfs.deciding import decide
from livecd_rootfs.errors import UsageError
from livecd_rootfs.layers.digests import Digests
from livecd_rootfs.layers.key import Part
from livecd_rootfs.settings import Settings

HASH = "$6$saltsalt$" + "x" * 86


def decided(
    *assignments: str, pipeline: bool = True, folder: Path = Path("/nonexistent")
) -> Settings:
    loaded, _ = settings.load({"arch": "amd64"}, {}, folder, assignments)
    return decide(loaded, pipeline=pipeline)


def packages(*assignments: str) -> list[str]:
    return sorted(base.bootstrap_request(decided(*assignments)).packages)


BOOTS = ["dbus", "initramfs-tools", "systemd-boot", "systemd-boot-efi", "systemd-sysv", "udev"]


def test_a_bootable_image_has_what_boots_and_no_more() -> None:
    kernel, ukify = "linux-image-cloud-amd64", "systemd-ukify"
    assert packages() == sorted([*BOOTS, kernel, ukify, "zstd"])
    assert packages("Release=bookworm") == sorted([*BOOTS, kernel, "zstd"])
    found = packages("Packages=vim linux-image-rt-amd64")
    assert found == sorted([*BOOTS, "linux-image-rt-amd64", ukify, "vim", "zstd"])


def test_grub_on_request() -> None:
    found = packages("Bootloader=grub")
    assert {"grub-cloud-amd64", "shim-signed"} <= set(found)
    assert "systemd-boot" not in found


@pytest.mark.parametrize("way", ["Bootable=no", "Format=tar", "Format=directory", "Format=none"])
def test_an_image_that_does_not_boot_has_only_what_is_asked_for(way: str) -> None:
    assert packages(way, "Packages=vim") == ["vim"]
    assert packages(way, "Packages=vim", "Packages=!*") == []


def test_what_logins_need() -> None:
    assert packages("Bootable=no", "Ssh=yes") == ["openssh-server"]
    assert packages("Bootable=no", f"Password=hashed:{HASH}") == ["passwd"]


def test_what_is_asked_for_is_beside_main() -> None:
    assert decided("Repositories=contrib,non-free").words("components") == (
        *("main", "contrib", "non-free"),
    )
    assert decided("Repositories=main").words("components") == ("main",)
    assert "universe" in decided("Release=noble").words("components")


def test_a_distribution_that_nobody_knows_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mkosi.conf").write_text("[Distribution]\nDistribution=fedora\nRelease=38\n")
    with pytest.raises(UsageError, match="no distribution 'fedora'") as failure:
        decided(folder=tmp_path)
    assert failure.value.place == "mkosi.conf:2:14"


def test_the_name_of_a_preset_is_the_last_one_to_be_taken(tmp_path: Path) -> None:
    (tmp_path / "mkosi.presets/base").mkdir(parents=True)
    names = {
        found: decided("Preset=base", *words, folder=tmp_path).text("project")
        for found, words in {"base": (), "out": ("Output=out",), "id": ("ImageId=id",)}.items()
    }
    assert names == {name: name for name in names}


def test_a_cloud_image_is_decided_as_ever() -> None:
    plain = decided(pipeline=False)
    assert [plain.text(name) for name in ("cloud", "bootloader")] == ["yes", "grub"]
    assert base.bootstrap_request(plain).variant == "minbase"


def test_what_a_user_sets_stands() -> None:
    mine = decided("Cloud=yes", "Bootloader=grub")
    assert [mine.text(name) for name in ("cloud", "bootloader")] == ["yes", "grub"]
    open_ones = decided()
    assert [open_ones.text(name) for name in ("cloud", "bootloader")] == ["no", "systemd-boot"]
    assert open_ones.origin("cloud") == "the image pipeline"


@pytest.mark.parametrize(
    ("words", "name"),
    [((), "debian-cpc"), (("Output=box.raw",), "box"), (("Output=a", "ImageId=b"), "b")],
)
def test_what_names_the_artifacts(words: tuple[str, ...], name: str) -> None:
    assert decided(*words).text("project") == name


def test_who_signs() -> None:
    assert decided("Sign=yes", "Key=ABC").text("sign_key") == "gpg:ABC"
    assert decided("Key=ABC").text("sign_key") == ""
    assert decided("Sign=yes", "SignKey=minisign:k").text("sign_key") == "minisign:k"
    with pytest.raises(UsageError, match="Sign is yes, and no key is named") as failure:
        decided("Sign=yes")
    assert failure.value.place == "--set Sign"


def test_skeleton_trees_come_before_packages_and_leave_no_options(tmp_path: Path) -> None:
    (tmp_path / "mkosi.skeleton").mkdir()
    request = base.bootstrap_request(decided(folder=tmp_path))
    assert request.dpkg_options == ("force-confdef", "force-confold")
    assert [hook.moment.value for hook in request.hooks] == ["setup", "customize"]
    assert base.bootstrap_request(decided(folder=tmp_path, pipeline=False)).hooks == ()


def test_a_root_with_a_skeleton_is_known_by_its_content_and_by_where_that_goes(
    tmp_path: Path,
) -> None:
    def parts(target: str) -> set[Part]:
        settings = decided(f"SkeletonTrees={tmp_path}/conf{target}")
        trees = base.skeleton_trees(settings, base.bootstrap_request(settings))
        return set(recipes.skeleton_parts(trees, Digests()))

    (tmp_path / "conf").mkdir()
    there = parts(":/etc/app")
    assert there == parts(":/etc/app")
    assert there != parts(":/etc/other")
    (tmp_path / "conf/file").touch()
    assert there != parts(":/etc/app")


def test_base_trees_are_the_beginning_unless_the_command_line_says_another(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    mine = decided(f"BaseTrees={tmp_path}/root")
    assert (base.of(None, mine).path, base.of(None, mine).origin) == (
        tmp_path / "root",
        "BaseTrees",
    )
    assert base.of("none", mine).kind is BaseKind.NONE
    assert base.of(None, decided()).kind is BaseKind.BOOTSTRAP
    with pytest.raises(UsageError, match="BaseTrees names several roots"):
        base.of(None, decided(f"BaseTrees={tmp_path},{tmp_path}/root"))


def test_a_base_that_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tar file")
    with pytest.raises(UsageError) as failure:
        base.of(None, decided(f"BaseTrees={tmp_path}/text"))
    assert "it is no tar file" in (failure.value.why or "")
    assert "BaseTrees" in failure.value.message
