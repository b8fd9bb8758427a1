"""Locks of SQLite's that another process holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def checkpoint_lock_of_another_process(shared: Path) -> Iterator[None]:
    """As if another process copied the log just now: it holds WAL_CKPT_LOCK, byte 121 (sqlite.org/walformat.html)."""
    code = (
        "import fcntl,sys\nf=open(sys.argv[1],'r+b')\nfcntl.lockf(f,fcntl.LOCK_EX,1,121)\n"
        "print('held',flush=True)\nsys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(shared)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin and child.stdout
    assert child.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()
