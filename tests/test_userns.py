"""User namespaces: why they don't work here, and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from livecd_rootfs import userns


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host that allows everything: sysctl values below ``sys``, and ``subuid``."""
    for switch, value in (
        ("kernel/unprivileged_userns_clone", "1"),
        ("user/max_user_namespaces", "96000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "0"),
    ):
        file = tmp_path / "sys" / switch
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    (tmp_path / "subuid").write_text("builder:100000:65536\n")
    return tmp_path


def diagnose(host: Path, user: str = "builder") -> userns.NotRoot:
    return userns._diagnose(host / "sys", host / "subuid", user)


@pytest.mark.parametrize("switch", userns.SWITCHES, ids=lambda switch: switch.path)
def test_a_kernel_switch_is_named_with_the_command_that_turns_it(
    host: Path, switch: userns.KernelSwitch
) -> None:
    (host / "sys" / switch.path).write_text(f"{switch.forbids}\n")
    found = diagnose(host)
    assert found.message == "this host forbids user namespaces, so a build needs root"
    assert found.place == str(host / "sys" / switch.path)
    assert switch.allow in (found.remedy or "")


def test_a_user_without_a_range_learns_how_to_get_one(host: Path) -> None:
    found = diagnose(host, "stranger-of-this-host")
    assert found.message == "the user stranger-of-this-host has no range of subordinate ids"
    assert "usermod --add-subuids" in (found.remedy or "")


def test_a_host_without_the_file_of_ranges_is_the_same(host: Path) -> None:
    (host / "subuid").unlink()
    assert "has no range" in diagnose(host).message


def test_an_unknown_reason_is_not_guessed(host: Path) -> None:
    assert diagnose(host).message == "a user namespace can't be made here"


def test_a_namespace_that_did_not_help_is_not_entered_again() -> None:
    with pytest.raises(userns.NotRoot, match="did not make this process root"):
        userns._check({userns.INSIDE: "1"})


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name != "newuidmap" or None)
    with pytest.raises(userns.NotRoot) as failure:
        userns._check({})
    assert failure.value.remedy == "apt-get install uidmap, or run as root"
