"""A client of the simulated broker's control socket. Owns how long an answer may take."""

from __future__ import annotations

import asyncio
import json

CONTROL_TIMEOUT_S = 10.0


class BrokerControl:
    """A client of the simulated broker's control socket: one JSON line each way."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._one = asyncio.Lock()

    async def ask(self, **request: object) -> dict[str, object] | None:
        """The answer, or None when the broker cannot be reached in time or refuses."""
        answer = await self.say(**request)
        return answer if answer and answer.get("ok") else None

    async def say(self, **request: object) -> dict[str, object] | None:
        """The answer, a refusal too, or None when the broker cannot be reached in time. One at a time."""
        async with self._one:
            return await self._exchange(request)

    async def _exchange(self, request: dict[str, object]) -> dict[str, object] | None:
        try:
            async with asyncio.timeout(CONTROL_TIMEOUT_S):
                if self._writer is None:
                    self._reader, self._writer = await asyncio.open_unix_connection(self._path)
                assert self._reader is not None
                self._writer.write(json.dumps(request).encode() + b"\n")
                line = await self._reader.readline()
        except (OSError, TimeoutError):
            self.close()
            return None
        if not line:
            self.close()
            return None
        answer: dict[str, object] = json.loads(line)
        return answer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
