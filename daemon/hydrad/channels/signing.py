"""How a webhook's letter is signed: by the Standard Webhooks specification (https://www.standardwebhooks.com), so that
a receiver may use any of its libraries. Pure.

Signed is `ID.TIMESTAMP.BODY` with HMAC-SHA256; the header `webhook-signature` is `v1,` and the base64 of it. The id
follows from the letter's key: a repeat has the same one. A receiver refuses a timestamp that is minutes off, and an id
that it has seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
SECRET_BYTES_MIN = 24


class BadKey(ValueError):
    """The secret is none; the message has the fix and nothing of it."""


def key_of(text: str) -> bytes:
    """The key in a secret's text: `whsec_` and base64, or the text itself. Raises BadKey."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else text.encode()
    except binascii.Error:
        raise BadKey("what follows whsec_ is not base64") from None
    if len(key) < SECRET_BYTES_MIN:
        raise BadKey(f"it has fewer than {SECRET_BYTES_MIN} bytes: openssl rand -base64 32")
    return key


def id_of(letter_key: str) -> str:
    return "msg_" + hashlib.sha256(letter_key.encode()).hexdigest()[:40]


def signature(key: bytes, identity: str, at_s: int, body: bytes) -> str:
    signed = f"{identity}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
