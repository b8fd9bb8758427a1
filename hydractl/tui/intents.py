"""The acts that panes offer, each as its sheet needs it: what to fill in, what is shown before, what is sent.

Owns which shell verb carries an act out, and with which values. An act that the sheet has asked about is sent with the
shell's `yes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydractl.commands import authority, fire, positions, verdicts
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk, Said
from hydractl.tui.sheets import Field, Intent, Proposal

if TYPE_CHECKING:
    from hydrad.wire.answers import Answer

EVERYWHERE = ""


def _asked(desk: Desk, proposed: tuple[str, str], send: Callable[[Desk], int]) -> Proposal:
    """A proposal whose question the shell has put into words."""
    question, label = proposed
    return Proposal(Said(tuple(desk.out.take()), ExitCode.DONE), question, label, send)


def _accounts(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (("everything", EVERYWHERE), *((name, name) for name in names))


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
        return _asked(desk, (f"halt {whose}?", ""), send)

    fields = (
        Field("account", "account", choices=_accounts(accounts)),
        Field("how", "how", choices=(("HALTED: nothing opens", "halt"), ("REDUCING: what reduces passes", "reduce"))),
        Field("reason", "reason", hint="why; kept in the journal"),
    )
    return Intent("HALT", "Halt", propose, fields, reading=True)


def resume(accounts: Sequence[str]) -> Intent:
    """End a halt."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        account, local = values["account"] or None, values["local"] == "yes"
        reason = values["reason"] or None

        def send(desk: Desk) -> int:
            return authority.resume(desk, account=account, local=local, reason=reason, yes=True)

        return _asked(desk, authority.proposed(desk, account, local), send)

    fields = (
        Field("account", "account", choices=_accounts(accounts)),
        Field("local", "hosts", choices=(("halted here", "no"), ("halted at its host too", "yes"))),
        Field("reason", "reason", hint="why; kept in the journal"),
    )
    return Intent("RESUME", "Resume", propose, fields)


def fire_mission(mission: str, targets: Sequence[tuple[str, str]], plans: Sequence[str], account: str | None) -> Intent:
    """Fire a mission. `targets`: (shown, `account:NAME`, `group:NAME`, `pool:NAME` or `all:`)."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        fields = _fire_fields(mission, values)
        preview = desk.client.query("fire", dry_run=True, **fields)
        if not fire.may_go(preview):
            return _denied(desk, preview)
        asked = fire.proposed(desk, preview)
        sized = fire.pinned(preview, fields)

        def send(desk: Desk) -> int:
            wait_s = fire.wait_s(desk, True)
            return fire.show(desk, desk.client.request("fire", dry_run=False, wait_s=wait_s, **sized))

        return _asked(desk, asked, send)

    fields = (
        Field("target", "where", value=f"account:{account}" if account else "", choices=tuple(targets)),
        Field("size", "size", hint="0.10 lots, or 0.5% of the account; empty: as configured"),
        Field("plan", "plan", value="default", choices=tuple((name, name) for name in plans)),
        Field("reason", "reason", hint="why; kept in the journal"),
    )
    return Intent(f"FIRE {mission}", "Fire", propose, fields)


def _denied(desk: Desk, preview: Answer) -> Proposal:
    """What would be denied, the checks that fail before all others."""
    if preview.data is None:
        return Proposal(Said((), ExitCode(desk.present(preview, lambda _: None))), "", "", None)
    desk.heading(preview)
    desk.out.line(f"nothing was sent: {desk.out.paint(preview.data.would, 'bad')}")
    if len(preview.data.targets) > 1:
        verdicts.show_targets(desk, preview.data.targets)
    verdicts.show_checks(desk, preview.data.checks, every=False)
    return Proposal(Said(tuple(desk.out.take()), ExitCode.DENIED), "", "", None)


def _fire_fields(mission: str, values: Mapping[str, str]) -> dict[str, Any]:
    kind, _, name = values["target"].partition(":")
    size = values["size"]
    return {
        "mission": mission,
        "account": name if kind == "account" else None,
        "group": name if kind == "group" else None,
        "pool": name if kind == "pool" else None,
        "all_accounts": kind == "all",
        "accounts": [],
        "volume": size if size and not size.endswith("%") else None,
        "risk": size if size.endswith("%") else None,
        "plan": values["plan"],
        "reason": values["reason"] or None,
    }


def close(position: str) -> Intent:
    """Close a position, or a part of it."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        part, reason = values["part"] or None, values["reason"] or None

        def send(desk: Desk) -> int:
            return positions.close(desk, id=position, part=part, yes=True, wait=True, reason=reason, key=None)

        return _asked(desk, positions.proposed(desk, position, f"close {part or 'all'} of"), send)

    fields = (
        Field("part", "part", hint="50%, or lots; empty: all of it"),
        Field("reason", "reason", hint="why; kept in the journal"),
    )
    return Intent(f"CLOSE {position}", "Close it", propose, fields)
