"""What is found in shell hooks: each row a script, and what it does."""

from __future__ import annotations

import pytest

from livecd_rootfs.lint.effects import shell
from livecd_rootfs.lint.effects.model import Effects, Kind
from livecd_rootfs.source import Source

HELPER = 'pack() {\n    tar -czf "$2" -C "$1" .\n}\n'


def effects(script: str) -> Effects:
    helpers = {"${HOOKDIR}/lib.sh": HELPER, "${HOOKDIR}/tool": '#!/bin/sh\ntouch "$1.made"\n'}
    found = {path: Source(path, text) for path, text in helpers.items()}
    return shell.effects(Source("x.binary", script), found.get)


def written(script: str) -> list[str]:
    """What is there for certain when the script ends."""
    return [touch.name for touch in effects(script).produced]


def perhaps(script: str) -> list[str]:
    """What may be written, but need not be."""
    touches = effects(script).of(Kind.WRITE, Kind.MKDIR)
    return [touch.name for touch in touches if not touch.certain]


def read(script: str) -> list[str]:
    return list(dict.fromkeys(touch.name for touch in effects(script).of(Kind.READ)))


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ('echo x >"$PREFIX.txt"', ["${PREFIX}.txt"]),
        ("echo x >livecd.$PROJECT${SUBARCH:+-$SUBARCH}.txt", ["${PREFIX}.txt"]),
        ("echo x >./livecd.ubuntu-cpc.txt", ["livecd.ubuntu-cpc.txt"]),
        ('out=$PREFIX.a; echo x >"${out%.a}.b"', ["${PREFIX}.b"]),
        ('touch "$PWD/$PREFIX.a"', ["${PREFIX}.a"]),
        ('n=x; n=y; touch "$PREFIX.$n"', ["${PREFIX}.y"]),
        ('for n in a b; do touch "$PREFIX.$n"; done', ["${PREFIX}.a", "${PREFIX}.b"]),
        ('make() { local to=$1; touch "$to.x"; }; make "$PREFIX"', ["${PREFIX}.x"]),
        ("qemu-img convert -f raw -O vpc a.raw b.vhd", ["b.vhd"]),
        ("dd if=/dev/zero of=disk.img bs=1M count=1", ["disk.img"]),
        ("sfdisk --quiet --relocate gpt-bak-std disk.img", ["disk.img"]),
        ("tar czf x.tar.gz dir", ["x.tar.gz"]),
        ("tar --sort=name -C dir -cf - . | xz >x.tar.xz", ["x.tar.xz"]),
        ("(cd dir && tar -cf ../x.tar .)", ["x.tar"]),
        ("cp a b; mv b c", ["c"]),
        ("xz -T4 a.img", ["a.img.xz"]),
        ("gzip -k a.img", ["a.img.gz"]),
        ("cp a.img b.img; rm -f b.img", []),
        ("cp a b; trap 'rm b' EXIT", []),
        ("create_manifest chroot x.manifest", ["x.manifest", "x.filelist"]),
        ("create_vmdk disk.raw x.vmdk 2048", ["x.vmdk"]),
        ("cat <<END >x.ovf\n$PREFIX\nEND", ["x.ovf"]),
        ("cat <<END | tee x.ovf\nx\nEND", ["x.ovf"]),
        ("sh -c 'touch x'", ["x"]),
        ("env A=1 nice -n 5 touch x", ["x"]),
        ("test -d a && touch x", []),
        ("mkdir a && touch x", ["x"]),
        ('if [ "$ARCH" != amd64 ]; then exit 0; fi\ntouch x', ["x"]),
        ("exit 0\ntouch x", []),
        ("case $ARCH in amd64) n=a ;; *) exit 1 ;; esac\ntouch $n", ["a"]),
        ('. "$(dirname "$(readlink -f "$0")")/lib.sh"\npack chroot x.tgz', ["x.tgz"]),
        ('"$(dirname "$(realpath "$0")")"/tool x', ["x.made"]),
        ("chroot mountpoint touch x", []),
        ("echo x >/dev/null 2>&1", []),
        ("mksquashfs rootfs.dir x.squashfs -comp xz", ["x.squashfs"]),
        ("set -- a b; touch $2", ["b"]),
        ("touch ünï.x", ["ünï.x"]),
    ],
)
def test_what_is_written(script: str, names: list[str]) -> None:
    assert written(script) == names


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("if [ -e a ]; then touch x; fi", "x"),
        ("if [ -e a ]; then n=x; else n=y; fi; touch $n", "y"),
        ("[ -d a ] || mkdir a", "a"),
        ("touch $1 || touch x", "x"),
        ('while read -r n; do touch "$PREFIX.$n"; done <list', "${PREFIX}.*"),
        ("for f in *.raw; do touch $f.x; done", "*.raw.x"),
        ("create_derivative uefi gce; qemu-img resize $derivative_img 3G",
         "binary/boot/disk-gce-uefi.ext4"),
        ('eval "$(cat commands)"', "*"),
        (". ./unknown.sh", "*"),
        ("python3 make.py", "*"),
        ("./tools/make-it a", "*"),
        ("echo 'x", "*"),
        ("cat list | xargs cp -t out", "*"),
        ("ovftool a b.ova", "b.ova"),
    ],
)  # fmt: skip
def test_what_may_be_written(script: str, name: str) -> None:
    assert name in perhaps(script)
    assert name not in written(script)


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("cp binary/boot/disk.ext4 x", ["binary/boot/disk.ext4"]),
        ("convert_to_qcow2 a b", ["a"]),
        ("[ -f a ]", ["a"]),
        ('[ "$ARCH" = amd64 ]', []),
        ("release_ver", ["chroot/etc/os-release"]),
        ("tar -C rootfs.dir -cf x .", ["rootfs.dir"]),
        ("grep -q x <list", ["x", "list"]),
    ],
)
def test_what_is_read(script: str, names: list[str]) -> None:
    assert read(script) == names


