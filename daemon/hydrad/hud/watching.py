"""The stream as a response: where a page resumes, and how its bytes go out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hydrad.domain.instants import MS, BadInstant, parse_duration_ns, parse_ms
from hydrad.hud.peers import Body
from hydrad.hud.stream import Stream
from hydrad.toc.audience import Audience

BACK_MAX = 1_000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class BadPlace(ValueError):
    """`Last-Event-ID` or `back` is no number, `since` no time."""


class Watching(Response):
    """The stream, until it is over or its page has left."""

    def __init__(self, stream: Stream, after_seq: int | None, audience: Callable[[], Audience]) -> None:
        self.status_code, self.media_type, self.background = 200, "text/event-stream", None
        self.init_headers(HEADERS)
        self._stream, self._after_seq, self._audience = stream, after_seq, audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            await self._follow(Body(scope), receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _follow(self, body: Body, receive: Receive) -> None:
        following = asyncio.create_task(self._stream.follow(self._after_seq, self._audience, body))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({following, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            following.cancel()
            leaving.cancel()
            await asyncio.wait({following, leaving})
        if not following.cancelled():
            following.result()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def response(request: Request, stream: Stream, audience: Callable[[], Audience], now_ns: int) -> Response:
    """The page's stream from where it stopped. Raises BadPlace."""
    return Watching(stream, place(request, stream, now_ns), audience)


def place(request: Request, stream: Stream, now_ns: int) -> int | None:
    """The number after which a page wants to read: where it stopped, else `since` so long ago or an instant, else the
    last `back` before now; None: from now on. Raises BadPlace."""
    said, asked = request.headers.get("last-event-id"), request.query_params
    if said is not None:
        return _number(said)
    if "since" in asked:
        return stream.before(instant_ns(asked["since"], now_ns))
    return None if "back" not in asked else max(stream.head_seq - min(_number(asked["back"]), BACK_MAX), 0)


def instant_ns(text: str, now_ns: int) -> int:
    """UTC nanoseconds of `10m` (so long ago) or of an ISO 8601 instant, as `tail --since` has them. Raises BadPlace."""
    try:
        return parse_ms(text) * MS if "T" in text.upper() else now_ns - parse_duration_ns(text)
    except (BadInstant, OverflowError) as error:
        raise BadPlace(str(error)) from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadPlace("Last-Event-ID and back are numbers")
    return int(text)
