"""`hydrad run`: the daemon in the foreground. Owns what refuses a start, and with which exit code."""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import Any

from hydrad import config
from hydrad.app import App
from hydrad.bridge.bridge import CannotListen
from hydrad.commands import home
from hydrad.domain.accounts import HomeMode
from hydrad.home import making
from hydrad.home.daemon_key import daemon_key
from hydrad.home.opening import Misfit, NoHome
from hydrad.host import disk, logs, modes
from hydrad.host.exits import EXIT_BAD_CONFIG, EXIT_FAILED, Stopped
from hydrad.host.keys import BadSecret
from hydrad.host.lock import FileLock
from hydrad.host.places import Places, find_places
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("run", parents=[common], help="run the daemon in the foreground")
    parser.set_defaults(work=run, schema="hydra.run/v1")


def run(options: argparse.Namespace) -> int:
    """The daemon's own exit code; nothing more is to be said. Raises Stopped."""
    places = find_places(os.environ)
    loaded = home.loaded(places, exit_code=EXIT_BAD_CONFIG)
    logs.set_up(loaded.config.daemon.log_level)
    lock = home.taken(places)
    try:
        _prepare(places, loaded.config)
        return asyncio.run(_life(places, loaded, lock))
    except Misfit as error:
        raise Stopped(EXIT_BAD_CONFIG, ErrorCode.FAILED, str(error), "hydractl operator role NAME approver") from None
    except NoHome as error:
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, str(error)) from None
    except CannotListen as error:
        hint = "stop what listens there, or: hydractl config set bridge.address tcp://HOST:PORT"
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, str(error.strerror), hint) from None
    except disk.KINDS as error:
        why = disk.failure(error)
        if not why:
            raise
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, f"{why} (home {places.state_dir})", disk.HINT) from None


def _prepare(places: Places, loaded: config.Config) -> None:
    """See that secrets are secret, and that there is a home. Raises Stopped."""
    try:
        modes.check(places, config.secret_files(loaded))
        if not places.journal.exists():
            making.create(places, loaded, HomeMode.PAPER)
        daemon_key(places, loaded)
    except (BadSecret, FileNotFoundError) as error:
        raise Stopped(EXIT_BAD_CONFIG, ErrorCode.FAILED, str(error)) from None


async def _life(places: Places, loaded: config.Loaded, lock: FileLock) -> int:
    return await App(places, loaded, lock).run()
