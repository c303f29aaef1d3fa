"""GRUB's texts: menu, settings, and what leads to them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.steps import bootable, grub, kernels
from livecd_rootfs.steps.commandline import CommandLine
from livecd_rootfs.steps.grub import Place, Settings
from tests.steps.builds import made_context

MENU = """\
# Written by livecd-rootfs for the first boot; update-grub replaces it.
set default=0
set timeout=1
if [ "$grub_platform" = pc ]; then
    if serial --unit=0 --speed=115200; then
        terminal_input console serial
        terminal_output console serial
    fi
fi
menuentry 'Debian, Linux 6.12-a' {
    linux /boot/vmlinuz-6.12-a root=LABEL=cloudimg-rootfs ro console=ttyS0 quiet
    initrd /boot/initrd.img-6.12-a
}
menuentry 'Debian, Linux 6.1-a' {
    linux /boot/vmlinuz-6.1-a root=PARTUUID=GUID ro console=ttyS0 quiet
}
"""
NAMES = ("vmlinuz-6.1-a", "vmlinuz-6.12-a", "initrd.img-6.12-a")


def place(folder: Path, *, separate: bool = False) -> Place:
    return bootable.where(made_context(folder), separate=separate)


def menu(where: Place) -> str:
    chosen = Settings(command_line="console=ttyS0 quiet", timeout=1)
    text = grub.menu(kernels.ordered(NAMES), where, chosen, title="Debian", port=(0, 115200))
    return text.replace(str(where.root_guid), "GUID")


def test_menu(tmp_path: Path) -> None:
    assert menu(place(tmp_path)) == MENU


def test_menu_on_a_boot_partition(tmp_path: Path) -> None:
    assert menu(place(tmp_path, separate=True)) == MENU.replace(" /boot/", " /")


ESP_CONFIG = """\
search --no-floppy --label cloudimg-rootfs --set=root
set prefix=($root)/boot/grub
configfile $prefix/grub.cfg
"""
ESP_CONFIG_WITH_BOOT = """\
search --no-floppy --label BOOT --set=root
set prefix=($root)/grub
configfile $prefix/grub.cfg
"""


@pytest.mark.parametrize(("separate", "text"), [(False, ESP_CONFIG), (True, ESP_CONFIG_WITH_BOOT)])
def test_esp_config(tmp_path: Path, text: str, *, separate: bool) -> None:
    assert grub.esp_config(place(tmp_path, separate=separate)) == text


CONSOLES = "console=tty0 console=ttyS0,115200"


@pytest.mark.parametrize(
    ("more", "before", "command_line"),
    [
        ("", "", CONSOLES),
        ("", "GRUB_CMDLINE_LINUX='quiet'", f"quiet {CONSOLES}"),
        ("", "GRUB_CMDLINE_LINUX='console=hvc0'", "console=hvc0"),
        ("", "GRUB_CMDLINE_LINUX_DEFAULT='quiet console=tty1'", ""),
        ("mitigations=off", "", f"mitigations=off {CONSOLES}"),
        ("mitigations=off", "GRUB_CMDLINE_LINUX='quiet'", f"quiet mitigations=off {CONSOLES}"),
        ("console=hvc1", "", "console=hvc1"),
        ("a=\"$HOME\" `b` 'c'", "", f"a=\"$HOME\" `b` 'c' {CONSOLES}"),
    ],
)
def test_defaults_add_what_was_asked_and_a_console_where_nobody_chose_one(
    more: str, before: str, command_line: str
) -> None:
    text = grub.defaults(CommandLine(serial="ttyS0,115200", more=more))
    script = f'{before}\n{text}printf %s "$GRUB_CMDLINE_LINUX"'
    answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == command_line


@pytest.mark.parametrize(
    ("asked", "command_line", "terminal"),
    [
        (
            CommandLine(serial="ttyS1,9600", chosen=True),
            "quiet console=tty0 console=ttyS1,9600",
            "gfxterm serial,serial --unit=1 --speed=9600",
        ),
        (CommandLine(serial="", chosen=True), "quiet console=tty0", "gfxterm,"),
        (
            CommandLine(serial="", more="console=hvc0", chosen=True),
            "quiet console=hvc0",
            "gfxterm,",
        ),
    ],
)
def test_a_console_that_the_user_named_takes_the_place_of_a_package_s(
    asked: CommandLine, command_line: str, terminal: str
) -> None:
    others = "GRUB_CMDLINE_LINUX='console=ttyS0 quiet earlyprintk=ttyS0,115200'"
    show = 'printf "%s\\n" "$GRUB_CMDLINE_LINUX" "$GRUB_TERMINAL_OUTPUT,$GRUB_SERIAL_COMMAND"'
    script = f"{others}\n{grub.defaults(asked)}{show}"
    answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == [command_line, terminal]


def test_without_a_serial_port_grub_does_not_speak_there(tmp_path: Path) -> None:
    chosen = Settings(command_line="", timeout=1)
    assert "serial" not in grub.menu((), place(tmp_path), chosen, title="Debian", port=None)


@pytest.mark.parametrize(
    ("answer", "settings"),
    [
        ("console=ttyS0\nquiet  splash\n5\n", ("console=ttyS0 quiet splash", 5)),
        ("\n\n\n", ("", 0)),
        ("a\n\n-1\n", ("a", -1)),
        ("a\n\nsoon\n", ("a", 0)),
        ("", ("", 0)),
    ],
)
def test_parse_settings(answer: str, settings: tuple[str, int]) -> None:
    command_line, timeout = settings
    assert grub.parse_settings(answer) == Settings(command_line=command_line, timeout=timeout)
