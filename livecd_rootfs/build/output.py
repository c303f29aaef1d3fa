"""The output directory: artifacts and SHA256SUMS, each whole or not there at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import process, trees
from livecd_rootfs.build import provenance, signing, standing
from livecd_rootfs.build.provenance import Origin
from livecd_rootfs.build.signing import Signer
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import CommandError

SUMS = "SHA256SUMS"
# What lies beside artifacts, and often stays the same when they change.
_DESCRIPTIONS = (".manifest", ".filelist", ".spdx.json")
STAGING = ".livecd-staging-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A finished artifact: where it is, its size in bytes, its SHA-256 in hexadecimal."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a build has put into the output directory.

    Attributes:
        artifacts: what its targets provide.
        attestations: what vouches for them: their provenance, and signatures.
    """

    artifacts: tuple[Artifact, ...]
    attestations: tuple[Artifact, ...]


def check(directory: Path, option: str = "--output") -> None:
    """Find out before a long build whether a directory can be written at its end.

    Args:
        directory: where artifacts go, or what else is to be left.
        option: what names it.

    Raises:
        LivecdError: it can't.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise LivecdError(
            f"the directory of {option} can't be written",
            place=str(directory),
            why=error.strerror,
            remedy=f"choose another with {option} DIR",
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where artifacts go.

    Attributes:
        directory: the output directory.
        cache: the cache directory, which remembers what stands there.
        made: the layer that they are from: one that a store never has twice.
        origin: where they come from, for their provenance; ``None`` tells none.
        signer: signs SHA256SUMS; ``None`` leaves it unsigned.
    """

    directory: Path
    cache: Path
    made: str
    origin: Origin | None = None
    signer: Signer | None = None


def publish(build: Path, names: Sequence[str], place: Place) -> Published:
    """Put artifacts of the build directory into the output directory.

    All are brought to the output's file system first, under a hidden name;
    only when the last one is there do they get their names, and SHA256SUMS
    after them. Beside them lies their provenance, and, where a signer is given,
    the signature of SHA256SUMS, which covers that as well. Files of other builds
    stay, and stay in SHA256SUMS; so do those of the same layer that nobody has
    touched since. A provenance of which every artifact was replaced goes.

    Raises:
        LivecdError: an artifact is missing, or the output can't be written.
    """
    directory = place.directory
    try:
        with _locked(directory):
            known = standing.read(place.cache, directory)
            there = {name: known.checksum(name, place.made) for name in names}
            sums = {name: digest for name, digest in there.items() if digest is not None}
            brought = _bring(build, [name for name in names if name not in sums], place, sums)
            sums |= brought.artifacts
            known.keep(place.made, sums)
    except OSError as error:
        raise LivecdError(
            "the artifacts can't be written", place=str(directory), why=error.strerror
        ) from error
    vouching = brought.attestations
    return Published(
        artifacts=tuple(_told(directory / name, sums[name]) for name in names),
        attestations=tuple(_told(directory / name, digest) for name, digest in vouching.items()),
    )


def _told(path: Path, sha256: str) -> Artifact:
    return Artifact(path=path, size=path.stat().st_size, sha256=sha256)


def publish_folder(folder: Path, directory: Path) -> Path:
    """Put a directory that is an artifact into the output directory, in place of an older one.

    It has no checksum. Its owners and modes stay.

    Args:
        folder: in the build directory.
        directory: the output directory.

    Returns:
        where it is.

    Raises:
        LivecdError: the output can't be written.
    """
    target = directory / folder.name
    try:
        with _locked(directory), _staging(directory) as staging:
            process.run(("cp", "-a", "--reflink=auto", "--", folder, staging / folder.name))
            trees.remove(target)
            (staging / folder.name).rename(target)
    except OSError as error:
        raise LivecdError(
            "the directory can't be written", place=str(target), why=error.strerror
        ) from error
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """Checksums by name of what was brought."""

    artifacts: Mapping[str, str]
    attestations: Mapping[str, str]


