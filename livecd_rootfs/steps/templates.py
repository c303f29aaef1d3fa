"""Texts that are mostly fixed, made of Jinja's templates, which lie beside the hooks."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError


def render(template: Path, *, escape: bool, **values: object) -> str:
    """What a template makes of values; a name that it uses and does not get is a fault of ours.

    Args:
        template: the file.
        escape: whether values are escaped, as in XML.
        values: by the names that it uses.

    Raises:
        LivecdError: Jinja is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 (steps without a template run where it is not installed)
    except ModuleNotFoundError as error:
        raise LivecdError(
            f"{template.name} needs Jinja, which this Python does not have",
            why=str(error),
            remedy="apt-get install python3-jinja2",
        ) from error
    environment = jinja2.Environment(
        autoescape=escape,  # noqa: S701 (what is no XML has no escapes)
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(template.read_text(encoding="utf-8")).render(values)
