"""What a command finds in a target root, and that the root is afterwards as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.image import inroot
from livecd_rootfs.mounts import Bind
from livecd_rootfs.process import CommandError
from livecd_rootfs.sandbox import User
from tests.image.conftest import EPOCH, NewContext

pytestmark = pytest.mark.root


def shell(script: str) -> tuple[str, ...]:
    return ("sh", "-ec", script)


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_a_command_runs_with_the_root_as_its_root(new_context: NewContext) -> None:
    context = new_context()
    (context.chroot / "etc/motd").write_text("the image's\n")
    found = inroot.run(context, context.chroot, shell("cat /etc/motd; touch /made"))
    assert found.stdout == "the image's\n"
    assert (context.chroot / "made").exists()


def test_its_environment_is_none_of_the_users(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "no")
    context = new_context(http_proxy="http://proxy.example:3128", ALSO="no")
    found = inroot.run(context, context.chroot, ("env",), env={"SRCDIR": "/work/src"}).stdout
    assert "MINE" not in found
    assert "ALSO" not in found
    assert "proxy" not in found
    wanted = ("SRCDIR=/work/src", "HOME=/root", "LC_ALL=C.UTF-8", f"SOURCE_DATE_EPOCH={EPOCH}")
    assert set(wanted) <= set(found.splitlines())


@pytest.mark.parametrize(("network", "devices"), [(False, "lo"), (True, None)])
def test_the_network_is_there_if_asked_for(
    new_context: NewContext, *, network: bool, devices: str | None
) -> None:
    context = new_context(http_proxy="http://proxy.example:3128")
    script = 'cat /proc/net/dev; for each in /sys/class/net/*; do echo "${each##*/}: "; done; env'
    found = inroot.run(context, context.chroot, shell(script), network=network).stdout
    listed = [line.split(":")[0].strip() for line in found.splitlines() if ": " in line]
    assert (set(listed) == {"lo"}) is (devices == "lo")
    assert ("http_proxy=" in found) is network


def test_policy_and_resolver_are_there_meanwhile(new_context: NewContext) -> None:
    context = new_context()
    script = "test -x /usr/sbin/policy-rc.d; test -e /etc/resolv.conf; ls -l /usr/sbin"
    found = inroot.run(context, context.chroot, shell(script)).stdout
    assert "-rwxr-xr-x" in found
    assert not (context.chroot / "usr/sbin/policy-rc.d").exists()
    assert not (context.chroot / "etc/resolv.conf").exists()


def test_policy_is_gone_after_a_failure(new_context: NewContext) -> None:
    context = new_context()
    before = names(context.chroot)
    with pytest.raises(CommandError, match="failed with status 3") as failure:
        inroot.run(context, context.chroot, shell("echo told; exit 3"))
    assert failure.value.notes == ("| told",)
    assert names(context.chroot) == before


def test_mount_points_are_gone_but_not_what_was_there_or_was_written(
    new_context: NewContext, tmp_path: Path
) -> None:
    context = new_context()
    given = tmp_path / "given"
    given.mkdir()
    (given / "file").write_text("given\n")
    (context.chroot / "srv").mkdir()
    before = names(context.chroot)
    binds = (
        Bind(source=given, target="/srv/a/b"),
        Bind(source=given / "file", target="/opt/file"),
        Bind(source=given, target="/kept/here"),
    )
    script = "cat /srv/a/b/file /opt/file; touch /kept/mine"
    found = inroot.run(context, context.chroot, shell(script), binds=binds).stdout
    assert found == "given\ngiven\n"
    assert names(context.chroot) == sorted([*before, "kept", "kept/mine"])


def test_a_link_in_the_root_leads_no_bind_out_of_it(
    new_context: NewContext, tmp_path: Path
) -> None:
    context = new_context()
    outside = tmp_path / "outside"
    outside.mkdir()
    (context.chroot / "srv").symlink_to("/etc")
    inroot.run(context, context.chroot, ("ls",), binds=(Bind(source=outside, target="/srv/x"),))
    assert not (context.chroot / "etc/x").exists()
    assert not Path("/etc/x").exists()


def test_a_command_may_run_as_a_user_of_no_other_groups(new_context: NewContext) -> None:
    context = new_context()
    found = inroot.run(context, context.chroot, ("id",), user=User(uid=1234, gid=2345)).stdout
    assert found == "uid=1234 gid=2345 groups=2345\n"


def test_it_reads_what_it_is_given(new_context: NewContext) -> None:
    context = new_context()
    assert inroot.run(context, context.chroot, ("cat",), stdin="words").stdout == "words"


def test_what_is_shown_goes_to_our_own_output(
    new_context: NewContext, capfd: pytest.CaptureFixture[str]
) -> None:
    context = new_context()
    done = inroot.run(context, context.chroot, shell("echo out; echo err >&2"), shown=True)
    assert done.stdout == ""
    assert capfd.readouterr().out == "out\nerr\n"


def test_a_failure_that_is_not_checked_has_its_status(new_context: NewContext) -> None:
    context = new_context()
    assert inroot.run(context, context.chroot, shell("exit 4"), check=False).status == 4
