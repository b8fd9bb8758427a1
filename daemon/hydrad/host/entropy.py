"""Chance. The only place where it is drawn, always from the operating system."""

from __future__ import annotations

import secrets

from hydrad.domain.ids import ALPHABET, TAG_MAX

_SESSION_BITS = 53
_CODE_LENGTH = 12
_TOKEN_BYTES = 32
_BUTTON_BYTES = 16


def draw_tag() -> int:
    """A journal's 15-bit tag, never 0: that one is for what an agent starts by itself."""
    return 1 + secrets.randbelow(TAG_MAX)


def draw_session() -> int:
    """A session of the terminal link: 1..2^53-1."""
    return 1 + secrets.randbelow((1 << _SESSION_BITS) - 1)


def draw_instance() -> str:
    """The name of one run of a process: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def draw_code() -> str:
    """An invitation's code: 12 characters of the shown ids' alphabet, 60 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(_CODE_LENGTH))


def draw_key() -> str:
    """An idempotency key: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def draw_token() -> str:
    """A bearer's secret: 256 bits, 43 characters that a URL and a cookie take as they are."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def draw_button() -> str:
    """What a button of a chat brings back: 128 bits, 22 characters, since Telegram takes 64 bytes."""
    return secrets.token_urlsafe(_BUTTON_BYTES)
