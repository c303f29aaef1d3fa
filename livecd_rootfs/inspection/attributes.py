"""Extended attributes of files: which of them count, and how they are shown."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import groupby

CAPABILITY = "security.capability"
# Inside of it each format keeps ACLs in a form of its own.
_NOT_COMPARED = "system."
# include/uapi/linux/capability.h: a word of revision and flag, then permitted and
# inheritable bits, 32 of each (revision 1) or twice 32 of each; revision 3 has a user behind.
_FORMS = {0x01000000: "<3I", 0x02000000: "<5I", 0x03000000: "<6I"}
_REVISION, _EFFECTIVE = 0xFF000000, 1
_WORD = 32
_NAMES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid"),
    *("setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw"),
    *("ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct"),
    *("sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod"),
    *("lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog"),
    *("wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"),
)


def counts(name: str) -> bool:
    """Whether an attribute is content: ACLs are not told, nor what a file system keeps there."""
    return not name.startswith(_NOT_COMPARED)


def shown(attributes: Mapping[str, bytes]) -> str:
    """Attributes in one line, as in ``security.capability=cap_net_raw=ep user.note=mine``."""
    return " ".join(f"{name}={_value(name, attributes[name])}" for name in sorted(attributes))


def _value(name: str, value: bytes) -> str:
    told = capabilities(value) if name == CAPABILITY else None
    if told is not None:
        return told
    text = value.decode(errors="replace")
    plain = text.isprintable() and text.encode() == value
    return text if plain else f"0x{value.hex()}"


def capabilities(value: bytes) -> str | None:
    """Capabilities as cap_to_text(3) writes them; ``None`` if it is none of the known forms."""
    form = _FORMS.get(int.from_bytes(value[:4], "little") & _REVISION)
    if form is None or len(value) != struct.calcsize(form):
        return None
    magic, *words = struct.unpack(form, value)
    count = len(words) // 2
    bits = {
        flag: sum(words[2 * number + place] << (_WORD * number) for number in range(count))
        for place, flag in enumerate("pi")
    }
    user = f" [rootid={words[-1]}]" if len(words) > 2 * count else ""
    return _clauses(bits, "e" if magic & _EFFECTIVE else "") + user


def _clauses(bits: Mapping[str, int], effective: str) -> str:
    flags = {
        number: effective + "".join(flag for flag in "ip" if bits[flag] >> number & 1)
        for number in range(2 * _WORD)
        if (bits["p"] | bits["i"]) >> number & 1
    }
    grouped = groupby(sorted(flags, key=lambda number: (flags[number], number)), flags.__getitem__)
    return " ".join(f"{','.join(map(_name, numbers))}={flag}" for flag, numbers in grouped) or "="


def _name(number: int) -> str:
    return f"cap_{_NAMES[number]}" if number < len(_NAMES) else str(number)
