"""Frames from agents: the hand-shake with epoch before books, beats, quotes, books, results.

Theory of operation
===================

HELLO names the terminal's identity, ledger and highest epoch. The key proved which terminal it is; identity must be
the enrolled account, the epoch no higher than ours. WELCOME carries our epoch, which the agent stores durably
before it sends its books; so no older daemon's order can fall between the fence and the books. Then the ledger from
where we know it, terms, positions, orders, deals, and READY. No act before READY.

Acts that were in flight when a session began or ended are UNKNOWN; at READY each is asked about (QUERY), and what
the ledger does not know is tombstoned by the question.

One live session per key: a second agent's HELLO is held until the first has been silent for the DEGRADED time; when
the first answers a beat that was sent after that HELLO came, and the second goes on saying HELLO, there are two, and
the terminal is quarantined. (What a dead agent had written may still arrive; it proves nothing.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain import calendar
from hydrad.domain.accounts import AccountKind
from hydrad.domain.instants import MS, SECOND
from hydrad.link import frames as f
from hydrad.link.clock import PeerClock
from hydrad.link.session import Arrival, Session
from hydrad.toc import (
    agent_acts,
    alarms,
    cash,
    disarming,
    guards,
    histories,
    order_reports,
    rates,
    reconcile,
    routing,
    ticks,
)
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent, ActState
from hydrad.toc.effects import StepDown
from hydrad.toc.live import Books, Link, Rival
from hydrad.toc.state import State, Terminal
from hydrad.toc.terminal import REDUCES_IN, Cause, Duty, LinkState
from hydrad.toc.ticks import SignalEngine
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding

HALTED_ALARM = "AGENT_HALTED"
IDENTITY_CHANGED = "IDENTITY_CHANGED"
LEDGER_LOST_WHY = "its ledger is another or shorter than it was"
CLOCK_OFF_NS = 60 * SECOND


def on_frame(turn: Turn, apex: SignalEngine, terminal: str, connection: int, frame: f.UpFrame, gone: int = 0) -> None:
    """One frame from an enrolled terminal. `gone`: how many before it were left out, with the ticks in them."""
    link = turn.live.link(terminal)
    if isinstance(frame.body, f.Hello):
        return _hello(turn, apex, link, connection, frame)
    if link.session is None or connection != link.connection:
        return None
    arrival = link.session.arrival(frame.session, frame.seq, gone)
    if arrival is Arrival.GAP:
        return _gap(turn, link, frame)
    if arrival is not Arrival.NEXT:
        return None
    link.heard_ns = turn.now_ns
    if isinstance(frame.body, f.Ticks):
        return ticks.on_ticks(turn, apex, link, frame.body)
    if isinstance(frame.body, f.Specs):
        apex.on_terms([terms for terms in frame.body.terms if terms.sane])
    handler = _HANDLERS.get(type(frame.body))
    if turn.state.terminals[terminal].feed_only and not isinstance(frame.body, _OF_FEEDS):
        return None  # what its owner trades there is no business of this home
    if handler is not None:
        handler(turn, link, frame.body)
    return None


def on_version(turn: Turn, terminal: str, version: int) -> None:
    """An agent of another version of the link; the bridge has told it ours. Told once, until a session is READY."""
    if terminal not in turn.state.terminals:
        return
    link = turn.live.link(terminal)
    if link.session is None:
        link.why = f"agent speaks link {version}, we speak {f.LINK_VERSION}"
    if alarms.standing(turn.state, Finding.LINK_VERSION.name, terminal) is None:
        turn.finding(Finding.LINK_VERSION, terminal, f"agent speaks link {version}, we speak {f.LINK_VERSION}")


def drop_session(turn: Turn, link: Link, state: LinkState, why: str) -> None:
    """End a session: whatever was in flight is UNKNOWN."""
    routing.doubt_all(turn, link.terminal, "link", why)
    link.session = link.down = None
    link.settled_ns = None
    link.quotes.clear()
    link.quality.clear()
    turn.link_to(link, state, why)


def _gap(turn: Turn, link: Link, frame: f.UpFrame) -> None:
    turn.finding(Finding.SEQUENCE_GAP, link.terminal, f"frame {frame.seq} of session {frame.session}", alarm=False)
    drop_session(turn, link, LinkState.LOST, "frames were lost; a new hand-shake is needed")


# --- hand-shake -----------------------------------------------------------------------------------------


def _hello(turn: Turn, apex: SignalEngine, link: Link, connection: int, frame: f.UpFrame) -> None:
    hello = frame.body
    assert isinstance(hello, f.Hello)
    terminal = turn.state.terminals[link.terminal]
    same_agent = link.hello is not None and link.hello.boot_id == hello.boot_id
    if link.session is not None and frame.session == link.session.session:
        return  # repeated before our WELCOME arrived
    silent_ns = turn.now_ns - link.heard_ns
    if link.session is not None and not same_agent and silent_ns < turn.live.degraded_after_ns:
        _rival(turn, link, hello)
        return
    link.rival = None
    why_not = _identity_problem(turn.state, terminal, hello.identity)
    if why_not:
        drop_session(turn, link, LinkState.GREETING, why_not)
        if terminal.cause is not Cause.IDENTITY:
            turn.finding(Finding.IDENTITY, link.terminal, why_not)
            reconcile.quarantine(turn, link.terminal, Cause.IDENTITY, why_not)
        return
    if hello.epoch_max > turn.state.epoch:
        drop_session(turn, link, LinkState.GREETING, f"agent has stored epoch {hello.epoch_max}")
        if terminal.duty is not Duty.QUARANTINED:
            turn.finding(Finding.EPOCH_AHEAD, link.terminal, f"agent {hello.epoch_max}, journal {turn.state.epoch}")
            reconcile.quarantine(turn, link.terminal, Cause.EPOCH, "epoch ahead")
        return
    _begin(turn, apex, link, terminal, connection, frame, hello)


def _identity_problem(state: State, terminal: Terminal, identity: f.Identity) -> str:
    account = state.accounts[terminal.account]
    if not identity.login and identity.kind != account.kind.value:
        return f"its MetaTrader5 package is that of a {identity.kind} account, enrolled as {account.kind.value}"
    wanted = (account.login, account.server, account.kind.value, account.currency, account.hedging)
    given = (identity.login, identity.server, identity.kind, identity.currency, identity.hedging)
    names = ("login", "server", "kind", "currency", "hedging")
    wrong = [
        f"{name} {got!r}, enrolled {want!r}"
        for name, got, want in zip(names, given, wanted, strict=True)
        if got != want
    ]
    return "; ".join(wrong)


def _begin(
    turn: Turn, apex: SignalEngine, link: Link, terminal: Terminal, connection: int, frame: f.UpFrame, hello: f.Hello
) -> None:
    routing.doubt_all(turn, link.terminal, "link", "a new session began")
    if link.state is not LinkState.GREETING:
        turn.link_to(link, LinkState.GREETING, "HELLO")
    link.connection, link.hello = connection, hello
    link.session, link.down = Session(frame.session), Session(frame.session)
    link.session.received = frame.seq
    link.heard_ns = link.sent_since_ns = turn.now_ns  # all that follows HELLO is sent after WELCOME
    link.beat = None
    link.settled_ns = None
    link.offset_ns, link.clock = None, PeerClock()
    link.incoming = Books()
    link.terms.clear()
    link.quotes.clear()
    link.quality.clear()
    link.halted, link.halted_ns, link.latches = hello.halted, turn.now_ns, hello.latches
    halted_alone(turn, link, "its own ledger")
    _look_at_ledger(turn, terminal, hello)
    _look_at_self_test(turn, link, hello)
    if turn.market_ms == 0:
        turn.advance_market(hello.market_ms)
    known = link.ledger_seen = terminal.ledger_known
    if "handshake_without_ledger" in turn.mutants:
        known = hello.ledger_length
    account = turn.state.accounts[terminal.account]
    turn.link_to(link, LinkState.RECONCILING, "WELCOME sent")
    turn.send(
        link,
        f.Welcome(
            epoch=turn.state.epoch,
            ledger_id=hello.ledger_id if known else "",
            ledger_known=known,
            deals_after=account.deals_after,
            ticks_from=_ticks_from(turn, apex, hello),
            halted=routing.latched(turn, terminal.account),
            machine_ns=turn.now_ns,
        ),
    )


def _look_at_self_test(turn: Turn, link: Link, hello: f.Hello) -> None:
    """One of this terminal's own server, that is not of tomorrow: a demo account's, since a simulated terminal proves
    nothing of a broker."""
    test, who = hello.selftest, hello.identity
    if test is None or who.kind != AccountKind.DEMO.value:
        return
    if test.server == who.server and test.at_ms * MS <= turn.now_ns:
        disarming.self_test_told(turn, link.terminal, test.server, test.build, test.passed, test.at_ms * MS)


def _look_at_ledger(turn: Turn, terminal: Terminal, hello: f.Hello) -> None:
    """Note a ledger that is not the one last seen whole, before anything is asked of it: what was routed under the
    earlier one is not proven absent by this one's tombstones."""
    if hello.ledger_id == terminal.ledger_id and hello.ledger_length >= terminal.ledger_known:
        return
    if terminal.ledger_id:
        known = f"known {terminal.ledger_known} entries of {terminal.ledger_id}"
        detail = f"{known}, told {hello.ledger_length} of {hello.ledger_id}"
        turn.finding(Finding.LEDGER_LOST, terminal.name, detail)
        reconcile.quarantine(turn, terminal.name, Cause.RECONCILIATION, LEDGER_LOST_WHY)
    turn.emit(r.LedgerBooked(terminal.name, hello.ledger_id, 0))