def _bring(build: Path, names: Sequence[str], place: Place, there: Mapping[str, str]) -> _Brought:
    """Bring what is not there yet, and write SHA256SUMS."""
    directory = place.directory
    with _staging(directory) as staging:
        sums = {name: _stage(build / name, staging / name) for name in names}
        whole = {**there, **sums}
        attested = _attest(staging, place.origin, whole)
        listed = {**_standing_sums(directory), **whole, **attested}
        stale = [name for name in listed.keys() - attested if _is_stale(directory / name, listed)]
        _write_sums(staging, {name: listed[name] for name in listed if name not in stale})
        signatures = _sign(staging, directory, place.signer, whole)
        for name in (*names, *attested, SUMS, *signatures):
            (staging / name).replace(directory / name)
        for name in stale:
            (directory / name).unlink()
    return _Brought(artifacts=sums, attestations=attested | signatures)


def _sign(
    staging: Path, directory: Path, signer: Signer | None, artifacts: Iterable[str]
) -> dict[str, str]:
    """Sign SHA256SUMS, and artifacts that are such lists; gives the signatures' own checksums.

    Those of earlier builds, which are of other checksums, are removed.
    """
    made = {}
    for name in (SUMS, *(each for each in artifacts if each.endswith(f".{SUMS}"))):
        for suffix in signing.SUFFIXES.values():
            (directory / f"{name}{suffix}").unlink(missing_ok=True)
        if signer is not None:
            if not (staging / name).exists():
                shutil.copyfile(directory / name, staging / name)
            signature = signer.sign(staging / name)
            made[signature.name] = _digest(signature)
    return made


def _attest(staging: Path, origin: Origin | None, sums: Mapping[str, str]) -> dict[str, str]:
    """Write the provenance of artifacts; gives its checksum by its name."""
    if origin is None:
        return {}
    content = provenance.encoded(origin, sums)
    (staging / origin.name).write_bytes(content)
    return {origin.name: hashlib.sha256(content).hexdigest()}


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One build at a time writes here; the lock is on the directory itself."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _staging(directory: Path) -> Iterator[Path]:
    """Under the lock, what an earlier, killed run left is nobody's any more."""
    for left in directory.glob(f"{STAGING}*"):
        trees.remove(left)
    path = Path(tempfile.mkdtemp(prefix=STAGING, dir=directory))
    try:
        yield path
    finally:
        trees.remove(path)


def _stage(source: Path, target: Path) -> str:
    """Copy one artifact onto the disk; gives its checksum, which is taken beside that."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        digest = beside.submit(_digest, source)
        _copy(source, target)
        return digest.result()


def _copy(source: Path, target: Path) -> None:
    """Copy past the page cache, whose memory takes longer to get than the disk takes to write.

    Not every file system can do that (open(2): O_DIRECT). Holes stay holes.
    """
    command = ["dd", f"if={source}", f"of={target}", "bs=4M", "status=none"]
    try:
        process.run([*command, "iflag=fullblock", "oflag=direct", "conv=sparse,fsync"])
    except CommandError:
        _copy_plainly(source, target)


def _copy_plainly(source: Path, target: Path) -> None:
    try:
        process.run(["cp", "--sparse=auto", "--reflink=auto", "--", source, target])
    except CommandError as error:
        raise LivecdError(
            f"{target.name} can't be written",
            place=str(target.parent.parent),
            why=error.completed.stderr.strip().rpartition(": ")[2],
            remedy="make room there, or choose another directory with --output DIR",
        ) from error
    with target.open("rb") as stream:
        os.fsync(stream.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _standing_sums(directory: Path) -> dict[str, str]:
    """What SHA256SUMS says of files that are still there."""
    listed = read_sums(directory / SUMS).items()
    return {name: digest for name, digest in listed if (directory / name).is_file()}


def _is_stale(path: Path, sums: Mapping[str, str]) -> bool:
    """Whether it is the provenance of nothing that is still there: later builds replaced it."""
    if not path.name.endswith(provenance.SUFFIX) or not path.is_file():
        return False
    found = provenance.subjects(path.read_bytes()).items()
    images = {each for each in found if not each[0].endswith(_DESCRIPTIONS)} or found
    return bool(images) and not images & sums.items()


def _write_sums(staging: Path, sums: Mapping[str, str]) -> None:
    with (staging / SUMS).open("w") as stream:
        stream.writelines(f"{digest} *{name}\n" for name, digest in sorted(sums.items()))
        stream.flush()
        os.fsync(stream.fileno())


def read_sums(path: Path) -> dict[str, str]:
    """Names and digests of a file in the format of sha256sum(1); empty when there is none."""
    if not path.is_file():
        return {}
    pairs = (line.split(maxsplit=1) for line in path.read_text().splitlines() if line)
    return {name.lstrip("*"): digest for digest, name in pairs}
