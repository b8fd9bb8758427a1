"""Conditions that are judged at every clock, and the alarms that stand while they last.

Theory of operation
===================

*A closed market never alarms, an open silent one always does.* Silence is measured in **market time**, by the stamps
of ticks: market time now, less the newest stamp of any symbol of the terminal. So a paper home whose clock nobody
steps is not silent, however long it stands: its market time stands too. On a live feed market time is machine time;
there a stamp from the future (a wrong broker offset) must not hide a silence, so the earlier of stamp and arrival
counts.

Silence begins to count when the market opens (`domain.hours` of currencies is OPEN: the week's first minutes and the
roll-over at 17:00 New York are pauses, and end the count), after a leap of market time that nobody has watched, or when
the terminal is first seen READY in an open market. A terminal that comes back is given the LOST time to send its first
tick.

A replayed market has one more way to go blind: a terminal that beats but does not read on *holds* the market (the
conductor waits for its `through`), so market time stands and shows no silence. There the sign is that its `through`
stands behind what it, or another terminal, has said the market's clock is; that is measured in machine time.

A terminal that is not there at all is TERMINAL_LOST; one that is there and cannot trade is TERMINAL_UNFIT; together
with FEED_SILENT they leave no way for an open market to be silent without an alarm.
"""

from __future__ import annotations

from hydrad.domain import calendar, hours
from hydrad.domain.assets import Asset
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import MINUTE, MS, SECOND, duration_text, ms_text
from hydrad.toc import alarms, routing, uplink
from hydrad.toc.live import Link
from hydrad.toc.state import Terminal
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.turn import Turn

FEED_ALARM = "FEED_SILENT"
UNFIT_ALARM = "TERMINAL_UNFIT"
CLOCK_ALARM = "CLOCK_UNKNOWN"
STOP_ALARM = "UNPROTECTED"
SIGNALS_ALARM = "SIGNALS_SILENT"
EVERY_NS = SECOND
CLOCK_UNKNOWN_AFTER_NS = MINUTE
LEAP_MS = 3_600_000  # nobody looked for so long (a suspended host): what came between is not known
PAUSED = "the market is closed, or pauses"


def clock(turn: Turn) -> None:
    """Judge everything, once a second: at hundreds of terminals it costs milliseconds. What all terminals have in
    common is looked up before."""
    if turn.now_ns - turn.live.watch.looked_ns < EVERY_NS:
        return
    turn.live.watch.looked_ns = turn.now_ns
    turn.live.watch.rung = {(alarm.code, alarm.subject) for alarm in turn.state.alarms.values()}
    _market(turn)
    links = turn.live.links.values()
    beats = [link.beat.market_ms for link in links if link.beat is not None and link.connected]
    told_ms = max([turn.market_ms, *beats])
    for terminal in turn.state.terminals.values():
        link = turn.live.link(terminal.name)
        _feed(turn, terminal, link, told_ms)
        _fitness(turn, link)
        _clocks(turn, link)
    _stops(turn)
    _signals(turn)


def market_open(ms: int) -> bool:
    """Whether ticks are to be expected at an instant of market time, by the table of currencies with its holidays."""
    return bool(ms) and hours.hours(ms, "", Asset.FX) is calendar.Hours.OPEN


def _judge(turn: Turn, code: str, subject: str, bad: bool, after_ns: int, text: str, end: str) -> None:
    """Raise an alarm once a condition has held for so long; clear it when it has ended."""
    since, key = turn.live.watch.since_ns, (code, subject)
    if not bad:
        since.pop(key, None)
        if key in turn.live.watch.rung:
            turn.clear_alarm(code, subject, end)
    elif turn.now_ns - since.setdefault(key, turn.now_ns) >= after_ns and key not in turn.live.watch.rung:
        turn.alarm(code, subject, text)


def _market(turn: Turn) -> None:
    watch = turn.live.watch
    leapt = turn.market_ms - watch.looked_ms > LEAP_MS
    watch.looked_ms = turn.market_ms
    if leapt or not market_open(turn.market_ms):
        watch.open_ms = None
        watch.ready_ms.clear()
    if watch.open_ms is None and market_open(turn.market_ms):
        watch.open_ms = turn.market_ms


# --- feeds ----------------------------------------------------------------------------------------------


