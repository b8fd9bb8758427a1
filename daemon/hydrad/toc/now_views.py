"""What is now, for a page that is open: looked up once a second for all who may see the same accounts."""

from __future__ import annotations

from hydrad.domain.instants import ms_text, ns_text
from hydrad.toc import sight
from hydrad.toc.account_views import terminal_row
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.audience import Audience, sees
from hydrad.toc.mission_views import open_count
from hydrad.toc.position_views import position_row
from hydrad.toc.quote_views import quote_rows
from hydrad.toc.turn import Turn
from hydrad.wire.answers.live import LivePosition, LiveTerminal, Now


def now_view(turn: Turn, audience: Audience, standing_ms: int, speed: str) -> Now:
    """`standing_ms` as in `quote_views`; `speed`: of the market's clock, for people."""
    state = turn.state
    states = [act.state for act in map(state.acts.__getitem__, state.acts_open) if sees(audience, act.account)]
    return Now(
        ts=ns_text(turn.now_ns, 6),
        market=ms_text(turn.market_ms) if turn.market_ms else None,
        speed=speed,
        seq=state.seq,
        authority=state.authority.name,
        quotes=tuple(sight.quote(row, audience) for row in quote_rows(turn, (), standing_ms) if row.source),
        positions=_positions(turn, audience),
        terminals=_terminals(turn, audience),
        missions=open_count(state),
        unread=sum(not alarm.acked_by and sees(audience, alarm.account) for alarm in state.alarms.values()),
        unknown=states.count(ActState.UNKNOWN),
        in_flight=sum(found in IN_FLIGHT for found in states),
    )


def _positions(turn: Turn, audience: Audience) -> tuple[LivePosition, ...]:
    rows = []
    for number in sorted(turn.state.positions_open):
        position = turn.state.positions[number]
        if sees(audience, position.account):
            row = position_row(turn.state, turn.live, turn.now_ns, position)
            rows.append(
                LivePosition(row.id, row.pnl, row.currency, row.r, row.as_of_age_s, row.reachable, row.report_price)
            )
    return tuple(rows)


def _terminals(turn: Turn, audience: Audience) -> tuple[LiveTerminal, ...]:
    rows = (
        terminal_row(turn.state, turn.live, turn.now_ns, name)
        for name, terminal in turn.state.terminals.items()
        if sees(audience, terminal.account)
    )
    return tuple(LiveTerminal(row.name, row.link, row.duty, row.heartbeat_age_s) for row in rows)
