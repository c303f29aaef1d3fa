"""SHA256SUMS signed by the real programs, and what is told where they can't."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.build import output, signing
from livecd_rootfs.build.signing import Method, Signer
from livecd_rootfs.errors import LivecdError, UsageError

ADDRESS = "builder@example.org"


@pytest.fixture
def gpg(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Signer]:
    """A key in a home of its own, without password."""
    home = tmp_path_factory.mktemp("g")
    monkeypatch.setenv("GNUPGHOME", str(home))
    home.chmod(0o700)
    words = ("--batch", "--passphrase", "", "--quick-generate-key", ADDRESS, "ed25519", "sign")
    subprocess.run(("gpg", *words), check=True, capture_output=True)
    yield Signer(method=Method.GPG, key=ADDRESS)
    subprocess.run(("gpgconf", "--kill", "all"), check=True)


@pytest.fixture
def minisign(tmp_path: Path) -> Signer:
    keys = ("-p", tmp_path / "public", "-s", tmp_path / "secret")
    subprocess.run(("minisign", "-G", "-W", *keys), check=True, capture_output=True)
    return Signer(method=Method.MINISIGN, key=str(tmp_path / "secret"))


def published(tmp_path: Path, signer: Signer | None) -> Path:
    """An output directory with one artifact."""
    build, out = tmp_path / "build", tmp_path / "out"
    for folder in (build, out):
        folder.mkdir(exist_ok=True)
    (build / "livecd.x.img").write_text("image")
    place = output.Place(directory=out, cache=tmp_path / "cache", made="x", signer=signer)
    output.publish(build, ["livecd.x.img"], place)
    return out


@pytest.mark.tools("gpg", "gpg-agent", "gpgconf")
def test_by_gpg(gpg: Signer, tmp_path: Path) -> None:
    gpg.check()
    out = published(tmp_path, gpg)
    signed = ("gpg", "--verify", out / "SHA256SUMS.gpg", out / "SHA256SUMS")
    said = subprocess.run(signed, check=True, capture_output=True, text=True).stderr
    assert f'Good signature from "{ADDRESS}"' in said


@pytest.mark.tools("minisign")
def test_lists_among_artifacts_are_signed_too(minisign: Signer, tmp_path: Path) -> None:
    """Also one that stands there already, from a build that signed nothing."""
    out, listed = published(tmp_path, None), "livecd.x.image.SHA256SUMS"
    (tmp_path / "build" / listed).write_text("checksums")
    unsigned = output.Place(directory=out, cache=tmp_path / "cache", made="x")
    for signer, names in ((None, []), (minisign, ["SHA256SUMS.minisig", f"{listed}.minisig"])):
        made = output.publish(tmp_path / "build", [listed], replace(unsigned, signer=signer))
        assert [each.path.name for each in made.attestations] == names
    signed = ("minisign", "-V", "-p", tmp_path / "public", "-m", out / listed)
    subprocess.run(signed, check=True, capture_output=True)
    output.publish(tmp_path / "build", [listed], unsigned)
    assert not (out / f"{listed}.minisig").exists()


@pytest.mark.tools("minisign")
def test_by_minisign(minisign: Signer, tmp_path: Path) -> None:
    minisign.check()
    out = published(tmp_path, minisign)
    signed = ("minisign", "-V", "-p", tmp_path / "public", "-m", out / "SHA256SUMS")
    assert subprocess.run(signed, check=False, capture_output=True).returncode == 0
    (out / "SHA256SUMS").write_text("other")
    assert subprocess.run(signed, check=False, capture_output=True).returncode != 0


@pytest.mark.tools("minisign")
def test_a_signature_has_no_time_of_the_run(minisign: Signer, tmp_path: Path) -> None:
    signature = published(tmp_path, minisign) / "SHA256SUMS.minisig"
    first = signature.read_bytes()
    published(tmp_path, minisign)
    assert signature.read_bytes() == first


@pytest.mark.tools("minisign")
def test_a_signature_of_other_sums_does_not_stay(minisign: Signer, tmp_path: Path) -> None:
    assert (published(tmp_path, minisign) / "SHA256SUMS.minisig").exists()
    names = sorted(path.name for path in published(tmp_path, None).iterdir())
    assert names == ["SHA256SUMS", "livecd.x.img"]


@pytest.mark.tools("gpg", "gpg-agent", "gpgconf")
def test_gpg_without_the_key(gpg: Signer) -> None:
    with pytest.raises(LivecdError, match=r"with the key 'other@example\.org' of gpg") as caught:
        Signer(method=gpg.method, key="other@example.org").check()
    assert "No secret key" in (caught.value.why or "")


@pytest.mark.tools("gpg", "gpg-agent", "gpgconf")
def test_gpg_with_a_key_that_has_expired(gpg: Signer) -> None:
    then = ("--batch", "--passphrase", "", "--faked-system-time", "1000000000")
    made = ("gpg", *then, "--quick-generate-key", "old@example.org", "ed25519", "sign", "seconds=9")
    subprocess.run(made, check=True, capture_output=True)
    with pytest.raises(LivecdError, match="nothing can be signed") as caught:
        Signer(method=gpg.method, key="old@example.org").check()
    assert caught.value.why == "gpg: signing failed: Unusable secret key"


# What they say where nobody can be asked; to make such keys takes seconds.
ASKING = {
    "minisign": (Method.MINISIGN, "Password: get_password()"),
    "gpg": (Method.GPG, "gpg: signing failed: Inappropriate ioctl for device"),
    "gpg alone": (Method.GPG, "gpg: signing failed: No pinentry"),
}


@pytest.mark.parametrize("case", ASKING)
def test_a_key_with_a_password(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method, said = ASKING[case]
    program = tmp_path / method.value
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LivecdError, match="nothing can be signed") as caught:
        Signer(method=method, key="key").check()
    assert caught.value.why == "it has a password"


@pytest.mark.tools("minisign")
def test_minisign_without_the_key(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="nothing can be signed") as caught:
        Signer(method=Method.MINISIGN, key=str(tmp_path / "none")).check()
    assert "No such file" in (caught.value.why or "")


@pytest.mark.tools("minisign")
def test_what_can_not_be_signed_is_not_published(minisign: Signer, tmp_path: Path) -> None:
    os.truncate(minisign.key, 0)
    with pytest.raises(LivecdError, match="nothing can be signed"):
        published(tmp_path, minisign)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LivecdError, match="'minisign' is not installed") as caught:
        Signer(method=Method.MINISIGN, key="x").check()
    assert caught.value.remedy == "apt-get install minisign"


@pytest.mark.parametrize(
    ("text", "signer"),
    [
        ("", None),
        ("gpg:0xABCD", Signer(method=Method.GPG, key="0xABCD")),
        ("minisign:a:b", Signer(method=Method.MINISIGN, key="a:b")),
    ],
)
def test_parse(text: str, signer: Signer | None) -> None:
    assert signing.parse(text, "$SIGN_KEY") == signer


@pytest.mark.parametrize("text", ["gpg", "gpg:", "ssh:x", "ABCD"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(UsageError, match="is no key to sign with") as caught:
        signing.parse(text, "$SIGN_KEY")
    assert caught.value.place == "$SIGN_KEY"
