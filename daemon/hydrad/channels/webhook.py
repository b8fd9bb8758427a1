"""The carrier of a webhook: one signed POST a letter. Owns what a receiver's status means for the letter.

Only a status from 200 to 299 is an arrival. No redirect is followed: a signed letter goes where it was configured to
go, or nowhere. Of an answer the status alone is read. Whatever else it says is tried again, but what says that this
letter is malformed; a person can put a receiver right within the hour, and the channel's alarm tells them.
"""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from hydrad.channels import signing
from hydrad.channels.carrying import Carried, lost, shown
from hydrad.channels.threads import ANSWER_S, Line, Threads
from hydrad.domain.instants import SECOND, ns_text
from hydrad.outbox.outcomes import Lost, Refused, Sent, Throttled
from hydrad.outbox.store import Row

PATIENCE_S, PATIENCE_MAX_S = 60.0, 3600.0
MALFORMED = frozenset({400, 413, 415, 422})
LATER = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Setup:
    """`url`: https, or http to a loopback address, as the configuration has checked. `key`: see `signing.key_of`."""

    url: str
    key: bytes
    home: str
    mode: str
    context: ssl.SSLContext | None

    def __repr__(self) -> str:
        return f"Setup({self.url!r})"


class Body(msgspec.Struct, frozen=True):
    """What is sent, as JSON. `image`: a PNG in base64, or null. `may_be_repeat`: it may have arrived before."""

    schema: str
    id: str
    at: str
    home: str
    mode: str
    priority: str
    topic: str | None
    text: str
    may_be_repeat: bool
    image: str | None


class Webhook:
    def __init__(self, setup: Setup, now_ns: Callable[[], int], threads: Threads | None = None) -> None:
        self._setup, self._now_ns = setup, now_ns
        self._threads = threads or Threads("webhook")

    async def carry(self, row: Row) -> Carried:
        work = _Work(self._setup, row, self._now_ns())
        try:
            return await self._threads.run(work.run)
        except TimeoutError:
            return lost("the receiver took too long", work.is_sent)

    def close(self) -> None:
        self._threads.close()


def body_of(row: Row, setup: Setup, now_ns: int) -> bytes:
    letter = row.letter
    image = base64.b64encode(letter.image).decode() if letter.image else None
    return msgspec.json.encode(
        Body(
            schema="hydra.letter/v1",
            id=signing.id_of(letter.key),
            at=ns_text(now_ns),
            home=setup.home,
            mode=setup.mode,
            priority=letter.priority.name,
            topic=letter.topic or None,
            text=letter.text,
            may_be_repeat=bool(row.doubt_ns),
            image=image,
        )
    )


def headers_of(key: bytes, letter_key: str, at_s: int, body: bytes) -> dict[str, str]:
    identity = signing.id_of(letter_key)
    return {
        "Content-Type": "application/json",
        "User-Agent": "hydrax",
        "Connection": "close",
        "webhook-id": identity,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signing.signature(key, identity, at_s, body),
    }


class _Work:
    """One letter, on a thread. `is_sent`: its last byte may have left."""

    def __init__(self, setup: Setup, row: Row, now_ns: int) -> None:
        self._setup = setup
        self._body = body_of(row, setup, now_ns)
        self._headers = headers_of(setup.key, row.letter.key, now_ns // SECOND, self._body)
        self.is_sent = False

    def run(self, line: Line) -> Carried:
        parts = urlsplit(self._setup.url)
        assert parts.hostname is not None
        client: http.client.HTTPConnection
        if parts.scheme == "https":
            client = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=ANSWER_S, context=self._setup.context
            )
        else:
            client = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
        try:
            client.connect()
            line.hold(client.sock)
            self.is_sent = True
            place = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            client.request("POST", place, self._body, self._headers)
            answer = client.getresponse()
            return _answered(answer.status, answer.getheader("Retry-After", ""))
        except (OSError, http.client.HTTPException) as error:
            return lost(f"{type(error).__name__}: {shown(str(error))}", self.is_sent)
        finally:
            client.close()


def _answered(status: int, retry_after: str) -> Carried:
    why = f"the receiver answers {status}"
    if 200 <= status < 300:
        return Carried(Sent())
    if status in MALFORMED:
        return Carried(Refused(why), why)
    if status in LATER:
        asked_s = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else PATIENCE_S
        return Carried(Throttled(min(max(asked_s, 1.0), PATIENCE_MAX_S)), why)
    return Carried(Lost(why, reached=False), why)