@pytest.mark.parametrize(
    ("script", "uses"),
    [
        ('echo "$SUITE"', [("SUITE", False)]),
        ('echo "${SUITE:-sid}"', [("SUITE", True)]),
        ('[ -z "${MIRROR+x}" ] || echo "$MIRROR"', [("MIRROR", True)]),
        ('SUITE=x; echo "$SUITE"', []),
        ('echo "$SUITE"; SUITE=x', []),
        ('read -r SUITE; echo "$SUITE"', []),
        ('SUITE=x env; echo "$SUITE"', [("SUITE", False)]),
        ('for SUITE in a b; do echo "$SUITE"; done', []),
        ('f() { local SUITE; echo "$SUITE"; }; f', []),
        ("cat <<E\n$NOW\nE", [("NOW", False)]),
        ("cat <<'E'\n$NOW\nE", []),
        ("echo $PWD $# $? $1 ${BASH_SOURCE[0]}", []),
        ("echo '$SUITE'", []),
    ],
)
def test_variables_of_the_environment(script: str, uses: list[tuple[str, bool]]) -> None:
    assert [(use.name, use.guarded) for use in effects(script).uses] == uses


def test_places_count_characters() -> None:
    found = effects("# ünïcödé\necho ä >x.txt\n").of(Kind.WRITE)
    assert [touch.span.place for touch in found] == ["x.binary:2:9"]
    assert found[0].span.text == "x.txt"


def test_what_is_sourced_from_lb_config_may_set_variables() -> None:
    assert effects(". config/binary").has_config
    assert not effects(". config/functions").has_config
    assert effects(". ./other").has_config


@pytest.mark.parametrize(
    "script",
    ["", "\n", "if", "f() { f; }; f", "a=$a$a; b=$a$a", "x() { y; }; y() { x; }; x", "\x00", "${",
     "cat <<E", "for", "sh -c 'sh -c \"sh -c x\"'", "eval eval eval x", "case x in", "$(", "tar",
     "cp", "cp -t", "qemu-img", "xz", "find", "dd", "zip", "sed -i", "timeout 5", ". ", "trap x",
     "set --; shift 3; echo $1", "cd; cd -; popd; touch x", "printf -v", "a[1]=x; touch ${a[1]}",
     "xargs", "sudo", "mkdir", "create_manifest", "create_derivative", "convert_to_qcow2 x"],
)  # fmt: skip
def test_nothing_makes_it_stumble(script: str) -> None:
    assert effects(script).is_parsed


def test_a_long_script_does_not_take_long() -> None:
    script = "a=x\n" + 'if [ -e a ]; then a="$a$a"; fi\nb="$a$a"\n' * 300
    assert effects(script).is_parsed


def test_the_value_of_an_option_may_be_a_file_that_is_read() -> None:
    """As in the README's example; nothing is made by it for certain."""
    found = effects("dpkg-query --admindir=rootfs.dir/var/lib/dpkg --show")
    told = [(touch.kind, touch.name, touch.certain) for touch in found.touches]
    assert told == [(Kind.READ, "rootfs.dir/var/lib/dpkg", False)]
