"""The machine's id and its random seed: what the first boot makes, an image must not have."""

from __future__ import annotations

import stat

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.image import machine_id, random_seed
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("", "uninitialized\n"),
        ("uninitialized", "uninitialized\n"),
        ("empty", ""),
        (ID, f"{ID}\n"),
        ("01234567-89AB-CDEF-0123-456789ABCDEF", f"{ID}\n"),
    ],
)
def test_machine_id(new_context: NewContext, value: str, content: str) -> None:
    context = new_context(MACHINE_ID=value)
    (context.chroot / "etc/machine-id").write_text("f" * 32)
    (context.chroot / "var/lib/dbus").mkdir()
    (context.chroot / "var/lib/dbus/machine-id").write_text("f" * 32)
    said = machine_id.run(context)
    assert said == f"machine-id: {content.strip() or 'empty'}"
    path = context.chroot / "etc/machine-id"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (content, 0o444)
    assert not (context.chroot / "var/lib/dbus/machine-id").exists()


def test_the_link_of_dbus_stays(new_context: NewContext) -> None:
    context = new_context()
    (context.chroot / "var/lib/dbus").mkdir()
    link = context.chroot / "var/lib/dbus/machine-id"
    link.symlink_to("/etc/machine-id")
    machine_id.run(context)
    assert link.is_symlink()


@pytest.mark.parametrize("value", ["random", ID[:-1], f"{ID}0", "0" * 32, "g" * 32])
def test_no_machine_id(new_context: NewContext, value: str) -> None:
    context = new_context(MACHINE_ID=value)
    with pytest.raises(UsageError, match="is no machine id"):
        machine_id.run(context)
    assert not (context.chroot / "etc/machine-id").exists()


def test_random_seed(new_context: NewContext) -> None:
    context = new_context()
    assert random_seed.run(context) == "random-seed: nothing to do, there is none"
    for name in ("var/lib/systemd/random-seed", "boot/efi/loader/random-seed"):
        (context.chroot / name).parent.mkdir(parents=True)
        (context.chroot / name).write_bytes(b"\0" * 32)
    assert random_seed.run(context) == (
        "random-seed: /boot/efi/loader/random-seed, /var/lib/systemd/random-seed deleted"
    )
    assert not list(context.chroot.rglob("random-seed"))
