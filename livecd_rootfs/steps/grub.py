"""GRUB's menu and settings for a disk of ours."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from livecd_rootfs.steps import commandline, osrelease, rooted, target
from livecd_rootfs.steps.commandline import CommandLine
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.values import Value

MENU = "boot/grub/grub.cfg"
# It is read after /etc/default/grub and before what a hook puts beside it
# under the usual names, such as 50-cloudimg-settings.cfg.
DEFAULTS = "etc/default/grub.d/10-livecd-rootfs.cfg"
# grub-cloud-amd64 installs its updates into the disk only if this is there.
CLOUD_FLAG = "etc/grub.d/enable_cloud"
_CLOUD_PACKAGE = "var/lib/dpkg/info/grub-cloud-{arch}.list"
# Minus one waits for ever.
_SECONDS = re.compile(r"-?[0-9]+")
_ASK = """
set -a
for file in /etc/default/grub /etc/default/grub.d/*.cfg; do
    if [ -e "$file" ]; then . "$file" >&2; fi
done
printf '%s\\n' "${GRUB_CMDLINE_LINUX-}" "${GRUB_CMDLINE_LINUX_DEFAULT-}" "${GRUB_TIMEOUT-}"
"""


_OTHERS_AWAY = "".join(
    f"{name}=$(printf %s \" ${name}\" | sed 's/ \\(console\\|earlyprintk\\)=[^ ]*//g; s/^ *//')\n"
    for name in ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
)
_TERMINAL = """\
if [ "$grub_platform" = pc ]; then
    if serial --unit={unit} --speed={speed}; then
        terminal_input console serial
        terminal_output console serial
    fi
fi
"""


class Settings(Value):
    """What a root's /etc/default/grub says.

    Attributes:
        command_line: the kernels' arguments after the root's.
        timeout: seconds that the menu waits.
    """

    command_line: str
    timeout: int


class Place(Value):
    """Where GRUB finds things.

    Attributes:
        label: label of the root file system.
        root_guid: the root partition's id.
        boot_label: label of the file system that has ``/boot``.
        boot: what stands for /boot in it: ``/boot``, or nothing if it is a partition.
        partition: number of that partition.
    """

    label: str
    root_guid: UUID
    boot_label: str
    boot: str
    partition: int

    @property
    def prefix(self) -> str:
        """GRUB's own directory in that file system."""
        return f"{self.boot}/grub"


def defaults(asked: CommandLine) -> str:
    """Settings for the guest's own update-grub, and for our first menu.

    A console that a package has chosen stays unless the user named another;
    an image that has none chosen speaks on the screen and on the serial port.
    """
    more = f"GRUB_CMDLINE_LINUX={_appended(shlex.quote(asked.more))}\n" if asked.more else ""
    return f"""\
# Written by livecd-rootfs; a file here with a later name overrides it.
GRUB_TIMEOUT=1
{_chosen(asked)}{more}case " $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT " in
*" console="*) ;;
*) GRUB_CMDLINE_LINUX={_appended(shlex.quote(asked.consoles))} ;;
esac
"""


def _chosen(asked: CommandLine) -> str:
    """Shell lines that take away other consoles, of the kernel and of GRUB itself."""
    if not asked.chosen:
        return ""
    port = asked.pc_port
    command = f"serial --unit={port[0]} --speed={port[1]}" if port else ""
    return (
        _OTHERS_AWAY
        + f"""\
GRUB_SERIAL_COMMAND="{command}"
GRUB_TERMINAL_OUTPUT="{"gfxterm serial" if port else "gfxterm"}"
"""
    )


def _appended(words: str) -> str:
    """A shell word: what the variable holds, and more."""
    return f'"${{GRUB_CMDLINE_LINUX:+$GRUB_CMDLINE_LINUX }}"{words}'


def configure(context: Context, root: Path, kernels: Sequence[Kernel], place: Place) -> None:
    """Write the menu and the settings into a root.

    Args:
        context: the build.
        root: the root, as it goes onto the disk.
        kernels: its kernels.
        place: where they are.
    """
    asked = commandline.of(context)
    rooted.write(root, DEFAULTS, defaults(asked))
    if rooted.resolve(root, _CLOUD_PACKAGE.format(arch=context.arch)).is_file():
        rooted.write(root, CLOUD_FLAG, "")
    title = osrelease.read(root).get("PRETTY_NAME", "Linux")
    chosen = settings(context, root)
    rooted.write(root, MENU, menu(kernels, place, chosen, title=title, port=asked.pc_port))


def settings(context: Context, root: Path) -> Settings:
    """What the files in /etc/default of a root come to, read by its own shell.

    They are shell programs that grub-mkconfig sources in this order.
    """
    return parse_settings(target.run(context, root, ["/bin/sh", "-c", _ASK]).stdout)


def parse_settings(answer: str) -> Settings:
    """The settings of three lines: arguments, default arguments, timeout."""
    always, usual, timeout, *_ = (*answer.split("\n"), "", "", "")
    seconds = int(timeout) if _SECONDS.fullmatch(timeout) else 0
    return Settings(command_line=" ".join((*always.split(), *usual.split())), timeout=seconds)


def menu(
    kernels: Sequence[Kernel],
    place: Place,
    chosen: Settings,
    *,
    title: str,
    port: tuple[int, int] | None,
) -> str:
    """The text of grub.cfg, as it is until the guest's first update-grub.

    On a PC's BIOS the serial port is a terminal of GRUB's own; a UEFI firmware
    has its console there already.

    Args:
        kernels: the entries, the default first.
        place: where they are.
        chosen: arguments and timeout.
        title: what the entries are called.
        port: number and speed of the PC's serial port, if GRUB shall speak there.
    """
    entries = "".join(_entry(kernel, place, chosen.command_line, title) for kernel in kernels)
    terminal = _TERMINAL.format(unit=port[0], speed=port[1]) if port else ""
    return f"""\
# Written by livecd-rootfs for the first boot; update-grub replaces it.
set default=0
set timeout={chosen.timeout}
{terminal}{entries}"""


def _entry(kernel: Kernel, place: Place, command_line: str, title: str) -> str:
    """One entry; a kernel without an initramfs can find its root by the partition's id only."""
    root = f"LABEL={place.label}" if kernel.initrd else f"PARTUUID={place.root_guid}"
    words = f"{place.boot}/{kernel.image} root={root} ro {command_line}".rstrip()
    initrd = f"    initrd {place.boot}/{kernel.initrd}\n" if kernel.initrd else ""
    name = f"{title}, Linux {kernel.version}".replace("'", "")
    return f"menuentry '{name}' {{\n    linux {words}\n{initrd}}}\n"


def esp_config(place: Place) -> str:
    """The grub.cfg beside GRUB on the ESP, which leads to the menu."""
    return f"""\
search --no-floppy --label {place.boot_label} --set=root
set prefix=($root){place.prefix}
configfile $prefix/grub.cfg
"""
