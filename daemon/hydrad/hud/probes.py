"""`/livez`, `/readyz`, `/healthz`, `/metrics`: for what watches the daemon. The first two are one word to everybody,
the others are for this machine itself, or for who has the token of `hud.metrics_token_file`."""

from __future__ import annotations

import hmac

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hydrad.hud.guard import is_local
from hydrad.hud.metrics import CONTENT_TYPE, Exposition
from hydrad.hud.replies import Refusals
from hydrad.hud.world import Setup, World

_BEARER = "bearer "


class Probes:
    def __init__(self, world: World, setup: Setup) -> None:
        self._world, self._setup = world, setup
        self._refusals = Refusals(world)
        self._exposition: Exposition | None = None
        self.routes = [
            Route("/livez", self._livez, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _livez(self, request: Request) -> Response:
        """The loop turns and its lag is bearable."""
        return _word(self._world.look().live)

    async def _readyz(self, request: Request) -> Response:
        """It can take acts: bridge and toc run, a terminal is READY."""
        return _word(self._world.look().ready)

    async def _healthz(self, request: Request) -> Response:
        """Every check, as JSON."""
        if not self._may(request):
            return self._refusals.forbidden("health is shown to this machine, or for the token")
        glance = self._world.look()
        return Response(msgspec.json.encode(glance), 200 if glance.healthy else 503, media_type="application/json")

    async def _metrics(self, request: Request) -> Response:
        if not self._may(request):
            return self._refusals.forbidden("metrics are shown to this machine, or for the token")
        if self._exposition is None:
            self._exposition = Exposition(self._world.figures)
        return Response(self._exposition.text(), media_type=CONTENT_TYPE)

    def _may(self, request: Request) -> bool:
        token, told = self._setup.metrics_token, request.headers.get("authorization", "")
        if token is not None and told.lower().startswith(_BEARER):
            given = told[len(_BEARER) :].strip().encode(errors="replace")
            return hmac.compare_digest(given, token.reveal().encode())
        return is_local(request)


def _word(passed: bool) -> Response:
    return PlainTextResponse("ok\n" if passed else "no\n", 200 if passed else 503)
