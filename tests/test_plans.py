"""The plans of the real hooks.d, for every target and for pairs, as files to read and compare.

After a change of hooks or series that is meant: ``python -m tests.test_plans`` writes them anew.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from livecd_rootfs.commands.plan import show
from livecd_rootfs.deciding import decide
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.project import Project
from livecd_rootfs.settings import load

HERE = Path(__file__).parent
CHECKOUT = HERE.parent
TREE = Path("hooks.d")


def targets() -> list[str]:
    names = HookTree(str(CHECKOUT / TREE)).series_names()
    return [*names, *(",".join(pair) for pair in itertools.combinations(names, 2))]


def rendered(words: str) -> str:
    settings, _ = load({"arch": "amd64"}, {}, HERE)
    return show(Project(tree=TREE, settings=decide(settings)), [words], None, "host", "text")


def file_of(words: str) -> Path:
    return HERE / "plans" / f"{words.replace(',', '+')}.txt"


@pytest.mark.parametrize("words", targets())
def test_the_plan_is_as_it_was(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert rendered(words) == file_of(words).read_text()


def test_no_plan_is_of_a_target_that_is_gone() -> None:
    assert {path.name for path in (HERE / "plans").iterdir()} == {
        file_of(words).name for words in targets()
    }


if __name__ == "__main__":
    for each in targets():
        file_of(each).write_text(rendered(each))
