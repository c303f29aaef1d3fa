"""The provenance: what it says, and what it must not say."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from livecd_rootfs import settings
from livecd_rootfs.build import output, provenance
from livecd_rootfs.build.provenance import Origin
from livecd_rootfs.layers import key
from livecd_rootfs.layers.key import Part, PartKind, Recipe
from livecd_rootfs.layers.layer import Layer, Meta

SUMS = {"livecd.x.img": "a" * 64, "livecd.x.img.manifest": "b" * 64}
RELEASE = Part(
    kind=PartKind.ARCHIVE, name="mirror.example.org_debian_dists_trixie_InRelease", digest="c" * 64
)


def layer(name: str, *parts: Part, seconds: float = 1.0) -> Layer:
    recipe = Recipe(parent=None, kind="base", name=name, parts=parts)
    meta = Meta(key=key.key(recipe), making=str(seconds), after=None, recipe=recipe,
                seconds=seconds, created=seconds, size=1, boot="x")  # fmt: skip
    return Layer(path=Path("/nonexistent") / name, meta=meta)


def origin(seconds: float = 1.0, **options: str) -> Origin:
    loaded, _ = settings.load(options, {}, Path("/nonexistent"))
    mke2fs = key.of_text(PartKind.TOOLS, "mke2fs", "tools root 0123")
    size = key.of_text(PartKind.VARIABLE, "IMAGE_SIZE", "3G")
    chain = (
        layer("bootstrap", RELEASE, seconds=seconds),
        layer("base/disk-image.binary", mke2fs, size, seconds=seconds),
    )
    return Origin(prefix="livecd.x", targets=("qcow2", "squashfs"), settings=loaded, chain=chain)


def test_statement() -> None:
    found = json.loads(provenance.encoded(origin(suite="bookworm"), SUMS))
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    assert found["subject"] == [
        {"name": name, "digest": {"sha256": digest}} for name, digest in SUMS.items()
    ]
    build = found["predicate"]["buildDefinition"]
    assert build["externalParameters"]["targets"] == ["qcow2", "squashfs"]
    assert build["externalParameters"]["settings"]["suite"] == "bookworm"
    assert build["resolvedDependencies"] == [
        {"name": "debian/dists/trixie/InRelease", "digest": {"sha256": "c" * 64}}
    ]
    inner = build["internalParameters"]
    assert inner["layers"] == [
        {"step": each.name, "key": each.key} for each in origin().chain
    ]  # fmt: skip
    assert inner["tools"] == {"mke2fs": "tools root 0123"}
    assert inner["variables"] == {"IMAGE_SIZE": "3G"}
    assert set(found["predicate"]["runDetails"]) == {"builder"}


def test_nothing_of_the_run_the_machine_or_secrets_is_told(tmp_path: Path) -> None:
    for name in ("secret.key", "certificate.pem"):
        (tmp_path / name).touch()
    secret = {
        "mirror": "http://mirror.example.org/debian",
        "root_password_hash": f"$6$saltsalt${'h' * 86}",
        "secure_boot_key": str(tmp_path / "secret.key"),
        "secure_boot_certificate": str(tmp_path / "certificate.pem"),
    }
    first = provenance.encoded(origin(1.0, **secret), SUMS)
    assert first == provenance.encoded(origin(2.0, **secret), SUMS)
    for trace in (b"example.org", b"hhhh", b"secret.key", b"nonexistent"):
        assert trace not in first


def test_the_key_to_sign_with_is_not_told() -> None:
    assert b"ABCD" not in provenance.encoded(origin(sign_key="gpg:ABCD"), SUMS)


def test_each_build_has_a_name_of_its_own() -> None:
    assert origin().name == "livecd.x.qcow2+squashfs.provenance.json"
    assert replace(origin(), targets=("qcow2",)).name == "livecd.x.qcow2.provenance.json"


def test_a_root_that_was_given_is_a_dependency() -> None:
    base = Part(kind=PartKind.ARCHIVE, name="base", digest="d" * 64)
    found = provenance.statement(replace(origin(), chain=(layer("bootstrap", base),)), SUMS)
    assert '{"name": "base", "digest": {"sha256": "dddd' in json.dumps(found)


def put(build: Path, out: Path, *targets: str, **contents: str) -> set[str]:
    """Publish artifacts of these contents; the provenances that are there then."""
    names = {f"livecd.x.{name}": text for name, text in contents.items()}
    for name, text in {**names, "livecd.x.manifest": "always the same"}.items():
        (build / name).write_text(text)
    own = replace(origin(), targets=targets)
    made = "".join((*targets, *contents.values()))
    place = output.Place(directory=out, cache=out.parent / "cache", made=made, origin=own)
    output.publish(build, [*names, "livecd.x.manifest"], place)
    check = ("sha256sum", "--check", "--quiet", "SHA256SUMS")
    subprocess.run(check, cwd=out, check=True)
    listed = {name for name in output.read_sums(out / "SHA256SUMS") if name.endswith(".json")}
    assert listed == {path.name for path in out.glob("*.json")}
    return {name.split(".")[2] for name in listed}


def test_of_what_was_replaced_none_stays(tmp_path: Path) -> None:
    build, out = tmp_path / "build", tmp_path / "out"
    build.mkdir()
    out.mkdir()
    assert put(build, out, "one", img="1") == {"one"}
    assert put(build, out, "two", vmdk="1", wsl="1") == {"one", "two"}
    assert put(build, out, "same", img="1") == {"one", "two", "same"}
    assert put(build, out, "some", img="2", wsl="2") == {"two", "some"}
    assert put(build, out, "all", img="3", vmdk="3", wsl="3") == {"all"}


def test_what_is_no_statement_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "build").mkdir()
    for number, text in enumerate(
        ("", "[]", "{}", '{"subject": []}', '{"subject": [{"name": 1}]}')
    ):
        name = f"livecd.x.{number}.provenance.json"
        (tmp_path / "out" / name).write_text(text)
        assert provenance.subjects(text.encode()) == {}
    before = {path.name for path in (tmp_path / "out").iterdir()}
    sums = "".join(f"{'0' * 64} *{name}\n" for name in before)
    (tmp_path / "out/SHA256SUMS").write_text(sums)
    (tmp_path / "build/livecd.x.img").write_text("image")
    place = output.Place(directory=tmp_path / "out", cache=tmp_path / "cache", made="x")
    output.publish(tmp_path / "build", ["livecd.x.img"], place)
    assert {path.name for path in (tmp_path / "out").glob("*.json")} == before
