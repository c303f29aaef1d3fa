"""What a program needs to reach the network from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables, which every step that uses the network needs."""
    names: Iterable[str] = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")
    return {
        name: environ[name]
        for lower in names
        for name in (lower, lower.upper())
        if environ.get(name)
    }
