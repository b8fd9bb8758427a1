"""One question to a terminal, by a worker of its own, beside whatever else runs. It only ever reads.

Owns nothing that outlives the question: the worker ends with it.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from hydrad.agent import calls, effects
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.symbols import SymbolTerms
from hydrad.terminal import pipe
from hydrad.terminal.bundle import Bundle
from hydrad.terminal.handle import WorkerGone, WorkerHandle
from hydrad.terminal.metatrader import TerminalError
from hydrad.terminal.steady import SteadyClock

READ_BOUND_MS = 30_000
_WAIT_S = 0.05
_Read = calls.Poll | calls.ReadTerms


class Reading(msgspec.Struct, frozen=True):
    """Who the terminal is, and what it told. `terms`: of our symbols, by name."""

    who: pipe.LoggedIn
    polled: calls.Polled
    terms: dict[str, SymbolTerms]


def read(bundle: Bundle) -> Reading:
    """Identity, account and positions as they stand; raises TerminalError."""
    clock = SteadyClock()
    with _worker(bundle, clock) as worker:
        told = _next(worker, clock)
        if isinstance(told, pipe.LoginFailed):
            raise TerminalError(told.reason)
        assert isinstance(told, pipe.LoggedIn)
        terms = _asked(worker, clock, calls.ReadTerms())
        polled = _asked(worker, clock, calls.Poll(-1, (), -1, 0))
        assert isinstance(polled, calls.Polled) and isinstance(terms, calls.Terms)
        return Reading(told, polled, {one.symbol: one for one in terms.terms})


def _asked(worker: WorkerHandle, clock: SteadyClock, call: _Read) -> pipe.Up:
    worker.ask(effects.Call(call, READ_BOUND_MS), clock.now_ns())
    return _next(worker, clock)


@contextmanager
def _worker(bundle: Bundle, clock: SteadyClock) -> Iterator[WorkerHandle]:
    worker = WorkerHandle(bundle, clock.base_ns)
    worker.start_if_due(clock.now_ns())
    try:
        yield worker
    finally:
        worker.kill(clock.now_ns())


def _next(worker: WorkerHandle, clock: SteadyClock) -> pipe.Up:
    """The worker's next answer, within the bound of its call."""
    fd = worker.fd
    assert fd is not None
    while not worker.overdue(clock.now_ns()):
        try:
            messages = worker.listen() if select.select([fd], [], [], _WAIT_S)[0] else []
        except WorkerGone as gone:
            raise TerminalError(str(gone)) from None
        if messages:
            return messages[0]
    raise TerminalError(f"the terminal has not answered within {READ_BOUND_MS * MS // SECOND} s")
