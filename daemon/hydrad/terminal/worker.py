"""The worker: a child of the agent that alone imports MetaTrader5 and answers one call at a time.

The real module holds the interpreter's lock while it waits for the terminal, so a thread would silence beats and
halts; a process can also be killed when a call hangs. It ends when its pipe closes, and whenever the terminal stops
answering: the agent starts a new one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from hydrad.agent import calls
from hydrad.domain.money import BadNumber
from hydrad.terminal import pipe
from hydrad.terminal.metatrader import Terminal, TerminalError, WrongTerminal
from hydrad.terminal.orders import Orders
from hydrad.terminal.readings import Readings
from hydrad.terminal.steady import SteadyClock

FAILED, MISUSED = 1, 2


class Worker:
    """Answers calls of a terminal that is logged in; raises TerminalError."""

    def __init__(self, login: pipe.Login) -> None:
        self.terminal = Terminal(login)
        readings = Readings(self.terminal)
        orders = Orders(self.terminal, readings, SteadyClock(login.clock_base_ns))
        self._answers: dict[type, Callable[[Any], calls.Answer]] = {
            calls.Perform: orders.perform,
            calls.Find: orders.find,
            calls.Poll: readings.poll,
            calls.ReadBooks: readings.books,
            calls.ReadTerms: readings.terms,
            calls.ReadDeals: readings.deals,
            calls.ReadRates: readings.rates,
        }

    def answer(self, call: calls.Call) -> calls.Answer:
        """What was read counts only if the terminal is still the one that logged in: another account's history would
        prove an order absent, and its money would be booked as ours. A poll and an order look for themselves."""
        answer = self._answers[type(call)](call)
        if not isinstance(call, calls.Poll | calls.Perform):
            self.terminal.check_same()
        return answer


def main() -> int:
    """Serve standard input and output; returns the exit code."""
    down, up = _own_pipes()
    messages = _messages(down)
    try:
        login = next(messages, None)
        if not isinstance(login, pipe.Login):
            return MISUSED
        return _serve(login, messages, up)
    except (BrokenPipeError, KeyboardInterrupt):
        return 0  # the agent has gone
    except (TerminalError, BadNumber) as error:
        sys.stderr.write(f"hydra-terminal worker: {error}\n")
        return FAILED


def _serve(login: pipe.Login, messages: Iterator[pipe.Down], up: int) -> int:
    try:
        worker = Worker(login)
        terminal = worker.terminal
        facts = (terminal.who, terminal.offset_ms, terminal.market_ms(), *terminal.standing())
        told = pipe.LoggedIn(*facts, terminal.symbols, terminal.stand_ins)
    except TerminalError as error:
        identity = error.identity if isinstance(error, WrongTerminal) else None
        pipe.write_all(up, pipe.frame(pipe.LoginFailed(str(error), identity)))
        return FAILED
    pipe.write_all(up, pipe.frame(told))
    for call in messages:
        assert not isinstance(call, pipe.Login)
        pipe.write_all(up, pipe.frame(worker.answer(call)))
    return 0


def _messages(fd: int) -> Iterator[pipe.Down]:
    """What the agent sends, until it closes the pipe."""
    assembler = pipe.Assembler()
    while data := pipe.read_some(fd):
        for message in assembler.feed(data):
            yield pipe.decode_down(message)


def _own_pipes() -> tuple[int, int]:
    """The pipes, moved away from 0 and 1: whatever a module prints goes to standard error."""
    down, up = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return down, up


if __name__ == "__main__":
    sys.exit(main())
