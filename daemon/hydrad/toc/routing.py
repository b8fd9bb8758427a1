"""From a good verdict to the frame, and what follows when an act moves: lanes, missions, positions, waiting clients."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.accounts import Authority
from hydrad.domain.ids import IdKind, sequence_of, show
from hydrad.domain.instants import MS
from hydrad.domain.orders import ActKind
from hydrad.link import frames as f
from hydrad.toc import records as r
from hydrad.toc import risk
from hydrad.toc.act import FINAL, IN_FLIGHT, LANE_BLOCKED, LANE_BUSY, ActEvent, ActState, allows
from hydrad.toc.live import Link
from hydrad.toc.mission import ACCEPTS_FIRES, MissionEvent, MissionState
from hydrad.toc.state import Act, Mission, State
from hydrad.toc.terminal import REDUCES_IN, LinkState
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Reason

DAEMON_LATCH = "daemon"  # of an agent's latches the one that a daemon has closed

LANE_MAX = 8
_FRAMES: dict[ActKind, type[f.Fire] | type[f.Close] | type[f.Modify] | type[f.Cancel]] = {
    ActKind.FIRE: f.Fire,
    ActKind.CLOSE: f.Close,
    ActKind.PART_CLOSE: f.Close,
    ActKind.CLOSE_BY: f.Close,
    ActKind.MODIFY: f.Modify,
    ActKind.CANCEL: f.Cancel,
}
UNKNOWN_ALARM = "ACT_UNKNOWN"
RESTING_ALARM = "RESTING_UNCANCELLED"
HAND = "hand"  # origin of a mission that a person made


def shown(act: Act) -> str:
    """The act's id as people see it."""
    return show(IdKind.FIRE if act.kind is ActKind.FIRE else IdKind.ACT, sequence_of(act.act_id))


def lane_busy(state: State, account: str) -> bool:
    """One opening act of an account may be in flight or UNKNOWN at a time, and none while a person has to decide."""
    return any(
        act.account == account and (act.state in LANE_BLOCKED or (act.kind is ActKind.FIRE and act.state in LANE_BUSY))
        for act in (state.acts[number] for number in state.acts_pending)
    )


def lane(state: State, account: str) -> list[Act]:
    """Fires that wait for the account's lane, in the order in which they came."""
    waiting = [
        state.acts[number]
        for number in state.acts_pending
        if state.acts[number].state is ActState.QUEUED and state.acts[number].account == account
    ]
    return sorted(waiting, key=lambda act: act.act_id)


def pass_verdict(turn: Turn, act: Act, verdict: risk.Verdict) -> None:
    """Route a fire that may open, or let it wait for its lane."""
    if lane_busy(turn.state, act.account):
        if len(lane(turn.state, act.account)) >= LANE_MAX:
            turn.move(act, ActEvent.DENY, "gate", codes=(Reason.LANE_FULL.name,))
        else:
            turn.move(act, ActEvent.QUEUE, "gate")
        return
    route(turn, act, turn.live.link(verdict.terminal))


def route(turn: Turn, act: Act, link: Link) -> None:
    """One commit with the verdict: from here on assume that bytes have left."""
    assert act.order is not None
    assert not turn.state.terminals[link.terminal].feed_only, "a terminal that only feeds is sent nothing that trades"
    turn.move(act, ActEvent.ROUTE, "gate", terminal=link.terminal, epoch=turn.state.epoch)
    mission = turn.state.missions.get(act.mission)
    if act.kind is ActKind.FIRE and mission and mission.state is MissionState.PROPOSED:
        turn.emit(r.MissionMoved(mission.number, MissionEvent.ENGAGE))
    position = turn.state.positions.get(act.position)
    if act.kind in (ActKind.CLOSE, ActKind.PART_CLOSE) and position is not None:
        fire = turn.state.acts[position.fire_id]
        if allows(fire.state, ActEvent.BEGIN_CLOSE):
            turn.move(fire, ActEvent.BEGIN_CLOSE, "close")
    send_command(turn, act, link)


