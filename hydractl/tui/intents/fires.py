"""Firing: a mission that stands, or one made by hand; and the second person's word on a fire that waits for it.

Owns what the sheets' fields mean in the words of `hydractl fire`, whose own check of arguments they pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydractl.commands import approve as approving
from hydractl.commands import fire, verdicts
from hydractl.diagnostics import ExitCode, Failure
from hydractl.tui.carry import Desk
from hydractl.tui.intent import Beside, Choices, Field, Intent, Proposal
from hydractl.tui.intents import quoted
from hydractl.tui.intents.base import REASON, asked, nothing

if TYPE_CHECKING:
    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.accounts import AccountRow, GroupRow, PoolRow
    from hydrad.wire.answers.positions import NamedPlan

SIDES: Choices = (("BUY", "buy"), ("SELL", "sell"))
TYPES: Choices = (("at the market", ""), ("LIMIT: rests at the entry", "limit"), ("STOP: rests at the entry", "stop"))
MINE = "my primary account"
AGAIN: Choices = (("no: one that repeats the last is denied", ""), ("yes, I mean it", "yes"))
SIZE = Field("size", "size", hint="0.10 for lots, or 0.5% of the account; empty: as configured")
_SIZE = re.compile(r"\d+(\.\d+)?%?", re.ASCII)
_BY_HAND = ("symbol", "side", "stop", "target", "entry", "type", "expiry")
_OPTIONS = ("mission", "account", "accounts", "group", "pool", "volume", "risk", "plan", "reason", *_BY_HAND)


def fire_mission(mission: str, targets: Choices, plans: Choices, account: str | None = None, what: str = "") -> Intent:
    """Fire a mission. `targets` as `targets_of` makes them, `plans` as `plans_of`; `account`: which is chosen first,
    None: the operator's primary one; `what`: its symbol and side."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        return _proposed(desk, {"mission": mission, **_common(values)})

    fields = (_target(targets, account), SIZE, _plan(plans), REASON)
    return Intent(f"FIRE {mission}", "Fire", propose, fields, what=what)


def fire_by_hand(symbols: Sequence[str], targets: Choices, plans: Choices, symbol: str | None = None) -> Intent:
    """Make a mission and fire it. The stop is compulsory; what the order is, is never inferred."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        if not values["stop"]:
            desk.out.line("name the stop, then Enter: nothing is fired without one")
            return nothing(desk, ExitCode.USAGE)
        by_hand = {name: values[name] or None for name in _BY_HAND}
        return _proposed(desk, {**by_hand, "again": values["again"] == "yes", **_common(values)})

    known = tuple((name, name) for name in symbols)
    fields = (
        Field("symbol", "symbol", value=symbol or "", choices=known, hint="such as EURUSD"),
        Field("side", "side", choices=SIDES),
        Field("stop", "stop", hint="its price; compulsory"),
        Field("target", "target", hint="its price; empty: none"),
        Field("type", "type", choices=TYPES),
        Field("entry", "entry", hint="its price, for an order that rests"),
        Field("expiry", "expiry", hint="how long it stands, such as 5m; empty: 5 minutes"),
        _target(targets, None),
        SIZE,
        _plan(plans),
        Field("again", "again", choices=AGAIN),
        REASON,
    )
    beside = Beside(quoted.wants, quoted.lines)
    return Intent("FIRE BY HAND", "Fire", propose, fields, begin="symbol", beside=beside)


def approve(fire_id: str) -> Intent:
    """Be the second person for a fire that waits for one."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        def send(desk: Desk) -> int:
            return approving.approve(desk, id=fire_id, yes=True, wait=True, key=None)

        return asked(desk, approving.proposed(desk, fire_id), send)

    return Intent(f"APPROVE {fire_id}", "Approve", propose)


# --- what can be chosen ---


