"""`--against REPORT`: headers are compared with what a build recorded."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from livecd_rootfs import writes
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import cli, examples
from tests.lint.trees import HERE

TREE = """\
== base/series/one
base/one.binary
base/two.binary
provides ${PREFIX}.one
== base/one.binary
#!/bin/sh -e
# hook: reads=chroot writes=livecd.*.one,binary/boot,${PREFIX}.kernel-${FLAVOUR}
: "$PREFIX"
== base/two.binary
#!/bin/sh
"""
MADE = ("livecd.x.one", "binary/boot/disk.ext4", "livecd.x.kernel-cloud")
SELECT = ("--select", "untrue-header", "--format", "concise", "--fail-on", "info")


def against(folder: Path, recorded: writes.Writes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(folder)
    examples.plant(TREE, folder / HERE)
    text = html.escape(writes.encoded(recorded))
    Path("report.html").write_text(f'<body {writes.ATTRIBUTE}="{text}">', encoding="utf-8")
    return cli.run(["--against", "report.html", *SELECT], environ={}).out.splitlines()


def test_what_was_declared_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = {
        "base/one.binary": MADE,
        "base/two.binary": ("anything",),
    }
    assert against(tmp_path, recorded, monkeypatch) == []


def test_more_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = {"base/one.binary": (*MADE, "rootfs.dir")}
    (line,) = against(tmp_path, recorded, monkeypatch)
    assert line.startswith("hooks.d/base/one.binary:2:22: untrue-header")
    assert "writes rootfs.dir, which its header does not say" in line


def test_less_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(("*.one", "binary/boot", "${PREFIX}.kernel-${FLAVOUR}")):
        recorded = {"base/one.binary": (*MADE[:number], *MADE[number + 1 :])}
        (line,) = against(tmp_path, recorded, monkeypatch)
        assert f"{name}, and wrote none in a build" in line


def test_a_hook_that_did_not_run_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert against(tmp_path, {}, monkeypatch) == []


@pytest.mark.parametrize("name", ["nowhere.html", "hooks.d", "hooks.d/base/one.binary"])
def test_it_is_no_report(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples.plant(TREE, tmp_path / HERE)
    with pytest.raises(LivecdError):
        cli.run(["--against", name], environ={})
