"""A program at a terminal, as a person has it: in a real tmux, or in a plain pty with what SSH sets.

`Tmux` and `Pty` start a program, type at it, read its screen and resize it by the same words; whatever is waited for is
polled, and a wait that fails shows the whole screen. The environment is exactly what is given: nothing of who runs the
tests gets in but `BASE`. Each is ended with its `with` block, whatever happened in it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Self

import pyte

WAIT_S = 30.0
POLL_S = 0.05
GRACE_S = 3.0  # that a program has to end by itself when its terminal is gone
WIDE = (160, 50)
SMALL = (80, 24)
Size = tuple[int, int]  # columns, rows
# What a program needs to be found and to find its modules; HOME is where it may write.
BASE = ("PATH", "HOME", "TMPDIR", "PYTHONPATH")
SHELL = {"TERM": "tmux-256color", "LANG": "C.UTF-8"}
SSH = {
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "SSH_CONNECTION": "192.0.2.7 50022 192.0.2.1 22",
    "SSH_CLIENT": "192.0.2.7 50022 22",
}
# tmux's names of keys -> what a terminal sends.
KEYS = {
    "Enter": "\r",
    "Escape": "\x1b",
    "Tab": "\t",
    "BTab": "\x1b[Z",
    "Space": " ",
    "BSpace": "\x7f",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "Right": "\x1b[C",
    "Left": "\x1b[D",
    "Home": "\x1b[H",
    "End": "\x1b[F",
    "PPage": "\x1b[5~",
    "NPage": "\x1b[6~",
    "F1": "\x1bOP",
    **{f"C-{letter}": chr(number) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 1)},
}


def environment(set_by: Mapping[str, str] = SHELL, **more: str) -> dict[str, str]:
    """All that a program is to see of the world."""
    return {**{name: os.environ[name] for name in BASE if name in os.environ}, **set_by, **more}


# The screen is the program's alone and outlives it; Escape is Escape at once.
SETTINGS = """\
set -g status off
set -g remain-on-exit on
set -g remain-on-exit-format ''
set -g default-shell /bin/sh
set -s escape-time 0
set -s set-clipboard on
"""


class Cursor(NamedTuple):
    column: int
    row: int
    shown: bool


class Terminal:
    """What both have in common: waiting for what a screen shows."""

    def screen(self) -> list[str]:
        """Its rows, without blanks at their ends."""
        raise NotImplementedError

    def text(self) -> str:
        return "\n".join(self.screen())

    def type(self, literal: str) -> None:
        """Each character as it is."""
        raise NotImplementedError

    def click(self, column: int, row: int) -> None:
        """The left button, pressed and let go, at a place counted from 0."""
        self.type("".join(f"\x1b[<0;{column + 1};{row + 1}{end}" for end in "Mm"))

    def click_on(self, words: str) -> None:
        """Clicks where the screen first says so."""
        self.wait_for(words)
        row, text = next((row, text) for row, text in enumerate(self.screen()) if words in text)
        self.click(text.index(words), row)

    def reversed(self) -> list[str]:
        """What stands in reverse video, as a focused button or the row under a cursor does, without blanks around it."""
        raise NotImplementedError

    def exit_code(self) -> int | None:
        """Of the program, as a shell tells it (128 and its number for a signal); None while it runs."""
        raise NotImplementedError

    def wait_for(self, what: str | Callable[[str], bool], timeout_s: float = WAIT_S) -> str:
        """The screen's text, once it has `what` in it, or `what` holds of it."""
        holds = (lambda text: what in text) if isinstance(what, str) else what
        return self._until(holds, f"not shown within {timeout_s:.0f} s: {_named(what)}", timeout_s)

    def wait_gone(self, what: str, timeout_s: float = WAIT_S) -> str:
        return self._until(lambda text: what not in text, f"still shown after {timeout_s:.0f} s: {what!r}", timeout_s)

    def wait_end(self, timeout_s: float = WAIT_S) -> int:
        """The program's exit code, once it has ended."""
        self._until(lambda _: self.exit_code() is not None, f"still runs after {timeout_s:.0f} s", timeout_s)
        code = self.exit_code()
        assert code is not None
        return code

    def _until(self, holds: Callable[[str], bool], otherwise: str, timeout_s: float) -> str:
        end_s = time.monotonic() + timeout_s
        while True:
            text = self.text()
            if holds(text):
                return text
            if time.monotonic() > end_s:
                rows = "\n".join(f"{number:3d}|{row}" for number, row in enumerate(self.screen(), 1))
                raise AssertionError(f"{otherwise}\nthe program's exit code: {self.exit_code()}; its screen:\n{rows}")
            time.sleep(POLL_S)


