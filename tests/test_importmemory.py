"""What is remembered of imports: it spares the reading, and is never wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from livecd_rootfs import importmemory, imports
from livecd_rootfs.importmemory import FILE, ImportMemory


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "one.py").write_text("from pack.two import name\nimport os\n")
    (folder / "two.py").write_text("name = 1\n")
    return folder


@pytest.fixture
def memory(tmp_path: Path) -> ImportMemory:
    return ImportMemory(path=tmp_path / "cache" / FILE)


def fresh() -> None:
    """As another process begins."""
    imports.tree.cache_clear()
    imports.imported.cache_clear()
    imports.modules.cache_clear()
    importmemory._ground.cache_clear()


def test_a_second_run_reads_no_syntax(
    package: Path, memory: ImportMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = imports.closure(frozenset({"pack.one"}), package, memory.imported)
    memory.keep()
    fresh()
    monkeypatch.setattr(imports, "imported", lambda *_: pytest.fail("read again"))
    again = ImportMemory(path=memory.path)
    assert imports.closure(frozenset({"pack.one"}), package, again.imported) == first
    assert first == {"pack", "pack.one", "pack.two"}


def test_another_text_is_read_anew(package: Path, memory: ImportMemory) -> None:
    assert imports.own(package / "one.py", package, memory.imported) == {"pack.two"}
    memory.keep()
    (package / "one.py").write_text("import pack\n")
    fresh()
    again = ImportMemory(path=memory.path)
    assert imports.own(package / "one.py", package, again.imported) == {"pack"}


def test_a_name_that_becomes_a_module_is_one(package: Path, memory: ImportMemory) -> None:
    (package / "one.py").write_text("from pack.two import name\n")
    assert imports.own(package / "one.py", package, memory.imported) == {"pack.two"}
    memory.keep()
    (package / "two").mkdir()
    (package / "two.py").rename(package / "two/__init__.py")
    (package / "two/name.py").touch()
    fresh()
    again = ImportMemory(path=memory.path)
    assert imports.own(package / "one.py", package, again.imported) == {"pack.two.name"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', "\0", '"text"'])
def test_a_damaged_memory_knows_nothing(package: Path, memory: ImportMemory, content: str) -> None:
    assert memory.path
    memory.path.parent.mkdir()
    memory.path.write_text(content)
    assert imports.own(package / "one.py", package, memory.imported) == {"pack.two"}
    memory.keep()
    assert ["os", "pack.two"] in json.loads(memory.path.read_text()).values()


def test_a_place_that_cannot_be_written_is_done_without(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = ImportMemory(path=tmp_path / "file" / FILE)
    assert imports.own(package / "one.py", package, memory.imported) == {"pack.two"}
    memory.keep()
    assert imports.own(package / "one.py", package, memory.imported) == {"pack.two"}


def test_it_says_of_this_program_what_its_syntax_says(memory: ImportMemory) -> None:
    package = Path(sys.modules["livecd_rootfs"].__path__[0])
    for module, path in imports.modules(package).items():
        assert memory.imported(path, package) == imports.imported(path, package), module
    memory.keep()
    again = ImportMemory(path=memory.path)
    for module, path in imports.modules(package).items():
        assert again.imported(path, package) == imports.imported(path, package), module
