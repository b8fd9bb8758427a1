"""The receiver that docs/alerts.md shows, byte for byte: a test holds the page against this file."""

# --- as on the page ---
import base64
import hashlib
import hmac
import json
from typing import Any


class BadSignature(Exception):
    pass


def verified(secret: str, headers: dict[str, str], body: bytes, now_s: int) -> Any:
    """The letter, if it comes from whoever has the secret, and came within five minutes."""
    found = {name.lower(): value for name, value in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{found['webhook-id']}.{found['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(wanted, one) for one in found["webhook-signature"].split(" ")):
        raise BadSignature("not signed with this secret")
    if abs(now_s - int(found["webhook-timestamp"])) > 300:
        raise BadSignature("too old, or from the future")
    return json.loads(body)  # then: have you seen found["webhook-id"] before?
