"""Command lines that another program carries out: `hydrad` for verbs that need no daemon, `ssh` for --host.

Both replace this process, so that the other's output, signals and exit code are ours; but for ssh on a terminal, which
is waited for: a connection that is lost leaves a picture behind that looks alive.
"""

from __future__ import annotations

import os
import sys

from hydractl.diagnostics import Failure, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

SSH_FAILED = 255
_ALIVE = ("-o", "ServerAliveInterval=4", "-o", "ServerAliveCountMax=2")  # a dead line is known after 12 to 15 seconds
# Cursor saved, alternate screen left, mouse and focus reports and bracketed paste off, kitty's keys off, cursor shown,
# colours off (XTerm Control Sequences). The cursor is saved first, since leaving goes back to where it was saved.
_GIVE_BACK = (
    b"\x1b7\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[0m\r\n"
)


def hydrad_command() -> list[str]:
    """How to start hydrad: the script beside this interpreter, else the module."""
    script = os.path.join(os.path.dirname(sys.executable), "hydrad")  # noqa: PTH118, PTH120
    if os.access(script, os.X_OK):
        return [script]
    return [sys.executable, "-m", "hydrad"]


def to_hydrad(name: str, rest: list[str], socket: str | None) -> NoReturn:
    """Runs `hydrad NAME REST...` in place of this process."""
    if socket:
        os.environ["HYDRA_SOCKET"] = socket
    command = [*hydrad_command(), *name.split(), *rest]
    os.execv(command[0], command)


def split_host(argv: list[str]) -> tuple[str | None, list[str]]:
    """The value of --host and the command line without it."""
    for at, word in enumerate(argv):
        if word == "--":
            break
        if word.startswith("--host="):
            return word.removeprefix("--host="), argv[:at] + argv[at + 1 :]
        if word == "--host" and at + 1 < len(argv):
            return argv[at + 1], argv[:at] + argv[at + 2 :]
    return None, argv


def to_host(host: str, argv: list[str]) -> NoReturn:
    """Runs the same command line over ssh in place of this process."""
    import shlex

    if not host or host.startswith("-"):
        raise Failure("USAGE", f"'{host}' is no USER@SERVER")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    command = ["ssh", *_ALIVE, *(["-t"] if terminal else []), "--", host, shlex.join(["hydractl", *argv])]
    try:
        if terminal:
            sys.exit(_watched(command, host))
        os.execvp("ssh", command)
    except FileNotFoundError:
        raise Failure("FAILED", "--host needs the ssh program, which is not installed") from None


def _watched(command: list[str], host: str) -> int:
    """Runs ssh on this terminal; where the connection is lost, the screen is given back, and what was on it is said to
    be old. Interrupts are the child's."""
    import signal
    import subprocess
    import termios

    before = termios.tcgetattr(sys.stdin)
    signal.signal(signal.SIGINT, _leave_to_the_child)
    signal.signal(signal.SIGQUIT, _leave_to_the_child)
    code = subprocess.run(command, check=False).returncode  # the program is ssh, the words are the person's
    if code == SSH_FAILED or code < 0:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        os.write(sys.stdout.fileno(), _GIVE_BACK)
        write(f"hydractl: ssh to {host} broke off: whatever it showed is old. The daemon there goes on,")
        write("and what was asked of it may have been done: `status` and `fires --unknown` there tell")
    return code if code >= 0 else 128 - code  # as a shell says that a signal ended it


def _leave_to_the_child(number: int, frame: object) -> None:
    """Handlers are not inherited, ignoring would be."""
