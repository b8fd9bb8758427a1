"""What the tables of intents share: how a proposal is made of what the shell shows and asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hydractl.diagnostics import ExitCode, Failure
from hydractl.tui.carry import Desk, Said
from hydractl.tui.intent import Field, Proposal

EVERYWHERE = ""
PRICE = re.compile(r"\d+(\.\d+)?", re.ASCII)
REASON = Field("reason", "reason", hint="why; kept in the journal")


def asked(desk: Desk, proposed: tuple[str, str], send: Callable[[Desk], int]) -> Proposal:
    """A proposal whose question and label the shell has put into words, below what it has shown."""
    question, label = proposed
    return Proposal(Said(tuple(desk.out.take()), ExitCode.DONE), question, label, send)


def nothing(desk: Desk, code: int) -> Proposal:
    """There is nothing to say yes to; what the shell has shown tells why."""
    return Proposal(Said(tuple(desk.out.take()), ExitCode(code)), "", "", None)


def one_of(names: Sequence[str], everything: str = "everything") -> tuple[tuple[str, str], ...]:
    """Choices of a field: everything, or one by its name."""
    return ((everything, EVERYWHERE), *((name, name) for name in names))


def price(text: str | None) -> str | None:
    """A price that was typed, before anything is proposed with it; None: none was. Failure USAGE where it is none."""
    if text and not PRICE.fullmatch(text):
        raise Failure("USAGE", f"the price '{text}' is not a number, such as 1.0850")
    return text or None