def _named(what: str | Callable[[str], bool]) -> str:
    return repr(what) if isinstance(what, str) else getattr(what, "__name__", repr(what))


class Tmux(Terminal):
    """A program in a tmux server of its own, whose last screen stays after its end.

    The program's environment is `environ` and nothing else; that of tmux itself is another matter.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], size: Size = WIDE) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hx-"))  # a unix socket's path is short
        columns, rows = map(str, size)
        pairs = [f"{name}={value}" for name, value in environ.items()]
        # tmux 3.3 knows a program's end, but not always its exit code.
        words = f"{shlex.join(['env', '-i', *pairs, *argv])}; echo $? > {self._folder}/code"
        (self._folder / "conf").write_text(SETTINGS)
        self._tmux("new-session", "-d", "-s", "it", "-x", columns, "-y", rows, words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _tmux(self, *words: str) -> str:
        argv = ["tmux", "-u", "-S", str(self._folder / "s"), "-f", str(self._folder / "conf"), *words]
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", "HOME": str(self._folder)}
        done = subprocess.run(argv, env=environ, capture_output=True, stdin=subprocess.DEVNULL, timeout=WAIT_S)
        assert done.returncode == 0, (words, done.stderr.decode())
        return done.stdout.decode()

    def _told(self, form: str) -> str:
        return self._tmux("display-message", "-p", "-t", "it", form).rstrip("\n")

    def keys(self, *names: str) -> None:
        """By tmux's names: `Enter`, `Escape`, `C-p`, `F1`; a single character stands for itself."""
        self._tmux("send-keys", "-t", "it", *names)

    def type(self, literal: str) -> None:
        self._tmux("send-keys", "-t", "it", "-l", "--", literal)

    def screen(self) -> list[str]:
        return self._tmux("capture-pane", "-p", "-t", "it").split("\n")[:-1]

    def styled(self) -> list[str]:
        """Its rows with the sequences for colours and attributes in them."""
        return self._tmux("capture-pane", "-e", "-p", "-t", "it").split("\n")[:-1]

    def reversed(self) -> list[str]:
        rows = self.styled()
        shown = Emulator((max(map(len, rows)), len(rows)))
        shown.feed("\r\n".join(rows).encode())
        return shown.reversed()

    def cursor(self) -> Cursor:
        column, row, shown = self._told("#{cursor_x} #{cursor_y} #{cursor_flag}").split()
        return Cursor(int(column), int(row), shown == "1")

    def clipboard(self) -> str:
        """What the program has last copied by OSC 52."""
        return self._tmux("show-buffer")

    def resize(self, size: Size) -> None:
        self._tmux("resize-window", "-t", "it", "-x", str(size[0]), "-y", str(size[1]))

    def pid(self) -> int:
        shell = self._told("#{pane_pid}")
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text())

    def exit_code(self) -> int | None:
        path = self._folder / "code"
        told = path.read_text() if path.exists() else ""
        return int(told) if told else None

    def end(self) -> None:
        """The server, and with it the program, whose terminal hangs up."""
        self._tmux("kill-server")
        shutil.rmtree(self._folder, ignore_errors=True)


class Chunk(NamedTuple):
    """What a program wrote at once, and when it was read (monotonic)."""

    at_ns: int
    data: bytes


