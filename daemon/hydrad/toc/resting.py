"""Opening orders of ours that rest at the broker: which must go, and what became of their cancels.

Theory of operation
===================

A fire that is WORKING holds its exposure until its own evidence ends it: a deal, or the broker's record that its order
was cancelled, has expired or was rejected. A cancel is an act like any other, with its own verdict; that it was done
says that the order is gone, not how much of it had been filled before.

An order must go while its account is not ACTIVE, when its mission was withdrawn, when whoever fired it may act no
more, and when the broker has let its expiration pass. That is looked at after every step, so that one that was on the
wire when the latch closed is caught as soon as it rests, and one whose terminal was away as soon as it is back. News
and guards ask once, by `cancel`; one of theirs that came to nothing goes on. A cancel that the broker refused is
followed by another, each later than the last, and an alarm stands until the order is gone: it may fill.

A fire that is QUARANTINED while its order rests is treated alike: a person decides about the fire, its order may fill
meanwhile. What a partial fill left resting goes too: a fire is FILLED with the volume that it got.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.ids import tag_of
from hydrad.domain.instants import MS, SECOND
from hydrad.domain.orders import ActKind
from hydrad.link import retcodes
from hydrad.link.frames import OrderRow
from hydrad.toc import closing, remainders, routing
from hydrad.toc.act import FINAL, HOLDS_POSITION, ActEvent, ActState, allows
from hydrad.toc.live import Link, Live
from hydrad.toc.mission import MissionState
from hydrad.toc.routing import RESTING_ALARM
from hydrad.toc.state import Act, State
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding

ACTOR = "resting"
GONE = "ORDER_GONE"  # an agent's code: the order was not there any more, nothing was sent
RETRY_NS, RETRY_MAX_NS = 5 * SECOND, 60 * SECOND
EXPIRY_GRACE_MS = 5_000
_ASK_ONCE = ("guard", "news")


def fires(state: State, account: str = "") -> list[Act]:
    """Fires whose orders rest, in the order in which they came; of one account, or of all."""
    return [state.acts[n] for n in sorted(state.resting) if account in ("", state.acts[n].account)]


def standing(state: State, live: Live, account: str = "") -> list[Act]:
    """Those, and after them fires that are QUARANTINED while the broker still reports their order: it may fill
    whatever a person decides about its fire."""
    return [*fires(state, account), *strays(state, live, account)]


def strays(state: State, live: Live, account: str = "") -> list[Act]:
    """Fires that are QUARANTINED and whose order rests by the freshest report."""
    acts = (state.acts[number] for number in sorted(state.acts_pending))
    found = [x for x in acts if _may_stray(x) and account in ("", x.account)]
    return [fire for fire in found if _row_of(state, live, fire) is not None]


def _may_stray(act: Act) -> bool:
    return act.state is ActState.QUARANTINED and act.kind is ActKind.FIRE and bool(act.order_ticket)


def reporter(state: State, live: Live, account: str) -> Link | None:
    """The link of an account whose report of orders is freshest; None when none has come in this session."""
    links = [live.link(t.name) for t in state.terminals.values() if t.account == account]
    told = [link for link in links if link.orders_ns]
    return max(told, key=lambda link: link.orders_ns, default=None)


def _row_of(state: State, live: Live, fire: Act) -> OrderRow | None:
    link = reporter(state, live, fire.account)
    row = link.orders.get(fire.order_ticket) if link else None
    return row if row is not None and row.magic == fire.act_id else None


def cancels(state: State, fire: Act) -> list[Act]:
    """Our cancels of a fire's order, oldest first. Tickets are of one broker: another account's may be the same."""
    mission = state.missions.get(fire.mission)
    acts = [state.acts[number] for number in mission.acts] if mission else []
    return [act for act in acts if _is_about(act, fire)]


def _is_about(cancel: Act, fire: Act) -> bool:
    if cancel.kind is not ActKind.CANCEL or cancel.order is None or cancel.account != fire.account:
        return False
    return cancel.order.ticket == fire.order_ticket != 0


def fire_of(state: State, cancel: Act) -> Act | None:
    """The fire whose order a cancel is about."""
    mission = state.missions.get(cancel.mission)
    acts = [state.acts[number] for number in mission.acts] if mission else []
    return next((act for act in acts if act.kind is ActKind.FIRE and _is_about(cancel, act)), None)


def must_go(turn: Turn, fire: Act) -> str:
    """Why an order may not rest any longer; empty while it may."""
    mission = turn.state.missions.get(fire.mission)
    if turn.state.account_authority(fire.account) is not Authority.ACTIVE:
        return f"{fire.account} is {turn.state.account_authority(fire.account).name}"
    if turn.state.role(fire.actor) < Role.TRADER:
        return f"{fire.actor} may not act any more"
    if mission is not None and turn.market_ms >= mission.signal.expires_ms:
        late = turn.market_ms >= mission.signal.expires_ms + EXPIRY_GRACE_MS
        return "its expiration has passed at the broker" if late else ""
    if mission is not None and mission.state is MissionState.CLOSED_TO_FIRES:
        return "its mission was withdrawn"
    done = cancels(turn.state, fire)
    return done[-1].reason if _undone(done) and done[-1].actor in _ASK_ONCE else ""


def pursue(turn: Turn) -> None:
    """Cancel what must go, and tell of what does not go."""
    for fire in standing(turn.state, turn.live):
        reason = must_go(turn, fire)
        if reason:
            _pursue(turn, fire, reason)
        elif not _undone(cancels(turn.state, fire)):
            turn.clear_alarm(RESTING_ALARM, routing.shown(fire), "it may rest")
    for act in [turn.state.acts[number] for number in sorted(turn.state.acts_pending)]:
        if _may_stray(act) and _row_of(turn.state, turn.live, act) is None:
            turn.clear_alarm(RESTING_ALARM, routing.shown(act), "no order of it rests")


def cancel(turn: Turn, fire: Act, reason: str) -> None:
    """One cancel of a resting order, unless one is under way."""
    if _due(turn, cancels(turn.state, fire)):
        closing.cancel(turn, fire, closing.Asked(reason))


def _pursue(turn: Turn, fire: Act, reason: str) -> None:
    done = cancels(turn.state, fire)
    reachable = routing.reducing_link(turn, fire.account) is not None
    if not reachable or _undone(done):
        why = f"{routing.shown(done[-1])} {done[-1].state.value}" if done else "no terminal of its account is in reach"
        turn.alarm(RESTING_ALARM, routing.shown(fire), f"{routing.shown(fire)} rests and must go ({reason}): {why}")
    if reachable and _due(turn, done):
        before = turn.actor, turn.surface
        turn.actor, turn.surface = ACTOR, "daemon"
        closing.cancel(turn, fire, closing.Asked(reason))
        turn.actor, turn.surface = before


def settled(state: State, fire: Act) -> bool:
    """Whether a cancel of this fire's order has come to an end: it is gone, or it was refused."""
    if fire.state not in (ActState.WORKING, ActState.QUARANTINED):
        return True
    done = cancels(state, fire)
    return not done or _undone(done) or (fire.state is ActState.QUARANTINED and done[-1].state is ActState.DONE)


