"""Configuring the root: what each setting writes, what bad values and poor roots are told."""

from __future__ import annotations

import stat
from collections.abc import Mapping

import pytest

from livecd_rootfs import passwords
from livecd_rootfs.errors import LivecdError, UsageError, render
from livecd_rootfs.image import configure, firstboot
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import plant, tree

pytestmark = pytest.mark.root

HASH = passwords.hashed("secret", "seed")
SYSTEMD = {
    "usr/lib/systemd/systemd": "#!/bin/sh\n",
    "usr/lib/systemd/system/serial-getty@.service": "[Service]\n",
    "usr/lib/systemd/system/systemd-networkd.service": "[Service]\n",
}
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n",
    "etc/shadow": "root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n",
}


def text(context: Context, name: str) -> str:
    return (context.chroot / name).read_text()


def made(
    new_context: NewContext, files: Mapping[str, str] | None = None, **settings: str
) -> Context:
    context = new_context(**settings)
    plant(context.chroot, files or {})
    return context


def test_nothing_to_do(new_context: NewContext) -> None:
    """Only what a user set: a serial console of the architecture is none of that."""
    context = made(new_context, {**SYSTEMD, **ACCOUNTS})
    before = tree(context.chroot)
    assert configure.run(context) == "configure: nothing to do, no such setting is set"
    assert tree(context.chroot) == before


def test_twice_is_as_once(new_context: NewContext) -> None:
    context = made(
        new_context,
        {**SYSTEMD, **ACCOUNTS, "usr/sbin/mkinitramfs": "#!/bin/sh\n"},
        LOCALE="C.UTF-8",
        TIMEZONE="UTC",
        HOSTNAME="box",
        KEYMAP="de",
        ROOT_PASSWORD_HASH=HASH,
        ROOT_SHELL="/bin/sh",
        AUTOLOGIN="yes",
        NETDEV="yes",
        INITRD_OPTIONS="MODULES=most",
        FORMAT="cpio",
    )
    said = configure.run(context)
    assert said == (
        "configure: locale C.UTF-8, keymap de, time zone UTC, host name box, root's password, "
        "root's shell /bin/sh, autologin at ttyS0, autologin at tty1 and console, "
        "network to the host, options of the initrd, the root as an initrd"
    )
    before = contents(context)
    assert configure.run(context) == said
    assert contents(context) == before


def contents(context: Context) -> dict[str, tuple[str, ...]]:
    return {name: (*facts[:2], facts[3]) for name, facts in tree(context.chroot).items()}


def test_locale(new_context: NewContext) -> None:
    context = made(
        new_context,
        {"etc/locale.conf": "LANG=C\nLC_TIME=C\n"},
        LOCALE="C.UTF-8",
        LOCALE_MESSAGES="C",
    )
    (context.chroot / "etc/default").mkdir()
    (context.chroot / "etc/default/locale").symlink_to("../locale.conf")
    assert configure.run(context) == "configure: locale C.UTF-8, locale C"
    assert text(context, "etc/locale.conf") == "LC_TIME=C\nLANG=C.UTF-8\nLC_MESSAGES=C\n"
    assert (context.chroot / "etc/default/locale").is_symlink()


def test_a_locale_that_the_root_has(new_context: NewContext) -> None:
    script = "#!/bin/sh\necho C\necho de_DE.utf8\necho de_DE@euro\n"
    context = made(new_context, {"usr/bin/locale": script}, LOCALE="de_DE.UTF-8")
    assert configure.run(context) == "configure: locale de_DE.UTF-8"
    assert text(context, "etc/default/locale") == "LANG=de_DE.UTF-8\n"


def test_a_locale_is_made_where_the_root_can(new_context: NewContext) -> None:
    generate = "#!/bin/sh\ncat /etc/locale.gen >/asked\n"
    context = made(new_context, {"usr/sbin/locale-gen": generate}, LOCALE="fr_FR.UTF-8")
    configure.run(context)
    assert text(context, "asked") == "fr_FR.UTF-8 UTF-8\n"


def test_a_locale_that_can_not_be_made(new_context: NewContext) -> None:
    with pytest.raises(LivecdError, match="the root has no locale fr_FR") as caught:
        configure.run(made(new_context, LOCALE="fr_FR.UTF-8"))
    assert "locales" in str(caught.value.remedy)
    broken = {"usr/sbin/locale-gen": "#!/bin/sh\necho no such charmap >&2\nexit 1\n"}
    with pytest.raises(CommandError, match="locale-gen"):
        configure.run(made(new_context, broken, name="other", LOCALE="fr_FR.UTF-8"))


