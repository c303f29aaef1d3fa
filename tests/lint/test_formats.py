"""Findings in every form, and second readers for those that programs read."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from jsonschema.protocols import Validator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.diagnostics.colour import ansi
from livecd_rootfs.lint import cli, formats
from livecd_rootfs.lint.rules import BY_CODE, RULES
from livecd_rootfs.lint.text import Text
from tests import checkout
from tests.lint.trees import found_in, only

EXAMPLE = BY_CODE["missing-series"].BAD
# All that a form has to get right: several lines, marks of its own, and bytes that are no text.
NASTY = Diagnostic(
    code="missing-script",
    severity=Severity.WARNING,
    message="100% of\x1b[2J it,\nall: \udcff",
    labels=(Label(span=Text("a b/é,c:d\udcfe", b"one\ntwo\xff\nthree\n").span(2, 9)),),
    notes=("a note",),
    help="help",
)
NOWHERE = Diagnostic(code="missing-script", severity=Severity.INFO, message="it is nowhere")


@pytest.fixture(name="everything", scope="module")
def _everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Diagnostic, ...]:
    """The findings of all bad examples, and those that are hard to show."""
    found = [NASTY, NOWHERE]
    for rule in RULES:
        folder = tmp_path_factory.mktemp(rule.CODE)
        with chdir(folder):
            found += found_in(rule.BAD, folder, only(rule))
    return tuple(found)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_concise(tmp_path: Path) -> None:
    assert formats.render("concise", found_in(EXAMPLE, tmp_path)) == (
        "hooks.d/base/series/squashfs:1:9: "
        "missing-series Series file for image set 'root-dri' not found.\n"
    )


def test_concise_keeps_to_one_line() -> None:
    assert formats.render("concise", [NASTY, NOWHERE]) == (
        "a b/é,c:d\\udcfe:1:3: missing-script 100% of\\x1b[2J it,\\nall: \\udcff\n"
        "missing-script it is nowhere\n"
    )


def test_github(tmp_path: Path) -> None:
    assert formats.render("github", found_in(EXAMPLE, tmp_path)) == (
        "::error file=hooks.d/base/series/squashfs,line=1,endLine=1,col=9,endColumn=16,"
        "title=series-lint missing-series::Series file for image set 'root-dri' not found."
        "%0Aneeded by target 'squashfs'%0Adid you mean 'root-dir'?\n"
    )


def test_github_escapes_what_would_end_a_command() -> None:
    nasty, nowhere = formats.render("github", [NASTY, NOWHERE]).splitlines()
    assert nasty.startswith("::warning file=a b/é%2Cc%3Ad\ufffd,line=1,endLine=3,title=")
    assert nasty.endswith("::100%25 of\x1b[2J it,%0Aall: ?%0Aa note%0Ahelp")
    assert nowhere == "::notice title=series-lint missing-script::it is nowhere"


def test_json(tmp_path: Path) -> None:
    assert json.loads(formats.render("json", found_in(EXAMPLE, tmp_path))) == [
        {
            "rule": "missing-series",
            "severity": "error",
            "path": "hooks.d/base/series/squashfs",
            "line": 1,
            "column": 9,
            "end": {"line": 1, "column": 17},
            "message": "Series file for image set 'root-dri' not found.",
            "notes": ["needed by target 'squashfs'"],
            "help": "did you mean 'root-dir'?",
            "fix": {
                "message": "replace by 'root-dir'",
                "safe": False,
                "edits": [
                    {
                        "path": "hooks.d/base/series/squashfs",
                        "line": 1,
                        "column": 9,
                        "end": {"line": 1, "column": 17},
                        "replacement": "root-dir",
                    }
                ],
                "executable": [],
            },
        }
    ]


def test_json_of_nothing_is_an_array() -> None:
    assert json.loads(formats.render("json", [])) == []


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_any_bytes_can_be_shown(form: str, everything: tuple[Diagnostic, ...]) -> None:
    text = formats.render(form, everything)
    assert json.loads(text.encode("utf-8"))


@pytest.fixture(name="schema", scope="module")
def _schema() -> Validator:
    text = (checkout.ROOT / "tests/schemas/sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    found: Validator = Draft4Validator(schema)
    found.check_schema(schema)
    return found


def test_sarif_is_what_its_schema_says(
    everything: tuple[Diagnostic, ...], schema: Validator
) -> None:
    log = json.loads(formats.render("sarif", everything))
    assert [error.message for error in schema.iter_errors(log)] == []
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert [one["ruleId"] for one in run["results"]] == [one.code for one in everything]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(BY_CODE)
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


@pytest.mark.parametrize(
    ("word", "other"),
    [('"columnKind"', '"columnSort"'), ('"level": "error"', '"level": "bad"'), ("2.1.0", "2.1")],
)
def test_the_schema_refuses_what_is_none(
    word: str, other: str, everything: tuple[Diagnostic, ...], schema: Validator
) -> None:
    text = formats.render("sarif", everything)
    assert word in text
    assert not schema.is_valid(json.loads(text.replace(word, other)))


def test_sarif_has_places_and_fixes(tmp_path: Path) -> None:
    (run,) = json.loads(formats.render("sarif", found_in(EXAMPLE, tmp_path)))["runs"]
    (result,) = run["results"]
    (place,) = result["locations"]
    region = {"startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 17}
    assert place == {
        "physicalLocation": {
            "artifactLocation": {"uri": "hooks.d/base/series/squashfs"},
            "region": region,
        },
        "message": {"text": "no such file in extra/series or base/series"},
    }
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": region, "insertedContent": {"text": "root-dir"}}
    ]


def test_colours_change_no_word(everything: tuple[Diagnostic, ...]) -> None:
    plain, painted = (formats.render("full", everything, paint) for paint in (None, ansi))
    assert painted != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain


def test_every_form_is_offered() -> None:
    assert cli.FORMATS == formats.FORMATS
