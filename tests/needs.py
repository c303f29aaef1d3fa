"""What a test needs of the machine: run it where that is there, say loudly where it is not.

The markers ``root``, ``network``, ``boot`` and ``tools(NAME, ...)`` name needs.
Where one is not met the test is skipped, and a banner at the end says how many
were, and why. With CI=true a skip of such a test is a failure, whoever skipped
it, except for the needs that LIVECD_TEST_WITHOUT names (as in ``boot,network``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from functools import cache
from pathlib import Path

import pytest

APT_HELPER = Path("/usr/lib/apt/apt-helper")
SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def program(name: str) -> str | None:
    """The path of a program; those of the administrator count for every user."""
    return shutil.which(name, path=os.pathsep.join((os.environ["PATH"], *SYSTEM_DIRECTORIES)))


@cache
def lacks_root() -> str | None:
    if os.geteuid() != 0:
        return "not root"
    mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "root, but not allowed to mount" if mount.returncode else None


@cache
def lacks_network() -> str | None:
    """Ask for the index of each archive that apt is set up for, by apt's own means.

    So no archive is named here, and a proxy that apt uses is used here too.
    """
    if program("apt-get") is None or not APT_HELPER.exists():
        return "no apt here, to ask for the archive"
    listing = subprocess.run(
        ["apt-get", "--print-uris", "update"], capture_output=True, text=True, check=False
    )
    indexes = re.findall(r"^'([^']+/InRelease)'", listing.stdout, re.MULTILINE)
    with tempfile.TemporaryDirectory() as scratch:
        if any(_fetches(index, Path(scratch, "InRelease")) for index in indexes):
            return None
    return f"none of apt's {len(indexes)} archives can be reached"


def _fetches(uri: str, into: Path) -> bool:
    options = ("-oAcquire::Retries=0", "-oAcquire::http::Timeout=5", "-oAcquire::https::Timeout=5")
    fetch = [str(APT_HELPER), *options, "download-file", uri, str(into)]
    return subprocess.run(fetch, capture_output=True, check=False).returncode == 0


@cache
def lacks_boot() -> str | None:
    """A virtual machine needs an emulator: the host's, or that of a tools root."""
    if program("qemu-system-x86_64") is not None:
        return None
    if program("mmdebstrap") is None:
        return "neither qemu-system-x86_64 nor mmdebstrap (for a tools root) is installed"
    reason = lacks_network()
    return f"no qemu-system-x86_64, and no network for a tools root: {reason}" if reason else None


def lacks_tools(*names: str) -> str | None:
    missing = [name for name in names if program(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


NEEDS: dict[str, Callable[..., str | None]] = {
    "root": lacks_root,
    "network": lacks_network,
    "boot": lacks_boot,
    "tools": lacks_tools,
}


def strict_needs(environ: Mapping[str, str]) -> frozenset[str]:
    """The needs that must be met where this environment is that of a CI machine."""
    if environ.get("CI", "").lower() not in {"1", "true"}:
        return frozenset()
    return frozenset(NEEDS) - frozenset(environ.get("LIVECD_TEST_WITHOUT", "").split(","))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers():
        reason = NEEDS[marker.name](*marker.args) if marker.name in NEEDS else None
        if reason is not None:
            pytest.skip(f"needs {marker.name}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    wanted = strict_needs(os.environ) & {marker.name for marker in item.iter_markers()}
    if wanted and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = (
            f"{skip_reason(report)}\n"
            f"This is a CI machine, where tests that need {', '.join(sorted(wanted))} must run; "
            f"LIVECD_TEST_WITHOUT={','.join(sorted(wanted))} says that they can't."
        )
    return report


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped, without pytest's own word for that."""
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if not reasons:
        return
    terminalreporter.section(f"NOT RUN HERE: {reasons.total()} tests", sep="!", yellow=True)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:5}  {reason}")