def _ticks_from(turn: Turn, apex: SignalEngine, hello: f.Hello) -> tuple[f.TicksFrom, ...]:
    from_ms = apex.history_from_ms(max(turn.market_ms, hello.market_ms))
    return tuple(f.TicksFrom(symbol, from_ms) for symbol in hello.symbols)


def _ready(turn: Turn, link: Link, body: f.Ready) -> None:
    assert link.hello is not None and link.session is not None
    hello = link.hello
    if link.state is not LinkState.RECONCILING:
        return
    turn.emit(
        r.TerminalSession(
            link.terminal,
            link.session.session,
            turn.state.epoch,
            hello.boot_id,
            hello.ledger_id,
            hello.ledger_length,
            hello.agent_version,
            hello.identity.build,
        )
    )
    turn.link_to(link, LinkState.READY, "books complete")
    _figures(turn, link)
    turn.clear_alarm("TERMINAL_LOST", link.terminal, "READY again")
    turn.clear_alarm(Finding.LINK_VERSION.name, link.terminal, "READY in our version")
    for number in sorted(turn.state.acts_pending):
        act = turn.state.acts[number]
        if act.terminal == link.terminal and act.state is ActState.UNKNOWN:
            turn.live.queried_ns[number] = (turn.now_ns, 1)
            turn.send(link, agent_acts.question(act))