def verdict(state: State, fire: Act) -> tuple[str, str]:
    """What became of an order that must go: verified, filled, refused or unknown; and why that is said."""
    if fire.state in HOLDS_POSITION:
        return "filled", f"{fire.state.value} before it could be cancelled"
    if fire.state not in (ActState.WORKING, ActState.QUARANTINED):
        return "verified", f"{fire.state.value} {fire.detail}".rstrip()
    done = cancels(state, fire)
    if not done:
        return "unknown", "no terminal of its account is in reach"
    last = done[-1]
    if fire.state is ActState.QUARANTINED and last.state is ActState.DONE:
        return "verified", f"cancelled by {routing.shown(last)}; {routing.shown(fire)} is QUARANTINED still"
    said = retcodes.name(last.retcode) if last.retcode else ", ".join(last.codes) or last.detail
    word = "refused" if last.state in (ActState.REJECTED, ActState.NOT_EXECUTED) else "unknown"
    return word, f"{routing.shown(last)} {last.state.value} {said}".rstrip()


def _undone(done: list[Act]) -> bool:
    """Whether the last cancel was refused; one that found no order to cancel was not."""
    last = done[-1] if done else None
    undone = (ActState.REJECTED, ActState.NOT_EXECUTED, ActState.DENIED)
    return last is not None and last.state in undone and GONE not in last.codes


def _due(turn: Turn, done: list[Act]) -> bool:
    """At once the first time; each later one twice as long after the last one moved, up to a minute. Another cancel of
    the same order does no harm, so that UNKNOWN is not waited for without end."""
    if not done:
        return True
    if done[-1].state not in FINAL and done[-1].state is not ActState.UNKNOWN:
        return False
    return turn.now_ns - done[-1].moved_ns >= min(RETRY_NS << min(len(done) - 1, 4), RETRY_MAX_NS)


# --- what terminals report ------------------------------------------------------------------------------


def reported(turn: Turn, link: Link) -> None:
    """A whole report of resting orders: those of ours that we hold otherwise."""
    account = turn.state.terminals[link.terminal].account
    remainders.reported(turn.state, turn.live, link, turn.now_ns)
    for row in link.orders.values():
        act = turn.state.acts.get(row.magic)
        if act is not None and act.kind is ActKind.FIRE and act.account == account:
            link.rested_ns[act.act_id] = turn.now_ns
            _ours(turn, link, act, row)
        elif row.magic and tag_of(row.magic) == turn.state.tag:
            _alien(turn, account, row)


def _ours(turn: Turn, link: Link, act: Act, row: OrderRow) -> None:
    if act.state is ActState.UNKNOWN:
        turn.move(act, ActEvent.WORK, "orders", order_ticket=row.ticket, detail="found among the broker's orders")
        routing.followed(turn, act)
    elif remainders.is_rest(act, row):
        before = turn.actor
        turn.actor = ACTOR
        cancel(turn, act, "what a partial fill has left")
        turn.actor = before
    elif _contradicts(turn, act):
        turn.move(act, ActEvent.QUARANTINE, "orders", order_ticket=row.ticket, detail="its order rests")
        turn.finding(Finding.LATE_EXECUTION, routing.shown(act), f"order {row.ticket} rests at {link.terminal}")
        routing.followed(turn, act)


def _contradicts(turn: Turn, act: Act) -> bool:
    """Whether an order that is reported proves an end wrong. Another terminal's report may have been read before it."""
    ended = act.state in FINAL and act.state not in HOLDS_POSITION and allows(act.state, ActEvent.QUARANTINE)
    return ended and turn.now_ns - act.moved_ns >= turn.state.timing.settle_ms * MS


def _alien(turn: Turn, account: str, row: OrderRow) -> None:
    subject = f"{account} order {row.ticket}"
    if not any(
        (alarm.code, alarm.subject) == (Finding.ALIEN_ORDER.name, subject) for alarm in turn.state.alarms.values()
    ):
        turn.finding(Finding.ALIEN_ORDER, subject, f"{row.symbol}, magic {row.magic}, no act of this journal")
