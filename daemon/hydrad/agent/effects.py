"""What the agent's core asks of its shell, in order, after the step's entries are durable."""

from __future__ import annotations

import msgspec

from hydrad.agent.calls import Call as WorkerCall


class Send(msgspec.Struct, frozen=True):
    """One frame's bytes for the connection. None may be left out: the frames are numbered."""

    data: bytes


class Call(msgspec.Struct, frozen=True):
    """Ask the worker, which is free. After `bound_ms` without an answer it is killed: WorkerLost."""

    call: WorkerCall
    bound_ms: int


class Reopen(msgspec.Struct, frozen=True):
    """Give up the connection and what it still holds, open one anew: Opened. `next_daemon`: this one did not
    welcome us, so try the next address."""

    reason: str
    next_daemon: bool


class Say(msgspec.Struct, frozen=True):
    """Something for the people of this host: there may be no daemon to tell it to."""

    text: str


Effect = Send | Call | Reopen | Say
