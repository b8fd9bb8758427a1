"""What Telegram signs when it opens a Mini App: read, proven, and judged by its age. Pure.

Source: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app. The secret is
HMAC-SHA-256("WebAppData", bot token), the proof HMAC-SHA-256 with it over all fields but `hash` (`signature` stays in),
sorted by name, `name=value` on lines of their own, each value decoded once and otherwise as it came.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from hydrad.domain.instants import SECOND

BYTES_MAX = 4_096
FIELDS_MAX = 32
FULL_S = 300
READ_ONLY_S = 86_400
AHEAD_S = 30
_USER_MAX = 1 << 52


class Refused(Exception):
    """It proves nothing; the message says why, and holds nothing of it."""


class Proven(NamedTuple):
    """`hash`: by which it is known. `full`: whether it is fresh enough to act with; `ends_ns`: when it buys nothing any
    more."""

    user: int
    full: bool
    hash: bytes
    ends_ns: int


class _User(msgspec.Struct):
    id: int


def proven(raw: str, bot_token: str, now_ns: int) -> Proven:
    """Who opened the Mini App. Raises Refused. Nothing is read out of it before the proof has held."""
    fields = _fields(raw)
    given = fields.pop("hash", "")
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.digest(b"WebAppData", bot_token.encode(), hashlib.sha256)
    right = hmac.digest(secret, lines.encode(), hashlib.sha256)
    if not hmac.compare_digest(right.hex().encode(), given.encode()):
        raise Refused("its signature is not the bot's")
    made_s = _number(fields.get("auth_date", ""))
    age_s = now_ns / SECOND - made_s
    if age_s < -AHEAD_S:
        raise Refused("it is from the future")
    if age_s > READ_ONLY_S:
        raise Refused("it is more than 24 hours old")
    return Proven(_user(fields.get("user", "")), age_s <= FULL_S, right, (made_s + READ_ONLY_S + AHEAD_S) * SECOND)


def _fields(raw: str) -> dict[str, str]:
    if len(raw.encode(errors="replace")) > BYTES_MAX:
        raise Refused(f"it has more than {BYTES_MAX} bytes")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Refused("it cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("a field is there twice")
    return fields


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Refused("its time cannot be read")
    return int(text)


def _user(text: str) -> int:
    try:
        user = msgspec.json.decode(text, type=_User).id
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Refused("it names no user") from None
    if not 0 < user < _USER_MAX:
        raise Refused("it names no user")
    return user
