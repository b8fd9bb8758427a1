"""Secrets on disk: who may read them, and the CURVE key pair. Owns the key file's format, two lines of TOML.

Keys are Z85 text of 40 characters, as ZeroMQ has them (https://rfc.zeromq.org/spec/32/).
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import msgspec
import zmq

from hydrad.host.secrets import BadSecret, Secret, hidden, read_text

_PRIVATE = 0o600

__all__ = [
    "BadSecret",
    "KeyPair",
    "draw_keypair",
    "parse_keypair",
    "read_keypair",
    "read_secret",
    "write_keypair",
    "write_secret",
]


class KeyPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A CURVE key pair. Its text form hides the secret."""

    public: str
    secret: Secret


def draw_keypair() -> KeyPair:
    """A new key pair."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), Secret(secret.decode()))


def write_keypair(path: Path, pair: KeyPair) -> None:
    """Make the key file, mode 0600, durable; raises FileExistsError rather than replace a key."""
    write_secret(path, f'public = "{pair.public}"\nsecret = "{pair.secret.reveal()}"\n')


def write_secret(path: Path, text: str) -> None:
    """Make a file of mode 0600, durable; raises FileExistsError if there is one."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_CLOEXEC", 0), _PRIVATE)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if sys.platform == "win32":
        return  # a folder cannot be opened there, and its entries are journaled
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_keypair(path: Path) -> KeyPair:
    """The key pair in a key file; raises FileNotFoundError and BadSecret."""
    return parse_keypair(read_secret(path), str(path))


def parse_keypair(text: str, where: str) -> KeyPair:
    """The key pair in a key file's text; raises BadSecret, which names `where` it was."""
    try:
        pair = msgspec.convert(tomllib.loads(text), KeyPair, dec_hook=hidden)
        public = zmq.curve_public(pair.secret.reveal().encode())
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, zmq.ZMQError):
        raise BadSecret(f"{where} is no key file: restore it from a backup, or enrol anew") from None
    if public.decode() != pair.public:
        raise BadSecret(f"{where}: the public key is not that of the secret: restore it from a backup")
    return pair


def read_secret(path: Path) -> str:
    """The text of a file that only its owner can read; raises FileNotFoundError and BadSecret."""
    try:
        return read_text(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadSecret(f"{path} cannot be read: {error.strerror}") from None
