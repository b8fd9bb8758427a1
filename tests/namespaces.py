"""Networks of their own for tests that cut one: made, entered and taken down by `ip`."""

from __future__ import annotations

import ctypes
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000


def allowed() -> bool:
    """Whether this user may make network namespaces here."""
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True)
    return tried.returncode == 0 and subprocess.run(["which", "ip"], capture_output=True).returncode == 0


@contextmanager
def namespace() -> Iterator[str]:
    """A network of its own, in which nothing is but loopback."""
    name = f"hx{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        mended(name)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def cut(name: str) -> None:
    """The network goes away without a word."""
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "down"], check=True)


def mended(name: str) -> None:
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This thread in a namespace: sockets that it opens, and processes that it starts, stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as home, Path(f"/run/netns/{name}").open() as there:
        _enter(libc, there.fileno())
        try:
            yield
        finally:
            _enter(libc, home.fileno())


def _enter(libc: ctypes.CDLL, fd: int) -> None:
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
