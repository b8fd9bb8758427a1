"""The stream as a response: where a page resumes, and how its bytes go out."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import StreamingResponse

from hydrad.hud.stream import Stream
from hydrad.toc.audience import Audience

HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class BadPlace(ValueError):
    """`Last-Event-ID` or `after` is no sequence number."""


def response(request: Request, stream: Stream, audience: Callable[[], Audience]) -> StreamingResponse:
    """The page's stream from where it stopped. Raises BadPlace."""
    pieces = stream.follow(place(request), audience)
    return StreamingResponse(pieces, headers=HEADERS, media_type="text/event-stream")


def place(request: Request) -> int | None:
    """The number after which a page wants to read; None: from now on. Raises BadPlace."""
    said = request.headers.get("last-event-id") or request.query_params.get("after")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= 18):
        raise BadPlace("Last-Event-ID is a sequence number")
    return int(said)
