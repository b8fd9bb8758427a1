"""What terminals report of resting orders: those of ours that we hold otherwise, and those that are there no more."""

from __future__ import annotations

from hydrad.domain.ids import tag_of
from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind
from hydrad.link.frames import OrderRow
from hydrad.toc import remainders, resting, routing
from hydrad.toc.act import FINAL, HOLDS_POSITION, ActEvent, ActState, allows
from hydrad.toc.live import Link
from hydrad.toc.state import Act
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding


def reported(turn: Turn, link: Link) -> None:
    """A whole report of resting orders."""
    account = turn.state.terminals[link.terminal].account
    remainders.reported(turn.state, turn.live, link, turn.now_ns)
    _no_more_stuck(turn, account)
    _lacked(turn, link, account)
    for row in link.orders.values():
        act = turn.state.acts.get(row.magic)
        if act is not None and act.kind is ActKind.FIRE and act.account == account:
            link.rested_ns[act.act_id] = turn.now_ns
            _ours(turn, link, act, row)
        elif row.magic and tag_of(row.magic) == turn.state.tag:
            _alien(turn, account, row)


def _lacked(turn: Turn, link: Link, account: str) -> None:
    """Since when no report of this terminal has had the order of a fire that is WORKING."""
    there = {row.magic for row in link.orders.values()}
    missing = [fire.act_id for fire in resting.fires(turn.state, account) if fire.act_id not in there]
    link.lacked_ns = {number: link.lacked_ns.get(number, turn.now_ns) for number in missing}


def _no_more_stuck(turn: Turn, account: str) -> None:
    standing = {rest.fire.act_id for rest in remainders.standing(turn.state, turn.live, account)}
    stuck = turn.live.rests_stuck
    turn.live.rests_stuck = {n for n in stuck if n in standing or turn.state.acts[n].account != account}


def absent_ns(turn: Turn, link: Link, fire: Act) -> int:
    """How long a terminal that is READY, with its broker connected all the while, has reported a fire's order no more;
    0 where it has not been for so long, or has not looked."""
    since_ns = link.lacked_ns.get(fire.act_id)
    if since_ns is None or link.settled_ns is None:
        return 0
    return turn.now_ns - max(since_ns, link.settled_ns, fire.moved_ns)


def ended_elsewhere(turn: Turn, link: Link) -> None:
    """A fire that rests by a terminal that is away: its record cannot say how its order ended, nor how much was filled.

    Another terminal of the account sees a fill by its deal, however late the history is within the settle window; until
    that has gone by, the exposure stays. That a cancel was done says that the order is gone, no more."""
    account = turn.state.terminals[link.terminal].account
    held = {row.magic for row in link.positions.values()}
    for fire in resting.fires(turn.state, account):
        own = fire.terminal == link.terminal or turn.live.link(fire.terminal).state in REDUCES_IN
        if own or fire.act_id in held or absent_ns(turn, link, fire) <= turn.state.timing.settle_ms * MS:
            continue
        done = [act for act in resting.cancels(turn.state, fire) if act.state is ActState.DONE]
        who = f"by {routing.shown(done[-1])}" if done else "or expired"
        turn.move(
            fire, ActEvent.CANCEL, "history", detail=f"{who}: gone at {link.terminal} for the settle window, no deal"
        )
        routing.followed(turn, fire)


def _ours(turn: Turn, link: Link, act: Act, row: OrderRow) -> None:
    if act.state is ActState.UNKNOWN:
        turn.move(act, ActEvent.WORK, "orders", order_ticket=row.ticket, detail="found among the broker's orders")
        routing.followed(turn, act)
    elif remainders.is_rest(act, row):
        before = turn.actor
        turn.actor = resting.ACTOR
        resting.cancel(turn, act, "what a partial fill has left")
        turn.actor = before
        if any(map(resting.undone, resting.cancels(turn.state, act))):
            turn.live.rests_stuck.add(act.act_id)
    elif _contradicts(turn, link, act):
        turn.move(act, ActEvent.QUARANTINE, "orders", order_ticket=row.ticket, detail="its order rests")
        turn.finding(Finding.LATE_EXECUTION, routing.shown(act), f"order {row.ticket} rests at {link.terminal}")
        routing.followed(turn, act)


def _contradicts(turn: Turn, link: Link, act: Act) -> bool:
    """Whether an order that is reported proves an end wrong. Another terminal's report may have been read before it,
    and have been on its way for long."""
    ended = act.state in FINAL and act.state not in HOLDS_POSITION and allows(act.state, ActEvent.QUARANTINE)
    return ended and link.sent_since_ns - act.moved_ns >= turn.state.timing.settle_ms * MS


def _alien(turn: Turn, account: str, row: OrderRow) -> None:
    subject = f"{account} order {row.ticket}"
    if not any(
        (alarm.code, alarm.subject) == (Finding.ALIEN_ORDER.name, subject) for alarm in turn.state.alarms.values()
    ):
        turn.finding(Finding.ALIEN_ORDER, subject, f"{row.symbol}, magic {row.magic}, no act of this journal")
