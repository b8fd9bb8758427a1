"""The process that runs the script: it alone imports MetaTrader5. A request on standard input, its outcome on standard
output, progress on standard error."""

from __future__ import annotations

import os
import sys

import msgspec

from hydrad.domain.accounts import AccountKind
from hydrad.host.secrets import hidden, revealed
from hydrad.link.frames import Identity
from hydrad.terminal import pipe
from hydrad.terminal.metatrader import Terminal, TerminalError
from hydrad.terminal.selftest.script import FULL, Script, Step

FAILED = 1


class Request(msgspec.Struct, frozen=True):
    login: pipe.Login
    symbol: str


class Terms(msgspec.Struct, frozen=True):
    """What the twin must have to be comparable. Decimals as text; counts in steps of the volume."""

    digits: int
    contract_size: str
    volume_step: str
    volume_min_steps: int
    volume_max_steps: int
    volume_limit_steps: int
    stops_level_points: int
    freeze_level_points: int
    execution: int
    filling_flags: int
    expiration_flags: int
    order_flags: int
    spread_points: int
    leverage: int


class Outcome(msgspec.Struct, frozen=True):
    """`left_behind`: positions and orders of ours that could not be taken away."""

    identity: Identity
    terms: Terms
    steps: list[Step]
    left_behind: int


def main() -> int:
    """Run one script; returns the exit code."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request, dec_hook=hidden)
    out = os.dup(1)
    os.dup2(2, 1)  # what a module prints is no outcome
    try:
        terminal = Terminal(request.login)
        outcome = _run(terminal, request.symbol)
    except TerminalError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    pipe.write_all(out, msgspec.json.encode(outcome))
    return 0


def encoded(request: Request) -> bytes:
    """For the child's standard input: the one place where the password is told."""
    return msgspec.json.encode(request, enc_hook=revealed)


def _run(terminal: Terminal, symbol: str) -> Outcome:
    if terminal.who.kind == AccountKind.LIVE.value:  # asked of the terminal itself, whatever the bundle says
        raise TerminalError("this is a live account: a self-test is for a demo account of the same broker")
    info = terminal.try_ask("symbol_info", symbol)
    if info is None or symbol not in terminal.symbols or info.trade_mode != FULL or not info.bid:
        raise TerminalError(f"{symbol} cannot be traded there now")
    if not all(terminal.standing()):
        raise TerminalError("the terminal has no connection, or trading by programs is switched off in it")
    script = Script(terminal, symbol)
    steps = script.run(_progress)
    return Outcome(terminal.who, _terms(terminal, info), steps, script.left_behind())


def _progress(text: str) -> None:
    sys.stderr.write(f"  {text}\n")


def _terms(terminal: Terminal, info: object) -> Terms:
    (one,) = [terms for terms in terminal.terms() if terms.symbol == info.name]  # type: ignore[attr-defined]
    return Terms(
        digits=one.digits,
        contract_size=f"{one.contract_size:f}",
        volume_step=f"{one.volume_step:f}",
        volume_min_steps=one.volume_min_steps,
        volume_max_steps=one.volume_max_steps,
        volume_limit_steps=one.volume_limit_steps,
        stops_level_points=one.stops_level_points,
        freeze_level_points=one.freeze_level_points,
        execution=one.execution,
        filling_flags=one.filling_flags,
        expiration_flags=one.expiration_flags,
        order_flags=one.order_flags,
        spread_points=int(info.spread),  # type: ignore[attr-defined]
        leverage=int(terminal.ask("account_info").leverage),
    )


if __name__ == "__main__":
    sys.exit(main())
