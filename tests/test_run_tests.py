"""scripts/run-tests: two halves of the tests side by side, and one result."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import checkout

PYTEST = """\
#!/bin/sh
echo "$@" >>{calls}
case "$*" in
*--ignore=tests/images*) echo the others; exit {others} ;;
*tests/images*) echo the images; exit {images} ;;
esac
exit {others}
"""


def run(
    tmp_path: Path, *words: str, others: int = 0, images: int = 0
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    program, calls = tmp_path / "pytest", tmp_path / "calls"
    program.write_text(PYTEST.format(calls=calls, others=others, images=images))
    program.chmod(0o755)
    done = subprocess.run(
        ["scripts/run-tests", program, *words],
        cwd=checkout.ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done, sorted(calls.read_text().splitlines())


def test_both_halves_run_and_both_are_told(tmp_path: Path) -> None:
    done, calls = run(tmp_path, "--durations=3")
    assert calls == ["--durations=3 --ignore=tests/images", "--durations=3 tests/images"]
    assert done.returncode == 0
    assert done.stdout.index("the others") < done.stdout.index("the images")
    assert {each.name for each in tmp_path.iterdir()} == {"pytest", "calls"}


@pytest.mark.parametrize(
    ("others", "images", "status"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 1, 2), (5, 0, 0), (0, 5, 0), (5, 5, 5), (5, 1, 1)],
)
def test_one_that_fails_fails_the_whole(
    tmp_path: Path, others: int, images: int, status: int
) -> None:
    assert run(tmp_path, others=others, images=images)[0].returncode == status


@pytest.mark.parametrize("word", ["tests/test_values.py", "tests/test_values.py::test_it", "tests"])
def test_who_names_a_path_gets_that_alone(tmp_path: Path, word: str) -> None:
    done, calls = run(tmp_path, "-q", word, others=3)
    assert (calls, done.returncode) == ([f"-q {word}"], 3)
