"""One screen that a tired person reads at 3 a.m.: what this is, what is wrong, then the rest.

Nothing is green by inference: every line counts what was measured, says how old it is, or says that it was
not.
"""

from __future__ import annotations

from hydractl.commands.accounts import ACCOUNTS
from hydractl.commands.alarms import state_of
from hydractl.commands.news import in_words
from hydractl.commands.services import SERVICES
from hydractl.commands.terminals import TERMINALS
from hydractl.output import Column, age, ago
from hydractl.session import Session
from hydractl.verbs import flag, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydrad.wire.answers import Answer
    from hydrad.wire.answers.status import StatusData

FEED = (
    Column("SYMBOL", "symbol"),
    Column("TERMINAL", "terminal"),
    Column("LAST TICK", "age_s", right=True, show=lambda row: age(row.age_s)),
    Column("PER S", "rate_per_s", right=True, show=lambda row: f"{row.rate_per_s:.1f}"),
    Column("", "stale", show=lambda row: "STALE" if row.stale else "fresh"),
    Column("SINCE", "since", wide=True),
    Column("WHY", "why", wide=True),
)
JOBS = (
    Column("JOB", "name"),
    Column("WHEN", "when"),
    Column("NEXT", "next_at"),
    Column("LAST", "last_at"),
    Column("", "last_ok", show=lambda row: "never ran" if row.last_ok is None else "ok" if row.last_ok else "FAILED"),
    Column("DETAIL", "last_detail"),
)
_UP = ("RUNNING", "READY", "OK", "OFF")


@verb("status", "status", flag("--watch -w", "Again every second."))
def status(session: Session, watch: bool) -> int:
    """One screen of everything, measured just now."""
    if not watch:
        return _once(session)
    from hydractl.commands.watch import repeat

    return repeat(session, lambda: _once(session))


def _once(session: Session) -> int:
    answer = session.client.query("status")
    return session.present(answer, lambda data: _screen(session, answer, data))


def _screen(session: Session, answer: Answer, data: StatusData) -> None:
    out = session.out
    out.line(_first_line(session, answer, data))
    found = list(wrong(data))
    for text in found:
        out.line(f"{out.paint('!', 'bad')} {text}")
    if not found:
        out.line(f"nothing wrong in: {_measured(data)}")
    out.line()
    out.table(ACCOUNTS, data.accounts, empty="no account is enrolled")
    out.line()
    out.table(TERMINALS, data.terminals, empty="no terminal is enrolled")
    out.line()
    out.table(FEED, data.feed, empty="no feed")
    out.line()
    for line in _counters(session, data):
        out.line(line)
    if out.form == "wide":
        out.line()
        out.table(SERVICES, data.services, empty="no services")
        out.line()
        out.table(JOBS, data.scheduler, empty="no job is scheduled")


def _first_line(session: Session, answer: Answer, data: StatusData) -> str:
    out = session.out
    authority = data.authority if data.authority == "ACTIVE" else f"*** {data.authority} ***"
    style = "good" if data.authority == "ACTIVE" else "bad"
    clocks = data.clocks
    return "  ".join(
        (
            out.word(data.mode.upper()),
            out.paint(authority, style),
            f"{answer.daemon.instance} since {out.instant(data.since)}",
            f"machine {out.clock(clocks.machine)}",
            f"market {out.instant(clocks.market)} (speed {clocks.speed})",
        )
    )


def wrong(data: StatusData) -> Iterator[str]:
    """What a person should look at, worst first."""
    if data.authority != "ACTIVE":
        yield f"authority is {data.authority}: nothing may open; hydractl resume ends it"
    for alarm in data.alarms:
        yield f"alarm {alarm.id} {alarm.code} {alarm.subject}: {alarm.text} ({age(alarm.age_s)}, {state_of(alarm)})"
    if data.acts.unknown:
        yield f"{data.acts.unknown} acts are UNKNOWN: hydractl fires --unknown"
    for account in data.accounts:
        if account.authority != "ACTIVE":
            yield f"account {account.name} is {account.authority}"
        if account.as_of_age_s is None:
            yield f"account {account.name} has not been reported in this session"
    for terminal in data.terminals:
        if terminal.link != "READY":
            heard = ago(terminal.heartbeat_age_s)
            why = terminal.why or "no reason given"
            yield f"terminal {terminal.name} is {terminal.link}: {why} (last beat {heard})"
    for feed in data.feed:
        if feed.stale:
            last = f"last tick {ago(feed.age_s)}" if feed.age_s is not None else "no tick from a READY terminal"
            yield f"feed {feed.symbol} at {feed.terminal} is stale: {last}"
    for service in data.services:
        if service.state.upper() not in _UP:
            yield f"service {service.name} is {service.state}: {service.detail}"
    for waiting in data.approvals or ():
        yield f"{waiting.id} {waiting.text} on {waiting.account} waits ({age(waiting.age_s)}): {waiting.how}"
    for row in data.pending_limits or ():
        yield f"limit {row.key} is {row.value}; {row.wanted} from {row.due} (looser: {row.change} waits)"
    told = {f"feed {feed.symbol}" for feed in data.feed if feed.stale}
    for check in data.health:
        if not check.ok and not check.check.startswith("service ") and check.check not in told:
            yield f"health {check.check}: {check.detail}"
    if data.news is not None and data.news.problem:
        yield f"news: nothing opens: {data.news.problem}"
    yield from _unmeasured(data)


def _unmeasured(data: StatusData) -> Iterator[str]:
    for name, rows in (("terminal", data.terminals), ("feed", data.feed), ("health check", data.health)):
        if not rows:
            yield f"no {name} is there to measure"


def _measured(data: StatusData) -> str:
    return (
        f"{len(data.alarms)} alarms, {data.acts.unknown} unknown acts, "
        f"{len(data.terminals)} terminals READY, "
        f"{len(data.feed)} feeds fresh, {len(data.health)} health checks"
    )


def _counters(session: Session, data: StatusData) -> Iterator[str]:
    m, a, s, j = data.missions, data.acts, data.signals, data.journal
    today = f"today {m.proposed_today} proposed, {m.expired_today} expired"
    yield f"missions  {m.open} open, {m.engaged} engaged; {today}"
    yield f"acts      {a.unknown} unknown, {a.in_flight} in flight; today {a.today}, {a.denied_today} denied"
    yield f"positions {data.positions} open"
    if data.one_person:
        yield f"approvals one person: {data.one_person}, by another identity, ten minutes later"
    suppressed = ", ".join(f"{count} {why}" for why, count in s.suppressed.items()) or "none"
    yield f"signals   {s.rate_per_h:.1f} an hour, last {ago(s.last_age_s)}; suppressed: {suppressed}"
    yield f"journal   {j.seq} records, {j.size_bytes / 1e6:.1f} MB, head {j.head[:16]}"
    if data.news is not None:
        yield in_words(data.news)
    services = "  ".join(f"{row.name} {session.out.word(row.state)}" for row in data.services) or "none"
    yield f"services  {services}"
    yield f"home      {data.home}  pid {data.pid}  epoch {data.epoch}"
    yield f"endpoints bridge {data.endpoint}  hud {data.hud or 'none'}"
