"""Starlette under uvicorn on the daemon's own loop. Owns the socket, what is mounted on it, and how it is ended.

uvicorn takes no signals here (they are the daemon's), writes no log of its own set-up, and listens on a socket that was
bound before: a port that is taken is an error of ours, not its exit. Streams never end by themselves: at the end all
have a moment to say their last word, and are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hydrad.host import descriptors
from hydrad.hud import watching
from hydrad.hud.api import Api
from hydrad.hud.doors import Doors, Visit
from hydrad.hud.files import Files, Held
from hydrad.hud.guard import Guard, TooBig, TooSlow, too_big
from hydrad.hud.login import Login
from hydrad.hud.peers import Peer
from hydrad.hud.probes import Probes
from hydrad.hud.replies import Refusals
from hydrad.hud.stream import STALLED_S, Over, Stream
from hydrad.hud.table import PREFIX
from hydrad.hud.world import Setup, World
from hydrad.toc.audience import Audience
from hydrad.wire.codes import ErrorCode

HOST = "127.0.0.1"
CONNECTIONS_MAX = 1_200
HEADER_BYTES_MAX = 16 << 10
GRACE_S = 1
_LOOK_S = 0.02
_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
_TEXTS = {404: (ErrorCode.NOT_FOUND, "there is nothing here"), 405: (ErrorCode.USAGE, "not with this method")}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HudServer:
    """Everything that is served, at most `CONNECTIONS_MAX` connections at a time."""

    def __init__(self, world: World, setup: Setup, doors: Doors, held: dict[str, Held], stream: Stream) -> None:
        self.doors, self._stream = doors, stream
        self._ending = False
        self._refusals = Refusals(world)
        login = Login(doors)
        routes = [*Probes(world, setup).routes, *login.routes, *Api(doors, login).routes, *Files(held).routes]
        routes.append(Route(f"{PREFIX}/stream", self._watch, methods=["GET"]))
        handlers = {HTTPException: self._http, TooBig: self._too_big, TooSlow: self._too_slow, Exception: self._failed}
        app = Starlette(routes=routes, exception_handlers=handlers)
        app.router.redirect_slashes = False  # it would name a scheme, and knows nothing of the TLS in front
        self.app = Guard(app, world, setup)

    @property
    def requests(self) -> int:
        """Since it was made."""
        return self.app.requests

    async def serve(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        """Until cancelled; the listener is closed then. Raises what uvicorn raises."""
        config = uvicorn.Config(
            self.app,
            log_config=None,
            log_level="error",  # what strangers send wrong is no line each
            access_log=False,
            lifespan="off",
            ws="none",
            http=Peer,
            loop="none",
            limit_concurrency=descriptors.for_connections(CONNECTIONS_MAX),
            h11_max_incomplete_event_size=HEADER_BYTES_MAX,
            timeout_graceful_shutdown=GRACE_S,
            proxy_headers=False,
            server_header=False,
        )
        server = _Server(config)
        serving = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(_LOOK_S)
            if not serving.done():
                ready()
            await asyncio.wait({serving})
            serving.result()
        finally:
            server.should_exit = True
            self._end_streams()
            await asyncio.wait({serving}, timeout=GRACE_S + 2)
            serving.cancel()
            listener.close()

    async def _watch(self, request: Request) -> Response:
        """The stream, for as long as the session and its person's role last."""
        visit = self.doors.visit(request)
        if not isinstance(visit, Visit):
            return visit
        if self._stream.full:
            return self._refusals.problem(503, ErrorCode.TIMED_OUT, "too many pages are open", "close some")
        try:
            now_ns = self.doors.world.now_ns()
            return watching.response(request, self._stream, lambda: self._audience(visit), now_ns)
        except watching.BadPlace as error:
            return self._refusals.usage(str(error))

    def _audience(self, visit: Visit) -> Audience:
        if self._ending:
            raise Over
        return self.doors.audience(visit)

    def _end_streams(self) -> None:
        """They end for want of anybody to tell; whoever takes nothing is cut off after `GRACE_S`."""
        self._ending = True
        self._stream.beat()

    async def _http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, text = _TEXTS.get(error.status_code, (ErrorCode.USAGE, error.detail))
        headers = dict(error.headers) if error.headers else None
        return self._refusals.problem(error.status_code, code, text, None, headers)

    async def _too_big(self, request: Request, error: Exception) -> Response:
        return too_big(self._refusals)

    async def _too_slow(self, request: Request, error: Exception) -> Response:
        return self._refusals.usage("the body did not come in time", 408)

    async def _failed(self, request: Request, error: Exception) -> Response:
        """The edge of requests: what fails here must not end what trades. uvicorn writes the trace."""
        text = "the request failed; the daemon's log has the reason"
        return self._refusals.problem(500, ErrorCode.FAILED, text)


def listen(port: int) -> socket.socket:
    """A bound socket on loopback; 0 takes a free port. Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Of those it accepts: asyncio sets it where a socket names its protocol, and these do not.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _USER_TIMEOUT is not None:  # of those it accepts; Linux alone has it
            listener.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, STALLED_S * 1_000)
        listener.bind((HOST, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
