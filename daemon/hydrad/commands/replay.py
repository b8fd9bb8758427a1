"""`hydrad replay`: a recorded day through this build's APEX, beside what was seen then."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from hydrad.commands import home
from hydrad.host.exits import Done
from hydrad.host.places import find_places
from hydrad.replay import replaying


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("replay", parents=[common], help="a recorded day through this build's APEX, and then")
    parser.add_argument("day", help="a UTC day of market time, such as 2014-05-02")
    parser.add_argument("--source", default="recorded", help="an imported source of ticks; else the daemon's own")
    parser.add_argument("--with", dest="config", type=Path, metavar="CONFIG", help="with the profile of another config")
    parser.set_defaults(work=replay, schema="hydra.replay/v1")


def replay(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    places = find_places(os.environ)
    apex = home.loaded(places, options.config).config.apex
    return replaying.answer(places, options.day, options.source, apex)
