"""Who gets into the image: root's password, kept as its hash alone, and public keys of ssh."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from livecd_rootfs import passwords, process
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.settings.value import Settings, Value

HASHED = "hashed:"
_ANYONE = frozenset({"yes", "true", "1"})
_PRIVATE = "PRIVATE KEY-----"
# sshd(8), "AUTHORIZED_KEYS FILE FORMAT": options, the key's type, the key, a comment.
_KEY = re.compile(
    r"(?:.*[\s,\"])?(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+ AAAA[A-Za-z0-9+/=]+"
)


def resolved(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Settings with a hash in place of the password, and all keys in one list.

    Args:
        settings: the settings; afterwards no plain password is in them.
        environ: the environment, which knows the agent's socket.

    Raises:
        LivecdError: the password, a key, or the agent can't be used.
    """
    return _with_keys(_with_hash(settings), environ)


def warnings(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the file that the password is from."""
    path = settings.directory / settings.origin("password")
    found = passwords.exposed(path) if path.is_file() else None
    return (found,) if found else ()


def _with_hash(settings: Settings) -> Settings:
    given = settings.values["password"]
    values = {**settings.values, "password": Value(text="", origin=given.origin)}
    # An empty one is none: root stays locked.
    if given.text and not settings.text("root_password_hash"):
        values["root_password_hash"] = Value(
            text=_hash(given, settings), origin=given.origin, place=given.place
        )
    return Settings(values=values, directory=settings.directory)


def _hash(given: Value, settings: Settings) -> str:
    text = given.text.partition("\n")[0].strip()
    if not (settings.yes("password_is_hashed") or text.startswith(HASHED)):
        try:
            return passwords.hashed(text, settings.text("project"))
        except LivecdError as error:
            error.place = given.where
            raise
    plain = text.removeprefix(HASHED)
    if not passwords.is_hash(plain):
        raise UsageError(
            "Password is said to be a hash, which it is not",
            place=given.where,
            remedy="give what `openssl passwd -6` prints, or leave out PasswordIsHashed",
        )
    return plain


def _with_keys(settings: Settings, environ: Mapping[str, str]) -> Settings:
    given = settings.values["ssh_authorized_keys"]
    found = [
        *_checked(settings.words("ssh_authorized_keys"), "SshAuthorizedKeys", given),
        *_of_file(settings),
        *_of_agent(settings, environ),
    ]
    value = Value(text="\n".join(dict.fromkeys(found)), origin=given.origin, place=given.place)
    values = {**settings.values, "ssh_authorized_keys": value}
    return Settings(values=values, directory=settings.directory)


def _checked(lines: Iterator[str] | tuple[str, ...], option: str, given: Value) -> Iterator[str]:
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not _KEY.match(text):
            # It may be a part of a private one.
            raise UsageError(
                f"{option} has a line that is no public key",
                place=given.where,
                remedy="a line of a file such as ~/.ssh/id_ed25519.pub",
            )
        yield text


def _of_file(settings: Settings) -> Iterator[str]:
    given = settings.values["ssh_key"]
    if not given.text:
        return
    path = settings.directory / Path(given.text).expanduser()
    text = _text(path, given)
    if _PRIVATE in text:
        path = path.with_name(f"{path.name}.pub")
        text = _text(path, given)
    yield from _checked(tuple(text.splitlines()), "SshKey", given)


def _text(path: Path, given: Value) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        public = path.suffix == ".pub"
        raise UsageError(
            f"the key of SshKey can't be read: {path}",
            place=given.where,
            why=error.strerror if isinstance(error, OSError) else "it is no text",
            remedy=f"ssh-keygen -y -f {path.stem} >{path.name}" if public else "mend the name",
        ) from error


def _of_agent(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    given = settings.values["ssh_agent"]
    if given.text in {"", "no", "false", "0"}:
        return
    socket = environ.get("SSH_AUTH_SOCK", "") if given.text in _ANYONE else given.text
    env = {"PATH": environ.get("PATH", "/usr/bin"), "SSH_AUTH_SOCK": socket}
    answer = process.run(("ssh-add", "-L"), env=env, check=False)
    if answer.status != 0:
        raise UsageError(
            "SshAgent is set, but the agent gives no key",
            place=given.where,
            why=(answer.stderr or answer.stdout).strip(),
            remedy="ssh-add, or leave out SshAgent",
        )
    yield from _checked(tuple(answer.stdout.splitlines()), "SshAgent", given)
