"""Where things are. Owns every path that two programs must agree on; light, since the shell imports it too.

`HYDRA_HOME` puts all of it under one directory. Without it, `/etc/hydra/config.toml` means the system's
places, and otherwise the XDG directories are used (https://specifications.freedesktop.org/basedir-spec/).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

SYSTEM_CONFIG = Path("/etc/hydra/config.toml")
# sockaddr_un.sun_path has 108 bytes, the last of which is zero: unix(7).
SOCKET_BYTES_MAX = 107


class BadPlace(Exception):
    """A directory that cannot serve; the message says why and what to do."""


class Places(msgspec.Struct, frozen=True):
    """All paths of one home. `run_dir` may vanish at a restart of the machine, `state_dir` never."""

    config_file: Path
    conf_dir: Path
    run_dir: Path
    state_dir: Path
    halt_file: Path

    @property
    def socket(self) -> Path:
        """People's control socket."""
        return self.run_dir / "control.sock"

    @property
    def endpoints_file(self) -> Path:
        """Ports that were chosen, as JSON."""
        return self.run_dir / "endpoints.json"

    @property
    def lock_file(self) -> Path:
        """Held by the daemon as long as it lives."""
        return self.state_dir / "journal.lock"

    @property
    def journal(self) -> Path:
        return self.state_dir / "journal.db"

    @property
    def hud_store(self) -> Path:
        """Sessions and PINs of the HUD."""
        return self.state_dir / "hud.db"

    @property
    def outbox(self) -> Path:
        """Letters to people, and the bot's own."""
        return self.state_dir / "outbox.db"

    @property
    def ping_file(self) -> Path:
        """Written to prove that the journal's disk works."""
        return self.state_dir / "ping"

    @property
    def snapshot(self) -> Path:
        return self.state_dir / "snapshot.bin"

    @property
    def inputs(self) -> Path:
        return self.state_dir / "inputs"

    @property
    def market(self) -> Path:
        return self.state_dir / "market"

    @property
    def keys_dir(self) -> Path:
        return self.state_dir / "keys"

    @property
    def daemon_key(self) -> Path:
        return self.keys_dir / "daemon.key"

    @property
    def terminals_dir(self) -> Path:
        return self.state_dir / "terminals"

    @property
    def broker_dir(self) -> Path:
        """The simulated broker's books."""
        return self.state_dir / "broker"

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "log"

    @property
    def log_file(self) -> Path:
        return self.log_dir / "hydrad.log"

    def bundle(self, terminal: str) -> Path:
        """What an agent starts from; its ledger lies beside it."""
        return self.terminals_dir / terminal / "bundle.toml"

    def process_lock(self, name: str) -> Path:
        """Held by a supervised process as long as it lives."""
        return self.run_dir / f"{name}.lock"

    def make(self) -> None:
        """Create what is missing, mode 0700; raises BadPlace."""
        check_socket(self.socket)
        for folder in (
            self.config_file.parent,
            self.run_dir,
            self.state_dir,
            self.halt_file.parent,
            self.inputs,
            self.market,
            self.keys_dir,
            self.terminals_dir,
            self.broker_dir,
            self.log_dir,
        ):
            make_private(folder)


def find_places(environ: Mapping[str, str], system_config: Path = SYSTEM_CONFIG) -> Places:
    """The places for this environment; creates nothing. Raises BadPlace for a relative directory."""
    if home := environ.get("HYDRA_HOME"):
        return _under(_absolute(home, "HYDRA_HOME"))
    if system_config.exists():
        return _system(system_config)
    return _xdg(environ)


def make_private(folder: Path) -> None:
    """Create `folder` and its missing parents, mode 0700; raises BadPlace."""
    for missing in reversed([folder, *folder.parents]):
        try:
            missing.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BadPlace(f"{missing} cannot be a directory: {error.strerror}") from error


def check_socket(path: Path) -> None:
    """Raises BadPlace if a unix socket cannot have this path."""
    length = len(os.fsencode(path))
    if length > SOCKET_BYTES_MAX:
        raise BadPlace(
            f"{path} has {length} bytes; a unix socket's path has at most {SOCKET_BYTES_MAX}: "
            "choose a shorter HYDRA_HOME or XDG_RUNTIME_DIR"
        )


def _under(home: Path) -> Places:
    state = home / "state"
    return Places(
        config_file=home / "config.toml",
        conf_dir=home / "conf.d",
        run_dir=home / "run",
        state_dir=state,
        halt_file=state / "halt" / "HALT",
    )


def _system(config: Path) -> Places:
    return Places(
        config_file=config,
        conf_dir=config.parent / "conf.d",
        run_dir=Path("/run/hydra"),
        state_dir=Path("/var/lib/hydra"),
        halt_file=Path("/var/lib/hydra-halt/HALT"),
    )


def _xdg(environ: Mapping[str, str]) -> Places:
    config = _xdg_dir(environ, "XDG_CONFIG_HOME", ".config")
    state = _xdg_dir(environ, "XDG_STATE_HOME", ".local/state")
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return Places(
        config_file=config / "config.toml",
        conf_dir=config / "conf.d",
        run_dir=Path(runtime) / "hydra" if runtime.startswith("/") else state / "run",
        state_dir=state,
        halt_file=state / "halt" / "HALT",
    )


def _xdg_dir(environ: Mapping[str, str], name: str, default: str) -> Path:
    """A relative XDG directory is ignored, as its specification asks."""
    base = environ.get(name, "")
    if base.startswith("/"):
        return Path(base) / "hydra"
    if not (home := environ.get("HOME")):
        raise BadPlace(f"neither HYDRA_HOME nor {name} nor HOME is set: set HYDRA_HOME")
    return _absolute(home, "HOME") / default / "hydra"


def _absolute(text: str, name: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise BadPlace(f"{name} is '{text}': an absolute directory is expected")
    return path
