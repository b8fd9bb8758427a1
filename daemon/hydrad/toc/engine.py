"""`Engine.step(input) -> records, effects`: the one door of the core. Pure: no clock, no chance, no I/O.

Records are applied as they are emitted, so that later handlers of the same step see them. After every step the
same few things are looked at: missions' expiry, lanes, waiting clients, invariants.
"""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.domain.instants import MINUTE, MS, SECOND
from hydrad.toc import (
    agent_acts,
    approvals,
    before_news,
    changes,
    config_loosening,
    desk,
    escalation,
    guard_loosening,
    guards,
    housekeeping,
    invariants,
    leaving,
    news,
    oncall,
    order_reports,
    plan_moves,
    rates,
    reconcile,
    resting,
    resting_alarm,
    routing,
    service,
    sources,
    uplink,
    watch,
)
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.act import IN_FLIGHT, ActEvent, ActState
from hydrad.toc.effects import Admit, Effect
from hydrad.toc.live import Link, Live, News
from hydrad.toc.record import Record
from hydrad.toc.state import State
from hydrad.toc.terminal import LinkState
from hydrad.toc.ticks import SignalEngine
from hydrad.toc.turn import Turn
from hydrad.wire.codes import Finding

QUERY_BACKOFF_MAX_NS = 10 * SECOND
STRANGERS_EVERY_NS = MINUTE
LOST_ALARM = "TERMINAL_LOST"


