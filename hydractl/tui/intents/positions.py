"""What is done to positions and to orders that rest.

Each says what the shell would show, looked at again when the sheet opens: a position that was closed in the meantime,
by its plan, by the broker or by somebody else, leaves nothing to send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydractl.commands import closing, plans, positions, reducing
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Field, Intent, Proposal
from hydractl.tui.intents.base import REASON, asked, nothing, one_of, price

FOREIGN_TOO = "foreign"
NOT_CHOSEN = ""
NO_TARGET = "none"  # what is typed to remove it


def close(position: str, part: str = "", what: str = "") -> Intent:
    """Close a position, or a part of it. `what`: as `named` has it."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        if part and not values["part"]:
            desk.out.line("name the part, then Enter; all of it is closed by another key")
            return nothing(desk, ExitCode.USAGE)
        fields = {"id": position, "part": values["part"] or None, "reason": values["reason"] or None}
        return _reduced(desk, "close", fields, reducing.closing(position))

    fields = (
        Field("part", "part", value=part, hint="50%, or lots" if part else "50%, or lots; empty: all of it"),
        REASON,
    )
    title, go = (f"CLOSE A PART of {position}", "Close a part") if part else (f"CLOSE {position}", "Close it")
    return Intent(title, go, propose, fields, what=what)


def modify(position: str, stop: str | None, target: str | None, what: str = "") -> Intent:
    """Move a position's stop or target. `stop`, `target`: where they are now."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        stop = price(values["stop"])
        target = values["target"] if values["target"] == NO_TARGET else price(values["target"])
        reason = values["reason"] or None
        if stop is None and target is None:
            desk.out.line("name the new stop, the new target, or both, then Enter")
            return nothing(desk, ExitCode.USAGE)

        fields = {"id": position, "stop": stop, "target": target, "reason": reason}
        return _reduced(desk, "modify", fields, reducing.moving(position, stop, target))

    fields = (
        Field("stop", "new stop", hint=f"{stop or 'NONE'} now; empty: as it is"),
        Field("target", "new target", hint=f"{target or 'none'} now; empty: as it is; 'none' removes it"),
        REASON,
    )
    return Intent(f"MODIFY {position}", "Modify it", propose, fields, begin="stop", what=what)


def set_plan(position: str, names: Sequence[tuple[str, str]], now: str | None, what: str = "") -> Intent:
    """Put another plan in place of a position's. `names`: (shown, name)."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        plan, reason = values["plan"], values["reason"] or None

        def send(desk: Desk) -> int:
            return plans.plan_set(desk, id=position, plan=plan, yes=True, wait=True, reason=reason, key=None)

        return _of_one(desk, position, f"set plan '{plan}' for", send)

    known = [name for _, name in names]
    fields = (Field("plan", "plan", value=now if now in known else "", choices=tuple(names)), REASON)
    return Intent(f"PLAN {position}", "Set this plan", propose, fields, what=what)


def _of_one(
    desk: Desk,
    position: str,
    question: str,
    send: Callable[[Desk], int],
) -> Proposal:
    """An act on a position that is open, as it is now."""
    listed, rows = positions.meant(desk, position)
    if listed.error is not None:
        return nothing(desk, desk.present(listed, lambda _: None))
    if not rows:
        desk.out.line(f"{position} is not open any more")
        return nothing(desk, ExitCode.NOT_FOUND)
    positions.shown(desk, rows, "")
    return asked(desk, (f"{question} {position}?", desk.label(listed, rows[0].account)), send)


def _reduced(desk: Desk, name: str, fields: Mapping[str, Any], ask: reducing.Ask) -> Proposal:
    """What reduces, as the shell shows it before it asks. What was shown is what is sent."""
    preview = reducing.look(desk, name, fields)
    if not reducing.may_go(preview):
        return nothing(desk, reducing.show(desk, preview))
    proposed = reducing.proposed(desk, preview, ask)
    pinned = reducing.pinned(preview, fields)
    return asked(desk, proposed, lambda desk: reducing.send(desk, name, pinned, True))


