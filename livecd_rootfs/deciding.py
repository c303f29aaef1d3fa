"""What the user left open, decided: it follows from the suite, the machine and other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from livecd_rootfs import distributions
from livecd_rootfs.distributions import Suite
from livecd_rootfs.errors import UsageError
from livecd_rootfs.settings import Settings, host_architecture
from livecd_rootfs.settings.value import DEFAULT
from livecd_rootfs.variants import SYSTEMD_BOOT

MAIN = "main"
# What the image pipeline decides where nobody does.
_PIPELINE = {"cloud": "no", "bootloader": SYSTEMD_BOOT}
# What a computer starts.
_BOOTED = ("disk", "uki")


def decide(settings: Settings, *, pipeline: bool = False) -> Settings:
    """Fill in what the user left open.

    Args:
        settings: as they were loaded.
        pipeline: whether the image pipeline makes the image.

    Raises:
        UsageError: nobody knows the suite, and no distribution was named; or what was set
            does not fit together.
    """
    settings = replace(settings, pipeline=pipeline)
    if pipeline:
        for name, text in _PIPELINE.items():
            if not settings.is_set(name):
                settings = settings.replaced(name, text, "the image pipeline")
    settings = _named(settings)
    return _signer(_bootable(settings))


def _named(settings: Settings) -> Settings:
    suite = _suite(settings)
    follows = f"the suite {suite.name}"
    open_ones = {
        "distribution": (suite.distribution.name, follows),
        "project": _project(settings) or (suite.distribution.project, follows),
        "components": (" ".join(suite.components), follows),
        "arch": (host_architecture(), "this machine"),
    }
    for name, (text, origin) in open_ones.items():
        if not settings.text(name):
            settings = settings.replaced(name, text, origin)
    return _with_main(settings)


def _suite(settings: Settings) -> Suite:
    name = settings.text("distribution")
    try:
        return distributions.find_suite(settings.text("suite"), name or None)
    except UsageError as error:
        value = settings.values["distribution" if name else "suite"]
        error.place = value.place or (value.origin if value.origin != DEFAULT else None)
        raise


def _with_main(settings: Settings) -> Settings:
    """Others are beside main, which has what a root begins with (mkosi(1), Repositories=)."""
    words = settings.words("components")
    if MAIN in words:
        return settings
    return settings.replaced("components", " ".join((MAIN, *words)), settings.origin("components"))


def _project(settings: Settings) -> tuple[str, str] | None:
    """The name of the output, without what only says of which format it is; else the preset's."""
    name = Path(settings.text("output")).name.partition(".")[0]
    if name:
        return name, settings.origin("output")
    preset = settings.text("preset")
    return (preset, settings.origin("preset")) if preset else None


def _bootable(settings: Settings) -> Settings:
    if settings.text("bootable") != "auto":
        return settings
    found = settings.text("format") in _BOOTED
    return settings.replaced("bootable", "yes" if found else "no", "Format")


def _signer(settings: Settings) -> Settings:
    if not settings.yes("sign") or settings.text("sign_key"):
        return settings
    key = settings.text("key")
    if not key:
        raise UsageError(
            "Sign is yes, and no key is named",
            place=settings.values["sign"].where,
            remedy="set Key to the id of a GnuPG key, or SignKey=minisign:FILE",
        )
    return settings.replaced("sign_key", f"gpg:{key}", settings.origin("key"))
