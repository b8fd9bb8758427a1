"""`hydrad doctor`: every check of this home, its daemon or not, and what to do where one failed."""

from __future__ import annotations

import argparse
import os
from typing import Any

from hydrad.commands import checks
from hydrad.host.exits import EXIT_UNHEALTHY, Done
from hydrad.host.places import find_places
from hydrad.wire.answers import Problem
from hydrad.wire.answers.daemon import DoctorData
from hydrad.wire.codes import ErrorCode


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("doctor", parents=[common], help="check this home, its daemon or not")
    parser.set_defaults(work=doctor, schema="hydra.doctor/v1")


def doctor(options: argparse.Namespace) -> Done:
    rows = checks.examine(find_places(os.environ), dict(os.environ))
    failed = [row.check for row in rows if not row.ok]
    lines = []
    for row in rows:
        lines.append(f"{'ok    ' if row.ok else 'FAILED'}  {row.check:14} {row.detail}")
        lines += [f"        {'':14} -> {row.fix}"] if row.fix else []
    if not failed:
        return Done(DoctorData(True, rows), lines)
    problem = Problem(ErrorCode.UNHEALTHY.value, f"failed: {', '.join(failed)}")
    return Done(DoctorData(False, rows), lines, problem, EXIT_UNHEALTHY)
