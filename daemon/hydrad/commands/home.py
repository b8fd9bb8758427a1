"""The home that a verb works on: its configuration as a start would read it, and its lock. Owns both refusals."""

from __future__ import annotations

import os
from pathlib import Path

from hydrad import config
from hydrad.host.exits import EXIT_BAD_CONFIG, EXIT_FAILED, EXIT_FENCED, Stopped
from hydrad.host.lock import FileLock, Held
from hydrad.host.places import Places, make_private
from hydrad.wire.codes import ErrorCode


def loaded(places: Places, file: Path | None = None, exit_code: int = EXIT_FAILED) -> config.Loaded:
    """`file` in place of the home's own. Raises Stopped."""
    try:
        return config.load(file or places.config_file, places.conf_dir, os.environ)
    except config.ConfigError as error:
        raise Stopped(exit_code, ErrorCode.FAILED, str(error), "hydractl config check") from None


def taken(places: Places) -> FileLock:
    """The lock, which no daemon holds now. Raises Stopped."""
    make_private(places.lock_file.parent)
    try:
        return FileLock(places.lock_file)
    except Held as held:
        raise Stopped(
            EXIT_FENCED, ErrorCode.CONFLICT, f"a daemon holds this home already (process {held.pid})"
        ) from None
    except PermissionError:
        raise Stopped(
            EXIT_BAD_CONFIG,
            ErrorCode.FORBIDDEN,
            f"{places.lock_file} is another user's: uid {os.geteuid()} does not own this home",
            f"run it as its owner, or, where root made it: chown -R hydra:hydra {places.state_dir}",
        ) from None
