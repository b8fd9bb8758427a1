"""Halting, and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hydractl.commands import authority
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents.base import REASON, asked, one_of


def halt(accounts: Sequence[str]) -> Intent:
    """Stop everything that opens. Offered in either mode."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        account, reduce = values["account"] or None, values["how"] == "reduce"
        reason = values["reason"] or None

        def send(desk: Desk) -> int:
            return authority.halt(desk, reduce=reduce, account=account, drill=False, reason=reason)

        whose = f"account {account}" if account else "everything"
        what = "only what reduces passes" if reduce else "nothing opens, resting orders are cancelled"
        desk.out.line(f"{'reduce' if reduce else 'halt'} {whose}: {what}; positions keep their stops at the broker")
        return asked(desk, (f"halt {whose}?", ""), send)

    fields = (
        Field("account", "account", choices=one_of(accounts)),
        Field("how", "how", choices=(("HALTED: nothing opens", "halt"), ("REDUCING: what reduces passes", "reduce"))),
        REASON,
    )
    return Intent("HALT", "Halt", propose, fields, reading=True)


def resume(accounts: Sequence[str], alone: str | None = None) -> Intent:
    """End a halt. `alone`: the account that is halted by itself while everything else goes on; it is chosen first."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        account, local = values["account"] or None, values["local"] == "yes"
        reason = values["reason"] or None

        def send(desk: Desk) -> int:
            return authority.resume(desk, account=account, local=local, reason=reason, yes=True)

        return asked(desk, authority.proposed(desk, account, local), send)

    fields = (
        Field("account", "account", alone or "", choices=one_of(accounts)),
        Field("local", "hosts", choices=(("halted here", "no"), ("halted at its host too", "yes"))),
        REASON,
    )
    return Intent("RESUME", "Resume", propose, fields)