BAD: Mapping[str, tuple[str, str]] = {
    "LOCALE": ("../x", "Locale is '../x'"),
    "KEYMAP": ("de\nx", "Keymap is"),
    "HOSTNAME": ("two words", "Hostname is 'two words'"),
    "TIMEZONE": ("../../etc/passwd", "no time zone"),
    "ROOT_PASSWORD_HASH": ("secret", "ROOT_PASSWORD_HASH is not a hash"),
    "ROOT_SHELL": ("/bin/none", "no such program"),
    "AUTOLOGIN": ("perhaps", "AUTOLOGIN is 'perhaps'"),
    "SERIAL_CONSOLE": ("/dev/ttyS0", "is no serial port"),
    "NETDEV": ("perhaps", "NETDEV is 'perhaps'"),
}


@pytest.mark.parametrize("variable", BAD)
def test_a_value_that_is_none(new_context: NewContext, variable: str) -> None:
    value, told = BAD[variable]
    context = made(new_context, {**SYSTEMD, **ACCOUNTS}, **{variable: value})
    before = tree(context.chroot)
    with pytest.raises(LivecdError, match=told):
        configure.run(context)
    assert tree(context.chroot) == before


POOR = {
    "NETDEV": ("yes", "systemd-networkd"),
    "AUTOLOGIN": ("yes", "no systemd"),
    "SERIAL_CONSOLE": ("ttyS1", "no systemd"),
    "INITRD_OPTIONS": ("x=y", "nothing that makes an initrd"),
    "ROOT_PASSWORD_HASH": (HASH, "no account of root"),
}


@pytest.mark.parametrize("variable", POOR)
def test_what_the_root_lacks_is_told_with_a_remedy(new_context: NewContext, variable: str) -> None:
    value, told = POOR[variable]
    with pytest.raises(LivecdError, match=told) as caught:
        configure.run(made(new_context, None, **{variable: value}))
    assert "to Packages" in str(caught.value.remedy)
    assert HASH not in render(caught.value, "configure")


@pytest.mark.parametrize(
    ("name", "names"),
    [("box", "box"), ("box-1.example.org", "box-1.example.org box-1"), ("a" * 63, "a" * 63)],
)
def test_hostname(new_context: NewContext, name: str, names: str) -> None:
    before = {"etc/hosts": "127.0.0.1 localhost\n127.0.1.1 old\n"}
    context = made(new_context, before, HOSTNAME=name)
    assert configure.run(context) == f"configure: host name {name}"
    assert text(context, "etc/hostname") == f"{name}\n"
    assert text(context, "etc/hosts") == f"127.0.0.1 localhost\n127.0.1.1 {names}\n"


@pytest.mark.parametrize("name", ["a" * 64, f"{'a' * 40}.{'b' * 40}", "-box", "box.", "b_x", "b x"])
def test_no_hostname(new_context: NewContext, name: str) -> None:
    with pytest.raises(UsageError, match="Hostname is"):
        configure.run(made(new_context, HOSTNAME=name))