def _rival(turn: Turn, link: Link, hello: f.Hello) -> None:
    """Both live when the second says HELLO again after the first has answered a beat that was sent since."""
    known = link.rival
    fresh = known is not None and turn.now_ns - known.seen_ns < turn.live.degraded_after_ns
    if known is None or not fresh or known.hello.boot_id != hello.boot_id:
        link.rival = Rival(hello, turn.now_ns, turn.now_ns)
    elif hello.machine_ns > known.hello.machine_ns:
        known.hello, known.seen_ns = hello, turn.now_ns
        if known.outlived:
            _two_agents(turn, link, hello.boot_id)


def _two_agents(turn: Turn, link: Link, boot_id: str) -> None:
    link.rival = None
    turn.finding(Finding.SECOND_SESSION, link.terminal, f"boot {boot_id}")
    reconcile.quarantine(turn, link.terminal, Cause.AGENTS, "two agents use one key")


# --- beats and figures ----------------------------------------------------------------------------------


def _beat(turn: Turn, link: Link, body: f.BeatUp) -> None:
    """Answered at once: both sides measure the other's clock by the round trip of their own beat."""
    if link.rival is not None and body.echo_ns > link.rival.came_ns:
        link.rival.outlived = True
    link.beat, link.beat_ns = body, turn.now_ns
    turn.send(link, f.BeatDown(turn.now_ns))
    if body.echo_ns:
        link.sent_since_ns = max(link.sent_since_ns, min(body.echo_ns + body.echo_held_ns, turn.now_ns))
        link.clock.measured(body.echo_ns + body.echo_held_ns, turn.now_ns, body.machine_ns)
        best = link.clock.best(turn.now_ns)
        if best is not None:
            link.offset_ns, link.uncertainty_ns, link.measured_ns = best.offset_ns, best.uncertainty_ns, best.at_ns
            _clock_off(turn, link)
    _health(turn, link)


def _clock_off(turn: Turn, link: Link) -> None:
    """A host whose clock is wrong by so much that nothing which it dates can be believed."""
    assert link.offset_ns is not None
    off_ns = abs(link.offset_ns) - link.uncertainty_ns
    if off_ns > CLOCK_OFF_NS and turn.state.terminals[link.terminal].duty is not Duty.QUARANTINED:
        turn.finding(Finding.CLOCK_OFF, link.terminal, f"its host's clock is off by {off_ns // SECOND} s")
        reconcile.quarantine(turn, link.terminal, Cause.CLOCK, f"clock off by {off_ns // SECOND} s")