def _feed(turn: Turn, terminal: Terminal, link: Link, told_ms: int) -> None:
    watch, name = turn.live.watch, terminal.name
    known_ms = watch.tick_ms.get(name, 0)
    newest_ms = max((_stamp_ms(turn, quote.time_ms, quote.seen_ns) for quote in link.quotes.values()), default=0)
    watch.tick_ms[name] = max(known_ms, newest_ms)
    if watch.open_ms is None:
        _judge(turn, FEED_ALARM, name, False, 0, "", PAUSED)
        return
    if link.state not in REDUCES_IN or not terminal.symbols:
        return  # gone: another alarm's matter; one of ours that stands goes on standing until a tick comes
    begin_ms = watch.ready_ms.setdefault(name, turn.market_ms)
    silent_ms = turn.market_ms - max(watch.tick_ms[name], begin_ms)
    stuck_ns = _stuck_ns(turn, link, told_ms)
    limit_ms = turn.state.timing.feed_silent_ms
    bad = silent_ms > limit_ms or stuck_ns > limit_ms * MS
    tick = f"the last is of {ms_text(watch.tick_ms[name], 0)}" if watch.tick_ms[name] else "none was ever seen"
    text = f"{name}: no tick for {duration_text(silent_ms * MS)} of an open market, {tick}"
    if silent_ms <= limit_ms:
        text = f"{name}: has not read on for {duration_text(stuck_ns)} though the market's clock has moved"
    _judge(turn, FEED_ALARM, name, bad, turn.live.lost_after_ns, text, "ticks came")


def _stamp_ms(turn: Turn, stamp_ms: int, seen_ns: int) -> int:
    return min(stamp_ms, seen_ns // MS) if turn.state.machine_time else stamp_ms


def _stuck_ns(turn: Turn, link: Link, told_ms: int) -> int:
    """For how long a terminal has not read on, though somebody has said that there is more to read: `told_ms` is the
    latest market time that anybody has spoken of."""
    behind = link.through_ms < told_ms
    through_ms, since_ns = turn.live.watch.read.get(link.terminal, (-1, turn.now_ns))
    if not behind or through_ms != link.through_ms:
        since_ns = turn.now_ns
    turn.live.watch.read[link.terminal] = (link.through_ms, since_ns)
    return turn.now_ns - since_ns


# --- terminals ------------------------------------------------------------------------------------------


def _fitness(turn: Turn, link: Link) -> None:
    """By what the agent's last beat says; late beats alone are on their way to LOST."""
    if turn.live.watch.open_ms is None:
        _judge(turn, UNFIT_ALARM, link.terminal, False, 0, "", PAUSED)
    elif link.state in REDUCES_IN:
        why = uplink.sickness(link)
        text = f"{link.terminal} cannot trade in an open market: {why}"
        _judge(turn, UNFIT_ALARM, link.terminal, bool(why), turn.live.lost_after_ns, text, "healthy again")


def _clocks(turn: Turn, link: Link) -> None:
    """Nothing opens on an unknown clock; after a minute of it in an open market somebody should know why."""
    if turn.live.watch.open_ms is None:
        _judge(turn, CLOCK_ALARM, link.terminal, False, 0, "", PAUSED)
    elif link.state in REDUCES_IN:
        why = _clock_problem(turn, link)
        text = f"{link.terminal}: {why}; nothing opens there"
        _judge(turn, CLOCK_ALARM, link.terminal, bool(why), CLOCK_UNKNOWN_AFTER_NS, text, "the clocks are known")


def _clock_problem(turn: Turn, link: Link) -> str:
    limit_ms = turn.state.limits.clock_offset_max_ms
    if link.beat is not None and link.beat.offset_ms is None:
        return "the broker's clock offset is not known"
    if link.offset_ns is None:
        return "the agent's clock was not measured in this session"
    if abs(link.offset_ns) + link.uncertainty_ns > limit_ms * MS:
        return f"the agent's clock is {link.offset_ns / MS:z.0f} ms off, limit {limit_ms} ms"
    return ""


# --- positions and signals ------------------------------------------------------------------------------


def _stops(turn: Turn) -> None:
    """Invariant I7: no position without a stop for longer than allowed. A stop that went missing before a restart is
    counted from its own alarm."""
    held = {show(IdKind.POSITION, number): turn.state.positions[number] for number in sorted(turn.state.positions_open)}
    for shown, position in held.items():
        known = alarms.standing(turn.state, "STOP_MISSING", routing.shown(turn.state.acts[position.fire_id]))
        if known is not None and not position.stop_points:
            turn.live.watch.since_ns.setdefault((STOP_ALARM, shown), known.since_ns)
        limit_ns = turn.state.timing.stop_missing_ms * MS
        text = f"{shown} {position.symbol} on {position.account} has had no stop for over {limit_ns // SECOND} s"
        _judge(turn, STOP_ALARM, shown, not position.stop_points, limit_ns, text, "it has a stop")
    for alarm in [a for a in turn.state.alarms.values() if a.code == STOP_ALARM]:
        if alarm.subject not in held:
            _judge(turn, STOP_ALARM, alarm.subject, False, 0, "", "the position is closed")


def _signals(turn: Turn) -> None:
    watch, limit_ms = turn.live.watch, turn.state.timing.signals_silent_ms
    if watch.open_ms is None or not turn.live.symbols:
        _judge(turn, SIGNALS_ALARM, "apex", False, 0, "", PAUSED)
        return
    silent_ms = turn.market_ms - max(watch.open_ms, watch.said_ms)
    text = f"no signal for {duration_text(silent_ms * MS)} of an open market, not even a suppressed one"
    _judge(turn, SIGNALS_ALARM, "apex", silent_ms > limit_ms, 0, text, "a signal came, or the market paused")
