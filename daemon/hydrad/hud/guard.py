"""What every request must be before anything looks at it, and what every response carries.

A page elsewhere must neither read nor act here: the Host is one of ours (a name of its own that points here is not),
a change is a POST of JSON that our own page has sent (`Sec-Fetch-Site`, else the exact Origin), there is no CORS, and
the browser is told to run nothing but our own files. Bodies, their time, and the rate of each peer are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from hydrad.host.rates import Buckets, Rate
from hydrad.hud.replies import Refusals
from hydrad.hud.world import Setup, World

BODY_BYTES_MAX = 64 << 10
BODY_S = 10.0
# For what is left of a body whose request was answered already.
REST_S = 0.5
PEER_RATE = Rate(per_s=200.0, burst=2_000)
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
LOCAL_PEERS = frozenset({"127.0.0.1", "::1"})
MINI_APP = "/app"
HALT = "/api/v1/halt"  # never too often: who cannot get through at a halt is worse off than who is flooded with them
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
_NOWHERE, _TELEGRAM = "'none'", "https://web.telegram.org https://*.telegram.org"
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": _CSP + _NOWHERE,
}
_MINI_APP_CSP = _CSP + _TELEGRAM


class TooBig(Exception):
    """A body went on beyond its limit."""


class TooSlow(Exception):
    """A body did not come in time."""


class Guard:
    """ASGI, around everything."""

    def __init__(self, app: Starlette, world: World, setup: Setup) -> None:
        self._app, self._world, self._setup = app, world, setup
        self._refusals = Refusals(world)
        self._peers = Buckets(PEER_RATE)
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.requests += 1
        body = _Bounded(receive, Headers(scope=scope))
        dressed = _Dressed(send, scope["path"], body)
        refusal = self._refusals.usage("its length is said twice") if body.twofold else self._refusal(Request(scope))
        if refusal is None:
            await self._app(scope, body, dressed)
        else:
            await refusal(scope, receive, dressed)

    def _refusal(self, request: Request) -> Response | None:
        """Why this request goes no further."""
        if not self._is_ours(request.headers):
            return self._refusals.usage("this is not its name", 421)
        is_halt = request.method == "POST" and request.scope["path"] == HALT
        wait_s = 0.0 if is_halt else self._peers.take(peer_of(request, self._setup), self._world.now_ns())
        if wait_s:
            return self._refusals.too_often(wait_s)
        return None if request.method in ("GET", "HEAD") else self._change_refusal(request)

    def _change_refusal(self, request: Request) -> Response | None:
        if not self._is_taken(request.scope):
            return None  # by no route: 404 or 405 will be said
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return too_big(self._refusals)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return self._refusals.usage("the body must be application/json", 415)
        if not self._is_from_here(request.headers):
            return self._refusals.forbidden("asked by a page from elsewhere", needs="same-origin")
        return None

    def _is_taken(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._app.routes)

    def _is_ours(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        return len(hosts) == 1 and (is_local_name(hosts[0]) or self._is_public(hosts[0]))

    def _is_public(self, host: str) -> bool:
        ours = self._setup.public_host
        return bool(ours) and host.lower().removesuffix(":443") == ours.removesuffix(":443")

    def _is_from_here(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        scheme = "https" if self._is_public(headers["host"]) else "http"
        return headers.get("origin") == f"{scheme}://{headers['host']}"


def too_big(refusals: Refusals) -> Response:
    return refusals.usage(f"a body has at most {BODY_BYTES_MAX} bytes", 413)


def is_local_name(host: str) -> bool:
    """Whether a Host header is this machine's own; the port may be a tunnel's."""
    name, _, port = host.lower().rpartition(":")
    return host.lower() in LOCAL_NAMES or (name in LOCAL_NAMES and port.isdigit())


def peer_of(request: Request, setup: Setup) -> str:
    """Who asks, for counting: the connection's other end, or what a trusted proxy says of it."""
    peer = request.client.host if request.client else ""
    if peer not in setup.proxies:
        return peer
    told = [word.strip() for line in request.headers.getlist("x-forwarded-for") for word in line.split(",")]
    return next((word for word in reversed(told) if word and word not in setup.proxies), peer)


def is_local(request: Request) -> bool:
    """Asked on this machine itself, through no proxy."""
    peer = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in _FORWARDED)
    return peer in LOCAL_PEERS and is_local_name(request.headers["host"]) and not forwarded


def is_secure(request: Request, setup: Setup) -> bool:
    """Whether the browser speaks TLS: the public name exists behind it only."""
    return bool(setup.public_host) and not is_local_name(request.headers["host"])


class _Dressed:
    """`send`, with the headers of every response. Who is answered before their body is whole is given a moment for the
    rest, since a socket closed over unread bytes takes the answer along (RFC 9112, 9.6); then they are hung up on,
    since what trickles in afterwards nobody would time."""

    def __init__(self, send: Send, path: str, body: _Bounded) -> None:
        self._send, self._body = send, body
        self._framed = path == MINI_APP

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            await self._body.rest()
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._body.is_open or self._body.twofold:
                headers["connection"] = "close"
            if self._framed:
                headers["content-security-policy"] = _MINI_APP_CSP
        await self._send(message)


class _Bounded:
    """`receive`, until the body is whole: so many bytes, and so long. Raises TooBig and TooSlow. `twofold`: its end is
    said in two ways, and a proxy may have read the other one (RFC 9112, 6.1): its connection is closed."""

    def __init__(self, receive: Callable[[], Awaitable[Message]], headers: Headers) -> None:
        self._receive = receive
        self.twofold = "transfer-encoding" in headers and "content-length" in headers
        self._announced = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        self._bytes = 0
        self._whole = False
        self._ends_s: float | None = None  # on the loop's clock; what trickles in gives it no more time

    @property
    def is_open(self) -> bool:
        """Whether some of it is still to come."""
        return self._announced and not self._whole

    async def rest(self) -> None:
        """What is on its way of a body that nobody has read."""
        if self.is_open:
            with contextlib.suppress(TimeoutError, TooBig, TooSlow):
                async with asyncio.timeout(REST_S):
                    while self.is_open:
                        await self()

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            if self._ends_s is None:
                self._ends_s = asyncio.get_running_loop().time() + BODY_S
            async with asyncio.timeout_at(self._ends_s):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > BODY_BYTES_MAX:
            raise TooBig
        self._whole = not message.get("more_body", False)
        return message
