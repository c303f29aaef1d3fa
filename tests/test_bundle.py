"""The zip that travels with hooks.d, and the scripts that run from it on any Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from livecd_rootfs import bundle
from tests import checkout, imports, trees

HOOKS_D = checkout.ROOT / "hooks.d"
OLDEST = (3, 10)
FLAGS = [(), ("-S",), ("-I",), ("-I", "-S"), ("-OO",)]


def version(python: Path) -> tuple[int, ...]:
    shown = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return tuple(int(number) for number in re.findall(r"\d+", shown.stdout)[:2])


def pythons() -> dict[tuple[int, ...], Path]:
    """Every CPython on this machine by its version: on PATH, and those that pyenv has made."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin")
    )
    found: dict[tuple[int, ...], Path] = {sys.version_info[:2]: Path(sys.executable)}
    for python in (path for folder in folders for path in sorted(folder.glob("python3*"))):
        if re.fullmatch(r"python3(\.\d+)?", python.name) and (number := version(python)):
            found.setdefault(number, python)
    return found


PYTHONS = pythons()
WANTED = sorted({(3, minor) for minor in range(10, 14)} | {v for v in PYTHONS if v >= OLDEST})


@pytest.fixture(params=WANTED, ids=lambda number: ".".join(map(str, number)))
def python(request: pytest.FixtureRequest) -> Path:
    if request.param not in PYTHONS:
        pytest.skip(f"no Python {request.param[0]}.{request.param[1]} on this machine")
    return PYTHONS[request.param]


def copied(build: Path) -> Path:
    """A build directory as auto/config makes it: nothing there but a copied hooks.d."""
    tree = trees.plant(
        build / "config/hooks.d",
        {
            "base/series/img": "base/img.binary\nprovides livecd.ubuntu-cpc.img\n",
            "base/img.binary": "",
        },
    )
    for name in ("make-hooks", "livecd_rootfs.zip", "base/final.binary"):
        shutil.copy(HOOKS_D / name, tree / name)
    return tree


def run(*argv: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # No HOME and no PYTHON* variables: nothing of this machine may help.
    return subprocess.run(
        argv,
        cwd=cwd,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_zip_is_not_stale(tmp_path: Path) -> None:
    """If this fails: make bundle."""
    bundle.write(str(tmp_path / "made.zip"))
    assert (tmp_path / "made.zip").read_bytes() == (HOOKS_D / "livecd_rootfs.zip").read_bytes()


def test_the_zip_does_not_depend_on_where_and_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "elsewhere"
    shutil.copytree(bundle.PACKAGE, package)
    for path in package.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o600)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    bundle.write(str(tmp_path / "made.zip"), str(package))
    assert (tmp_path / "made.zip").read_bytes() == (HOOKS_D / "livecd_rootfs.zip").read_bytes()
    assert trees.names(tmp_path) == ["elsewhere", "made.zip"]


def test_the_zip_holds_just_what_the_scripts_load() -> None:
    loaded = {
        module for script in imports.TRAVELLERS for module in imports.loaded(checkout.ROOT / script)
    }
    with zipfile.ZipFile(HOOKS_D / "livecd_rootfs.zip") as archive:
        held = {name.removesuffix(".py").removesuffix("/__init__") for name in archive.namelist()}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    assert held == {module.replace(".", "/") for module in loaded}


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_a_copied_tree_is_all_that_is_needed(
    tmp_path: Path, python: Path, flags: tuple[str, ...]
) -> None:
    copied(tmp_path)
    made = run(python, *flags, "config/hooks.d/make-hooks", "img", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines() == [
        "[HOOK] 001-img.binary => base/img.binary",
        "[HOOK] 002-final.binary => base/final.binary",
        "[PROVIDES] livecd.ubuntu-cpc.img",
    ]
    for name in ("livecd.ubuntu-cpc.img", "livecd.ubuntu-cpc.ext4"):
        (tmp_path / name).touch()
    pruned = run(python, *flags, "config/hooks/002-final.binary", cwd=tmp_path)
    assert (pruned.returncode, pruned.stderr) == (0, "")
    assert trees.names(tmp_path) == ["config", "livecd.ubuntu-cpc.img"]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_errors_of_a_copied_tree_are_rendered(
    tmp_path: Path, python: Path, flags: tuple[str, ...]
) -> None:
    (copied(tmp_path) / "base/series/img").write_text("base/imh.binary\n")
    made = run(python, *flags, "config/hooks.d/make-hooks", "img", cwd=tmp_path)
    assert made.returncode == 1
    assert made.stderr.splitlines()[:4] == [
        "make-hooks: hook 'base/imh.binary' does not exist",
        "  --> config/hooks.d/base/series/img:1:1",
        "  |",
        "1 | base/imh.binary",
    ]


def test_runs_as_a_program_from_the_checkout_and_through_links(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    (tmp_path / "link").symlink_to(HOOKS_D / "make-hooks")
    (tmp_path / "link-to-link").symlink_to("link")
    for program in (HOOKS_D / "make-hooks", "./link", "./link-to-link"):
        made = run(program, "--tree", tree, "-q", "img", cwd=tmp_path)
        assert (made.returncode, made.stdout) == (0, "")


def test_a_package_of_that_name_elsewhere_is_not_used(tmp_path: Path) -> None:
    copied(tmp_path)
    (tmp_path / "livecd_rootfs").mkdir()
    (tmp_path / "livecd_rootfs/__init__.py").write_text("raise SystemExit('wrong package')")
    made = run(sys.executable, "config/hooks.d/make-hooks", "img", cwd=tmp_path)
    assert made.returncode == 0


@pytest.mark.parametrize("script", ["make-hooks", "base/final.binary"])
def test_a_script_copied_without_the_zip_says_so(tmp_path: Path, script: str) -> None:
    (copied(tmp_path) / "livecd_rootfs.zip").unlink()
    made = run(sys.executable, tmp_path / "config/hooks.d" / script, cwd=tmp_path)
    assert made.returncode == 1
    assert len(made.stderr.splitlines()) == 1
    assert made.stderr.endswith(": copy hooks.d whole\n")


@pytest.mark.parametrize("script", ["make-hooks", "base/final.binary"])
@pytest.mark.parametrize("minor", [6, 7, 8, 9])
def test_an_older_python_is_told(tmp_path: Path, minor: int, script: str) -> None:
    if (3, minor) not in PYTHONS:
        pytest.skip(f"no Python 3.{minor} on this machine")
    made = run(PYTHONS[3, minor], HOOKS_D / script, "img", cwd=tmp_path)
    assert made.returncode == 1
    assert re.fullmatch(r"\S+: needs Python 3\.10 or later, and this is 3\.\S+\n", made.stderr)