def send_command(turn: Turn, act: Act, link: Link) -> None:
    """Hand the act's frame to the driver, which releases it after the commit."""
    assert act.order is not None
    mission = turn.state.missions.get(act.mission)
    expiry_ms = mission.signal.expires_ms if mission and act.kind is ActKind.FIRE else 0
    body: f.Command | f.Plan
    if act.kind is ActKind.SET_PLAN:
        fire_id = turn.state.positions[act.position].fire_id
        body = f.Plan(act.order.position_id, fire_id, act.order.plan, act.act_id, act.order.stop_points)
    else:
        body = _FRAMES[act.kind](act.act_id, 0, act.deadline_ns, expiry_ms, act.order, act.order_hash)
    opens = act.act_id if act.kind is ActKind.FIRE else 0
    if not turn.send(link, body, opens=opens, act_id=act.act_id):
        turn.move(act, ActEvent.WITHHOLD, "link", detail="the session ended before the frame was made")
        followed(turn, act)


def pump_lanes(turn: Turn) -> None:
    """Give each free lane to its next fire, judged again; deny those whose own deadline passed."""
    waiting = [turn.state.acts[n] for n in turn.state.acts_pending if turn.state.acts[n].state is ActState.QUEUED]
    for act in sorted(waiting, key=lambda queued: queued.act_id):
        if turn.now_ns > act.deadline_ns:
            turn.move(act, ActEvent.DENY, "gate", codes=(Reason.LANE_WAIT.name,))
        elif not lane_busy(turn.state, act.account):
            judge_again(turn, act)


def judge_again(turn: Turn, act: Act) -> None:
    """At its turn: the same question with what is true now; the size may differ."""
    mission = turn.state.missions[act.mission]
    verdict = risk.judge(turn.state, turn.live, turn.now_ns, ask_of(turn.state, act, mission))
    record_verdict(turn, act, verdict)
    if verdict.ok:
        route(turn, act, turn.live.link(verdict.terminal))
    else:
        turn.move(act, ActEvent.DENY, "gate", codes=verdict.codes)


def ask_of(state: State, act: Act, mission: Mission) -> risk.Ask:
    """The question of an act anew; one that a second person was asked about is asked as its order stands."""
    frozen = act.order if act.approval is not None else None
    return risk.Ask(
        signal=mission.signal,
        mission_number=mission.number,
        mission_state=mission.state,
        account=state.accounts[act.account],
        role=state.role(act.actor),
        plan=act.plan,
        volume_steps=frozen.volume_steps if frozen else act.volume_asked_steps,
        risk_percent=None if frozen else act.risk_asked_percent,
        act_id=act.act_id,
        actor=act.actor,
        source=mission.source,
        by_hand=mission.origin == HAND,
        again=act.again,
        frozen=frozen,
        approved_by=act.approval.by if act.approval else "",
    )


def record_verdict(turn: Turn, act: Act, verdict: risk.Verdict) -> None:
    turn.emit(
        r.ActJudged(
            act_id=act.act_id,
            order=verdict.order,
            order_hash=verdict.order_hash,
            digits=verdict.terms.digits if verdict.terms else 0,
            volume_step=verdict.terms.volume_step if verdict.terms else Decimal(0),
            checks=verdict.checks,
            ok=verdict.ok,
            risk_money=verdict.risk_money,
            base_money=verdict.base,
            base=verdict.base_text,
            rules_hash=risk.RULES_HASH,
        )
    )


def reducing_link(turn: Turn, account: str, holder: str = "") -> Link | None:
    """Any healthy terminal of the account may close: READY before DEGRADED, then `holder`, then in order of enrolment.
    `holder` has the position's plan: one agent lets one act after another at it, two agents would not."""
    ranked = sorted(turn.state.terminals.values(), key=lambda terminal: terminal.rank)
    links = [turn.live.link(t.name) for t in ranked if t.account == account and t.reduces]
    able = [link for link in links if link.state in REDUCES_IN]
    return min(able, key=lambda link: (link.state is not LinkState.READY, link.terminal != holder), default=None)


