"""What would stop a fire now, without a mission.

The gate itself is asked, about the smallest fire that could be: the least volume of each symbol, bought at the quote
with a stop at `STOP_SPREADS` spreads. What depends on a mission, on a price somebody chose or on a size is left out;
everything else of the gate is in, whatever checks it has. Beside it stand the home's own reasons: alarms that nobody
has acknowledged, acts without a verdict, a lane that is taken, feeds that are silent. Pure, changes nothing.
"""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.domain.instants import MS, duration_text
from hydrad.domain.orders import EntryType, Side
from hydrad.domain.signals import Signal, SignalKind
from hydrad.toc import numbering, risk, routing, sources, watch
from hydrad.toc.act import ActState
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Account
from hydrad.toc.texts import session_text
from hydrad.toc.turn import Turn
from hydrad.wire.answers.comparing import PreflightData, PreflightRow
from hydrad.wire.codes import Reason
from hydrad.wire.runbooks import Severity

STOP_SPREADS = 20
NEEDS_A_MISSION = frozenset(
    {
        Reason.MISSION_STATE,
        Reason.MISSION_EXPIRED,
        Reason.DUPLICATE,
        Reason.ENTRY_MISSED,
        Reason.PRICE_SIDE,
        Reason.STOP_PRESENT,
        Reason.STOPS_LEVEL,
        Reason.ORDER_TYPE,
        Reason.SIZE,
        Reason.VOLUME_LIMITS,
    }
)
ASSUMED = f"a BUY of the least volume at the quote, with a stop at {STOP_SPREADS} spreads"


def made(turn: Turn, identity: str, accounts: tuple[Account, ...], symbol: str | None) -> PreflightData:
    """Rows of the home, then of each account, then of its symbols."""
    rows = [*_home(turn), *(row for account in accounts for row in _account(turn, identity, account, symbol))]
    if not accounts:
        rows.append(PreflightRow(None, None, "ACCOUNTS", False, "none is enrolled", "at least one"))
    return PreflightData(all(row.ok for row in rows), ASSUMED, tuple(rows))


# --- the home -------------------------------------------------------------------------------------------


def _home(turn: Turn) -> list[PreflightRow]:
    ringing = [alarm for alarm in turn.state.alarms.values() if alarm.severity == Severity.ALARM]
    unread = [f"{alarm.code} {alarm.subject}" for alarm in ringing if not alarm.acked_by]
    calm = f"{len(ringing)} standing, all acknowledged" if ringing else "none stands"
    measured = ", ".join(unread) or calm
    rows = [PreflightRow(None, None, "ALARMS", not unread, measured, "none that nobody has acknowledged")]
    if turn.live.symbols:
        watched = f"{len(turn.live.symbols)} symbols watched by APEX"
        rows.append(PreflightRow(None, None, "APEX", True, watched, "told, not required"))
    return rows


# --- an account -----------------------------------------------------------------------------------------


def _account(turn: Turn, identity: str, account: Account, symbol: str | None) -> list[PreflightRow]:
    rows = [_acts(turn, account), _lane(turn, account), *_feeds(turn, account)]
    symbols = (symbol,) if symbol else _symbols(turn, account)
    judged = {name: _gate(turn, identity, account, name) for name in symbols}
    if not judged:
        rows.append(PreflightRow(account.name, None, Reason.TERMS_UNKNOWN.name, False, "no symbol", "at least one"))
        return rows
    first = next(iter(judged.values()))
    for place, row in enumerate(first):
        same = {(checks[place].ok, checks[place].measured, checks[place].limit) for checks in judged.values()}
        if len(same) == 1 and symbol is None:
            rows.append(PreflightRow(account.name, None, row.code, row.ok, row.measured, row.limit))
        else:
            rows += [checks[place] for checks in judged.values()]
    return rows


def _symbols(turn: Turn, account: Account) -> tuple[str, ...]:
    """Those that its terminals are enrolled for."""
    names = (name for t in turn.state.terminals.values() if t.account == account.name for name in t.symbols)
    return tuple(dict.fromkeys(names))


