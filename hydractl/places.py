"""Where a home's files are. Owns the search order; the daemon's `hydrad.host.places` follows the same rules.

`--socket`, then `HYDRA_SOCKET`, name the socket alone. The home is `HYDRA_HOME` where that is set
(everything under it), else the system's where `/etc/hydra/config.toml` exists, else the user's XDG
directories.
"""

from __future__ import annotations

import os

from hydractl.diagnostics import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_CONFIG = "/etc/hydra/config.toml"
SYSTEM_RUN = "/run/hydra"
SYSTEM_STATE = "/var/lib/hydra"
SYSTEM_HALT = "/var/lib/hydra-halt/HALT"
SOCKET_NAME = "control.sock"


class Places:
    """Paths of one home. `source` says in a few words which rule chose them."""

    __slots__ = ("config", "halt_file", "run", "socket", "source", "state")

    def __init__(self, config: str, run: str, state: str, halt_file: str, source: str) -> None:
        self.config = config
        self.run = run
        self.state = state
        self.halt_file = halt_file
        self.source = source
        self.socket = os.path.join(run, SOCKET_NAME)  # noqa: PTH118 - pathlib costs 10 ms of start


def find(socket: str | None, environ: Mapping[str, str]) -> Places:
    """The places that this command line and environment mean."""
    places = _home(environ)
    named = socket or environ.get("HYDRA_SOCKET")
    if named:
        places.socket = named
        places.source = "--socket" if socket else "HYDRA_SOCKET"
    return places


def _home(environ: Mapping[str, str]) -> Places:
    home = environ.get("HYDRA_HOME")
    if home:
        _must_be_absolute("HYDRA_HOME", home)
        return Places(f"{home}/config.toml", f"{home}/run", f"{home}/state", f"{home}/state/halt/HALT", "HYDRA_HOME")
    if _exists(SYSTEM_CONFIG):
        return _system()
    user = _user(environ)
    if not _exists(user.socket) and _exists(f"{SYSTEM_RUN}/{SOCKET_NAME}"):
        return _system()
    return user


def _system() -> Places:
    return Places(SYSTEM_CONFIG, SYSTEM_RUN, SYSTEM_STATE, SYSTEM_HALT, "the system's home")


def _user(environ: Mapping[str, str]) -> Places:
    base = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111
    config = _xdg(environ, "XDG_CONFIG_HOME", f"{base}/.config") + "/hydra"
    state = _xdg(environ, "XDG_STATE_HOME", f"{base}/.local/state") + "/hydra"
    runtime = _xdg(environ, "XDG_RUNTIME_DIR", "")
    run = f"{runtime}/hydra" if runtime else f"{state}/run"
    return Places(f"{config}/config.toml", run, state, f"{state}/halt/HALT", "the user's home")


def _exists(path: str) -> bool:
    return os.access(path, os.F_OK)


def _must_be_absolute(name: str, path: str) -> None:
    if not path.startswith("/"):
        raise Failure("USAGE", f"{name} is '{path}': an absolute directory is expected")


def _xdg(environ: Mapping[str, str], name: str, default: str) -> str:
    """A relative XDG directory is ignored, as its specification asks."""
    path = environ.get(name, "")
    return path if path.startswith("/") else default
