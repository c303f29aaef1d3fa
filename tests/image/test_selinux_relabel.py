"""SELinux: who gets labels, how setfiles is called, and what stands in its way."""

from __future__ import annotations

import os
import tarfile

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import packing, selinux_relabel
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps import overlay
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import plant

pytestmark = pytest.mark.root

CONTEXTS = "etc/selinux/default/contexts/files/file_contexts"
POLICY = {
    selinux_relabel.CONFIGURATION: "# comment\nSELINUX=permissive\nSELINUXTYPE=default\n",
    CONTEXTS: "/.*\tsystem_u:object_r:default_t:s0\n",
}
SETFILES = {"usr/sbin/setfiles": '#!/bin/sh\necho "$@" >/asked\n'}


def made(new_context: NewContext, choice: str, *files: dict[str, str]) -> Context:
    context = new_context(SELINUX_RELABEL=choice)
    for each in files:
        plant(context.chroot, each)
    return context


DISABLED = {**POLICY, selinux_relabel.CONFIGURATION: "SELINUX=disabled\nSELINUXTYPE=default\n"}
OTHER = {**POLICY, selinux_relabel.CONFIGURATION: "SELINUX=enforcing\nSELINUXTYPE=mls\n"}


@pytest.mark.parametrize("files", [{}, DISABLED, OTHER], ids=["none", "disabled", "another"])
@pytest.mark.parametrize("choice", ["", "auto"])
def test_no_policy(new_context: NewContext, choice: str, files: dict[str, str]) -> None:
    context = made(new_context, choice, files, SETFILES)
    told = "selinux-relabel: nothing to do, no SELinux policy is configured"
    assert selinux_relabel.run(context) == told
    assert not (context.chroot / "asked").exists()


def test_not_wanted(new_context: NewContext) -> None:
    context = made(new_context, "no", POLICY, SETFILES)
    assert selinux_relabel.run(context) == "selinux-relabel: nothing to do, SELinuxRelabel is no"
    assert not (context.chroot / "asked").exists()


@pytest.mark.parametrize("choice", ["auto", "yes"])
def test_labels(new_context: NewContext, choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_relabel, "_is_hosts_root", lambda _: True)
    context = made(new_context, choice, POLICY, SETFILES)
    assert selinux_relabel.run(context) == f"selinux-relabel: labelled by /{CONTEXTS}"
    asked = (context.chroot / "asked").read_text().split()
    assert asked == ["-m", "-F", "-r", "/run/root", f"/{CONTEXTS}", "/run/root"]
    assert not (context.chroot / "run/root").exists()


def test_the_root_is_labelled_as_it_is(new_context: NewContext) -> None:
    """Nothing is mounted over its directories, and no file of ours stands for one of its own."""
    seeing = """#!/bin/sh
read line </run/root/etc/resolv.conf
echo "$line" /run/root/proc/* /run/root/usr/sbin/policy* >/seen
"""
    own = {"etc/resolv.conf": "nameserver 192.0.2.1\n", "usr/sbin/setfiles": seeing}
    context = made(new_context, "yes", POLICY, own)
    (context.chroot / "proc").mkdir(exist_ok=True)
    selinux_relabel.run(context)
    nothing = "/run/root/proc/* /run/root/usr/sbin/policy*"
    assert (context.chroot / "seen").read_text() == f"nameserver 192.0.2.1 {nothing}\n"


def test_the_names_of_a_file_stay_one_on_an_overlay(new_context: NewContext) -> None:
    context = made(new_context, "yes", {"usr/bin/a": "x", "usr/bin/c": "y"})
    (context.chroot / "usr/bin/b").hardlink_to(context.chroot / "usr/bin/a")
    with overlay.passing(context, context.chroot) as root:
        before = (root / "usr/bin").stat().st_mtime_ns
        selinux_relabel._copy_up_hard_links(root)
        os.setxattr(root / "usr/bin/a", "security.selinux", b"label")
        assert os.getxattr(root / "usr/bin/b", "security.selinux") == b"label"
        assert (root / "usr/bin/a").samefile(root / "usr/bin/b")
        assert (root / "usr/bin").stat().st_mtime_ns == before


@pytest.mark.parametrize("choice", ["auto", "no"])
def test_a_tar_has_the_labels_of_the_roots_policy_alone(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """What is not labelled by it may have the labels of the machine that builds."""
    monkeypatch.setattr(selinux_relabel, "_is_hosts_root", lambda _: True)
    context = made(new_context, choice, POLICY, SETFILES)
    selinux_relabel.run(context)
    label = b"system_u:object_r:default_t:s0\0"
    os.setxattr(context.chroot / "etc", "security.selinux", label)
    target = context.build / "root.tar"
    packing.tar(context, "", target)
    with tarfile.open(target) as packed:
        found = packed.getmember("./etc").pax_headers.get("SCHILY.xattr.security.selinux")
    assert found == (label.decode() if choice == "auto" else None)


def test_somebody_else_leaves_it_to_the_first_boot(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selinux_relabel, "_is_hosts_root", lambda _: False)
    context = made(new_context, "auto", POLICY, SETFILES)
    assert selinux_relabel.run(context).startswith("selinux-relabel: the first boot does it")
    assert (context.chroot / ".autorelabel").exists()
    assert not (context.chroot / "asked").exists()


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("         0          0 4294967295\n", True), ("0 1000 1\n1 100000 65536\n", False)],
)
def test_the_hosts_root(text: str, *, is_it: bool) -> None:
    assert selinux_relabel._is_hosts_root(text) is is_it


def test_what_is_missing_is_told(new_context: NewContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_relabel, "_is_hosts_root", lambda _: True)
    with pytest.raises(LivecdError, match="no SELinux policy is configured") as caught:
        selinux_relabel.run(made(new_context, "yes", SETFILES))
    assert "selinux-policy-default" in str(caught.value.remedy)
    context = new_context(name="other", SELINUX_RELABEL="auto")
    plant(context.chroot, POLICY)
    with pytest.raises(LivecdError, match="the root has no setfiles") as caught:
        selinux_relabel.run(context)
    assert "policycoreutils" in str(caught.value.remedy)


def test_setfiles_fails(new_context: NewContext) -> None:
    failing = {"usr/sbin/setfiles": "#!/bin/sh\necho invalid context >&2\nexit 255\n"}
    with pytest.raises(CommandError, match="setfiles") as caught:
        selinux_relabel.run(made(new_context, "yes", POLICY, failing))
    assert caught.value.notes == ("| invalid context",)


def test_a_wrong_choice(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="SELINUX_RELABEL is 'perhaps'"):
        selinux_relabel.run(made(new_context, "perhaps"))
