"""The user's scripts: what they find, and how a failure is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, render
from livecd_rootfs.image import scripts
from livecd_rootfs.image.scripts import Script
from livecd_rootfs.mounts import Bind
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def script(project: Path, text: str | bytes, mode: int = 0o755) -> Script:
    path = project / "0"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return Script(name="mkosi.build", path=path)


def test_a_variable_names_a_script(new_context: NewContext) -> None:
    context = new_context(BUILD_SCRIPT="/livecd/files/BUILD_SCRIPT/0\n", PREPARE_SCRIPT="")
    found = scripts.find(context, "BUILD_SCRIPT")
    assert found == Script(name="mkosi.build", path=Path("/livecd/files/BUILD_SCRIPT/0"))
    assert scripts.find(context, "PREPARE_SCRIPT") is None
    assert scripts.find(context, "FINALIZE_SCRIPT") is None


def test_a_script_runs_in_the_root(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = new_context(ENVIRONMENT="GREETING=good morning\nEMPTY=\n")
    own = script(project, '#!/bin/sh\necho "$0" "$@" "$GREETING" "${EMPTY-unset}"; touch /made\n')
    scripts.run(context, own, context.chroot, ("final",))
    assert capfd.readouterr().out == "/work/mkosi.build final good morning \n"
    assert (context.chroot / "made").exists()
    assert not (context.chroot / "work").exists()


def test_a_script_that_would_enter_the_root_knows_that_it_is_there(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As scripts for mkosi 15 begin; they run on the host there."""
    context = new_context()
    enter = '[ "$container" = mkosi ] || exec mkosi-chroot "$SCRIPT" "$@"'
    (context.chroot / "etc/motd").write_text("the image's\n")
    own = script(project, f'#!/bin/sh\n{enter}\ncat "$BUILDROOT/etc/motd"\n')
    scripts.run(context, own, context.chroot)
    assert capfd.readouterr().out == "the image's\n"