def test_timezone(new_context: NewContext) -> None:
    files = {"usr/share/zoneinfo/Europe/Berlin": "TZif\n", "etc/timezone": "Etc/UTC\n"}
    context = made(new_context, files, TIMEZONE="Europe/Berlin")
    (context.chroot / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
    configure.run(context)
    assert str((context.chroot / "etc/localtime").readlink()) == (
        "../usr/share/zoneinfo/Europe/Berlin"
    )
    assert text(context, "etc/timezone") == "Europe/Berlin\n"


def test_a_timezone_that_is_misspelt(new_context: NewContext) -> None:
    files = {"usr/share/zoneinfo/Europe/Berlin": "TZif\n"}
    with pytest.raises(LivecdError, match="no time zone 'Europe/Berlim'") as caught:
        configure.run(made(new_context, files, TIMEZONE="Europe/Berlim"))
    assert "Europe/Berlin" in str(caught.value.remedy)


def test_password_and_shell(new_context: NewContext) -> None:
    context = made(new_context, ACCOUNTS, ROOT_PASSWORD_HASH=HASH, ROOT_SHELL="/bin/sh")
    shadow = context.chroot / "etc/shadow"
    shadow.chmod(0o640)
    assert configure.run(context) == "configure: root's password, root's shell /bin/sh"
    assert text(context, "etc/shadow").splitlines() == [
        f"root:{HASH}:20000:0:99999:7:::",
        "daemon:*:20000:0:99999:7:::",
    ]
    assert stat.S_IMODE(shadow.stat().st_mode) == 0o640
    assert text(context, "etc/passwd").startswith("root:x:0:0:root:/root:/bin/sh\ndaemon:")
    assert sorted(path.name for path in (context.chroot / "etc").iterdir()) == ["passwd", "shadow"]


DROP_IN = "etc/systemd/system/{}.d/20-image.conf"


def test_autologin(new_context: NewContext) -> None:
    context = made(new_context, SYSTEMD, AUTOLOGIN="yes", ARCH="arm64")
    assert configure.run(context) == (
        "configure: autologin at ttyAMA0, autologin at tty1 and console"
    )
    units = ("serial-getty@ttyAMA0.service", "getty@tty1.service", "console-getty.service")
    for unit in units:
        lines = text(context, DROP_IN.format(unit)).splitlines()
        assert lines[0] == "[Service]"
        # The unit's own command is taken back.
        assert lines[-2] == "ExecStart="
        assert lines[-1].startswith("ExecStart=-/sbin/agetty --autologin root ")


def test_a_serial_console_that_was_chosen(new_context: NewContext) -> None:
    context = made(new_context, SYSTEMD, SERIAL_CONSOLE="ttyS1,57600n8")
    assert configure.run(context) == "configure: log-in at ttyS1"
    written = text(context, DROP_IN.format("serial-getty@ttyS1.service"))
    assert "agetty --keep-baud 57600,115200,38400,9600 %I" in written
    assert "autologin" not in written
    link = context.chroot / "etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service"
    assert str(link.readlink()) == "/usr/lib/systemd/system/serial-getty@.service"


def test_no_serial_console(new_context: NewContext) -> None:
    context = made(new_context, SYSTEMD, SERIAL_CONSOLE="none", AUTOLOGIN="yes")
    assert configure.run(context) == "configure: autologin at tty1 and console"


def test_the_terminal_is_not_that_of_whoever_builds(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    context = made(new_context, SYSTEMD, SERIAL_CONSOLE="ttyS0", TERM="xterm-kitty")
    configure.run(context)
    assert "TERM=vt220\n" in text(context, DROP_IN.format("serial-getty@ttyS0.service"))


def test_netdev(new_context: NewContext) -> None:
    context = made(new_context, SYSTEMD, NETDEV="yes")
    assert configure.run(context) == "configure: network to the host"
    assert "DHCP=yes" in text(context, "etc/systemd/network/80-image-host.network")
    wants = context.chroot / "etc/systemd/system/multi-user.target.wants"
    assert [path.name for path in wants.iterdir()] == ["systemd-networkd.service"]


@pytest.mark.parametrize(
    ("program", "file"),
    [
        ("usr/sbin/mkinitramfs", "etc/initramfs-tools/conf.d/20-image"),
        ("usr/bin/dracut", "etc/dracut.conf.d/20-image.conf"),
    ],
)
def test_initrd_options(new_context: NewContext, program: str, file: str) -> None:
    context = made(new_context, {program: "#!/bin/sh\n"}, INITRD_OPTIONS="one=1\n\ntwo=2\n")
    assert configure.run(context) == "configure: options of the initrd"
    assert text(context, file) == "one=1\ntwo=2\n"


def test_a_root_that_is_an_initrd(new_context: NewContext) -> None:
    context = made(new_context, SYSTEMD, FORMAT="cpio")
    assert configure.run(context) == "configure: the root as an initrd"
    release = context.chroot / "etc/initrd-release"
    assert str(release.readlink()) == "os-release"
    release.unlink()
    release.write_text("ID=mine\n")
    configure.run(context)
    assert text(context, "etc/initrd-release") == "ID=mine\n"


def test_assigned() -> None:
    assert firstboot.assigned("A=1\n# B\nB=2\n", {"B": "3"}) == "A=1\n# B\nB=3\n"
