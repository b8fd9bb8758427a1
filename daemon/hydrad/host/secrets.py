"""Secrets: a text that cannot be shown by accident, and the places that one is read from.

Owns `Secret` and what a file must be to hold one. Nothing but `reveal` gives the text: printing masks it, every
encoder refuses it. A secret comes from a file that a `*_file` key names, from the service manager's credentials
(`$CREDENTIALS_DIRECTORY`, systemd.exec(5)), or from a keyring where one is configured; never from the
configuration's own text.
"""

from __future__ import annotations

import hmac
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from hydrad.host import windows

MASK = "(secret)"
SECRET_BYTES_MAX = 4_096
FILE_BYTES_MAX = 65_536
CREDENTIALS = "CREDENTIALS_DIRECTORY"
# A pipe in a secret's place must not hang the start. Windows has neither flag, and needs its own.
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class BadSecret(Exception):
    """A secret that others can read, or that is missing or unusable: it stops the start. The message has the fix."""


class Secret:
    """A text that is compared in constant time and shows itself only to `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for whoever hands it over: a socket, a login, a private file."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        """Whether there is any text."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not serialised")


def revealed(value: object) -> Any:
    """For encoders whose bytes go to a private file or a pipe (msgspec's `enc_hook`); raises TypeError for others."""
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} is not a secret")


def hidden(kind: type, value: object) -> Any:
    """For decoders of those bytes (msgspec's `dec_hook`); raises TypeError and ValueError."""
    if kind is not Secret:
        raise TypeError(f"{kind.__name__} is not a secret")
    if not isinstance(value, str):
        raise ValueError("text is expected")
    return Secret(value)


# --- where they come from -------------------------------------------------------------------------------


def find(name: str, file: str, environ: Mapping[str, str], keyring: str = "") -> Secret | None:
    """The secret `name`: from `file` where it is named, else the credential of that name, else the keyring's service
    `keyring` where that is named. None when nobody has it. Raises BadSecret."""
    if file:
        return read_file(Path(file))
    folder = environ.get(CREDENTIALS, "")
    if folder and (Path(folder) / name).exists():
        return _single(Path(folder) / name, private=False)  # its folder is the service's own: mode 0500, or an ACL
    return _from_keyring(keyring, name) if keyring else None


def read_file(path: Path) -> Secret:
    """A file's one secret, without the line's end; raises BadSecret."""
    return _single(path, private=True)


def _single(path: Path, private: bool) -> Secret:
    try:
        text = read_text(path, SECRET_BYTES_MAX, private=private).removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise BadSecret(f"{path} cannot be read: {error.strerror}") from None
    if not text.strip():
        raise BadSecret(f"{path} is empty: write the secret into it, and nothing else")
    if "\n" in text or "\0" in text:
        raise BadSecret(f"{path} has more than one line: a secret is one line")
    return Secret(text)


def _from_keyring(service: str, name: str) -> Secret | None:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise BadSecret(
            f"secrets.keyring is '{service}', and the keyring package is not installed: pip install 'hydrax[keyring]'"
        ) from None
    try:
        text = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        raise BadSecret(f"the keyring does not answer for {service}/{name}: {error}") from None
    return Secret(text) if text else None


def read_text(path: Path, bytes_max: int = FILE_BYTES_MAX, *, private: bool = True) -> str:
    """The text of a regular file of at most `bytes_max`, which only its owner can reach where it must be `private`.

    Raises OSError, and BadSecret with the fix.
    """
    fd = os.open(path, _READ_FLAGS)
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise BadSecret(f"{path} is no regular file")
        if private:
            check_private(path, found)
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise BadSecret(f"{path} has more than {bytes_max} bytes: that is no secret")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadSecret(f"{path} is not text in UTF-8") from None


def check_private(path: Path, found: os.stat_result) -> None:
    """Raises BadSecret for what others can reach, or what belongs to somebody else."""
    if sys.platform == "win32":
        told = windows.problem(path, writing=False)
        if told:
            raise BadSecret(told)
        return
    check_closed(path, found)
    if found.st_uid not in (os.geteuid(), 0):
        raise BadSecret(f"{path} belongs to uid {found.st_uid}: run chown {os.geteuid()} {path}")


def check_closed(path: Path, found: os.stat_result) -> None:
    """Raises BadSecret for what others than its owner can reach, whoever that is; where modes say so."""
    if sys.platform == "win32":
        return
    mode = stat.S_IMODE(found.st_mode)
    right = "700" if stat.S_ISDIR(found.st_mode) else "600"
    if mode & 0o077:
        raise BadSecret(f"{path} can be read by others (mode {mode:04o}): run chmod {right} {path}")
