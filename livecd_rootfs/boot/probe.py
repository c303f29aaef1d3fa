"""A boot sector that finds out whether KVM runs guests, and not only claims to.

Some machines have a ``/dev/kvm`` that lets a virtual machine be made, and then
interprets the guest's instructions in the host's kernel one by one, very slowly,
and only those few that the interpreter knows; firmware and kernels die under it.
So the sector enters 64-bit mode, counts down from fifty million (a processor
needs 0.02 s, an interpreter minutes), adds with an SSE2 instruction, which every
64-bit processor has and KVM's interpreter lacks, and writes the sum to QEMU's
isa-debug-exit device. QEMU then ends with EXIT_STATUS; any other end says no.
"""

from __future__ import annotations

DEBUG_PORT = 0xF4
RESULT = 0x21
# isa-debug-exit makes QEMU end with twice the written value, plus one.
EXIT_STATUS = RESULT << 1 | 1
SECONDS = 5.0
BUSY_SECONDS = 60.0
SECTOR_SIZE = 512

# Machine code, and the assembly (AT&T syntax) that it comes from. The sector is
# loaded at 0x7c00; page tables are made at 0x1000, 0x2000 and 0x3000.
LISTING = (
    ("fa", "cli"),
    ("31c0", "xorw %ax, %ax"),
    ("8ed8", "movw %ax, %ds"),
    ("8ec0", "movw %ax, %es"),
    ("8ed0", "movw %ax, %ss"),
    ("bc007c", "movw $0x7c00, %sp"),
    ("bf0010", "movw $0x1000, %di"),
    ("b90030", "movw $0x3000, %cx"),
    ("fc", "cld"),
    ("f3aa", "rep stosb"),
    ("c70600100320", "movw $0x2003, 0x1000"),
    ("c70600200330", "movw $0x3003, 0x2000"),
    ("c70600308300", "movw $0x0083, 0x3000"),
    ("66b800100000", "movl $0x1000, %eax"),
    ("0f22d8", "movl %eax, %cr3"),
    ("66b820060000", "movl $0x620, %eax"),
    ("0f22e0", "movl %eax, %cr4"),
    ("66b9800000c0", "movl $0xc0000080, %ecx"),
    ("0f32", "rdmsr"),
    ("0d0001", "orw $0x100, %ax"),
    ("0f30", "wrmsr"),
    ("660f0116987c", "lgdtl 0x7c98"),
    ("66b811000080", "movl $0x80000011, %eax"),
    ("0f22c0", "movl %eax, %cr0"),
    ("ea5a7c0800", "ljmpw $8, $0x7c5a"),
    ("b810000000", ".code64; movl $16, %eax"),
    ("8ed0", "movl %eax, %ss"),
    ("b980f0fa02", "movl $50000000, %ecx"),
    ("ffc9", "1: decl %ecx"),
    ("75fc", "jnz 1b"),
    ("b810000000", "movl $0x10, %eax"),
    ("660f6ec0", "movd %eax, %xmm0"),
    ("660ffec0", "paddd %xmm0, %xmm0"),
    ("660f7ec0", "movd %xmm0, %eax"),
    ("ffc0", "incl %eax"),
    ("e7f4", "outl %eax, $0xf4"),
    ("f4", "hlt"),
    ("0000000000000000", ".quad 0"),
    ("00000000009a2000", ".quad 0x00209a0000000000"),
    ("0000000000920000", ".quad 0x0000920000000000"),
    ("1700", ".word 23"),
    ("807c0000", ".long 0x7c80"),
)


def sector() -> bytes:
    """The 512 bytes of the boot sector."""
    code = bytes.fromhex("".join(machine for machine, _ in LISTING))
    return code.ljust(SECTOR_SIZE - 2, b"\0") + b"\x55\xaa"
