"""Runs the script in its process, and sees to it that nothing stays open behind one that hangs, ends early, or is
interrupted: then another process takes away what it left. What was noted until then is kept.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import msgspec

from hydrad.link.frames import Identity
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.selftest.child import Begun, Done, Ended, Line, Request, Terms, encoded
from hydrad.terminal.selftest.script import Step

RUN_S = 900.0
_CLEAN_S = 60.0  # beside the settle window
_COMMAND = (sys.executable, "-m", "hydrad.terminal.selftest.child")
_LINES = msgspec.json.Decoder(Line)


class Outcome(msgspec.Struct, frozen=True):
    """What one run found. `left_behind`: what is ours and could not be taken away, by name. `early`: why it did not get
    to its end, empty where it did."""

    identity: Identity
    terms: Terms
    steps: list[Step]
    left_behind: list[str]
    early: str = ""


def run(request: Request, environment: Mapping[str, str], bound_s: float = RUN_S) -> Outcome:
    """Run the script; what it says on the way goes to our standard error. Raises TerminalError where it did not begin,
    which then is said on standard error, too."""
    told, early = _told(request, environment, bound_s)
    lines = [_LINES.decode(line) for line in told.split(b"\n")[:-1]]  # one that was cut off is none
    begun = next((line for line in lines if isinstance(line, Begun)), None)
    ended = next((line for line in lines if isinstance(line, Ended)), None)
    if ended is None and (begun is not None or early):
        ended = _cleaned(request, environment, early or "the script's process ended early")
        early = early or "it ended early"
    if begun is None or ended is None:
        raise TerminalError(_unbegun(early, ended))
    steps = [line.step for line in lines if isinstance(line, Done)]
    return Outcome(begun.identity, begun.terms, steps, ended.left_behind, early)


def _told(request: Request, environment: Mapping[str, str], bound_s: float) -> tuple[bytes, str]:
    """What it has written, and why it was ended, empty where it ended by itself."""
    child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(environment))
    try:
        return child.communicate(encoded(request), bound_s)[0], ""
    except subprocess.TimeoutExpired:
        early = f"it was not over within {bound_s:.0f} s"
    except KeyboardInterrupt:
        early = "it was interrupted"
    child.kill()
    return child.communicate()[0], early


def _cleaned(request: Request, environment: Mapping[str, str], why: str) -> Ended:
    sys.stderr.write(f"  {why}: taking away what it left\n")
    clean = msgspec.structs.replace(request, clean=True)
    told, _ = _told(clean, environment, request.settle_s + _CLEAN_S)
    lines = [_LINES.decode(line) for line in told.split(b"\n")[:-1]]
    found = next((line for line in lines if isinstance(line, Ended)), None)
    unknown = f"whatever is open on {request.login.login} at {request.login.server} (nobody could look)"
    return Ended([unknown]) if found is None else found


def _unbegun(early: str, ended: Ended | None) -> str:
    left = "" if ended is None or not ended.left_behind else f"; left behind: {', '.join(ended.left_behind)}"
    return f"the self-test could not be run{': ' if early else ''}{early}{left}"