def flatten(accounts: Sequence[str]) -> Intent:
    """Close everything, of an account, or of a symbol."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        account, symbol = values["account"] or None, values["symbol"] or None
        foreign, reason = values["whose"] == FOREIGN_TOO, values["reason"] or None
        if foreign and account is None:
            desk.out.line("choose the account: positions that are NOT OURS are closed on one account at a time")
            return nothing(desk, ExitCode.USAGE)
        fields = {"account": account, "symbol": symbol, "foreign": account if foreign else None, "reason": reason}
        proposal = _reduced(desk, "flatten", fields, reducing.flattening)
        if not foreign or proposal.send is None:
            return proposal
        words = f"positions that are NOT OURS would be closed; type the account's name ({account})"
        return Proposal(proposal.said, words, proposal.label, proposal.send, typed=account)

    fields = (
        Field("account", "account", choices=one_of(accounts, "every account")),
        Field("symbol", "symbol", hint="empty: every symbol"),
        Field("whose", "whose", choices=(("only ours", ""), ("also what is NOT OURS (FOREIGN)", FOREIGN_TOO))),
        REASON,
    )
    return Intent("FLATTEN: close everything", "Flatten", propose, fields)


def adopt(ticket: int, account: str) -> Intent:
    """Take a FOREIGN position as ours."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        stop, reason = values["stop"], values["reason"] or None
        listed, rows = closing.with_ticket(desk, ticket, account)
        if listed.error is not None:
            return nothing(desk, desk.present(listed, lambda _: None))
        positions.shown(desk, rows, "no such position is open")
        if not rows:
            return nothing(desk, ExitCode.NOT_FOUND)
        if not stop:
            desk.out.line("name its stop, then Enter: nothing is ours without one")
            return nothing(desk, ExitCode.USAGE)

        def send(desk: Desk) -> int:
            return closing.adopt(
                desk, ticket=str(ticket), account=account, stop=stop, yes=True, wait=True, reason=reason, key=None
            )

        return asked(desk, (closing.adopting(ticket, account, stop), desk.label(listed, account)), send)

    fields = (Field("stop", "stop", hint="the stop's price; compulsory"), REASON)
    return Intent(f"ADOPT {ticket} on {account}", "Take it as ours", propose, fields, begin="stop")


def cancel(
    order: str | None, accounts: Sequence[str], resting: Sequence[tuple[str, str]] = (), what: str = ""
) -> Intent:
    """Cancel a resting order, all of an account, or all. `order`: the one under the cursor; where there is none,
    nothing is proposed before a person has chosen. `resting`: (shown, id) of those that are known."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        if values["which"] == NOT_CHOSEN:
            desk.out.line("no resting order is under the cursor: choose which, one or all of them, then Enter")
            return nothing(desk, ExitCode.USAGE)
        kind, _, name = values["which"].partition(":")
        meant = {"order": (name, False, None), "all": (None, True, None), "account": (None, True, name)}
        one, every, account = meant[kind]
        reason = values["reason"] or None

        fields = {"id": one, "all_orders": every, "account": account, "reason": reason}
        return _reduced(desk, "cancel", fields, reducing.cancelling(one))

    choices = [(f"this one, {order}", f"order:{order}")] if order is not None else [("not chosen yet", NOT_CHOSEN)]
    choices += [(shown, f"order:{name}") for shown, name in resting if name != order]
    choices += [(f"all of ours on {name}", f"account:{name}") for name in accounts]
    choices.append(("all of ours that rest", "all:"))
    fields = (Field("which", "which", choices=tuple(choices)), REASON)
    begin = "" if order is not None else "which"
    title = f"CANCEL {order or 'WHAT RESTS'}"
    return Intent(title, "Send the cancel", propose, fields, begin=begin, leave="Leave", what=what)


def named(row: Any) -> str:
    """What a position or an order is, as its sheet's title has it beside the id."""
    return f"{row.symbol} {row.side} {row.volume}"


def plan_choices(rows: Sequence[Any]) -> list[tuple[str, str]]:
    """Named plans, each with what it does, as a field's choices."""
    return [(f"{row.name}: {row.text or 'nothing'}", row.name) for row in rows]