def _acts(turn: Turn, account: Account) -> PreflightRow:
    stuck = [
        f"{routing.shown(act)} {act.state.value}"
        for act in (turn.state.acts[number] for number in sorted(turn.state.acts_pending))
        if act.account == account.name and act.state in (ActState.UNKNOWN, ActState.QUARANTINED)
    ]
    measured = ", ".join(stuck) or "all have a verdict"
    return PreflightRow(account.name, None, "ACTS", not stuck, measured, "a verdict each")


def _lane(turn: Turn, account: Account) -> PreflightRow:
    waiting = len(routing.lane(turn.state, account.name))
    busy = routing.lane_busy(turn.state, account.name)
    measured = f"taken, {waiting} waiting" if busy else "free"
    return PreflightRow(account.name, None, "LANE", not busy, measured, "free")


def _feeds(turn: Turn, account: Account) -> list[PreflightRow]:
    limit_ms = turn.state.timing.feed_silent_ms
    rows = []
    for terminal in turn.state.terminals.values():
        if terminal.account != account.name:
            continue
        last_ms = max((quote.time_ms for quote in turn.live.link(terminal.name).quotes.values()), default=0)
        silent_ms = turn.market_ms - last_ms
        if not watch.market_open(turn.market_ms):
            ok, measured = True, f"{terminal.name}: market closed, or pauses"
        elif not last_ms:
            ok, measured = False, f"{terminal.name}: no tick in this session"
        else:
            ok = silent_ms <= limit_ms
            measured = f"{terminal.name}: last tick {duration_text(max(silent_ms, 0) * MS)} ago"
        limit = f"{duration_text(limit_ms * MS)} of market time"
        rows.append(PreflightRow(account.name, None, "FEED", ok, measured, limit))
    return rows


def _gate(turn: Turn, identity: str, account: Account, symbol: str) -> list[PreflightRow]:
    verdict = risk.judge(turn.state, turn.live, turn.now_ns, _smallest(turn, identity, account, symbol))
    return [
        PreflightRow(account.name, symbol, check.code, check.ok, check.measured, check.limit)
        for check in verdict.checks
        if Reason[check.code] not in NEEDS_A_MISSION
    ]


def _smallest(turn: Turn, identity: str, account: Account, symbol: str) -> risk.Ask:
    terminal = risk.lane_holder(turn.state, turn.live, account.name)
    link = turn.live.link(terminal.name) if terminal else None
    terms = link.terms.get(symbol) if link else None
    quote = link.quotes.get(symbol) if link else None
    entry = quote.ask_points if quote else 0
    level = max(terms.stops_level_points, terms.freeze_level_points) if terms else 0
    distance = max(quote.spread_points * STOP_SPREADS, level + quote.spread_points, 10) if quote else 0
    signal = Signal(
        symbol=symbol,
        digits=terms.digits if terms else 5,
        kind=SignalKind.RAPID_ASSAULT,
        side=Side.BUY,
        entry_type=EntryType.MARKET,
        entry_points=entry,
        stop_points=max(entry - distance, 0),
        target_points=0,
        collar_points=0,
        at_ms=turn.market_ms,
        expires_ms=turn.market_ms + 60_000,
        horizon_ms=turn.market_ms + 3_600_000,
        r_milli=0,
        tcs=None,
        detector="preflight",
        profile="",
        session=session_text(turn.market_ms),
        features=(),
    )
    role = turn.state.role(identity)
    return risk.Ask(
        signal=signal,
        mission_number=0,
        mission_state=MissionState.PROPOSED,
        account=account,
        role=role if role is not Role.NONE else Role.VIEWER,
        plan="none",
        volume_steps=terms.volume_min_steps if terms else 1,
        risk_percent=None,
        act_id=numbering.new_act_id(turn.state),
        actor=identity,
        source=sources.source(turn, symbol) or (terminal.name if terminal else ""),
    )
