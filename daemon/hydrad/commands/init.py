"""`hydrad init`: a new home."""

from __future__ import annotations

import argparse
import os
from typing import Any

from hydrad.commands import home
from hydrad.domain.accounts import HomeMode
from hydrad.home import making
from hydrad.home.opening import NoHome
from hydrad.host.exits import EXIT_FAILED, Done, Stopped
from hydrad.host.places import find_places
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("init", parents=[common], help="make a home")
    parser.add_argument("--real", action="store_true", help="for demo and live accounts; starts HALTED")
    parser.set_defaults(work=init, schema="hydra.init/v1")


def init(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    places = find_places(os.environ)
    loaded = home.loaded(places)
    mode = HomeMode.REAL if options.real else HomeMode.PAPER
    with home.taken(places):
        try:
            making.create(places, loaded.config, mode)
        except NoHome as error:
            raise Stopped(EXIT_FAILED, ErrorCode.FAILED, str(error)) from None
    data = {"mode": mode.value, "state": str(places.state_dir), "config": str(places.config_file)}
    return Done(data, [f"{mode.value} home made in {places.state_dir}", "next: hydractl up"])