def test_a_script_runs_on_the_host(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = new_context()
    own = script(
        project, '#!/bin/sh\necho "$0 $1"; pwd; cat /proc/net/dev; cat "$BUILDROOT/etc/motd"\n'
    )
    (context.chroot / "etc/motd").write_text("the image's\n")
    binds = (Bind(source=context.chroot, target="/work/buildroot"),)
    env = {"BUILDROOT": "/work/buildroot"}
    scripts.run_on_host(context, own, ("final",), env=env, binds=binds)
    lines = capfd.readouterr().out.splitlines()
    assert (lines[:2], lines[-1]) == (["/work/mkosi.build final", "/work"], "the image's")
    assert [line.split(":")[0].strip() for line in lines if ": " in line] == ["lo"]


def test_a_script_in_the_root_need_not_enter_it_and_may(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = new_context()
    (context.chroot / "etc/motd").write_text("the image's\n")
    text = "#!/bin/sh\nmkosi-chroot cat /etc/motd\nmkosi-chroot sh -c 'exit 1' || echo $?\n"
    scripts.run(context, script(project, text), context.chroot)
    assert capfd.readouterr().out == "the image's\n1\n"


ENTERED = {
    "one command": "mkosi-chroot sh -c 'cat /etc/motd; echo lost >/dev/null; pwd; exit 3'",
    "the whole script": '[ "$container" = mkosi ] || exec mkosi-chroot "$SCRIPT" "$@"\n'
    'cat "$BUILDROOT/etc/motd" >/etc/made; cat /etc/made; pwd; exit 3',
}


@pytest.mark.parametrize("text", ENTERED.values(), ids=ENTERED)
def test_a_script_on_the_host_enters_the_root(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    context = new_context()
    (context.chroot / "etc/motd").write_text("the image's\n")
    before = {path.name for path in context.chroot.iterdir()}
    binds = (Bind(source=context.chroot, target="/work/buildroot", writable=True),)
    env = {"BUILDROOT": "/work/buildroot"}
    with pytest.raises(LivecdError, match="failed with status 3"):
        scripts.run_on_host(context, script(project, f"#!/bin/sh\n{text}\n"), env=env, binds=binds)
    assert capfd.readouterr().out == "the image's\n/\n"
    assert {path.name for path in context.chroot.iterdir()} == before
    assert not (context.chroot / "dev/null").is_file()


def test_a_script_knows_which_image_it_makes(
    new_context: NewContext, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = '#!/bin/sh\necho "$IMAGE_ID ${IMAGE_VERSION-none} $CHROOT_SCRIPT $CHROOT_SRCDIR"\n'
    own, env = script(project, text), {"SRCDIR": "/work/src"}
    context = new_context(IMAGE_VERSION="1.2")
    scripts.run(context, own, context.chroot, env=env)
    scripts.run_on_host(new_context("other"), own, env=env)
    said = capfd.readouterr().out.splitlines()
    assert said == [f"test {each} /work/mkosi.build /work/src" for each in ("1.2", "none")]


def test_a_script_can_not_change_the_host(new_context: NewContext, project: Path) -> None:
    context = new_context()
    places = f"{project}/new /etc/new {context.chroot}/new"
    own = script(project, f'#!/bin/sh\nfor f in {places}; do ! touch "$f" || exit 1; done\n')
    scripts.run_on_host(context, own)
    assert not (project / "new").exists()
    assert not (context.chroot / "new").exists()


FAILURES = {
    "its own status": ("exit 3", "mkosi.build failed with status 3", None),
    "a command that is missing": (
        "no-such-command",
        (
            "mkosi.build failed with status 127 (a command, or the interpreter of a script, "
            "was not found)"
        ),
        "the script was found and its interpreter, too: a command that it runs was not",
    ),
    "a signal": (
        "kill -TERM $$",
        "mkosi.build failed with status 143 (ended by SIGTERM, if it did not choose that itself)",
        None,
    ),
    "no memory": (
        "kill -KILL $$",
        "mkosi.build failed with status 137 (ended by SIGKILL, if it did not choose that itself)",
        "as the kernel does when there is no memory left",
    ),
}


@pytest.mark.parametrize(("line", "message", "why"), FAILURES.values(), ids=FAILURES)
def test_a_failure_in_the_root_is_explained(
    new_context: NewContext, project: Path, line: str, message: str, why: str | None
) -> None:
    context = new_context()
    source = project / "source"
    source.mkdir()
    own = script(project, f"#!/bin/sh\n{line}\n")
    binds = (Bind(source=source, target="/work/src"),)
    with pytest.raises(LivecdError) as failure:
        scripts.run(
            context, own, context.chroot, ("a b",), env={"SRCDIR": "/work/src"}, binds=binds
        )
    assert (failure.value.message, failure.value.why) == (message, why)
    assert failure.value.notes == (
        "ran: /work/mkosi.build 'a b'",
        f"its root: {context.chroot}",
        f"SRCDIR (/work/src): {source}",
    )
    assert "--shell-on-failure" in render(failure.value, "build-script")
    assert not (context.chroot / "usr/sbin/policy-rc.d").exists()


def test_a_failure_on_the_host_is_explained(new_context: NewContext, project: Path) -> None:
    context = new_context()
    own = script(project, "#!/bin/sh\nexit 4\n")
    binds = (Bind(source=context.chroot, target="/work/buildroot"),)
    env = {"BUILDROOT": "/work/buildroot"}
    with pytest.raises(LivecdError, match=r"mkosi\.build failed with status 4") as failure:
        scripts.run_on_host(context, own, env=env, binds=binds)
    assert failure.value.notes == (
        "ran: /work/mkosi.build",
        f"BUILDROOT (/work/buildroot): {context.chroot}",
    )


UNFIT = {
    "not executable": (("#!/bin/sh\n", 0o644), ("mkosi.build is not executable", "")),
    "no interpreter": (("echo\n", 0o755), ("mkosi.build does not say which program", ":1")),
    "nothing in it": (("", 0o755), ("mkosi.build does not say which program", ":1")),
    "Windows": (("#!/bin/sh\r\n", 0o755), ("mkosi.build has lines that end as on", ":1")),
    "a missing interpreter": (
        ("#!/usr/bin/lacking -e\n", 0o755),
        ("mkosi.build can't run: its interpreter /usr/bin/lacking is not in the root", ":1"),
    ),
    "one that env looks for": (
        ("#!/usr/bin/env lacking\n", 0o755),
        ("mkosi.build can't run: its interpreter lacking is not in the root", ":1"),
    ),
}


@pytest.mark.parametrize(("made", "told"), UNFIT.values(), ids=UNFIT)
def test_a_script_that_can_not_run_is_told_from_one_that_fails(
    new_context: NewContext, project: Path, made: tuple[str, int], told: tuple[str, str]
) -> None:
    context = new_context()
    own = script(project, *made)
    with pytest.raises(LivecdError) as failure:
        scripts.run(context, own, context.chroot)
    assert failure.value.message.startswith(told[0])
    assert failure.value.place == f"{own.path}{told[1]}"


def test_a_script_that_is_gone(new_context: NewContext, project: Path) -> None:
    context = new_context()
    own = Script(name="mkosi.build", path=project / "absent")
    with pytest.raises(LivecdError, match=r"^mkosi\.build is not there$"):
        scripts.run(context, own, context.chroot)


def test_env_finds_what_the_root_has(new_context: NewContext, project: Path) -> None:
    context = new_context()
    scripts.run(context, script(project, "#!/usr/bin/env sh\ntrue\n"), context.chroot)
