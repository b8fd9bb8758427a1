"""The process that runs the script: it alone imports MetaTrader5. A request on standard input, progress on standard
error, and on standard output a line of JSON as soon as there is one to say: who and what was found, each step, and what
is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Generator

import msgspec

from hydrad.domain.accounts import AccountKind
from hydrad.host.secrets import hidden, revealed
from hydrad.link.frames import Identity
from hydrad.terminal import pipe
from hydrad.terminal.metatrader import Terminal, TerminalError
from hydrad.terminal.selftest.desk import Desk
from hydrad.terminal.selftest.script import FULL, Script, Step

FAILED = 1


class Request(msgspec.Struct, frozen=True):
    """`settle_s`: how long the broker's records may lag. `clean`: only take away what an earlier one left."""

    login: pipe.Login
    symbol: str
    settle_s: float
    clean: bool = False


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


class Begun(msgspec.Struct, frozen=True, tag=True):
    """The first line. `terms` are those of the symbol."""

    identity: Identity
    terms: Terms


class Done(msgspec.Struct, frozen=True, tag=True):
    """One step's line."""

    step: Step


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The last line. `left_behind`: what is ours and could not be taken away, by name."""

    left_behind: list[str]


Line = Begun | Done | Ended


def main() -> int:
    """Run one script; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at the keyboard is for what stands over this
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request, dec_hook=hidden)
    out = os.dup(1)
    os.dup2(2, 1)  # what a module prints is no line of ours
    try:
        with contextlib.closing(_lines(request)) as lines:  # however this ends, what was opened is closed
            for line in lines:
                pipe.write_all(out, msgspec.json.encode(line) + b"\n")
    except TerminalError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


def encoded(request: Request) -> bytes:
    """For the child's standard input: the one place where the password is told."""
    return msgspec.json.encode(request, enc_hook=revealed)


def _lines(request: Request) -> Generator[Line]:
    terminal, symbol = Terminal(request.login), request.symbol
    desk = _desk(terminal, request)
    if request.clean:
        yield Ended(desk.clean())
        return
    left = desk.clean()
    if left:
        raise TerminalError(f"an earlier self-test left {', '.join(left)}: close it in the terminal first")
    yield Begun(terminal.who, _terms(terminal, desk.info))
    try:
        for step in Script(terminal, symbol, desk).steps():
            _progress(f"{step.name}: {step.problem or step.notes.get('retcode')}")
            yield Done(step)
    finally:
        left = desk.clean()
        _progress(f"left behind: {', '.join(left) or 'nothing'}")
    yield Ended(left)


def _desk(terminal: Terminal, request: Request) -> Desk:
    """Where orders may be sent, or only be taken away; else TerminalError."""
    symbol = request.symbol
    if terminal.who.kind == AccountKind.LIVE.value:  # asked of the terminal itself, whatever the bundle says
        raise TerminalError("this is a live account: a self-test is for a demo account of the same broker")
    info = terminal.try_ask("symbol_info", symbol)
    if info is None or symbol not in terminal.symbols:
        raise TerminalError(f"{symbol} cannot be traded there now")
    desk = Desk(terminal, symbol, request.settle_s, doubtful=request.clean)
    if request.clean:
        return desk
    if info.trade_mode != FULL or not info.bid:
        raise TerminalError(f"{symbol} cannot be traded there now")
    if not all(terminal.standing()):
        raise TerminalError("the terminal has no connection, or trading by programs is switched off in it")
    if desk.in_the_way():
        raise TerminalError(desk.in_the_way())
    return desk


def _progress(text: str) -> None:
    sys.stderr.write(f"  {text}\n")


def _terms(terminal: Terminal, info: object) -> Terms:
    one = next((terms for terms in terminal.terms() if terms.symbol == info.name), None)  # type: ignore[attr-defined]
    if one is None:
        raise TerminalError("the symbol's terms cannot be read: it has no price, or no margin")
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