def targets_of(
    accounts: Sequence[str],
    groups: Sequence[GroupRow],
    pools: Sequence[PoolRow] = (),
    known: Sequence[AccountRow] = (),
    primary: str | None = None,
) -> Choices:
    """Where a fire may go: (shown, `account:NAME`, `group:NAME`, `pool:NAME` or `all:`), first the operator's primary
    account. `known`: what is told of accounts; `primary`: None where it is not known."""
    words = {row.name: f"{row.name}  {row.kind.upper()} {row.login}" for row in known}
    mine = f"{words.get(primary, primary)}: {MINE}" if primary else MINE
    choices = [(mine, ""), *((words.get(name, name), f"account:{name}") for name in accounts)]
    for row in groups:
        members = ", ".join(f"{account} x {by}" for account, by in row.members.items())
        choices.append((f"group {row.name}: {members}", f"group:{row.name}"))
    choices += ((f"pool {row.name}: one account, next is {row.turn}", f"pool:{row.name}") for row in pools)
    if len(accounts) > 1:
        choices.append(("all accounts that were given to me", "all:"))
    return tuple(choices)


def plans_of(rows: Sequence[NamedPlan]) -> Choices:
    """The named plans; none where they are not known: then the name is typed."""
    return tuple((f"{row.name}: {row.text or 'nothing happens by itself'}", row.name) for row in rows)


def _target(targets: Choices, account: str | None) -> Field:
    wanted = f"account:{account}" if account else ""
    return Field("where", "where", wanted if wanted in dict(targets).values() else "", choices=targets)


def _plan(plans: Choices) -> Field:
    offered = not plans or "default" in dict(plans).values()
    return Field("plan", "plan", "default" if offered else "", plans, "its name; hydractl plans lists them")


# --- what they mean ---


def _common(values: Mapping[str, str]) -> dict[str, Any]:
    kind, _, name = values["where"].partition(":")
    chosen: dict[str, Any] = {"all_accounts": True} if kind == "all" else {kind: name} if kind else {}
    return {**chosen, **sized(values["size"]), "plan": values["plan"], "reason": values["reason"] or None}


def sized(text: str) -> dict[str, str]:
    """A size as the option that it is: `volume` in lots, `risk` in percent, or neither. Failure USAGE for the rest."""
    if not text:
        return {}
    if not _SIZE.fullmatch(text):
        raise Failure("USAGE", f"the size '{text}' is neither lots, such as 0.10, nor a percentage, such as 0.5%")
    return {"risk" if text.endswith("%") else "volume": text}


def _proposed(desk: Desk, options: Mapping[str, Any]) -> Proposal:
    """As `hydractl fire` shows it before it asks; what is sent is what was shown."""
    name, fields = fire.call({**dict.fromkeys(_OPTIONS), "all_accounts": False, "again": False, **options})
    preview = desk.client.query(name, dry_run=True, **fields)
    if not fire.may_go(preview):
        return _denied(desk, preview)
    if names := fire.unsized(preview):
        return nothing(desk, fire.not_held(desk, preview, names))
    proposed = fire.proposed(desk, preview)
    if preview.data.order is not None and preview.data.order.collar and len(preview.data.targets) <= 1:
        desk.out.line("risk is counted from the worst entry that the collar lets pass, not from the price now")
    return asked(desk, proposed, _sends(name, fire.pinned(preview, fields)))


def _sends(name: str, fields: Mapping[str, Any]) -> Callable[[Desk], int]:
    def send(desk: Desk) -> int:
        wait_s = fire.wait_s(desk, True)
        answer = desk.client.request(name, dry_run=False, wait_s=wait_s, **fields)
        desk.mission = _mission(answer)
        return fire.show(desk, answer)

    return send


def _mission(answer: Answer) -> str | None:
    """Which mission was fired; None where the answer tells of none."""
    acts = () if answer.data is None else (answer.data.act, *answer.data.acts)
    return next((row.mission for row in acts if row is not None and row.mission), None)


def _denied(desk: Desk, preview: Answer) -> Proposal:
    """What would be denied, the checks that fail before all others."""
    if preview.data is None:
        return nothing(desk, desk.present(preview, lambda _: None))
    desk.out.line(f"nothing was sent: {desk.out.paint(preview.data.would, 'bad')}")
    desk.heading(preview)
    if len(preview.data.targets) > 1:
        verdicts.show_targets(desk, preview.data.targets)
    verdicts.show_checks(desk, preview.data.checks, every=False)
    return nothing(desk, ExitCode.DENIED)
