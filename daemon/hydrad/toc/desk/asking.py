"""Requests that have terminals read their books again: asked, waited for, answered.

The question is QUERY_HISTORY; the agent answers it with every deal and then reads and tells positions and figures
once more, so that all three were read after the question came. A terminal has answered when its history is complete
and both reports have come since. At `ASKINGS_MAX` questions under way a further one is refused.
"""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.domain.instants import MS
from hydrad.link import frames as f
from hydrad.toc import comparing, routing, statements
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.desk.refusals import Refused, account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import deadline_of
from hydrad.toc.histories import ASKINGS_MAX, Asking, Before, History
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Link
from hydrad.toc.routing import shown
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers import Problem
from hydrad.wire.answers.alarms import Answered
from hydrad.wire.answers.comparing import Difference, ReconcileData
from hydrad.wire.codes import ErrorCode

# The broker's clock may be ahead of ours; a history is read to here beyond market time.
AHEAD_MS = 3_600_000


def _reconcile(turn: Turn, asked: Requested, verb: calls.Reconcile) -> None:
    accounts = (account_named(turn, verb.account).name,) if verb.account else tuple(a.name for a in turn.state.traded())
    terminals = tuple(t.name for t in turn.state.terminals.values() if t.account in accounts)
    _begin(turn, asked.request, "reconcile", accounts, terminals, verb.wait_s)


def _statement(turn: Turn, asked: Requested, verb: calls.Statement) -> None:
    account = account_named(turn, verb.account)
    link = routing.reducing_link(turn, account.name)
    own = [terminal.name for terminal in turn.state.terminals.values() if terminal.account == account.name]
    name = link.terminal if link else next(iter(own), "")
    if not name:
        raise Refused(ErrorCode.NOT_FOUND, f"{account.name} has no terminal to read its deals from")
    offset_ms = link.beat.offset_ms if link and link.beat else None
    month = statements.month_of(verb.month, offset_ms or 0)
    if month is None:
        raise usage(f"'{verb.month}' is not a month such as 2026-11")
    _begin(turn, asked.request, "statement", (account.name,), (name,), verb.wait_s, month)


def _begin(
    turn: Turn,
    request: int,
    verb: str,
    accounts: tuple[str, ...],
    terminals: tuple[str, ...],
    wait_s: float,
    month: tuple[int, int, str] | None = None,
) -> None:
    """Ask these terminals; the answer comes when they have told, or when the wait is over."""
    if len(turn.live.askings) >= ASKINGS_MAX:
        raise Refused(ErrorCode.CONFLICT, f"{ASKINGS_MAX} such questions are under way", "ask again in a moment")
    histories: dict[str, History] = {}
    silent = []
    for name in terminals:
        link = turn.live.link(name)
        turn.live.histories += 1
        query = f.QueryHistory(turn.live.histories, 0, max(turn.market_ms, link.through_ms) + AHEAD_MS)
        if link.state in REDUCES_IN and turn.send(link, query):
            histories[name] = History(name, turn.live.histories)
        else:
            silent.append(name)
    before = {
        number: Before(p.volume_steps, p.stop_points, p.target_points, len(p.deals))
        for number, p in ((number, turn.state.positions[number]) for number in turn.state.positions_open)
        if p.account in accounts
    }
    deadline_ns = deadline_of(turn, wait_s)
    turn.live.askings.append(
        Asking(request, verb, turn.now_ns, deadline_ns, accounts, histories, tuple(silent), month, before)
    )


def answer(turn: Turn) -> None:
    """Reply to every client whose terminals have told everything, or whose time is over."""
    still = []
    for asking in turn.live.askings:
        complete = all(_told(turn.live.link(name), history) for name, history in asking.histories.items())
        if not complete and turn.now_ns < asking.deadline_ns:
            still.append(asking)
        elif asking.month is not None:
            _answer_statement(turn, asking, asking.month)
        else:
            _answer_reconcile(turn, asking)
    turn.live.askings[:] = still


def _told(link: Link, history: History) -> bool:
    if history.reports is None:
        return False
    positions, figures = history.reports
    return link.positions_reports > positions and link.account_reports > figures


def _answered(turn: Turn, asking: Asking, name: str) -> Answered:
    link, history = turn.live.link(name), asking.histories.get(name)
    account = turn.state.terminals[name].account
    if history is None:
        return Answered(name, account, False, f"not asked: {link.state.value}", 0, 0)
    if not _told(link, history):
        waited_ms = (turn.now_ns - asking.since_ns) // MS
        return Answered(name, account, False, f"did not answer within {waited_ms} ms", 0, 0)
    detail = f"read {(link.positions_ns - asking.since_ns) // MS} ms after the question"
    if history.shed:
        detail += f"; {history.shed} deals too many to compare"
    return Answered(name, account, True, detail, len(link.positions), len(history.rows))


def _answer_reconcile(turn: Turn, asking: Asking) -> None:
    rows = tuple(_answered(turn, asking, name) for name in (*asking.histories, *asking.silent))
    found: list[Difference] = []
    for account in asking.accounts:
        told = [row.terminal for row in rows if row.answered and row.account == account]
        if told:
            found += comparing.settled(turn, account, asking.before)
        for name in told:
            found += comparing.differences(turn, account, turn.live.link(name), asking.histories[name])
    flying = tuple(
        shown(act)
        for act in (turn.state.acts[number] for number in sorted(turn.state.acts_pending))
        if act.account in asking.accounts and act.state in (*IN_FLIGHT, ActState.UNKNOWN)
    )
    data = ReconcileData(rows, tuple(found), flying)
    turn.reply(asking.request, "hydra.reconcile/v1", data, _problem(data))


def _problem(data: ReconcileData) -> Problem | None:
    mute = [row.terminal for row in data.terminals if not row.answered]
    facts = {"differences": len(data.differences), "not_answered": mute}
    without = f"; no answer from {', '.join(mute)}" if mute else ""
    if data.differences:
        text = f"{len(data.differences)} difference(s) between journal and broker{without}"
        return Problem(ErrorCode.DIFFERENCES.value, text, "what is settled was booked by this very reading", facts)
    if mute or not data.terminals:
        text = f"no answer from {', '.join(mute)}: its books were not compared" if mute else "no terminal to ask"
        return Problem(ErrorCode.PARTLY.value, text, "hydractl terminals says why", facts)
    return None


def _answer_statement(turn: Turn, asking: Asking, month: tuple[int, int, str]) -> None:
    account = turn.state.accounts[asking.accounts[0]]
    schema = "hydra.statement/v1"
    row = next(_answered(turn, asking, name) for name in (*asking.histories, *asking.silent))
    history = asking.histories.get(row.terminal)
    if not row.answered or history is None or history.shed:
        text = f"{row.terminal}: {row.detail}; a statement is made from the broker's own books alone"
        turn.reply(asking.request, schema, None, Problem(ErrorCode.PARTLY.value, text, "hydractl terminals says why"))
        return
    data = statements.made(turn, account, turn.live.link(row.terminal), history, month)
    problem = None
    if not data.agrees:
        text = (
            f"all deals of {account.name} come to {data.deals_balance} {data.currency}, the broker's balance is "
            f"{data.broker_balance}: difference {data.difference}"
        )
        problem = Problem(ErrorCode.DIFFERENCES.value, text, None, {"difference": data.difference})
    turn.reply(asking.request, schema, data, problem)


VERBS: Table = {calls.Reconcile: (Role.VIEWER, _reconcile), calls.Statement: (Role.VIEWER, _statement)}
