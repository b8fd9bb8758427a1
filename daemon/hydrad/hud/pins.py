"""PINs: what one may look like, and what is kept of it.

A PIN confirms that the person at the phone is the one who logged in. scrypt (RFC 7914) at 16 MiB makes a copied file
slow to search; what really bounds guessing is that tries are counted, for each session and for each person.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

LENGTH_MIN, LENGTH_MAX = 4, 64
# Wrong ones in a row, over all sessions; then it has to be set anew at a shell.
TRIES_MAX = 15
SALT_BYTES = 16
_N, _R, _P = 1 << 14, 8, 1


class Pin(msgspec.Struct, frozen=True):
    """`since_ns`: when its operator joined; another person of the same name has no PIN."""

    since_ns: int
    salt: bytes
    hash: bytes
    wrong: int = 0

    @property
    def locked(self) -> bool:
        return self.wrong >= TRIES_MAX


def problem(text: str) -> str:
    """Why this cannot be a PIN; empty where it can."""
    if not LENGTH_MIN <= len(text) <= LENGTH_MAX or not text.isprintable():
        return f"a PIN has {LENGTH_MIN} to {LENGTH_MAX} printable characters"
    if len(set(text)) == 1:
        return "a PIN is not one character again and again"
    return ""


def made(text: str, salt: bytes, since_ns: int) -> Pin:
    """Takes some 50 ms of a core, and 16 MiB."""
    return Pin(since_ns, salt, _hash(text, salt))


def is_right(pin: Pin, text: str) -> bool:
    """Takes as long as `made`."""
    return hmac.compare_digest(pin.hash, _hash(text, pin.salt))


def _hash(text: str, salt: bytes) -> bytes:
    return hashlib.scrypt(text.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)