class Engine:
    """Owns the durable state (a fold of the journal) and the volatile one. `mutants`: for tests of the tests."""

    def __init__(self, state: State, apex: SignalEngine, mutants: frozenset[str] = frozenset()) -> None:
        self.state = state
        self.live = Live(market_ms=state.market_ms)
        self.apex = apex
        self.mutants = mutants
        self._strangers: dict[tuple[str, str], tuple[int, int]] = {}

    def step(self, entry: i.Input) -> tuple[list[Record], list[Effect]]:
        """One input. Raises IllegalMove or AssertionError when the world and the tables disagree: the daemon stops."""
        assert entry.at_ns >= self.live.now_ns, "inputs are in the order of their time"
        self.live.now_ns = entry.at_ns
        turn = Turn(self.state, self.live, entry.at_ns, entry.number, self.mutants)
        turn.machine_market()
        self._dispatch(turn, entry.body)
        if turn.records and sources.touched(turn):
            sources.settle(turn)
        turn.actor, turn.surface = "daemon", "daemon"
        self._follow_new(turn)
        news.look(turn, before_news.cancel_resting)
        if self.state.created:
            routing.settle_missions(turn)
            approvals.pursue(turn)
            routing.pump_lanes(turn)
            resting.pursue(turn)
            resting_alarm.look(turn)
            desk.answer_waiters(turn)
            desk.answer_askings(turn)
        if turn.records:
            invariants.check(self.state, turn.missions)
        return turn.records, turn.effects

    def _follow_new(self, turn: Turn) -> None:
        for record in turn.records:
            if record.type == "MISSION_PROPOSED":
                body = r.decode(record.type, record.body)
                assert isinstance(body, r.MissionProposed)
                self.apex.follow(body.number, body.signal)

    def _dispatch(self, turn: Turn, body: i.AnyInput) -> None:
        match body:
            case i.FrameIn():
                if body.terminal in self.state.terminals and housekeeping.service_of(self.state, service.BRIDGE).wanted:
                    self.live.link(body.terminal).ticks_shed += body.shed
                    uplink.on_frame(turn, self.apex, body.terminal, body.connection, body.frame, body.gone)
            case i.Clock():
                self._clock(turn)
            case i.Recheck():
                self.live.queried_ns.clear()
                self._acts_clock(turn)
            case i.Requested():
                desk.on_request(turn, body)
            case i.Withheld():
                self._unreleased(turn, body.acts, "latch", "withheld by the latch before it was released")
            case i.Unsent():
                self._unreleased(turn, body.acts, "link", "the bridge could not take the frame")
            case i.Strangers():
                self._strangers_seen(turn, body)
            case i.EdgeRefused():
                desk.refused_outside(turn, body)
            case i.VersionHeard():
                uplink.on_version(turn, body.terminal, body.version)
            case i.NewsTold():
                news.told(turn, body)
            case i.ServiceReported():
                housekeeping.reported(turn, body)
            case i.JobReported():
                housekeeping.job_ran(turn, body)
            case i.RatesWanted():
                rates.ask(turn, body)
            case i.RecordingNoted() | i.OutboxNoted():
                housekeeping.noted(turn, body)
            case i.Configured():
                housekeeping.configured(turn, body)
            case i.ChannelReported():
                oncall.reported(turn, body)
            case i.Started():
                self._started(turn, body)
            case i.Stopping():
                turn.emit(r.DaemonStopped(body.reason))

    # --- start and stop -----------------------------------------------------------------------------

    def _started(self, turn: Turn, body: i.Started) -> None:
        """Recovery is the only start-up: whatever was in flight is UNKNOWN until a hand-shake has told."""
        live = self.live
        live.symbols = body.symbols
        live.phone_may = body.phone_may
        live.degraded_after_ns, live.lost_after_ns = body.degraded_after_ms * MS, body.lost_after_ms * MS
        if body.birth is not None:
            birth = body.birth
            made = (birth.mode, birth.tag, birth.commander, body.code_version, body.tzdata_version)
            turn.emit(r.HomeCreated(*made, live_feed=birth.live_feed))
            turn.emit(r.OperatorSet(birth.commander, "commander", Role.COMMANDER))
        born = body.birth is not None
        turn.emit(
            r.DaemonStarted(
                self.state.epoch + 1,
                body.instance,
                body.code_version,
                body.tzdata_version,
                housekeeping.limits_at_start(self.state, body.limits),
                config_loosening.timing_at_start(self.state, body.timing),
                guard_loosening.at_start(self.state, body.guards),
                config_loosening.plans_at_start(self.state, body.plans),
                config_loosening.news_at_start(self.state, body.news_mode),
            )
        )
        live.news = News(self.state.news_mode)
        turn.machine_market()
        housekeeping.let_wait(turn, body.limits)
        guard_loosening.let_wait(turn, body.guards)
        config_loosening.let_timing_wait(turn, body.timing)
        config_loosening.let_plans_wait(turn, body.plans)
        config_loosening.let_news_wait(turn, body.news_mode)
        oncall.configured(turn, body.on_call, body.channels)
        if not born:
            housekeeping.started(turn, bool(body.symbols))
        if body.halt_file and self.state.authority is not Authority.HALTED:
            turn.emit(r.AuthoritySet("", Authority.HALTED, "the HALT file stood at start"))
        for number in sorted(self.state.acts_open):
            act = self.state.acts[number]
            if act.state in IN_FLIGHT:
                routing.doubt(turn, act, "restart", "the daemon was restarted")
            elif act.state is ActState.QUEUED:
                turn.move(act, ActEvent.DENY, "restart", codes=("LANE_WAIT",))
        for code, detail in body.notes:
            turn.finding(Finding[code], "start", detail, alarm=False)
        guards.clear_unwanted(turn)
        turn.effects.append(Admit())

    def _unreleased(self, turn: Turn, acts: tuple[int, ...], by: str, detail: str) -> None:
        for number in acts:
            act = self.state.acts[number]
            if act.state is ActState.ROUTED:
                turn.move(act, ActEvent.WITHHOLD, by, detail=detail)
                routing.followed(turn, act)

    # --- counted, one record a minute ---------------------------------------------------------------

    def _strangers_seen(self, turn: Turn, body: i.Strangers) -> None:
        key = (body.surface, body.reason)
        count, told_ns = self._strangers.get(key, (0, -STRANGERS_EVERY_NS))
        count += body.count
        if turn.now_ns - told_ns >= STRANGERS_EVERY_NS:
            turn.emit(r.StrangersCounted(body.surface, body.reason, count))
            count, told_ns = 0, turn.now_ns
        self._strangers[key] = (count, told_ns)

    def _bad_ticks_told(self, turn: Turn) -> None:
        if self.live.bad_ticks and turn.now_ns - self.live.bad_ticks_ns >= STRANGERS_EVERY_NS:
            self.live.bad_ticks_ns = turn.now_ns
            for (terminal, symbol, reason), (count, example) in sorted(self.live.bad_ticks.items()):
                turn.emit(r.TicksRejected(terminal, symbol, reason, count, example))
            self.live.bad_ticks.clear()

    # --- time -----------------------------------------------------------------------------------------

    def _clock(self, turn: Turn) -> None:
        if not self.state.created:
            return
        for terminal in self.state.terminals:
            link = self.live.link(terminal)
            self._link_clock(turn, link)
            reconcile.missing_positions(turn, link)
            reconcile.absent_by_history(turn, link)
            order_reports.ended_elsewhere(turn, link)
        reconcile.cancels_by_their_orders(turn)
        changes.make_due(turn)
        self._acts_clock(turn)
        guards.on_clock(turn)
        plan_moves.pursue(turn)
        plan_moves.settle_alarms(turn)
        leaving.drain(turn)
        self._bad_ticks_told(turn)
        watch.clock(turn)
        sources.clock(turn)
        oncall.clock(turn)
        escalation.clock(turn)

    def _link_clock(self, turn: Turn, link: Link) -> None:
        if link.session is None:
            away_ns = turn.now_ns - max(link.heard_ns, self.state.started_ns)
            if away_ns >= self.live.lost_after_ns:
                turn.alarm(LOST_ALARM, link.terminal, f"{link.terminal} is not there; stops stand at the broker")
            return
        silent_ns = turn.now_ns - link.heard_ns
        if silent_ns >= self.live.lost_after_ns:
            uplink.drop_session(turn, link, LinkState.LOST, f"silent for {silent_ns // SECOND} s")
            turn.alarm(LOST_ALARM, link.terminal, f"{link.terminal} is silent; stops stand at the broker")
        elif silent_ns >= self.live.degraded_after_ns and link.state is LinkState.READY:
            turn.link_to(link, LinkState.DEGRADED, "late beats")

    def _acts_clock(self, turn: Turn) -> None:
        timing = self.state.timing
        for number in sorted(self.state.acts_pending):
            act = self.state.acts[number]
            if act.state in IN_FLIGHT and turn.now_ns - act.moved_ns >= timing.result_timeout_ms * MS:
                routing.doubt(turn, act, "timeout", f"no verdict within {timing.result_timeout_ms} ms")
            elif act.state is ActState.UNKNOWN:
                self._chase(turn, number, act.terminal)

    def _chase(self, turn: Turn, number: int, terminal: str) -> None:
        """Ask again, each time a little later."""
        link = self.live.link(terminal)
        if link.state not in (LinkState.READY, LinkState.DEGRADED):
            return
        asked_ns, times = self.live.queried_ns.get(number, (0, 0))
        wait_ns = min(self.state.timing.query_interval_ms * MS << min(times, 4), QUERY_BACKOFF_MAX_NS)
        if turn.now_ns - asked_ns >= wait_ns or not times:
            self.live.queried_ns[number] = (turn.now_ns, times + 1)
            turn.send(link, agent_acts.question(self.state.acts[number]))
