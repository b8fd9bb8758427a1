"""The stream as a response: where a page resumes, and how its bytes go out."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import StreamingResponse

from hydrad.hud.stream import Stream
from hydrad.toc.audience import Audience

BACK_MAX = 1_000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class BadPlace(ValueError):
    """`Last-Event-ID` or `back` is no number."""


def response(request: Request, stream: Stream, audience: Callable[[], Audience]) -> StreamingResponse:
    """The page's stream from where it stopped. Raises BadPlace."""
    pieces = stream.follow(place(request, stream.head_seq), audience)
    return StreamingResponse(pieces, headers=HEADERS, media_type="text/event-stream")


def place(request: Request, head_seq: int) -> int | None:
    """The number after which a page wants to read: where it stopped, or the last `back` before now; None: from now on.
    Raises BadPlace."""
    said, back = request.headers.get("last-event-id"), request.query_params.get("back")
    if said is not None:
        return _number(said)
    return None if back is None else max(head_seq - min(_number(back), BACK_MAX), 0)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadPlace("Last-Event-ID and back are numbers")
    return int(text)
