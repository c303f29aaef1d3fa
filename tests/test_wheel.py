"""An installed package brings hooks.d along, and finds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checkout


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a wheel of this checkout was installed; nothing is fetched."""
    place = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place)
    (wheel,) = place.glob("*.whl")
    install = ("install", "--quiet", "--no-index", "--no-deps", "--no-compile")
    run(sys.executable, "-m", "pip", *install, "--target", place / "site", wheel)
    return place / "site"


def run(*argv: str | Path, cwd: Path = checkout.ROOT, **variables: str) -> str:
    completed = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def test_hooks_d_is_the_same_as_in_the_checkout(site: Path) -> None:
    installed = site / "livecd_rootfs/_data/hooks.d"
    tree = checkout.ROOT / "hooks.d"
    files = [path.relative_to(tree) for path in checkout.files() if path.is_relative_to(tree)]
    assert Path("make-hooks") in files
    for file in files:
        assert (installed / file).read_bytes() == (tree / file).read_bytes()
        assert os.access(installed / file, os.X_OK) == os.access(tree / file, os.X_OK), file


def test_live_build_s_scripts_find_the_package(site: Path, tmp_path: Path) -> None:
    """No live-build is there to be called, and that is told by the package."""
    program = site / "livecd_rootfs/_data/auto/config"
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "readlink", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or "")
    (tools / "python3").symlink_to(sys.executable)
    ended = subprocess.run(
        [program],
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "auto/config: live-build is not installed"


def test_what_a_report_is_made_of_is_there(site: Path) -> None:
    names = ["page.css", "page.html.jinja"]
    installed = site / "livecd_rootfs/report/templates"
    assert sorted(path.name for path in installed.iterdir()) == names


def test_make_hooks_runs_from_there(site: Path, tmp_path: Path) -> None:
    make_hooks = site / "livecd_rootfs/_data/hooks.d/make-hooks"
    assert "[HOOK] 001-" in run(make_hooks, "-d", tmp_path / "links", "squashfs")


def test_series_lint_runs_from_there_and_knows_the_shipped_tree(site: Path, tmp_path: Path) -> None:
    series = tmp_path / "private/extra/series"
    series.mkdir(parents=True)
    (series / "mine").write_text("depends root-dir\n")
    lint = site / "bin/series-lint"
    variables = {"PYTHONPATH": str(site), "LIVECD_CACHE": str(tmp_path)}
    assert run(sys.executable, lint, "private", cwd=tmp_path, **variables) == "nothing found\n"


def test_the_hook_for_pre_commit_runs_what_is_installed(site: Path) -> None:
    (entry,) = (
        line.partition(":")[2].strip()
        for line in (checkout.ROOT / ".pre-commit-hooks.yaml").read_text().splitlines()
        if line.startswith("  entry:")
    )
    assert os.access(site / "bin" / entry, os.X_OK)


def test_the_package_finds_its_tree(site: Path, tmp_path: Path) -> None:
    code = (
        "import pathlib, livecd_rootfs.project as p; print(p.find_tree(None, pathlib.Path.cwd()))"
    )
    found = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(site))
    assert Path(found.strip()) == site / "livecd_rootfs/_data/hooks.d"


def test_the_checkout_is_installed_editable_without_a_copy() -> None:
    """A copy of hooks.d in the environment would go stale."""
    code = "import livecd_rootfs; print(livecd_rootfs.__file__)"
    found = Path(run(sys.executable, "-c", code, cwd=Path("/")).strip())
    assert found == checkout.ROOT / "livecd_rootfs/__init__.py"
    assert not (found.parent / "_data").exists()
