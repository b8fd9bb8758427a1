"""Firing: a mission that stands, or one made by hand from --symbol.

The exit code is the verdict's, never the asking's: 0 only with a broker's ticket. With --no-wait an act
that is merely on its way is 12, as it is when the wait is over.
"""

from __future__ import annotations

from hydractl.commands.verdicts import (
    exit_of_answer,
    show_checks,
    show_fire,
    show_order,
    show_targets,
    waits,
    would_be_denied,
    would_wait,
)
from hydractl.diagnostics import ExitCode, Failure
from hydractl.session import Session, an_id, seconds
from hydractl.verbs import YES, argument, flag, option, verb
from hydrad.domain.ids import IdKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.acts import OrderView, TargetRow

WAIT_S = 10.0
WAIT = flag("--wait/--no-wait", "Wait for the verdict (10 s, or --timeout).", default=True)
REASON = option("--reason", "Why; kept in the journal.", metavar="TEXT")
KEY = option("--key", "Idempotency key: the same again answers what was done.", metavar="KEY")


def wait_s(session: Session, wait: bool) -> float:
    """Seconds that the daemon may take for a verdict; 0 answers once routed."""
    if not wait:
        return 0.0
    return WAIT_S if session.timeout_s is None else session.timeout_s


@verb(
    "fire",
    "fire",
    argument("mission", "The mission's id.", required=False),
    option("--account", "Account; else the operator's primary one.", metavar="NAME"),
    option("--accounts", "Several accounts, with commas: one fire each.", metavar="A,B"),
    option("--group", "The accounts of a group, each with its multiplier.", metavar="NAME"),
    option("--pool", "One account of a pool, the one whose turn it is.", metavar="NAME"),
    flag("--all", "Every account that was given to you.", name="all_accounts"),
    option("--volume", "Lots.", metavar="LOTS"),
    option("--risk", "Percent of the account, such as 0.5%.", metavar="PERCENT"),
    option("--plan", "What happens to the position by itself.", default="default", metavar="NAME"),
    flag("--dry-run", "Show every check and the exact order; send nothing."),
    YES,
    WAIT,
    REASON,
    KEY,
    option("--symbol", "By hand: the symbol.", metavar="S"),
    option("--side", "By hand: the side.", choices=("buy", "sell")),
    option("--stop", "By hand: the stop's price; compulsory.", metavar="P"),
    option("--target", "By hand: the target's price.", metavar="P"),
    option("--entry", "By hand: rest at this price; with --type.", metavar="P"),
    option("--type", "By hand: how it rests; never inferred.", choices=("limit", "stop")),
    option("--expiry", "By hand: how long the mission stands, and with --entry the order.", metavar="DURATION"),
    flag("--again", "I mean it: by hand, though it repeats the last one; with --pool, on another account of it too."),
)
def fire(session: Session, *, dry_run: bool, yes: bool, wait: bool, key: str | None, **asked: Any) -> int:
    """Fire a mission, or with --symbol one made by hand."""
    name, fields = call(asked)
    if key is not None:
        session.client.key = key
    if dry_run:
        return show(session, session.client.query(name, dry_run=True, **fields))
    session.require(yes, "fire")
    if not yes:
        preview = session.client.query(name, dry_run=True, **fields)
        if not may_go(preview):
            return show(session, preview)
        if key is None and (names := unsized(preview)):
            return not_held(session, preview, names)
        session.confirm(*proposed(session, preview))
        fields = fields if key is not None else pinned(preview, fields)
    wait_for_s = wait_s(session, wait)
    return show(session, session.client.request(name, dry_run=False, wait_s=wait_for_s, **fields))


_BY_HAND = ("symbol", "side", "stop", "target", "entry", "type", "expiry", "again")