def _health(turn: Turn, link: Link) -> None:
    assert link.beat is not None
    if link.state not in REDUCES_IN:
        return
    if not link.beat.connected:
        link.settled_ns = None
    elif link.settled_ns is None:
        link.settled_ns = turn.now_ns
    sick = sickness(link)
    if sick:
        turn.link_to(link, LinkState.DEGRADED, sick)
    elif link.state is LinkState.DEGRADED:
        turn.link_to(link, LinkState.READY, "healthy again")


def sickness(link: Link) -> str:
    """Why a terminal cannot trade, by its last beat; empty when it can, or has not said."""
    beat = link.beat
    if beat is None:
        return ""
    if not beat.worker_alive:
        return "no worker: the terminal cannot be asked"  # and so nothing is known of the others
    reasons = (
        (not beat.connected, "no connection to the trade server"),
        (not beat.trade_allowed, "trading is switched off"),
    )
    return "; ".join(text for bad, text in reasons if bad)


def _account(turn: Turn, link: Link, body: f.Account) -> None:
    link.account, link.account_ns = body, turn.now_ns
    link.account_reports += 1
    _figures(turn, link)


def _figures(turn: Turn, link: Link) -> None:
    """Everything that an account's figures decide; those of a hand-shake once all of it was read."""
    if link.state in REDUCES_IN:
        cash.watch(turn, link)
        _trading_day(turn, link)
        guards.on_figures(turn, link)


def _trading_day(turn: Turn, link: Link) -> None:
    """A day begins with the first figures after its roll-over that the deals explain, once the hand-shake has booked
    what came before: money whose deal is still on its way would count twice. A day shortly before the one that runs is
    no new one: the turn was moved, and no day begins twice. (One long before is: a clock had run ahead.)"""
    body = link.account
    if body is None or link.state not in (LinkState.READY, LinkState.DEGRADED):
        return
    account = turn.state.accounts[turn.state.terminals[link.terminal].account]
    day = calendar.trading_day(turn.market_ms or body.market_ms, account.day_zone, account.day_minute)
    if not account.day - calendar.DAYS_APART_MAX <= day <= account.day and cash.explained(turn, link, account):
        turn.emit(r.DayStarted(account.name, day, body.equity))


def _specs(turn: Turn, link: Link, body: f.Specs) -> None:
    for terms in body.terms:
        if not terms.sane:
            turn.finding(Finding.SYMBOL_TERMS, f"{link.terminal} {terms.symbol}", "beyond reason, not taken")
            continue
        known = link.terms_known.get(terms.symbol)
        if known is not None and not known.same_contract(terms):
            turn.finding(Finding.SYMBOL_TERMS, f"{link.terminal} {terms.symbol}", "digits, contract or step")
            reconcile.quarantine(turn, link.terminal, Cause.TERMS, f"terms of {terms.symbol} changed")
        link.terms[terms.symbol] = link.terms_known[terms.symbol] = terms
        link.terms_ms[terms.symbol] = body.market_ms
        turn.live.digits.setdefault(terms.symbol, terms.digits)


def _positions(turn: Turn, link: Link, body: f.Positions) -> None:
    if body.first:
        link.incoming.positions = []
    for row in body.rows:
        if row.side in (0, 1):
            link.incoming.positions.append(row)
        else:
            turn.finding(Finding.AGENT_WARNING, link.terminal, f"position {row.ticket} has side {row.side}")
    if body.last:
        link.positions = {row.ticket: row for row in link.incoming.positions}
        link.positions_ns = turn.now_ns
        link.positions_reports += 1
        reconcile.book_positions(turn, link)
        guards.on_positions(turn, link)


def _orders(turn: Turn, link: Link, body: f.Orders) -> None:
    if body.first:
        link.incoming.orders = []
    link.incoming.orders += body.rows
    if body.last:
        link.orders = {row.ticket: row for row in link.incoming.orders}
        link.orders_ns = turn.now_ns
        order_reports.reported(turn, link)


def _deals(turn: Turn, link: Link, body: f.Deals) -> None:
    """An answer to QUERY_HISTORY is looked at and not booked: an interval may leave out what came before it."""
    if body.query_id:
        reports = (link.positions_reports, link.account_reports)
        histories.told(turn.live.askings, link.terminal, body, reports)
        return
    reconcile.book_deals(turn, link, body.rows)


def _ledger(turn: Turn, link: Link, body: f.Ledger) -> None:
    for row in body.rows:
        reconcile.book_row(turn, link, row, "ledger")
    if body.rows:
        link.ledger_seen = body.rows[-1].index
        _booked(turn, link, body.ledger_id, link.ledger_seen)


def _booked(turn: Turn, link: Link, ledger_id: str, index: int) -> None:
    terminal = turn.state.terminals[link.terminal]
    if terminal.ledger_id == ledger_id and index > terminal.ledger_known:
        turn.emit(r.LedgerBooked(link.terminal, ledger_id, index))


