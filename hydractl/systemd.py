"""The unit that runs a home, where one is installed: found by its file, driven by systemctl.

A unit says in `X-HydraState` which home it runs (`hydrad service install` writes it). Two managers or none: a unit
whose manager does not run counts as not installed.
"""

from __future__ import annotations

import os

from hydractl.diagnostics import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydractl.places import Places

UNIT = "hydrad.service"
SYSTEM_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system")
BOOTED = "/run/systemd/system"
_HOME_KEY = "X-HydraState="
_REPORT = {False: "journalctl -u hydrad -n 50", True: "journalctl --user -u hydrad -n 50"}


class Unit:
    """An installed unit. `user`: whether it is the user's own manager's."""

    __slots__ = ("path", "user")

    def __init__(self, path: str, user: bool) -> None:
        self.path = path
        self.user = user

    @property
    def report(self) -> str:
        """How to read what it said."""
        return _REPORT[self.user]

    def start(self) -> None:
        """Start it, and wait until systemd has seen it READY; raises Failure."""
        self._do("reset-failed", must=False)
        self._do("start")

    def stop(self) -> None:
        """Stop it; raises Failure."""
        self._do("stop")

    def _do(self, verb: str, must: bool = True) -> None:
        import subprocess

        words = ["systemctl", *(["--user"] if self.user else []), verb, UNIT]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Failure("FAILED", f"{self.path} is installed, but there is no systemctl") from None
        if must and done.returncode != 0:
            said = (done.stderr or done.stdout).strip() or f"exit {done.returncode}"
            hint = self.report if self.user or os.geteuid() == 0 else f"{self.report}; or: sudo {' '.join(words)}"
            raise Failure("FAILED", f"{' '.join(words)}: {said}", hint, {"unit": self.path})


def find(places: Places, environ: Mapping[str, str]) -> Unit | None:
    """The unit that runs this home; None where there is none, or where its manager does not run."""
    for folder, user in ((_user_folder(environ), True), *((folder, False) for folder in SYSTEM_FOLDERS)):
        path = f"{folder}/{UNIT}"
        if _state_of(path) == places.state and _manager_runs(user, environ):
            return Unit(path, user)
    return None


def _state_of(path: str) -> str | None:
    try:
        with open(path) as file:  # noqa: PTH123 - pathlib costs 10 ms of start
            lines = file.read().splitlines()
    except OSError:
        return None
    return next((line.removeprefix(_HOME_KEY) for line in lines if line.startswith(_HOME_KEY)), None)


def _manager_runs(user: bool, environ: Mapping[str, str]) -> bool:
    if not user:
        return os.access(BOOTED, os.F_OK)
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and os.access(f"{runtime}/systemd", os.F_OK)


def _user_folder(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = f"{environ.get('HOME') or os.path.expanduser('~')}/.config"  # noqa: PTH111
    return f"{base}/systemd/user"
