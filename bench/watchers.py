"""A crowd of readers of server-sent events in one process: raw sockets under one epoll, all read all the time.

Owns when each reader has read what: the moment its `recv` has returned the last byte of what is waited for. As a program,
`watchers.py COUNT PORT COOKIE...`, so many follow a HUD until it is killed; it says `joined` when all do.
"""

from __future__ import annotations

import http.client
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence

PIECE = 1 << 16
BEGAN_WITHIN_S = 20.0
STALLED_RECEIVES = 4_096  # what the kernel keeps for one who reads nothing: little, so that the sender notices soon


class Group:
    """Everybody who watches one server. `lost`: hung up on. `seen`: by descriptor, when the mark was read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sockets: dict[int, socket.socket] = {}
        self.tails: dict[int, bytes] = {}
        self.seen: dict[int, int] = {}
        self.lost = 0


class Crowd:
    """All groups. Times are nanoseconds of the machine's monotonic clock, which all processes share."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._groups: dict[int, Group] = {}
        self._mark = b""

    def join(self, group: Group, address: tuple[str, int], head: bytes) -> None:
        """One more watcher of a group; it has read the first event when this returns."""
        link = socket.create_connection(address)
        link.sendall(head)
        link.setblocking(False)
        number = link.fileno()
        group.sockets[number], group.tails[number] = link, b""
        self._groups[number] = group
        self._poll.register(number, select.EPOLLIN)
        self._await(group, b"event: hello", lambda: number in group.seen, BEGAN_WITHIN_S)

    def read_all(self, group: Group, mark: bytes, produce: Callable[[], object], within_s: float) -> list[int]:
        """Have something produced, and wait until all of the group have read the mark in it: when each had."""
        self._await(group, mark, lambda: len(group.seen) >= len(group.sockets), within_s, produce)
        return list(group.seen.values())

    def rest(self, for_s: float) -> None:
        """Read on."""
        end_s = time.monotonic() + for_s
        while (left_s := end_s - time.monotonic()) > 0:
            self._turn(min(left_s, 1.0))

    def _await(
        self, group: Group, mark: bytes, done: Callable[[], bool], within_s: float, produce: Callable[[], object] | None = None
    ) -> None:  # fmt: skip
        group.seen.clear()
        group.tails = dict.fromkeys(group.tails, b"")
        self._mark = mark
        if produce is not None:
            produce()
        end_s = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < end_s, f"{group.name}: {len(group.seen)} of {len(group.sockets)} read {mark!r}"
            self._turn(0.1)

    def _turn(self, within_s: float) -> None:
        for number, _ in self._poll.poll(within_s):
            group = self._groups[number]
            try:
                data = group.sockets[number].recv(PIECE)
            except ConnectionResetError:
                data = b""
            now_ns = time.monotonic_ns()
            if not data:
                self._leave(group, number)
            elif number not in group.seen:
                told = group.tails[number] + data
                if self._mark in told:
                    group.seen[number] = now_ns
                group.tails[number] = told[-len(self._mark) :]

    def _leave(self, group: Group, number: int) -> None:
        self._poll.unregister(number)
        group.sockets.pop(number).close()
        group.tails.pop(number)
        group.lost += 1


def stalled(address: tuple[str, int], heads: Sequence[bytes]) -> list[socket.socket]:
    """Watchers who ask and then read nothing."""
    made = []
    for head in heads:
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_RECEIVES)
        link.connect(address)
        link.sendall(head)
        made.append(link)
    return made


def stream_head(address: tuple[str, int], path: str, cookie: str = "") -> bytes:
    said = f"cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nhost: {address[0]}:{address[1]}\r\n{said}\r\n".encode()


def log_in(address: tuple[str, int], code: str) -> str:
    """The cookie that a one-time code buys."""
    asks = http.client.HTTPConnection(*address)
    headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    asks.request("POST", "/session", f'{{"code": "{code}"}}', headers)
    answer = asks.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    return str(answer.headers["set-cookie"].partition(";")[0])


def main(count: int, port: int, cookies: Sequence[str]) -> None:
    crowd, group, address = Crowd(), Group("pages"), ("127.0.0.1", port)
    for number in range(count):
        crowd.join(group, address, stream_head(address, "/api/v1/stream", cookies[number % len(cookies)]))
    print("joined", flush=True)
    crowd.rest(float("inf"))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