def _seen(link: Link, index: int) -> bool:
    """Whether an entry follows the last one told; what comes after a hole waits for the next hand-shake."""
    follows = index == link.ledger_seen + 1
    link.ledger_seen += follows
    return follows


# --- acts -----------------------------------------------------------------------------------------------


def _ack(turn: Turn, link: Link, body: f.Ack) -> None:
    _seen(link, body.ledger_index)
    act = turn.state.acts.get(body.act_id)
    if act is not None and act.terminal == link.terminal and act.state is ActState.ROUTED:
        turn.move(act, ActEvent.ACK, "ledger")


def _row(turn: Turn, link: Link, row: f.LedgerRow, by: str) -> None:
    reconcile.book_row(turn, link, row, by)
    if _seen(link, row.index):
        _booked(turn, link, turn.state.terminals[link.terminal].ledger_id, row.index)


def _result(turn: Turn, link: Link, body: f.Result) -> None:
    _row(turn, link, body.row, "result")


def _status(turn: Turn, link: Link, body: f.Status) -> None:
    tombstone = body.row.state is f.RowState.TOMBSTONED
    _row(turn, link, body.row, "tombstone" if tombstone else "query")


def _plan_step(turn: Turn, link: Link, body: f.PlanStepRun) -> None:
    _row(turn, link, body.row, "plan")


def _conflict(turn: Turn, link: Link, body: f.Conflict) -> None:
    act = turn.state.acts.get(body.act_id)
    if act is not None and act.terminal == link.terminal:
        reconcile.conflict(turn, act, f"agent knows {body.known_hash.hex()[:8]}, asked {body.asked_hash.hex()[:8]}")


def _halted(turn: Turn, link: Link, body: f.Halted) -> None:
    link.halted, link.halted_ns, link.latches = body.halted, turn.now_ns, body.latches
    halted_alone(turn, link, body.by)


def halted_alone(turn: Turn, link: Link, by: str) -> None:
    """An agent that is halted while its account is ACTIVE: it has halted itself (floor), or a person on its host."""
    account = turn.state.terminals[link.terminal].account
    if link.halted and not routing.latched(turn, account):
        ends = "`resume --local`" if routing.own_latches(link) else "`resume`"
        turn.alarm(HALTED_ALARM, link.terminal, f"{link.terminal} opens nothing, by {by}; {ends} ends it")
    else:
        turn.clear_alarm(HALTED_ALARM, link.terminal, "released" if not link.halted else "its account is latched too")


def _fenced(turn: Turn, link: Link, body: f.Fenced) -> None:
    if body.epoch_max > turn.state.epoch:
        turn.effects.append(StepDown(f"{link.terminal} has stored epoch {body.epoch_max}, ours is {turn.state.epoch}"))


def _warn(turn: Turn, link: Link, body: f.Warn) -> None:
    turn.finding(Finding.AGENT_WARNING, link.terminal, f"{body.code}: {body.detail}", alarm=body.code == f.STUCK)
    if body.code == IDENTITY_CHANGED:  # right after an order: the act's own verdict is the agent's to find
        turn.finding(Finding.IDENTITY, link.terminal, f"it was another account {body.detail}")
        reconcile.quarantine(turn, link.terminal, Cause.IDENTITY, f"another account {body.detail}")
        _quarantine_host(turn, link, f"{link.terminal} on the same host was another account {body.detail}")


def _quarantine_host(turn: Turn, link: Link, why: str) -> None:
    """Whose order it was that went to a stranger is looked for in the deals of each; meanwhile none of them opens."""
    host = link.hello.host if link.hello is not None else ""
    for other in turn.live.links.values():
        if host and other is not link and other.hello is not None and other.hello.host == host:
            reconcile.quarantine(turn, other.terminal, Cause.RECONCILIATION, why)


_OF_FEEDS = (f.Ready, f.BeatUp, f.Specs, f.Rates, f.Halted, f.Fenced, f.Warn)
_HANDLERS: dict[type, Callable[[Turn, Link, Any], None]] = {
    f.Ready: _ready,
    f.BeatUp: _beat,
    f.Account: _account,
    f.Specs: _specs,
    f.Positions: _positions,
    f.Orders: _orders,
    f.Deals: _deals,
    f.Ledger: _ledger,
    f.Ack: _ack,
    f.Result: _result,
    f.Status: _status,
    f.PlanStepRun: _plan_step,
    f.Conflict: _conflict,
    f.Rates: rates.told,
    f.Halted: _halted,
    f.Fenced: _fenced,
    f.Warn: _warn,
}
