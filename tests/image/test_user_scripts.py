"""The project's mkosi.postinst in the root and mkosi.finalize beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, render
from livecd_rootfs.image import finalize, postinst
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root

STEPS: Mapping[str, tuple[str, Callable[[Context], str]]] = {
    "postinst": (postinst.VARIABLE, postinst.run),
    "finalize": (finalize.VARIABLE, finalize.run),
}


def script(folder: Path, text: str) -> Path:
    path = folder / "0"
    path.write_text(f"#!/bin/sh\nset -eu\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", STEPS)
def test_nothing_to_do(new_context: NewContext, name: str) -> None:
    _, run = STEPS[name]
    assert run(new_context()).startswith(f"{name}: nothing to do, there is no ")


@pytest.mark.parametrize("name", STEPS)
def test_a_failure_names_the_script_and_its_status(
    new_context: NewContext, tmp_path: Path, name: str
) -> None:
    variable, run = STEPS[name]
    context = new_context(**{variable: str(script(tmp_path, "exit 7"))})
    with pytest.raises(LivecdError, match=rf"^mkosi\.{name} failed with status 7") as caught:
        run(context)
    told = render(caught.value, f"{name}.binary")
    assert str(context.chroot) in told
    assert f"ran: /work/mkosi.{name} final" in told
    assert "--shell-on-failure" in told


def test_postinst_runs_in_the_image(
    new_context: NewContext, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = 'echo "$1 $FLAVOUR"; ls -l /usr/sbin/policy-rc.d; echo made >/etc/made'
    path = script(tmp_path, text)
    context = new_context(POST_INSTALLATION_SCRIPT=str(path), ENVIRONMENT="FLAVOUR=sweet")
    assert postinst.run(context) == "postinst: mkosi.postinst has run"
    assert (context.chroot / "etc/made").read_text() == "made\n"
    out = capfd.readouterr().out
    assert out.startswith("final sweet\n-rwxr-xr-x")
    # No service starts meanwhile, and the file that sees to it is gone at the end.
    assert not (context.chroot / "usr/sbin/policy-rc.d").exists()


def test_finalize_sees_the_root_and_the_output(new_context: NewContext, tmp_path: Path) -> None:
    text = (
        'echo "$1" >"$BUILDROOT/etc/made"; echo more >"$OUTPUTDIR/more.txt"; id -u >"$OUTPUTDIR/u"'
    )
    context = new_context(FINALIZE_SCRIPT=str(script(tmp_path, text)))
    assert finalize.run(context) == "finalize: mkosi.finalize has run, and left more.txt, u"
    assert (context.chroot / "etc/made").read_text() == "final\n"
    assert (context.build / finalize.FOLDER / "more.txt").read_text() == "more\n"


def test_finalize_can_not_change_the_host(new_context: NewContext, tmp_path: Path) -> None:
    text = f"! touch {tmp_path}/outside || exit 1; touch /tmp/inside"
    context = new_context(FINALIZE_SCRIPT=str(script(tmp_path, text)))
    assert finalize.run(context) == "finalize: mkosi.finalize has run"
    assert not (tmp_path / "outside").exists()


def test_what_an_earlier_run_left_is_gone(new_context: NewContext, tmp_path: Path) -> None:
    context = new_context(FINALIZE_SCRIPT=str(script(tmp_path, 'touch "$OUTPUTDIR/one"')))
    finalize.run(context)
    script(tmp_path, 'touch "$OUTPUTDIR/two"')
    assert finalize.run(context) == "finalize: mkosi.finalize has run, and left two"