def call(asked: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The wire's verb and fields, of the values of all options of `fire`; a mission and --symbol exclude each other.
    Failure USAGE names what does not go together."""
    by_hand = {name: asked[name] for name in _BY_HAND}
    named = ("account", "group", "pool", "all_accounts", "volume", "risk", "plan", "reason")
    fields = {name: asked[name] for name in named}
    fields["accounts"] = [name for name in (asked["accounts"] or "").split(",") if name]
    if sum(bool(fields[name]) for name in ("account", "accounts", "group", "pool", "all_accounts")) > 1:
        raise Failure("USAGE", "--account, --accounts, --group, --pool and --all exclude each other")
    if fields["volume"] and fields["risk"]:
        raise Failure("USAGE", "--volume and --risk exclude each other")
    if asked["mission"] is not None:
        again = bool(by_hand.pop("again"))
        if again and not fields["pool"]:
            raise Failure("USAGE", "--again needs --pool here: a mission is fired once on an account")
        extra = [f"--{name}" for name, value in by_hand.items() if value]
        if extra:
            raise Failure("USAGE", f"{', '.join(extra)} cannot be used with a mission: its order is its own")
        return "fire", {"mission": an_id(asked["mission"], IdKind.MISSION), "again": again, **fields}
    missing = [f"--{name}" for name in ("symbol", "side", "stop") if not by_hand[name]]
    if missing:
        raise Failure("USAGE", f"name a mission, or all of --symbol, --side, --stop (missing: {', '.join(missing)})")
    if (by_hand["entry"] is None) is not (by_hand["type"] is None):
        raise Failure("USAGE", "a resting order needs both --entry and --type; without them it is sent at the market")
    expiry = by_hand.pop("expiry")
    if expiry is not None:
        by_hand["expiry_s"] = seconds(expiry)
    return "fire.symbol", {**by_hand, **fields}


def pinned(preview: Answer, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the size that was shown on each account in place of what it was made of, and the price around
    which a market order made by hand may be filled: nothing else is sent.
    Of a pool it is the account whose turn was shown, and no other. A key of one's own must come with the same words
    again."""
    rows, order = preview.data.targets, preview.data.order
    if "symbol" in fields and fields["type"] is None and order is not None:
        fields = {**fields, "shown": order.entry}
    if not rows or not all(row.volume for row in rows):
        return fields
    named: dict[str, Any] = {
        "account": None,
        "accounts": [],
        "group": None,
        "all_accounts": False,
        "volume": None,
        "risk": None,
    }
    return {**fields, **named, "sized": [{"account": row.account, "volume": row.volume} for row in rows]}


def unsized(preview: Answer) -> list[str]:
    """Of several accounts those that have no size. None could be pinned then: the others might be sent another size
    than was shown."""
    targets = preview.data.targets
    return [row.account for row in targets if not row.volume] if len(targets) > 1 else []


def not_held(session: Session, preview: Answer, accounts: Sequence[str]) -> ExitCode:
    """Several accounts are sent the sizes that were shown, or nothing."""
    if session.machine:
        show(session, preview)
    else:
        session.heading(preview)
        show_targets(session, preview.data.targets)
        words = f"{', '.join(accounts)} cannot be sized, so that no size would be held as it is shown"
        session.out.line(session.out.paint(f"nothing was sent: {words}; fire the others by themselves", "bad"))
        session.out.flush()
    return ExitCode.DENIED


def proposed(session: Session, preview: Answer) -> tuple[str, str]:
    """Shows what would be sent, before anybody is asked; answers the question, and the label of what it may touch."""
    data = preview.data
    session.heading(preview)
    if len(data.targets) > 1:
        return _proposed_to_several(session, preview)
    if data.order is not None:
        show_order(session, data.order, data.risk_money, data.currency)
    show_checks(session, data.checks, every=session.out.form == "wide")
    if not session.machine:
        session.out.flush()
    account = data.order.account if data.order is not None else None
    what = _what(data.order, account) if data.order else "this"
    if would_wait(data):
        what += ", which waits for a second person"
    return f"fire {what}?", session.label(preview, account)


def _what(order: OrderView, account: str | None) -> str:
    levels = f"stop {order.stop or 'NONE'}, target {order.target or 'none'}"
    return f"{order.side} {order.volume} {order.symbol}{_rests(order)}, {levels}, on {account}"


def _rests(order: OrderView) -> str:
    return "" if order.type == "MARKET" else f" {order.type} at {order.entry}"


def _proposed_to_several(session: Session, preview: Answer) -> tuple[str, str]:
    """One question with a line an account; those that would be denied are asked for too, and denied again."""
    targets = preview.data.targets
    show_targets(session, targets)
    if not session.machine:
        session.out.flush()
    going = [row for row in targets if not row.codes or waits(row)]
    order = preview.data.order
    what = f" {order.side} {order.symbol}{_rests(order)}, stop {order.stop or 'NONE'}," if order is not None else ""
    return f"fire{what} on {len(going)} of {len(targets)} accounts, each by itself?", label_of(targets)


def label_of(targets: Sequence[TargetRow]) -> str:
    """What a fire on these may touch. One that would be denied now counts too: it is asked for, and judged again. A
    kind that is not known counts as LIVE."""
    kinds = {row.kind.upper() for row in targets}
    return "LIVE" if kinds - {"DEMO", "PAPER"} else "DEMO" if "DEMO" in kinds else "PAPER"


def may_go(preview: Answer) -> bool:
    """Whether anything of a preview would be routed, or wait for a second person."""
    data = preview.data
    if data is not None and len(data.targets) > 1:
        return any(not row.codes or waits(row) for row in data.targets)
    return data is not None and (would_wait(data) or (preview.error is None and not would_be_denied(data)))


def show(session: Session, answer: Answer) -> ExitCode:
    """The verdicts; the exit code is theirs."""

    def people(data: Any) -> None:
        session.heading(answer)
        show_fire(session, data)

    decided = answer.data is not None and (answer.data.dry_run or answer.data.act or answer.data.acts)
    code = exit_of_answer(answer.data) if decided else ExitCode.DONE
    return session.present(answer, people, exit_code=code)
