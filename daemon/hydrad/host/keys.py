"""Secrets on disk: who may read them, and the CURVE key pair. Owns the key file's format, two lines of TOML.

Keys are Z85 text of 40 characters, as ZeroMQ has them (https://rfc.zeromq.org/spec/32/).
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import msgspec
import zmq

_PRIVATE = 0o600


class BadSecret(Exception):
    """A secret file that others can read, or that holds none: it stops the start. The message has the fix."""


class KeyPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A CURVE key pair. Its text form hides the secret."""

    public: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r}, secret='...')"


def draw_keypair() -> KeyPair:
    """A new key pair."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def write_keypair(path: Path, pair: KeyPair) -> None:
    """Make the key file, mode 0600, durable; raises FileExistsError rather than replace a key."""
    write_secret(path, f'public = "{pair.public}"\nsecret = "{pair.secret}"\n')


def write_secret(path: Path, text: str) -> None:
    """Make a file of mode 0600, durable; raises FileExistsError if there is one."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_keypair(path: Path) -> KeyPair:
    """The key pair in a key file; raises FileNotFoundError and BadSecret."""
    try:
        pair = msgspec.convert(tomllib.loads(read_secret(path)), KeyPair)
        public = zmq.curve_public(pair.secret.encode())
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, zmq.ZMQError):
        raise BadSecret(f"{path} is no key file: restore it from a backup, or enrol anew") from None
    if public.decode() != pair.public:
        raise BadSecret(f"{path}: the public key is not that of the secret: restore it from a backup")
    return pair


def read_secret(path: Path) -> str:
    """The text of a file that only its owner can read; raises FileNotFoundError and BadSecret."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(fd, encoding="utf-8") as file:
        _check_private(path, os.fstat(fd))
        return file.read()


def _check_private(path: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise BadSecret(f"{path} can be read by others (mode {mode:04o}): run chmod 600 {path}")
    if found.st_uid not in (os.geteuid(), 0):
        raise BadSecret(f"{path} belongs to uid {found.st_uid}: run chown {os.geteuid()} {path}")
