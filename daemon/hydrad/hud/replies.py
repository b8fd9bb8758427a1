"""Responses: the envelope as JSON, and what the HUD itself must say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hydrad.hud.statuses import status_of
from hydrad.hud.world import World
from hydrad.wire.answers import Answer, Problem
from hydrad.wire.codes import ErrorCode

Handler = Callable[[Request], Awaitable[Response]]
_ENVELOPE = ("schema", "ok", "ts", "daemon", "data", "warnings", "error")
ERROR_SCHEMA = "hydra.error/v1"


def envelope(answer: Answer, status: int | None = None, headers: dict[str, str] | None = None) -> Response:
    """An answer as `hydractl -o json` prints it."""
    body = msgspec.json.encode({name: getattr(answer, name) for name in _ENVELOPE})
    status = status_of(answer) if status is None else status
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, "application/json")


def by_method(path: str, handlers: Mapping[str, Handler]) -> Route:
    """One route for all methods of a path, so that 405 names each of them."""

    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, handle, methods=list(handlers))


class Refusals:
    """The HUD's own refusals; each is an envelope."""

    def __init__(self, world: World) -> None:
        self._world = world

    def problem(
        self,
        status: int,
        code: ErrorCode,
        text: str,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ) -> Response:
        answer = self._world.envelope(ERROR_SCHEMA, None, Problem(code.value, text, hint, facts))
        return envelope(answer, status, headers)

    def usage(self, text: str, status: int = 400) -> Response:
        return self.problem(status, ErrorCode.USAGE, text)

    def forbidden(self, text: str, hint: str | None = None, **facts: Any) -> Response:
        return self.problem(403, ErrorCode.FORBIDDEN, text, hint, **facts)

    def no_session(self, text: str = "nobody is logged in here, or the session has ended") -> Response:
        hint = "open it from Telegram, or type at a shell: hydractl hud open"
        return self.problem(401, ErrorCode.FORBIDDEN, text, hint, needs="login")

    def too_often(self, wait_s: float) -> Response:
        headers = {"retry-after": str(max(int(wait_s + 0.999), 1))}
        return self.problem(429, ErrorCode.FORBIDDEN, "too often", None, headers, retry_after_s=round(wait_s, 1))
