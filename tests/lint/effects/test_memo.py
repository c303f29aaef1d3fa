"""What was found in hooks is remembered, as long as all that it was read from is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livecd_rootfs.lint import examples
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import memo, shell
from livecd_rootfs.lint.effects.model import Effects
from livecd_rootfs.lint.tree import LintTree

TREE = """\
== extra/series/one
extra/one.binary
== extra/one.binary
#!/bin/sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
echo "$SUITE" >"$PREFIX.one"
made x
== extra/lib.sh (not executable)
made() {
    touch "$1.made"
}
"""


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples.plant(TREE, Path("hooks.d"))


def found() -> Effects:
    context = Context(LintTree("hooks.d"), cache=Path("cache"))
    effects = context.effects("extra/one.binary")
    context.remember()
    return effects


def told(effects: Effects) -> list[tuple[object, ...]]:
    touches = [(t.kind, t.name, t.span.place, t.span.text, t.certain) for t in effects.touches]
    commands = [(c.words, [c.span(n).text for n in range(len(c.words))]) for c in effects.commands]
    uses = [(use.name, use.span.place, use.guarded) for use in effects.uses]
    return [*touches, *commands, *uses, (effects.is_parsed, effects.has_config)]


def test_the_second_time_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = found()
    monkeypatch.setattr(shell, "effects", None)
    assert told(found()) == told(first)
    assert {touch.name for touch in first.produced} == {"${PREFIX}.one", "x.made"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("extra/one.binary", "made x", "made y"), ("extra/lib.sh", "$1.made", "$1.built")],
)
def test_a_change_is_seen(name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found()
    path = Path("hooks.d", name)
    path.write_text(path.read_text().replace(old, new))
    changed = {touch.name for touch in found().produced}
    assert changed & {"y.made", "x.built"}
    assert "x.made" not in changed
    monkeypatch.setattr(shell, "effects", None)
    assert {touch.name for touch in found().produced} == changed


def rewritten(count: int) -> list[tuple[str, int]]:
    """What is kept after a hook was changed so often: names, and how many hooks each tells of."""
    path = Path("hooks.d/extra/one.binary")
    for number in range(count):
        path.write_text(f"{path.read_text()}# {number}\n")
        found()
    files = sorted(Path("cache/lint-hooks").iterdir())
    return [(file.name[33:], len(json.loads(file.read_text())["hooks"])) for file in files]


def test_little_that_is_new_is_kept_beside_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "NEW_AT_MOST", 2)
    found()
    assert rewritten(2) == [("json", 1), ("new.json", 2)]
    assert rewritten(1) == [("json", 1)]
    assert rewritten(1) == [("json", 1), ("new.json", 1)]
    monkeypatch.setattr(shell, "effects", None)
    assert {touch.name for touch in found().produced} == {"${PREFIX}.one", "x.made"}


def test_a_file_that_goes_away_is_seen() -> None:
    found()
    Path("hooks.d/extra/lib.sh").unlink()
    assert "*" in {touch.name for touch in found().touches}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"code": "x", "hooks": {}}'])
def test_a_broken_cache_is_done_without(text: str) -> None:
    first = found()
    (kept,) = Path("cache/lint-hooks").iterdir()
    kept.write_text(text)
    assert told(found()) == told(first)


def test_a_row_that_was_tampered_with_is_done_without() -> None:
    first = found()
    (kept,) = Path("cache/lint-hooks").iterdir()
    kept.write_text(kept.read_text().replace('"touches":[', '"touches":[[1],'))
    assert told(found()) == told(first)


def test_a_cache_that_can_not_be_written_is_done_without() -> None:
    Path("cache").touch()
    assert found().produced
    assert Path("cache").read_bytes() == b""
