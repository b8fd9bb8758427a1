"""`hydrad service ...`: HydraX under systemd. Owns the verb's words and exit codes; `units` does the work."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from hydrad.commands import units
from hydrad.host.exits import EXIT_CONFLICT, EXIT_FAILED, EXIT_FORBIDDEN, Done, Stopped
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    noun = verbs.add_parser("service", help="HydraX under systemd").add_subparsers(required=True, metavar="VERB")
    for name, work, text in (
        ("install", install, "write the units, sysusers and tmpfiles of this installation"),
        ("uninstall", uninstall, "remove what install wrote, and nothing else"),
    ):
        parser = noun.add_parser(name, parents=[common], help=text)
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--system", action="store_true", help="for the machine; what root gets")
        scope.add_argument("--user", action="store_true", help="for this user's manager; what everybody else gets")
        parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="write below it, tell nobody")
        parser.set_defaults(work=work, schema=f"hydra.service_{name}/v1")


def install(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    system = _machine_wide(options)
    try:
        written, following = units.install(system, options.root, os.environ)
    except units.Refused as refused:
        raise _stopped(refused) from None
    lines = [*(f"wrote {path}" for path in written), "next:", *(f"  {line}" for line in following)]
    return Done({"scope": "system" if system else "user", "written": written, "next": following}, lines)


def uninstall(options: argparse.Namespace) -> Done:
    """Raises Stopped."""
    system = _machine_wide(options)
    try:
        removed, left = units.uninstall(system, options.root, os.environ)
    except units.Refused as refused:
        raise _stopped(refused) from None
    lines = [f"removed {path}" for path in removed] or ["nothing of ours was installed"]
    lines += [f"left {path}: not written by HydraX" for path in left]
    return Done({"scope": "system" if system else "user", "removed": removed, "left": left}, lines)


def _machine_wide(options: argparse.Namespace) -> bool:
    """Whether the machine's manager is meant."""
    return bool(options.system or (not options.user and os.geteuid() == 0))


def _stopped(refused: units.Refused) -> Stopped:
    message, hint = str(refused), refused.hint
    if isinstance(refused, units.NeedsRoot):
        return Stopped(EXIT_FORBIDDEN, ErrorCode.FORBIDDEN, message, hint)
    if isinstance(refused, units.NotOurs):
        return Stopped(EXIT_CONFLICT, ErrorCode.CONFLICT, message, hint)
    return Stopped(EXIT_FAILED, ErrorCode.FAILED, message, hint)
