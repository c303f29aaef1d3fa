"""The language server, driven as an editor drives it: by its standard input and output."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livecd_rootfs.lint import examples
from tests import checkout

TREE = """\
== extra/series/disk
extra/disk.binary
provides ${PREFIX}.disk
== extra/series/image
# ünïcödé 😀 comes first
depends disk
extra/image.binary
provides ${PREFIX}.image
== extra/disk.binary
#!/bin/sh -e
mke2fs -d chroot "$PREFIX.disk" 1G
== extra/image.binary
#!/bin/sh -e
convert_to_qcow2 "$PREFIX.disk" "$PREFIX.image"
"""


class Editor:
    """An editor that speaks with the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._program = subprocess.Popen(
            [sys.executable, checkout.ROOT / "series-lint", "lsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def uri(self, name: str) -> str:
        return (self.folder / "hooks.d" / name).as_uri()

    def ask(self, method: str, params: object) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def tell(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def told(self, method: str) -> Any:
        while True:
            message = self._receive()
            if message.get("method") == method:
                return message["params"]

    def open(self, name: str, text: str | None = None) -> list[dict[str, Any]]:
        """Open a file, and give what is found in it."""
        path = self.folder / "hooks.d" / name
        document = {
            "uri": path.as_uri(),
            "languageId": "series",
            "version": 1,
            "text": path.read_text(encoding="utf-8") if text is None else text,
        }
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.found(name)

    def found(self, name: str) -> list[dict[str, Any]]:
        published = self.told("textDocument/publishDiagnostics")
        assert published["uri"] == self.uri(name)
        return list(published["diagnostics"])

    def at(self, name: str, line: int, character: int) -> dict[str, object]:
        return {
            "textDocument": {"uri": self.uri(name)},
            "position": {"line": line, "character": character},
        }

    def leave(self) -> tuple[int, bytes]:
        self.ask("shutdown", None)
        self.tell("exit", None)
        _, errors = self._program.communicate(timeout=20)
        return self._program.returncode, errors

    def kill(self) -> None:
        self._program.kill()
        self._program.communicate()

    def _send(self, message: dict[str, object]) -> None:
        assert self._program.stdin
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._program.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._program.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._program.stdout
        length = 0
        while (line := self._program.stdout.readline().strip()) or not length:
            assert line, self._program.communicate()[1].decode()
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self._program.stdout.read(length))
        return message


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("lsp")
    examples.plant(TREE, folder / "hooks.d")
    made = Editor(folder)
    try:
        result = made.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        assert result["serverInfo"]["name"] == "series-lint"
        made.tell("initialized", {})
        yield made
        assert made.leave()[0] == 0
    finally:
        made.kill()


def test_a_healthy_file_has_no_diagnostics(editor: Editor) -> None:
    assert editor.open("extra/series/disk") == []


def test_what_is_written_is_checked_before_it_is_saved(editor: Editor) -> None:
    text = "depends dsik\nextra/image.binary\nprovides ${PREFIX}.image\n"
    assert editor.open("extra/series/image") == []
    change = {
        "textDocument": {"uri": editor.uri("extra/series/image"), "version": 2},
        "contentChanges": [{"text": text}],
    }
    editor.tell("textDocument/didChange", change)
    (found,) = [
        one for one in editor.found("extra/series/image") if one["code"] == "missing-series"
    ]
    assert found["range"] == {
        "start": {"line": 0, "character": 8},
        "end": {"line": 0, "character": 12},
    }
    assert "did you mean 'disk'?" in found["message"]
    assert (found["source"], found["severity"]) == ("series-lint", 1)
    editor.tell(
        "textDocument/didClose", {"textDocument": {"uri": editor.uri("extra/series/image")}}
    )
    assert editor.found("extra/series/image") == []


def test_a_file_that_is_not_on_the_disk_yet_is_checked(editor: Editor) -> None:
    found = editor.open("extra/series/new", "depends nobody\n")
    assert "missing-series" in {one["code"] for one in found}
    editor.tell("textDocument/didClose", {"textDocument": {"uri": editor.uri("extra/series/new")}})
    assert editor.found("extra/series/new") == []


def test_columns_are_those_of_utf_16(editor: Editor) -> None:
    (found,) = [
        one
        for one in editor.open("extra/disk.binary", "#!/bin/sh\necho 😀 | sleep 5\n")
        if one["code"] == "host-dependence"
    ]
    assert found["range"]["start"] == {"line": 1, "character": 10}
    editor.tell("textDocument/didClose", {"textDocument": {"uri": editor.uri("extra/disk.binary")}})
    editor.found("extra/disk.binary")


@pytest.mark.parametrize(
    ("line", "file", "place"),
    [
        (1, "extra/series/disk", 0),
        (2, "extra/image.binary", 0),
        (3, "extra/image.binary", 1),
    ],
)
def test_definitions(editor: Editor, line: int, file: str, place: int) -> None:
    (found,) = editor.ask("textDocument/definition", editor.at("extra/series/image", line, 9))
    assert found["uri"] == editor.uri(file)
    assert found["range"]["start"]["line"] == place


def test_there_is_no_definition_of_a_comment(editor: Editor) -> None:
    assert not editor.ask("textDocument/definition", editor.at("extra/series/image", 0, 3))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("depends ", {"disk"}),
        ("", {"depends ", "provides ", "extra/disk.binary", "extra/image.binary"}),
        ("extra/image.binary\nprovides ", {"${PREFIX}.image"}),
    ],
)
def test_completions(editor: Editor, text: str, labels: set[str]) -> None:
    editor.open("extra/series/third", text)
    lines = text.split("\n")
    place = editor.at("extra/series/third", len(lines) - 1, len(lines[-1]))
    found = editor.ask("textDocument/completion", place)
    assert labels <= {item["label"] for item in found["items"]}
    editor.tell(
        "textDocument/didClose", {"textDocument": {"uri": editor.uri("extra/series/third")}}
    )
    editor.found("extra/series/third")


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        (1, ("**disk** runs", "`extra/disk.binary`", "- `livecd.ubuntu-cpc.disk`")),
        (2, ("listed by image", "reads `${PREFIX}.disk`", "writes `${PREFIX}.image`")),
        (3, ("`livecd.ubuntu-cpc.image`, made by image.binary",)),
    ],
)
def test_hover(editor: Editor, line: int, texts: tuple[str, ...]) -> None:
    found = editor.ask("textDocument/hover", editor.at("extra/series/image", line, 9))
    for text in texts:
        assert text in found["contents"]["value"]


def test_files_elsewhere_are_left_alone(editor: Editor, tmp_path: Path) -> None:
    place = {
        "textDocument": {"uri": (tmp_path / "x").as_uri()},
        "position": {"line": 0, "character": 0},
    }
    assert editor.ask("textDocument/hover", place) is None
