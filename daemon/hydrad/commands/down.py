"""`hydrad down`: broker and agents survive a killed daemon; without it they are ended by their locks."""

from __future__ import annotations

import argparse
import os
from typing import Any

from hydrad.commands import home
from hydrad.host.exits import EXIT_PARTLY, Done, Stopped
from hydrad.host.places import find_places
from hydrad.paper.family import Family
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("down", parents=[common], help="end what a killed daemon left running")
    parser.set_defaults(work=down, schema="hydra.down/v1")


def down(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    places = find_places(os.environ)
    with home.taken(places):
        names = sorted(path.parent.name for path in places.terminals_dir.glob("*/bundle.toml"))
        ended, left = Family(places, names).stop()
    if left:
        raise Stopped(EXIT_PARTLY, ErrorCode.PARTLY, "would not end: " + ", ".join(left))
    return Done({"pid": None, "stopped": ended}, [f"ended {', '.join(ended)}"] if ended else [])