def doubt(turn: Turn, act: Act, by: str, detail: str) -> None:
    """No verdict: the act is UNKNOWN, with an alarm until evidence ends it. Its exposure stays reserved."""
    if "unknown_is_rejected" in turn.mutants:
        turn.move(act, ActEvent.REJECT, by, detail=detail)
        followed(turn, act)
        return
    if "blind_retry" in turn.mutants and act.order and by == "timeout":
        send_command(turn, act, turn.live.link(act.terminal))
        return
    turn.move(act, ActEvent.DOUBT, by, detail=detail)
    if act.kind is ActKind.CANCEL and act.mission:
        return  # its order has one alarm for all its cancels: `resting_alarm`
    turn.alarm(UNKNOWN_ALARM, shown(act), f"{shown(act)} at {act.terminal}: no verdict ({detail})")


def doubt_all(turn: Turn, terminal: str, by: str, detail: str) -> None:
    """Every act in flight at a terminal whose session ended is UNKNOWN."""
    for number in sorted(turn.state.acts_pending):
        act = turn.state.acts[number]
        if act.terminal == terminal and act.state in IN_FLIGHT:
            doubt(turn, act, by, detail)


def followed(turn: Turn, act: Act) -> None:
    """After an act moved: its alarm, its fire's state, its mission."""
    if act.state is not ActState.UNKNOWN:
        turn.clear_alarm(UNKNOWN_ALARM, shown(act), act.state.value)
        turn.live.queried_ns.pop(act.act_id, None)
    position = turn.state.positions.get(act.position)
    if act.kind in (ActKind.CLOSE, ActKind.PART_CLOSE, ActKind.PLAN_STEP) and position and act.state in FINAL:
        fire = turn.state.acts[position.fire_id]
        part = act.order is not None and 0 < act.volume_steps < act.order.volume_steps
        failed = act.state is not ActState.DONE or part
        if fire.state is ActState.CLOSING and (failed or act.kind is ActKind.PART_CLOSE):
            turn.move(fire, ActEvent.STAY_OPEN, "close", detail=f"{shown(act)} {act.state.value}")


def settle_missions(turn: Turn) -> None:
    """Expire missions by market time; finish those whose acts are all final. Only those are looked at for which
    something has changed: all when market time moved, else those whose acts did."""
    moved = turn.market_ms > turn.live.expired_ms
    turn.live.expired_ms = turn.market_ms
    for number in sorted(turn.state.missions_open if moved else turn.missions & turn.state.missions_open):
        mission = turn.state.missions[number]
        expired = bool(turn.market_ms) and turn.market_ms >= mission.signal.expires_ms
        if mission.state in ACCEPTS_FIRES and expired:
            turn.emit(r.MissionMoved(number, MissionEvent.EXPIRE))
        if mission.state is MissionState.CLOSED_TO_FIRES and all(
            turn.state.acts[act].state in FINAL for act in mission.acts
        ):
            turn.emit(r.MissionMoved(number, MissionEvent.FINISH))


def deadline_ns(turn: Turn) -> int:
    return turn.now_ns + turn.state.timing.act_deadline_ms * MS


def latched(turn: Turn, account: str) -> bool:
    return turn.state.account_authority(account) is not Authority.ACTIVE


def terminals_of(state: State, account: str) -> tuple[str, ...]:
    """Of one account; empty: of all."""
    return tuple(t.name for t in state.terminals.values() if account in ("", t.account))


def tell_halt(turn: Turn, account: str) -> tuple[str, ...]:
    """Send to every terminal concerned, connected or not; those that are not cannot confirm. `account` empty: all."""
    told = []
    for terminal in turn.state.terminals.values():
        if account and terminal.account != account:
            continue
        turn.send(turn.live.link(terminal.name), f.Halt(turn.actor))
        told.append(terminal.name)
    return tuple(told)


def tell_released(turn: Turn, account: str, *, local: bool = False) -> tuple[str, ...]:
    """After authority was raised: RESUME to every terminal that nothing else holds. `local`: it opens what each agent
    has told us of its own latches too, and none that we do not know of."""
    told = []
    for terminal in turn.state.terminals.values():
        if (account and terminal.account != account) or latched(turn, terminal.account):
            continue
        link = turn.live.link(terminal.name)
        turn.send(link, f.Resume(turn.actor, own_latches(link) if local else ()))
        told.append(terminal.name)
    return tuple(told)


def own_latches(link: Link) -> tuple[str, ...]:
    """Closed latches of the agent's own: of a person on its host, of its equity floor."""
    return tuple(whose for whose in link.latches if whose != DAEMON_LATCH)
