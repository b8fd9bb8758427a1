"""Command lines that another program carries out: `hydrad` for verbs that need no daemon, `ssh` for --host.

Both replace this process, so that the other's output, signals and exit code are ours.
"""

from __future__ import annotations

import os
import sys

from hydractl.diagnostics import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


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
    terminal = ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command = ["ssh", *terminal, "--", host, shlex.join(["hydractl", *argv])]
    try:
        os.execvp("ssh", command)
    except FileNotFoundError:
        raise Failure("FAILED", "--host needs the ssh program, which is not installed") from None
