"""What is done to a terminal: to whom its account is given, its duty, and the lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydractl.commands import terminals
from hydractl.commands.operators import OPERATORS
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents.base import REASON, asked, nothing

_NO_YES = (("no", "no"), ("yes", "yes"))
_ALL = "*"


# --- its duty ---


def drain(name: str) -> Intent:
    """No new fires there."""
    what = "no new fires there; what is open goes on to its end"
    return _duty(name, "DRAIN", "Drain", terminals.terminal_drain, what)


def quarantine(name: str) -> Intent:
    """No new fires there until a commander says so."""
    what = "no new fires there until a commander activates it with a reason; what is open goes on to its end"
    return _duty(name, "QUARANTINE", "Quarantine", terminals.terminal_quarantine, what)


def activate(name: str) -> Intent:
    """New fires may go there again."""
    return _duty(name, "ACTIVATE", "Activate", terminals.terminal_activate, "new fires may go there again")


def _duty(name: str, title: str, go: str, verb: Callable[..., int], what: str) -> Intent:
    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        listed = desk.client.query("terminals")
        row = next((row for row in listed.data or () if row.name == name), None)
        if row is None:
            return nothing(desk, terminals.terminal_show(desk, name))
        desk.out.table(terminals.TERMINALS, [row], empty="")
        if row.duty == "QUARANTINED" and title == "ACTIVATE":
            desk.out.line(f"quarantined{f' for {row.cause}' if row.cause else ''}: {row.why or 'no reason given'}")
            if not values["reason"]:
                desk.out.line("a quarantine is ended by a commander, with a reason: type it above, then Enter")
                return nothing(desk, ExitCode.USAGE)
        desk.out.line(what)
        if row.lane and title != "ACTIVATE":
            desk.out.line(f"it has the lane of {row.account}: nothing opens there while no other is READY")
        question = f"{go.lower()} {name}?"
        return asked(
            desk,
            (question, desk.label(listed, row.account)),
            lambda desk: verb(desk, terminal=name, reason=values["reason"]),
        )

    return Intent(f"{title} {name}", go, propose, (REASON,))


# --- the lane ---


def failover(name: str) -> Intent:
    """Give it its account's lane."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        fields: dict[str, Any] = {"reason": values["reason"], "keep_plans": values["keep"] == "yes"}
        preview = desk.client.query("terminal.failover", dry_run=True, terminal=name, **fields)
        status = terminals.show_leaving(desk, preview)
        if preview.error is not None:
            return nothing(desk, status)

        def send(desk: Desk) -> int:
            return terminals.terminal_failover(desk, terminal=name, dry_run=False, yes=True, **fields)

        label = desk.label(preview, preview.data.account)
        return asked(desk, (terminals.GIVE_LANE.format(name), label), send)

    keep = (("no: they follow to this terminal", "no"), ("yes: they stay where they are", "yes"))
    return Intent(f"FAILOVER to {name}", "Give the lane", propose, (Field("keep", "keep plans", choices=keep), REASON))


# --- to whom it is given ---


def assign(name: str, account: str, operators: Sequence[str]) -> Intent:
    """Give its account to an operator."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        operator, primary = values["operator"], values["primary"] == "yes"

        def send(desk: Desk) -> int:
            return terminals.terminal_assign(desk, terminal=name, operator=operator, primary=primary)

        fires = ", and their fires without a choice go there" if primary else ""
        question = f"give {account} (terminal {name}) to {operator}{fires}?"
        return _giving(desk, operator, account, question, "they have all accounts already", send)

    fields = (_whom(operators), Field("primary", "primary", choices=_NO_YES))
    return Intent(f"ASSIGN {name}", "Assign", propose, fields)


def release(name: str, account: str, operators: Sequence[str]) -> Intent:
    """Take its account from an operator."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        operator = values["operator"]

        def send(desk: Desk) -> int:
            return terminals.terminal_release(desk, terminal=name, operator=operator)

        question = f"take {account} (terminal {name}) from {operator}?"
        others = "they have all accounts: this leaves them the others by name, and none that is enrolled later"
        return _giving(desk, operator, account, question, others, send)

    return Intent(f"RELEASE {name}", "Release", propose, (_whom(operators),))


def _whom(operators: Sequence[str]) -> Field:
    return Field("operator", "operator", choices=tuple((name, name) for name in operators))


def _giving(
    desk: Desk, operator: str, account: str, question: str, of_all: str, send: Callable[[Desk], int]
) -> Proposal:
    """The operator as they are now, before the question. `of_all`: what is said where they have all accounts."""
    listed = desk.client.query("operators")
    rows = [row for row in listed.data or () if row.name == operator]
    if listed.error is not None or not rows:
        return nothing(desk, desk.rows(listed, OPERATORS, f"no operator is named {operator}"))
    desk.out.table(OPERATORS, rows, empty="")
    if _ALL in rows[0].accounts:
        desk.out.line(of_all)
    return asked(desk, (question, desk.label(listed, account)), send)


ACTS: dict[str, Callable[[str], Intent]] = {
    "drain": drain,
    "quarantine": quarantine,
    "activate": activate,
    "failover": failover,
}
GIVING: dict[str, Callable[[str, str, Sequence[str]], Intent]] = {"assign": assign, "release": release}
