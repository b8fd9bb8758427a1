"""Opening orders of ours that rest at the broker: which must go, and what became of their cancels.

Theory of operation
===================

A fire that is WORKING holds its exposure until its own evidence ends it: a deal, or the broker's record that its order
was cancelled, has expired or was rejected. A cancel is an act like any other, with its own verdict; that it was done
says that the order is gone, not how much of it had been filled before.

An order must go while its account is not ACTIVE, when its mission was withdrawn, when whoever fired it may act no
more, and when the broker has let its expiration pass. That is looked at after every step, so that one that was on the
wire when the latch closed is caught as soon as it rests, and one whose terminal was away as soon as it is back. News
and guards ask once, by `cancel`; what they have asked to go must go from then on, whoever asks next.

A cancel that came to nothing, or has no verdict, is followed by another, each later than the last, up to a quarter of
an hour; sooner when a terminal or its broker is back. It is never given up: an order that may fill is worth a record
now and then. One that was done, or found no order, is followed by none unless a later report still shows the order.
`resting_alarm` tells of what does not go.

A fire that is QUARANTINED while its order rests is treated alike: a person decides about the fire, its order may fill
meanwhile. What a partial fill left resting goes too: a fire is FILLED with the volume that it got.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.instants import MINUTE, SECOND
from hydrad.domain.money import volume_text
from hydrad.domain.orders import ActKind
from hydrad.link import retcodes
from hydrad.link.frames import OrderRow
from hydrad.toc import closing, remainders, routing
from hydrad.toc.act import FINAL, HOLDS_POSITION, ActState
from hydrad.toc.live import Link, Live
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Act, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn

ACTOR = "resting"
GONE = "ORDER_GONE"  # an agent's code: the order was not there any more, nothing was sent
RETRY_NS, RETRY_MAX_NS = 5 * SECOND, 15 * MINUTE
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
    asked = [act for act in cancels(turn.state, fire) if act.actor in _ASK_ONCE]
    return asked[-1].reason if asked else ""


def pursue(turn: Turn) -> None:
    """Cancel what must go."""
    if "latch_leaves_resting" in turn.mutants:
        return
    for fire in standing(turn.state, turn.live):
        reason = must_go(turn, fire)
        if reason and routing.reducing_link(turn, fire.account) is not None:
            before = turn.actor, turn.surface
            turn.actor, turn.surface = ACTOR, "daemon"
            cancel(turn, fire, reason)
            turn.actor, turn.surface = before


def cancel(turn: Turn, fire: Act, reason: str) -> None:
    """One cancel of a resting order, unless one is under way or another would be too early."""
    if _due(turn, fire, cancels(turn.state, fire)):
        closing.cancel(turn, fire, closing.Asked(reason))


def settled(state: State, live: Live, fire: Act) -> bool:
    """Whether a cancel of this fire's order has come to an end: it is gone, or it was refused."""
    if remainders.of(state, live, fire) is not None:
        done = cancels(state, fire)
        return bool(done) and undone(done[-1])
    if fire.state not in (ActState.WORKING, ActState.QUARANTINED):
        return True
    done = cancels(state, fire)
    if not done or undone(done[-1]):
        return True
    return done[-1].state is ActState.DONE and (fire.state is ActState.QUARANTINED or told_later(live, fire))


def told_later(live: Live, fire: Act) -> bool:
    """Whether the terminal that could say at once how much of an order was filled is away."""
    return live.link(fire.terminal).state not in REDUCES_IN


def verdict(state: State, live: Live, fire: Act) -> tuple[str, str]:
    """What became of an order that must go: verified, filled, refused or unknown; and why that is said."""
    if (rest := remainders.of(state, live, fire)) is not None:
        return _verdict_of_rest(state, rest)
    if remainders.had(state, fire):
        return "verified", f"{fire.state.value} in part; no report has the rest any more"
    if fire.state in HOLDS_POSITION:
        return "filled", f"{fire.state.value} before it could be cancelled"
    if fire.state not in (ActState.WORKING, ActState.QUARANTINED):
        return "verified", f"{fire.state.value} {fire.detail}".rstrip()
    done = cancels(state, fire)
    if not done:
        return "unknown", "no terminal of its account is in reach"
    last = done[-1]
    if last.state is ActState.DONE and fire.state is ActState.QUARANTINED:
        return "verified", f"cancelled by {routing.shown(last)}; {routing.shown(fire)} is QUARANTINED still"
    if last.state is ActState.DONE and told_later(live, fire):
        return "verified", f"cancelled by {routing.shown(last)}; {fire.terminal} is away: a part may have been filled"
    word = "refused" if last.state in (ActState.REJECTED, ActState.NOT_EXECUTED) else "unknown"
    return word, said_of(last)


def _verdict_of_rest(state: State, rest: remainders.Remainder) -> tuple[str, str]:
    volume = volume_text(rest.steps, rest.fire.volume_step)
    left = f"{rest.fire.state.value} in part; {volume} of it may rest, and fill"
    done = cancels(state, rest.fire)
    if not done:
        return "unknown", f"{left}: no cancel of it was asked for yet"
    return "refused" if undone(done[-1]) else "unknown", f"{left}: {said_of(done[-1])}"


def said_of(cancel: Act) -> str:
    """A cancel, its state, and why."""
    why = retcodes.name(cancel.retcode) if cancel.retcode else ", ".join(cancel.codes) or cancel.detail
    return f"{routing.shown(cancel)} {cancel.state.value} {why}".rstrip()


def undone(cancel: Act) -> bool:
    """Whether a cancel came to nothing; one that found no order to cancel did not."""
    return cancel.state in (ActState.REJECTED, ActState.NOT_EXECUTED, ActState.DENIED) and GONE not in cancel.codes


def _due(turn: Turn, fire: Act, done: list[Act]) -> bool:
    """At once the first time; each later one twice as long after the last one moved, up to `RETRY_MAX_NS`, or soon
    after a terminal is back. Another cancel of the same order does no harm: UNKNOWN is not waited for without end."""
    if not done:
        return True
    last = done[-1]
    if last.state not in FINAL and last.state is not ActState.UNKNOWN:
        return False
    if (last.state is ActState.DONE or GONE in last.codes) and not _shown_since(turn, fire, last):
        return False
    link = routing.reducing_link(turn, fire.account)
    back = link is not None and link.settled_ns is not None and link.settled_ns > last.moved_ns
    wait_ns = RETRY_NS if back else min(RETRY_NS << min(len(done) - 1, 16), RETRY_MAX_NS)
    return turn.now_ns - last.moved_ns >= wait_ns


def _shown_since(turn: Turn, fire: Act, cancel: Act) -> bool:
    """Whether the order was reported after a cancel of it had ended."""
    link = reporter(turn.state, turn.live, fire.account)
    return link is not None and link.orders_ns > cancel.moved_ns and _row_of(turn.state, turn.live, fire) is not None
