"""Names of which not everything is known."""

from __future__ import annotations

import pytest

from livecd_rootfs.lint.effects import names


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("./a//b/../c", "a/c"),
        ("${PWD}/livecd.x", "livecd.x"),
        ("/build/chroot", "chroot"),
        ("livecd.${PROJECT}.a", "${PREFIX}.a"),
        ("livecd.${PROJECT}-${SUBARCH}.a", "${PREFIX}.a"),
        ("*/../a", "*"),
        ("${PREFIX}.kernel-${FLAVOUR}", "${PREFIX}.kernel-${FLAVOUR}"),
        ("${PREFIX}.${NAME}.x", "${PREFIX}.*.x"),
        ("/builder/x", "/builder/x"),
        ("${PWD}", "."),
    ],
)
def test_normal(text: str, normal: str) -> None:
    assert names.normal(text) == normal


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("${PREFIX}.a", "livecd.ubuntu-cpc.a", True),
        ("livecd.debian-cpc.a", "livecd.ubuntu-cpc.a", True),
        ("livecd.*.a", "${PREFIX}.a", True),
        ("${PREFIX}.*", "${PREFIX}.a.b", True),
        ("${PREFIX}.*.x", "${PREFIX}.*.y", False),
        ("*", "anything/at/all", True),
        ("a*c", "ab*", True),
        ("a*c", "b*", False),
        ("**", "", True),
        ("a", "a/b", False),
    ],
)
def test_same(one: str, other: str, *, same: bool) -> None:
    assert names.same(one, other) is same
    assert names.same(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "touch"),
    [
        ("rootfs.dir", "rootfs.dir/etc/x", True),
        ("rootfs.dir", "rootfs.directory", False),
        ("binary/boot/*", "binary/boot/disk.ext4", True),
        ("binary", "binary/boot/*", True),
        (".", "anything", True),
        ("chroot", "chroot", True),
    ],
)
def test_touch(one: str, other: str, *, touch: bool) -> None:
    assert names.touch(one, other) is touch
    assert names.touch(other, one) is touch


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("livecd.ubuntu-cpc.img", "ubuntu-cpc"),
        ("livecd.img", None),
        ("${PREFIX}.img", None),
        ("x/livecd.a.b", None),
    ],
)
def test_project(text: str, project: str | None) -> None:
    assert names.project(text) == project
