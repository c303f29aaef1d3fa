"""Which artifacts settings ask for: examples, and that the series file names each that can be."""

from __future__ import annotations

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.image import artifacts
from livecd_rootfs.project import read_header
from livecd_rootfs.resolve import resolve
from tests import checkout

EXAMPLES = {
    "": ".raw .spdx.json",
    "FORMAT=disk QCOW2=yes COMPRESS_OUTPUT=yes": ".qcow2 .spdx.json",
    "COMPRESS_OUTPUT=xz BMAP=yes": ".raw.xz .bmap .spdx.json",
    "FORMAT=tar": ".tar.zst .spdx.json",
    "FORMAT=tar COMPRESS_OUTPUT=no BMAP=yes SPLIT_ARTIFACTS=yes": ".tar .spdx.json",
    "FORMAT=cpio COMPRESS_OUTPUT=gzip": ".cpio.gz .spdx.json",
    "FORMAT=uki COMPRESS_OUTPUT=yes": ".efi .spdx.json",
    "FORMAT=squashfs MANIFEST_FORMAT=json,changelog": ".squashfs .manifest .changelog .spdx.json",
    "FORMAT=directory NSPAWN_SETTINGS=/x": ".nspawn .spdx.json",
    "FORMAT=tar FINALIZE_SCRIPT=/x": ".tar.zst .outputs.tar .spdx.json",
    "FORMAT=none SIGN=yes": ".spdx.json .SHA256SUMS",
    "SPLIT_ARTIFACTS=yes BOOTABLE=no": ".raw .root.raw .spdx.json",
    "SPLIT_ARTIFACTS=yes VERITY=yes COMPRESS_OUTPUT=zstd": (
        ".raw.zst .root.raw.zst .verity.raw.zst .esp.raw.zst .vmlinuz .initrd .roothash .spdx.json"
    ),
}


def variables(text: str) -> dict[str, str]:
    pairs = (word.split("=") for word in text.split())
    return {name: value.replace(",", " ") for name, value in pairs}


@pytest.mark.parametrize("asked", EXAMPLES)
def test_names(asked: str) -> None:
    found = artifacts.names(artifacts.of(variables(asked)))
    assert found == tuple(f".image{name}" for name in EXAMPLES[asked].split())
    assert set(found) <= set(artifacts.every())


@pytest.mark.parametrize("name", ["output", "final"])
def test_the_hooks_that_ask_get_the_settings(name: str) -> None:
    """A hook has no variable that its header does not name; the last one would prune the image."""
    declared = read_header(checkout.ROOT / f"hooks.d/base/{name}.binary").header.env or ()
    for asked in EXAMPLES:
        given = {key: value for key, value in variables(asked).items() if key in declared}
        assert artifacts.of(given) == artifacts.of(variables(asked))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("FORMAT=floppy", "FORMAT is 'floppy'"),
        ("COMPRESS_OUTPUT=zip", "COMPRESS_OUTPUT is 'zip'"),
        ("VERITY=yes FORMAT=squashfs", "the output is a squashfs"),
        ("VERITY=yes UNIFIED_KERNEL_IMAGES=no", "without unified kernel images"),
    ],
)
def test_what_can_not_be(asked: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        artifacts.of(variables(asked))


def test_the_series_provides_all_that_can_be_and_a_build_what_it_asks_for() -> None:
    found = resolve(("image",), HookTree(str(checkout.ROOT / "hooks.d")), prefix="livecd.x")
    provided = [each.artifact for each in found.provides]
    assert provided == [f"livecd.x{name}" for name in artifacts.every()]
    asked = artifacts.asked(found.provides, "livecd.x", {"FORMAT": "tar"})
    assert [each.artifact for each in asked] == [
        "livecd.x.image.spdx.json", "livecd.x.image.tar.zst",
    ]  # fmt: skip
    assert artifacts.asked(found.provides, "livecd.y", {}) == found.provides
