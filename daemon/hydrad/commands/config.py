"""`hydrad config ...`: the configuration on disk, as the next start would read it: checked, asked, set."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from hydrad import config
from hydrad.commands import home
from hydrad.home import settings
from hydrad.host import modes
from hydrad.host.exits import EXIT_FAILED, EXIT_NOT_FOUND, EXIT_PARTLY, EXIT_USAGE, Done, Stopped
from hydrad.host.lock import holder
from hydrad.host.places import find_places
from hydrad.wire.answers import Problem
from hydrad.wire.answers.daemon import ConfigPlaces
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    noun = verbs.add_parser("config", help="the configuration").add_subparsers(required=True, metavar="VERB")
    parser = noun.add_parser("check", parents=[common], help="read it, and say what is wrong")
    parser.add_argument("file", nargs="?", type=Path, help="a file; else the home's own")
    parser.set_defaults(work=check, schema="hydra.config_check/v1")
    parser = noun.add_parser("get", parents=[common], help="one value, as a start would read it")
    parser.add_argument("key", help="such as risk.open_positions_max")
    parser.set_defaults(work=get, schema="hydra.config_value/v1")
    parser = noun.add_parser("set", parents=[common], help="set one value in conf.d/90-hydractl.toml")
    parser.add_argument("key", help="such as risk.open_positions_max")
    parser.add_argument("value", help="as in config.toml, without quotes")
    parser.set_defaults(work=set_one, schema="hydra.config_value/v1")
    parser = noun.add_parser("path", parents=[common], help="the files that are read, in their order")
    parser.set_defaults(work=path, schema="hydra.config_path/v1")


def check(options: argparse.Namespace) -> Done:
    """Raises Stopped, as the others here."""
    places = find_places(os.environ)
    if options.file is not None and not options.file.exists():
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no file {options.file}")
    loaded = home.loaded(places, options.file)
    if findings := modes.open_secrets(config.secret_files(loaded.config)):
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, "\n".join(findings), "a start is refused until then")
    keys = len(loaded.sources)
    if options.file is not None:
        return Done({"file": str(options.file), "keys": keys}, [f"{options.file}: good, {keys} keys"])
    own = places.config_file
    read = [file for file in (own, *sorted(places.conf_dir.glob("*.toml"))) if file.exists()]
    listed = ", ".join(str(file) for file in read) or f"built-in values alone ({own} does not exist)"
    return Done({"file": str(own) if own in read else None, "keys": keys}, [f"good, {keys} keys: {listed}"])


def get(options: argparse.Namespace) -> Done:
    loaded = home.loaded(find_places(os.environ))
    found = settings.value_of(loaded, _known(options.key))
    return Done(found, [found.value])


def set_one(options: argparse.Namespace) -> Done:
    places = find_places(os.environ)
    try:
        done = settings.write(places, os.environ, _known(options.key), options.value)
    except config.ConfigError as error:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, str(error), "nothing was written") from None
    line = f"{done.key} = {done.value} in {settings.set_file(places)}"
    if done.shadowed:
        line = f"written to {settings.set_file(places)}, but {done.shadowed} comes later and wins"
        problem = Problem(ErrorCode.PARTLY.value, line, f"there it is {done.value}: change it there")
        return Done(done, [], problem, EXIT_PARTLY)
    if holder(places.lock_file) is None:
        return Done(done, [line])
    if done.needs == "restart":
        problem = Problem(ErrorCode.PARTLY.value, "the running daemon needs a restart", "hydractl restart")
        return Done(done, [line], problem, EXIT_PARTLY)
    return Done(done, [line, "the running daemon takes it with: hydractl reload"])


def path(options: argparse.Namespace) -> Done:
    places = find_places(os.environ)
    files = (places.config_file, *sorted(places.conf_dir.glob("*.toml")))
    lines = [str(file) if file.exists() else f"{file} (not there)" for file in files]
    return Done(ConfigPlaces(tuple(str(file) for file in files), str(settings.set_file(places))), lines)


def _known(key: str) -> str:
    if config.key_of(key) is None:
        message = f"{key}: {config.unknown(key)}"
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, message, "hydractl config show lists them")
    return key
