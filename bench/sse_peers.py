"""A stream of server-sent events as the peers' own manuals make it: `sse_peers.py aiohttp|starlette PORT BYTES BEAT_BYTES`.

Runs in the peers' environment (`make bench-setup`) and imports nothing of ours. Each watcher has a queue and a task. A
line on stdin is an event to all, padded to BYTES; stdout answers with when that was, in monotonic nanoseconds. Each
second all are told BEAT_BYTES more, as the HUD tells what is now.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

BACKLOG = 2_048
queues: set[asyncio.Queue[str]] = set()


def tell(text: str) -> None:
    for queue in queues:
        queue.put_nowait(text)


async def orders(bytes_each: int, beat_bytes: int) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def beat() -> None:
        while True:
            await asyncio.sleep(1)
            tell("x" * beat_bytes)

    beats = loop.create_task(beat())
    while line := await lines.readline():
        now_ns = time.monotonic_ns()
        tell(line.decode().strip().ljust(bytes_each, "x"))
        print(now_ns, flush=True)
    beats.cancel()


@contextlib.asynccontextmanager
async def followed() -> AsyncIterator[asyncio.Queue[str]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues.add(queue)
    try:
        yield queue
    finally:
        queues.discard(queue)


async def by_aiohttp(port: int, bytes_each: int, beat_bytes: int) -> None:
    from aiohttp import web

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        await response.prepare(request)
        await response.write(b"event: hello\ndata: {}\n\n")
        async with followed() as queue:
            while True:
                await response.write(f"event: record\ndata: {await queue.get()}\n\n".encode())

    app = web.Application()
    app.router.add_get("/stream", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG).start()
    print("listens", flush=True)
    await orders(bytes_each, beat_bytes)


async def by_starlette(port: int, bytes_each: int, beat_bytes: int) -> None:
    import uvicorn
    from sse_starlette import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.routing import Route

    async def stream(request: Request) -> EventSourceResponse:
        async def events() -> AsyncIterator[Any]:
            yield {"event": "hello", "data": "{}"}
            async with followed() as queue:
                while True:
                    yield {"event": "record", "data": await queue.get()}

        return EventSourceResponse(events(), ping=3_600, sep="\n")

    app = Starlette(routes=[Route("/stream", stream)])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", access_log=False, backlog=BACKLOG, loop="none"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    print("listens", flush=True)
    await orders(bytes_each, beat_bytes)
    serving.cancel()


if __name__ == "__main__":
    serve = {"aiohttp": by_aiohttp, "starlette": by_starlette}[sys.argv[1]]
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(serve(*map(int, sys.argv[2:])))
