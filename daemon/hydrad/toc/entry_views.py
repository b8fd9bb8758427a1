"""How the market stands to a mission's entry now, by the gate's own check. Pure; changes nothing."""

from __future__ import annotations

from hydrad.toc import crew, risk
from hydrad.toc.gate import prices
from hydrad.toc.gate.case import Ask, Case
from hydrad.toc.live import Live
from hydrad.toc.mission import ACCEPTS_FIRES
from hydrad.toc.state import Mission, State
from hydrad.toc.terminal import LinkState
from hydrad.wire.answers.missions import EntryNow


def takes_fires(live: Live, mission: Mission) -> bool:
    return mission.state in ACCEPTS_FIRES and mission.signal.expires_ms > live.market_ms


def entry_now(state: State, live: Live, now_ns: int, mission: Mission, identity: str) -> EntryNow | None:
    """On the primary account of the operator with this identity. None where they have none, or it takes no fires."""
    account = crew.primary_of(state, state.operator(identity))
    if account is None or not takes_fires(live, mission):
        return None
    ask = Ask(
        signal=mission.signal,
        mission_number=mission.number,
        mission_state=mission.state,
        account=state.accounts[account],
        role=state.role(identity),
        plan="default",
        volume_steps=0,
        risk_percent=None,
        act_id=0,
        actor=identity,
        source=mission.source,
    )
    return _seen(risk.look_up(state, live, now_ns, ask))


def _seen(case: Case) -> EntryNow:
    _, measured, limit = prices.entry_missed(case)
    age_ms = case.market_ms - case.quote.time_ms if case.quote is not None else None
    limit_ms = case.limits.tick_age_max_ms
    ready = case.link is not None and case.link.state is LinkState.READY
    return EntryNow(
        account=case.ask.account.name,
        missed_by_points=prices.missed_by_points(case),
        measured=measured,
        limit=limit,
        age_s=None if age_ms is None else round(age_ms / 1000, 3),
        age_max_s=limit_ms / 1000,
        stale=not ready or age_ms is None or not 0 <= age_ms <= limit_ms,
    )