# Not known to the emulator, which would take what follows for text or for a colour.
_PRIVATE = re.compile(rb"\x1b\[[<>=][0-9;:]*[ -/]*[@-~]")
_UNFINISHED = re.compile(rb"\x1b(\[[0-?]*[ -/]*)?\Z")
CHUNKS_MAX = 100_000


class Emulator:
    """What a terminal of this size shows after these bytes (it keeps one screen, not the alternate one beside it)."""

    def __init__(self, size: Size) -> None:
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        found = _UNFINISHED.search(data)
        cut = found.start() if found else len(data)
        self._stream.feed(_PRIVATE.sub(b"", data[:cut]))
        self._rest = data[cut:]

    def resize(self, size: Size) -> None:
        self._screen.resize(lines=size[1], columns=size[0])

    def screen(self) -> list[str]:
        return [row.rstrip() for row in self._screen.display]

    def reversed(self) -> list[str]:
        found = []
        for row in range(self._screen.lines):
            cells = [self._screen.buffer[row][column] for column in range(self._screen.columns)]
            found += ["".join(c.data for c in run) for turned, run in groupby(cells, lambda c: c.reverse) if turned]
        return [text.strip() for text in found]

    def cursor(self) -> Cursor:
        return Cursor(self._screen.cursor.x, self._screen.cursor.y, not self._screen.cursor.hidden)


class Pty(Terminal):
    """A program in a plain pty, its session's leader as a login's shell is. A thread reads it, so that it never waits
    for a reader; every byte is counted, and kept up to `CHUNKS_MAX` reads. The emulator is fed when someone looks."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], size: Size = WIDE) -> None:
        self._master, slave = pty.openpty()
        self._set_size(size)
        self.bytes_read = 0
        self.chunks: list[Chunk] = []
        self._fed = 0
        self._emulator = Emulator(size)
        self._over = threading.Event()
        self._lock = threading.Lock()
        environ = {**environ, "SSH_TTY": os.ttyname(slave)} if "SSH_CONNECTION" in environ else dict(environ)
        self.began_ns = time.monotonic_ns()
        # Each becomes the next: the same process. Whoever started the tests may have had SIGHUP ignored.
        argv = ["env", "--default-signal=HUP", "setsid", "--ctty", *argv]
        self._process = subprocess.Popen(argv, env=environ, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read(self) -> None:
        while not self._over.is_set():
            if not select.select([self._master], [], [], POLL_S)[0]:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the last who had it open is gone
                return
            with self._lock:
                self.bytes_read += len(data)
                self.chunks.append(Chunk(time.monotonic_ns(), data))
                assert len(self.chunks) < CHUNKS_MAX, "longer than this is for"

    def _set_size(self, size: Size) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def keys(self, *names: str) -> None:
        """As `Tmux.keys`."""
        for name in names:
            assert name in KEYS or len(name) == 1, f"no key {name}"
            self.type(KEYS.get(name, name))

    def type(self, literal: str) -> None:
        os.write(self._master, literal.encode())

    def screen(self) -> list[str]:
        with self._lock:
            waiting, self._fed = self.chunks[self._fed :], len(self.chunks)
        for chunk in waiting:
            self._emulator.feed(chunk.data)
        return self._emulator.screen()

    def raw(self) -> bytes:
        """All that the program has written."""
        with self._lock:
            return b"".join(chunk.data for chunk in self.chunks)

    def reversed(self) -> list[str]:
        self.screen()
        return self._emulator.reversed()

    def cursor(self) -> Cursor:
        self.screen()
        return self._emulator.cursor()

    def resize(self, size: Size) -> None:
        """The kernel tells the program by SIGWINCH."""
        self.screen()
        self._emulator.resize(size)
        self._set_size(size)

    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def hang_up(self) -> None:
        """As when the connection is lost: the program hears SIGHUP, and every write of its fails."""
        if not self._over.is_set():
            self._over.set()
            self._reader.join()
            os.close(self._master)

    def end(self) -> None:
        self.hang_up()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(WAIT_S)
