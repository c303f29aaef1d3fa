"""A secret setting reaches its hook, and nothing that stays on the machine shows it."""

from __future__ import annotations

import pytest

from tests.build.conftest import Command, Tree

HASH = "$6$saltsaltsaltsalt$" + "0123456789abcdefghij" * 4
HOOK = """\
#!/bin/sh
# hook: env=PREFIX,ROOT_PASSWORD_HASH inputs= network=no
echo "length ${#ROOT_PASSWORD_HASH}" >"$PREFIX.answer"
"""


@pytest.mark.root
def test_the_cache_does_not_show_it(command: Command, tree: Tree) -> None:
    tree({
        "base/series/answer": "base/answer.binary\nprovides ${PREFIX}.answer\n",
        "base/answer.binary": HOOK,
    })  # fmt: skip
    ended = command.run("answer", "--root-password-hash", HASH)
    assert ended.returncode == 0, ended.stderr
    assert (command.output / "livecd.test.answer").read_text() == f"length {len(HASH)}\n"
    kept = [path for path in command.folder.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if HASH.encode() in path.read_bytes()]
    again = command.run("answer", "--root-password-hash", HASH[:-1] + "x", "--progress", "json")
    assert "variable ROOT_PASSWORD_HASH changed" in again.stdout
    assert HASH not in again.stdout
