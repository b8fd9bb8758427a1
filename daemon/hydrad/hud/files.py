"""The pages: files of the package, read and compressed once. No request opens a file, so none can name one.

Each page is the same document to everybody, logged in or not: it asks `/api/v1` for what it shows.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hydrad.hud.guard import MINI_APP
from hydrad.hud.packing import takes_gzip

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
INDEX = "index.html"
# A path and the file that it is, where there is one of that name; else the index.
PAGES = ("/", "/hud", "/missions", "/positions", "/terminals", "/report", "/me", "/log", "/login", MINI_APP)
BYTES_MAX = 4 << 20
_COMPRESS_ABOVE = 512
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_DENSE = frozenset({".png", ".woff2"})


class Held(msgspec.Struct, frozen=True):
    """A file's bytes; `packed` by gzip, where that is shorter."""

    kind: str
    etag: str
    plain: bytes
    packed: bytes | None


def read(folder: Path = FOLDER) -> dict[str, Held]:
    """All files of known types under `folder`, by their path there. Raises OSError, and ValueError for too much."""
    found = {
        path.relative_to(folder).as_posix(): _held(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }
    total = sum(len(held.plain) for held in found.values())
    if total > BYTES_MAX or INDEX not in found:
        raise ValueError(f"{folder} has {total} bytes of pages, {BYTES_MAX} at most, and must have {INDEX}")
    return found


def _held(path: Path) -> Held:
    plain = path.read_bytes()
    packed = gzip.compress(plain, 9, mtime=0) if len(plain) > _COMPRESS_ABOVE and path.suffix not in _DENSE else b""
    shorter = packed if 0 < len(packed) < len(plain) else None
    return Held(_TYPES[path.suffix], f'"{hashlib.sha256(plain).hexdigest()[:32]}"', plain, shorter)


class Files:
    """The routes of pages and assets."""

    def __init__(self, held: dict[str, Held]) -> None:
        self._held = held
        self.routes = [Route(path, self._page, methods=["GET"]) for path in PAGES]
        self.routes.append(Route(PREFIX + "/{name:path}", self._asset, methods=["GET"]))

    async def _page(self, request: Request) -> Response:
        own = request.url.path.strip("/") + ".html"
        return self._sent(request, self._held.get(own) or self._held[INDEX])

    async def _asset(self, request: Request) -> Response:
        held = self._held.get(request.path_params["name"])
        return Response(status_code=404) if held is None else self._sent(request, held)

    def _sent(self, request: Request, held: Held) -> Response:
        """Whole, packed where the client takes that, or 304: it is asked for anew each time, and seldom sent."""
        headers = {"etag": held.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if held.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if held.packed is not None and takes_gzip(request):
            return Response(held.packed, headers={**headers, "content-encoding": "gzip"}, media_type=held.kind)
        return Response(held.plain, headers=headers, media_type=held.kind)
