"""A scripted daemon on a unix socket, speaking the codec of record, and the shell as a process.

Sample answers are `hydrad.wire` Structs, so that the shell is tested against the wire's types and not its own idea
of them; every call that the shell makes is decoded strictly, so that a field that the wire does not know fails.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hydrad.domain.ids import IdKind, show
from hydrad.wire import calls
from hydrad.wire import market as m
from hydrad.wire.answers import Answer, DaemonInfo
from hydrad.wire.answers.accounts import (
    AccountDayData,
    AccountRow,
    AccountShow,
    ArmData,
    ConditionRow,
    GroupRow,
    LimitRow,
    PoolRow,
    StatementData,
    StatementRow,
)
from hydrad.wire.answers.acts import ActRow, ActShow, AskedData, CheckRow, FireAnswer, OrderView, Realised, ReduceRow
from hydrad.wire.answers.alarms import AlarmRow, AlarmShow, Answered, FindingRow, NoteRow
from hydrad.wire.answers.apex import ApexData, CandidateRow, DetectorRow, SuppressedRow
from hydrad.wire.answers.authority import HaltData, HaltedOrder, HaltedTerminal
from hydrad.wire.answers.briefing import Briefing, ChartView, LevelView, PriceNow, SpanView, Stake
from hydrad.wire.answers.comparing import Difference, PreflightData, PreflightRow, ReconcileData
from hydrad.wire.answers.daemon import ConfigRow, DownData, HudLink, HudPinSet, LogLevelData, ReloadData, ServicesData
from hydrad.wire.answers.journal import Event, JournalView, TraceData
from hydrad.wire.answers.live import LivePosition, LiveTerminal, Now
from hydrad.wire.answers.market import (
    FeedRow,
    NewsData,
    NewsRow,
    NewsView,
    PaperData,
    QuoteRow,
    StepData,
    SymbolDiffData,
    SymbolDifference,
    SymbolPair,
    SymbolRow,
)
from hydrad.wire.answers.missions import EntryNow, MissionCounts, MissionRow, MissionShow, SignalsView
from hydrad.wire.answers.oncall import ChannelRow, ChannelsData, ChannelTestData, OnCallRow
from hydrad.wire.answers.people import ChangeRow, InviteData, OperatorRow, PolicyRow
from hydrad.wire.answers.positions import NamedPlan, NightView, OrderRow, PlanData, PlanRow, PositionRow
from hydrad.wire.answers.reports import (
    CurvePoint,
    DigestData,
    Estimate,
    MoneyTotal,
    ReportData,
    ReportGroup,
    ReportSide,
)
from hydrad.wire.answers.status import (
    ActCounts,
    ClocksView,
    HealthData,
    HealthRow,
    JobRow,
    PendingRow,
    ServiceRow,
    StatusData,
)
from hydrad.wire.answers.terminals import EnrollData, LeavingAct, LeavingData, LeavingPosition, TerminalRow
from hydrad.wire.codec import Framer, decode_call, encode_answer

TS = "2026-11-20T12:25:30.500Z"
M, F, A, P, RESTING = (
    show(kind, 7) for kind in (IdKind.MISSION, IdKind.FIRE, IdKind.ACT, IdKind.POSITION, IdKind.ORDER)
)
DAEMON = DaemonInfo(version="0.1.0", protocol=1, instance="hx-test", mode="paper")
DROP = object()

ACT = ActRow(
    id=F, kind="FIRE", state="FILLED", mission=M, position=P, account="paper-1", terminal="sim-1", symbol="EURUSD",
    side="BUY", volume="0.10", requested_at=TS, market_at=TS, by="uid:1000", surface="shell", age_s=0.25,
    retcode=10009, retcode_name="DONE", ticket=123, price="1.08345", filled_volume="0.10", slippage_points=1,
    codes=(), verdict="filled 0.10 at 1.08345, ticket 123", reason=None,
)  # fmt: skip
ORDER = OrderView(
    account="paper-1", symbol="EURUSD", side="BUY", type="MARKET", volume="0.10", entry="1.08340", collar="0.00020",
    stop="1.08140", target="1.08740", plan=(PlanRow(kind="TIME_STOP", at=TS, act=A),), hash="ab" * 32,
)  # fmt: skip
CHECKS = (
    CheckRow(code="AUTHORITY", ok=True, measured="ACTIVE", limit="ACTIVE"),
    CheckRow(code="SPREAD", ok=True, measured="7 points", limit="20 points"),
)
FAILED = (CHECKS[0], CheckRow(code="SPREAD", ok=False, measured="23 points", limit="20 points"))
FIRE = FireAnswer(
    dry_run=False, would="ROUTED", act=ACT, acts=(ACT,), mission=M, order=ORDER, checks=CHECKS, risk_money="20.00",
    currency="USD",
)  # fmt: skip
CLOSED = msgspec.structs.replace(
    ACT, id=A, kind="CLOSE", state="DONE", side="SELL", price="1.08377", slippage_points=None,
    verdict="DONE at 1.08377, deal 124", realised=Realised("USD", "3.10", "+0.16", "0.10", "0.00", "2.40", "+0.12"),
)  # fmt: skip
CLOSE = msgspec.structs.replace(FIRE, would=CLOSED.verdict, act=CLOSED, acts=(CLOSED,), checks=(), risk_money=None)
REDUCE = ReduceRow(
    id=P, ticket=123, foreign=False, act="CLOSE", account="paper-1", kind="paper", terminal="sim-1", symbol="EURUSD",
    side="BUY", open_price="1.08345", volume="0.10", remaining="0.00", price="1.08377", price_age_s=0.4, money="3.20",
    swap="-0.10", stop="1.08140", target="1.08740", stop_was="1.08140", target_was="1.08740", risk_money=None,
    risk_percent=None, risk_was_money="20.50", base="min(balance, equity) less credit = 10000.00 USD, 0.3 s old",
    currency="USD", would="would be ROUTED to sim-1", codes=(),
)  # fmt: skip
PART = msgspec.structs.replace(
    REDUCE, act="PART_CLOSE", volume="0.05", remaining="0.05", money="1.60", swap="-0.05", risk_money="10.25",
    risk_percent="0.103",
)  # fmt: skip
MOVED = msgspec.structs.replace(
    REDUCE, act="MODIFY", remaining=None, money=None, swap=None, stop="1.08200", risk_money="14.50",
    risk_percent="0.145",
)  # fmt: skip
CANCEL = msgspec.structs.replace(
    REDUCE, id=RESTING, act="CANCEL", remaining=None, money=None, swap=None, risk_money="20.00", risk_was_money="20.00",
)  # fmt: skip
# What a dry run of each verb that reduces would do.
REDUCES = {"close": REDUCE, "modify": MOVED, "cancel": CANCEL, "flatten": REDUCE}
MISSION = MissionRow(
    id=M, state="PROPOSED", kind="RAPID_ASSAULT", symbol="EURUSD", side="BUY", entry="1.08340", stop="1.08140",
    target="1.08740", collar="0.00020", r="2.00", tcs=None, tcs_text="not calibrated", session="LONDON",
    proposed_at=TS, expires_at=TS, horizon_at=TS, expires_in_s=271.5, origin="APEX", detector="breakout", fires=0,
    passed=False, outcome=None, outcome_r=None,
    entry_now=EntryNow(
        account="paper-1", missed_by_points=14, measured="1.08374", limit="1.08320 to 1.08360", age_s=0.4, age_max_s=5.0,
        stale=False,
    ),
)  # fmt: skip
POSITION = PositionRow(
    id=P, state="OPEN", foreign=False, account="paper-1", symbol="EURUSD", side="BUY", volume="0.10",
    open_price="1.08345", stop="1.08140", target="1.08740", pnl="3.20", currency="USD", r="0.16", opened_at=TS,
    closed_at=None, close_price=None, close_reason=None, mission=M, ticket=123, plan=(), as_of_age_s=0.4,
    price="1.08600", price_age_s=0.3, report_price="1.08598",
)  # fmt: skip
PLAN = PlanData(
    position=P, account="paper-1", symbol="EURUSD", side="BUY", volume="0.10", open=True, plan="runner",
    open_price="1.08345", first_stop="1.08140", stop="1.08345", target="1.08740", price="1.08600", r_now="+1.24",
    steps=(
        PlanRow(
            kind="BREAK_EVEN", at=None, act=A, text="at 1 R (1.08550) stop to 1.08345", trigger_price="1.08550",
            stop="1.08345", volume=None, state="done", detail="stop 1.08345",
        ),
    ),
    set_by=A, pending=None,
)  # fmt: skip
ACCOUNT = AccountRow(
    name="paper-1", kind="paper", login=1001, server="Sim", currency="USD", hedging=True, balance="10000.00",
    equity="10003.20", margin_level="920.5", day_pnl="3.20", day_limit="-300.00", open_risk="20.00",
    open_risk_limit="200.00", authority="ACTIVE", positions=1, as_of_age_s=0.4,
)  # fmt: skip
TERMINAL = TerminalRow(
    name="sim-1", account="paper-1", link="READY", duty="ASSIGNED", why=None, heartbeat_age_s=0.3,
    clock_offset_ms=0.1, clock_uncertainty_ms=0.2, epoch=3, halted=False, in_hand=0, through=TS, ledger_entries=4,
    identity="1001@Sim",
)  # fmt: skip
ARMED = ArmData(
    account="paper-1", kind="live", armed=False, first_fires_left=10, ok=False,
    conditions=(
        ConditionRow(name="LIMITS", ok=True, measured="all are set", needed="every limit", at=None, age_s=None),
        ConditionRow(name="HALT_DRILL", ok=False, measured="sim-1 3 ms", needed="7 days", at=TS, age_s=700_000.0),
    ),
    change=None,
)  # fmt: skip
LEAVING = LeavingData(
    terminal="sim-1", account="paper-1", lane="sim-2", lane_after="sim-1",
    acts=(LeavingAct(id=F, kind="FIRE", state="ACKED", terminal="sim-2", becomes="stays at sim-2"),),
    positions=(
        LeavingPosition(
            id=P, symbol="EURUSD", side="BUY", volume="0.10", stop=True, terminal="sim-2", plan="default",
            steps_left=1, becomes="its plan (1 step left) is withdrawn at sim-2, then set at sim-1",
        ),
    ),
    blocked=None, done=True,
)  # fmt: skip
L = show(IdKind.ALARM, 7)
ALARM = AlarmRow(
    id=L, code="ACT_UNKNOWN", subject=F, text="no verdict", since=TS, age_s=34.0, severity="ALARM", account="paper-1",
    owner="uid:1000", acknowledged_by=None, acknowledged_at=None, note=None, repeats=2, step=2,
    told=("uid:1000", "uid:1001"), cleared_at=None, cleared_why=None,
    runbook=("Do not fire again: look first.", "The order may have been executed."),
)  # fmt: skip
NOTE = NoteRow(id=L, at=TS, by="uid:1000", text="the host is rebooting", tag="host")
ALARM_SHOW = AlarmShow(alarm=ALARM, notes=(NOTE,))
FINDING = FindingRow(
    seq=77, at=TS, market_at=TS, code="STOP_MISSING", subject=F, detail="ticket 123",
    meaning="An open position has no stop at the broker.", now="Set the stop again.",
)  # fmt: skip
ANSWERED = Answered(
    terminal="sim-1", account="paper-1", answered=True, detail="read 3 ms after the question", positions=1, deals=4
)
RECONCILED = ReconcileData(terminals=(ANSWERED,), differences=(), in_flight=())
DIFFERENCE = Difference(
    account="paper-1", terminal="sim-1", kind="volume", subject=P, journal="0.10", broker="0.05", settled=False
)
PREFLIGHT = PreflightData(
    ready=True, assumed="a BUY of the least volume",
    rows=(
        PreflightRow(account=None, symbol=None, code="ALARMS", ok=True, measured="none", limit="none"),
        PreflightRow(account="paper-1", symbol="EURUSD", code="SPREAD", ok=True, measured="7 points", limit="15 %"),
    ),
)  # fmt: skip
FEATURES = {"atr_points": "14.250", "channel_high": "1.08310", "bar_ticks": "61"}
APEX = ApexData(
    state="running", why=None, profile="sample", timeframe_min=5, waits_for=(), market=TS, day="2026-11-20",
    rate_per_h=1.0, last_signal_age_s=330.0, hour_used=1, hour_max=4,
    detectors=(
        DetectorRow(
            symbol="EURUSD", detector="break_out", watched=True, bars=112, bars_needed=14, warm=True, last_bar=TS,
            tick_age_s=0.4, tick_age_max_s=30, seen_today=3, proposed_today=1, suppressed_today=2, hour_used=1, hour_max=2,
            last_signal=TS, last_signal_age_s=330.0,
        ),
    ),
    suppressed=(
        SuppressedRow(
            symbol="EURUSD", detector="break_out", reason="SPREAD", today=2, total=9, last=TS, last_age_s=600.0,
            detail="spread 23 points, 20 at most",
        ),
    ),
    candidates=(
        CandidateRow(
            at=TS, age_s=330.0, symbol="EURUSD", detector="break_out", side="BUY", became="PROPOSED", mission=M,
            reason=None, detail=None, features=FEATURES,
        ),
        CandidateRow(
            at=TS, age_s=600.0, symbol="EURUSD", detector="break_out", side="SELL", became="SUPPRESSED", mission=None,
            reason="SPREAD", detail="spread 23 points, 20 at most", features=FEATURES,
        ),
    ),
    candidates_since=TS,
)  # fmt: skip
_SIDE = ReportSide(
    n=3, n_effective=2.5, n_needed=120, wins=1, win_rate=Estimate(value=0.3333, low=0.05, high=0.8),
    mean_r=Estimate(value=0.1, low=-1.2, high=1.4), total_r=0.3,
)  # fmt: skip
_EMPTY = Estimate(value=None, low=None, high=None)
REPORT = ReportData(
    by="symbol", since=TS, until=None, open=1, unended=2,
    groups=(
        ReportGroup(
            group="EURUSD", fired=_SIDE, money=(MoneyTotal(currency="USD", amount="12.30"),), slippage_mean=0.33,
            slippage_worst=2, asked=4, denied=1, requotes=0, rejections=0,
            ghosted=ReportSide(
                n=0, n_effective=0.0, n_needed=None, wins=0, win_rate=_EMPTY, mean_r=_EMPTY, total_r=0.0
            ),
        ),
    ),
)  # fmt: skip
STATEMENT = StatementData(
    account="paper-1", currency="USD", kind="paper", month="2026-11", start=TS, end=TS, broker_offset_s=10800.0,
    opening="0.00", closing="10000.00", total_profit="0.00", total_swap="0.00", total_commission="0.00",
    total_cash="10000.00", deals_balance="10000.00", broker_balance="10000.00", difference="0.00", agrees=True,
    rows=(
        StatementRow(
            at=TS, ticket=1, order=0, position=0, owner="CASH", type="BALANCE", entry=None, symbol=None, volume=None,
            price=None, profit="10000.00", swap="0.00", commission="0.00", amount="10000.00", balance="10000.00",
            comment='first "deposit", ours',
        ),
    ),
)  # fmt: skip
QUOTE = QuoteRow(
    symbol="EURUSD", terminal="sim-1", bid="1.08338", ask="1.08345", spread_points=7, time=TS, age_s=0.2,
    stale=False, source=True, age_max_s=5.0,
)  # fmt: skip
NEWS = NewsData(
    news=NewsView(
        mode="file", explicit=True, file="/home/hydra/news.csv", age_s=3600.0, problem=None, events=12,
        next="USD CPI at 2026-11-20T13:30:00Z", holding=(),
    ),
    today=(
        NewsRow(
            at="2026-11-20T13:30:00Z", in_s=3869.5, currency="USD", impact="high", title="CPI", source="calendar",
            symbols=("EURUSD", "XAUUSD"), holds=False,
        ),
    ),
)  # fmt: skip
STATUS = StatusData(
    mode="paper", authority="ACTIVE", since=TS, home="/home/hydra", endpoint="tcp://127.0.0.1:5555", pid=4242,
    epoch=3, clocks=ClocksView(machine=TS, market=TS, speed="10x"), accounts=(ACCOUNT,),
    services=(ServiceRow(name="toc", state="RUNNING", since=TS, restarts=0, detail="1 lane"),),
    feed=(FeedRow(symbol="EURUSD", terminal="sim-1", age_s=0.2, rate_per_s=12.5, stale=False, age_max_s=5.0),),
    terminals=(TERMINAL,), missions=MissionCounts(open=1, engaged=0, proposed_today=4, expired_today=3),
    acts=ActCounts(unknown=0, in_flight=0, today=2, denied_today=1), positions=1,
    journal=JournalView(seq=512, head="cd" * 32, size_bytes=262144),
    signals=SignalsView(rate_per_h=3.5, last_age_s=61.0, suppressed={"SPREAD": 2}), alarms=(),
    health=(HealthRow(check="journal", ok=True, detail="verified at start"),),
    news=NewsView(
        mode="off", explicit=False, file="/home/hydra/news.csv", age_s=None, problem=None, events=0, next=None,
        holding=(),
    ),
    scheduler=(JobRow(name="snapshot", when="every 3600 s", next_at=TS, last_at=None, last_ok=None, last_detail=None),),
    hud="http://127.0.0.1:8888", primary="paper-1",
)  # fmt: skip
RESTS = OrderRow(
    id=show(IdKind.ORDER, 7), state="WORKING", foreign=False, account="paper-1", symbol="EURUSD", side="BUY",
    type="LIMIT", volume="0.10", price="1.08240", stop="1.08040", target="1.08640", expires_at=TS, fire=F, mission=M,
    by="uid:1000", terminal="sim-1", ticket=123, at_broker=True, cancel=None, as_of_age_s=0.4,
)  # fmt: skip
HALT = HaltData(
    authority="HALTED", account=None, latched_at=TS,
    terminals=(HaltedTerminal(terminal="sim-1", account="paper-1", verified=True, detail="stored, 3 ms"),),
    on_the_wire=(), withheld=(), orders=(RESTS.id,), positions_open=1,
    resting=(
        HaltedOrder(id=RESTS.id, fire=F, account="paper-1", symbol="EURUSD", verdict="verified", detail="CANCELLED"),
    ),
)  # fmt: skip


def event(seq: int) -> Event:
    return Event(
        seq=seq, at=TS, market_at=TS, kind="mission.proposed", text=f"EURUSD BUY {M}", actor="apex",
        surface="daemon", ids=(M,), facts={"symbol": "EURUSD"},
    )  # fmt: skip


TRACE = TraceData(id=M, title="EURUSD BUY", events=(event(3),), findings=())
ON_CALL = OnCallRow(
    "ann", 1, ("telegram 42", "email ann@example.org"), "22:00-07:00 UTC", "SNIPER_OPS", (f"EURUSD until {TS}",)
)
CHANNELS = ChannelsData(
    (
        ChannelRow("telegram", "UP", "nothing has failed since the last letter", None, None, None, None),
        ChannelRow("email", "DOWN", "fails since 1 m 05 s: connection refused", TS, "ann", "ann@example.org", 86_400.0),
    ),
    (ON_CALL,),
)
OPERATOR = OperatorRow(
    name="ann", role="trader", state="ACTIVE", policy="starter", identities=("uid:1001",), accounts=("paper-1",),
    primary="paper-1", open=1, fires_today=2, since=TS, why=None,
)  # fmt: skip
POLICY = PolicyRow(
    name="starter", kinds=("paper", "demo"), open_max=1, fires_per_day_max=3, risk_per_trade_max_percent=None,
    operators=("ann",),
)  # fmt: skip
POOL = PoolRow(
    name="ours", members={"paper-1": "2", "paper-2": "1"}, fires={"paper-1": 1, "paper-2": 0}, turn="paper-1"
)
GROUP = GroupRow(name="majors", members={"paper-1": "1", "paper-2": "0.5"})
CHANGE = ChangeRow(
    id=show(IdKind.CHANGE, 7), text="paper-1: open_positions_max 1 -> 2", asked_by="ann", asked_at=TS, due_at=TS,
    approve="by another commander",
)  # fmt: skip
ACCOUNT_SHOW = AccountShow(
    account=ACCOUNT, limits=(LimitRow("open_positions_max", "5", "2", "2"),), groups={"majors": "1"},
    terminals=("sim-1",), lane="sim-1", operators=("ann",), peak="10100.00", start="10000.00", day="10050.00",
    phone="+44 20 7946 0000",
)  # fmt: skip
SYMBOLS = (
    SymbolRow(
        symbol="EURUSD",
        account="paper-1",
        terminal="sim-1",
        digits=5,
        contract_size="100000",
        volume_min="0.01",
        volume_step="0.01",
        volume_max="100.00",
        point_value="1",
        currency="USD",
        stops_level_points=10,
        freeze_level_points=0,
        margin_buy="1100.00",
        margin_sell="1100.00",
        trade_mode="full",
        bid="1.08338",
        quote_age_s=0.2,
    ),
)
SYMBOL_DIFF = SymbolDiffData(
    (SymbolPair("EURUSD", "confirmed", "EURUSD.r", "sim-1", "EURUSD.r", 2, 61.5, TS, "ann"),
     SymbolPair("XAUUSD", "confirmed", "GOLD", "sim-1", "GOLD", 0, 61.5, TS, "ann")),
    (SymbolDifference("EURUSD", "confirmed", "sim-1", "contract size", "100000", "10000", True),
     SymbolDifference("EURUSD", "confirmed", "sim-1", "stops level", "10", "50", False)),
    ("sim-2 EURUSD: no terms were told in this session",),
)  # fmt: skip
BAR = m.BarRow(
    "2026-11-20T12:24:00Z", *("1.08000", "1.08010", "1.07990", "1.08005"), *("1.08010", "1.08020", "1.08000", "1.08015"),
    12, 10.5, True,
)  # fmt: skip
PAST = m.TickHistory(
    "EURUSD", 5, (m.PastTick("2026-11-20T12:24:01.250Z", "1.08000", "1.08010", 10, "2026-11-20T12:24:01.300Z"),),
    (m.TickSource("2026-11-20T12:24:01.250Z", "sim-1", True), m.TickSource("2026-11-20T12:24:02.000Z", "sim-2", False)),
    True, ("2026-11-20.ticks: bytes 64 to 96 are damaged",),
)  # fmt: skip
# Wire verb -> schema and data of a good answer.
NOW = Now(
    ts=TS, market=TS, speed="10x", seq=7, authority="ACTIVE",
    quotes=(),
    positions=(LivePosition(P, "4.10", "USD", "0.20", 0.1, True, "1.08600"),),
    terminals=(LiveTerminal(name="sim-1", link="READY", duty="ASSIGNED", heartbeat_age_s=0.2),),
    missions=1, unread=1, unknown=0, in_flight=0,
)  # fmt: skip
DATA: dict[str, tuple[str, Any]] = {
    "now": ("hydra.now/v1", NOW),
    "account.show": ("hydra.account/v1", ACCOUNT_SHOW),
    "account.limits": ("hydra.account/v1", ACCOUNT_SHOW),
    "account.correct": ("hydra.account/v1", ACCOUNT_SHOW),
    "account.phone": ("hydra.account/v1", ACCOUNT_SHOW),
    "account.group": ("hydra.group/v1", GROUP),
    "account.pool": ("hydra.group/v1", GROUP),
    "groups": ("hydra.groups/v1", (GROUP,)),
    "pools": ("hydra.pools/v1", (POOL,)),
    **{f"paper.{verb}": ("hydra.paper/v1", PaperData(text="will do", facts={})) for verb in ("cash", "fault", "trade")},
    "market.step": ("hydra.step/v1", StepData(market=TS, done=False, held_by=())),
    "symbols": ("hydra.symbols/v1", SYMBOLS),
    "symbol.diff": ("hydra.symbol_diff/v1", SYMBOL_DIFF),
    "symbol.map": ("hydra.symbols/v1", SYMBOLS),
    "operators": ("hydra.operators/v1", (OPERATOR,)),
    "policies": ("hydra.policies/v1", (POLICY,)),
    "policy.set": ("hydra.policy/v1", POLICY),
    "changes": ("hydra.changes/v1", (CHANGE,)),
    "approve": ("hydra.fire/v1", FIRE),
    "change.drop": ("hydra.change/v1", CHANGE),
    "operator.invite": (
        "hydra.invite/v1",
        InviteData(name="ann", role="trader", policy="starter", code="0123456789AB", expires_at=TS),
    ),
    "terminal.assign": ("hydra.operator/v1", OPERATOR),
    "terminal.release": ("hydra.operator/v1", OPERATOR),
    "terminal.duty": ("hydra.terminal/v1", TERMINAL),
    "account.arm": ("hydra.arm/v1", ARMED),
    "account.disarm": ("hydra.arm/v1", ARMED),
    "terminal.failover": ("hydra.leaving/v1", LEAVING),
    "terminal.remove": ("hydra.leaving/v1", LEAVING),
    **{
        f"operator.{verb}": ("hydra.operator/v1", OPERATOR)
        for verb in ("add", "claim", "role", "policy", "link", "suspend", "restore", "remove")
    },
    "status": ("hydra.status/v1", STATUS),
    "missions": ("hydra.missions/v1", (MISSION,)),
    "mission.show": (
        "hydra.mission/v1",
        MissionShow(mission=MISSION, features={"atr": "12.5"}, why="breakout", acts=(ACT,), source=None),
    ),
    "brief": (
        "hydra.brief/v1",
        Briefing(
            mission=MissionShow(mission=MISSION, features={"atr": "12.5"}, why="breakout", acts=(), source=None),
            market_at="2026-11-24T09:00:00.000Z",
            account="paper-1",
            kind="paper",
            accounts=("paper-1", "paper-2"),
            fire=FIRE,
            price=PriceNow("paper-1", "1.08490", "1.08500", 10, "5.0", 2, 20, 0.4, False),
            stake=Stake(
                *("USD", "0.10", "0.20", "-20.00", "40.00", "2.00", "-0.70", "34.1", "1.08507"),
                NightView("2026-11-25T22:00:00Z", 3, "-2.10"),
            ),
            tcs_text="not calibrated (needs 34.1%)",
            chart=ChartView(
                *("EURUSD", "2026-11-24T05:00:00Z", "2026-11-24T09:00:00Z"),
                (SpanView("LONDON", "2026-11-24T07:00:00Z", "2026-11-24T09:00:00Z"),),
                (LevelView("entry", "1.08500"), LevelView("channel_high", "1.08480")),
            ),
        ),
    ),
    "fires": ("hydra.fires/v1", (ACT,)),
    "fire.show": (
        "hydra.act/v1",
        ActShow(act=ACT, order=ORDER, checks=CHECKS, risk_money="20.00", currency="USD"),
    ),
    "asked": ("hydra.asked/v1", AskedData("0123456789abcdef", (ACT,), False, None)),
    "fire": ("hydra.fire/v1", FIRE),
    "fire.symbol": ("hydra.fire/v1", FIRE),
    "close": ("hydra.fire/v1", CLOSE),
    "modify": ("hydra.fire/v1", FIRE),
    "orders": ("hydra.orders/v1", (RESTS,)),
    "cancel": ("hydra.fire/v1", FIRE),
    "plans": ("hydra.plans/v1", (NamedPlan(name="default", text="time stop"), NamedPlan(name="none", text=""))),
    "plan.show": ("hydra.plan/v1", PLAN),
    "plan.set": ("hydra.fire/v1", FIRE),
    "pass": ("hydra.mission/v1", MISSION),
    "news.today": ("hydra.news/v1", NEWS),
    "news.import": ("hydra.news/v1", NEWS),
    "news.add": ("hydra.news/v1", NEWS),
    "resolve": ("hydra.fire/v1", FIRE),
    "flatten": ("hydra.fire/v1", CLOSE),
    "adopt": ("hydra.fire/v1", FIRE),
    "withdraw": ("hydra.mission/v1", MISSION),
    "account.day": ("hydra.accountday/v1", AccountDayData("paper-1", "Europe/Prague", "00:00", "2014-05-02")),
    "positions": ("hydra.positions/v1", (POSITION,)),
    "accounts": ("hydra.accounts/v1", (ACCOUNT,)),
    "terminals": ("hydra.terminals/v1", (TERMINAL,)),
    "bars": ("hydra.bars/v1", (BAR,)),
    "ticks": ("hydra.ticks/v1", (QUOTE,)),
    "ticks.history": ("hydra.tick_history/v1", PAST),
    "trace": ("hydra.trace/v1", TRACE),
    "halt": ("hydra.halt/v1", HALT),
    "resume": ("hydra.halt/v1", HALT),
    "alarms": ("hydra.alarms/v1", (ALARM,)),
    "alarm.show": ("hydra.alarm/v1", ALARM_SHOW),
    "apex.show": ("hydra.apex/v1", APEX),
    "ack": ("hydra.alarm/v1", ALARM_SHOW),
    "findings": ("hydra.findings/v1", (FINDING,)),
    "note": ("hydra.note/v1", NOTE),
    "preflight": ("hydra.preflight/v1", PREFLIGHT),
    "reconcile": ("hydra.reconcile/v1", RECONCILED),
    "report": ("hydra.report/v1", REPORT),
    "statement": ("hydra.statement/v1", STATEMENT),
    "config.show": (
        "hydra.config/v1",
        (ConfigRow(key="paper.speed", value="10", source="built-in", restart=True),),
    ),
    "terminal.enroll": (
        "hydra.enroll/v1",
        EnrollData(
            terminal="t1", account="acc", bundle="/state/t1/bundle.toml", public_key="k", card="/state/t1/card.txt"
        ),
    ),
    "tail": ("hydra.event/v1", None),
    "service.start": ("hydra.services/v1", ServicesData(services=STATUS.services)),
    "service.stop": ("hydra.services/v1", ServicesData(services=STATUS.services)),
    "service.restart": ("hydra.services/v1", ServicesData(services=STATUS.services)),
    "health": ("hydra.health/v1", HealthData(healthy=True, failing=(), checks=STATUS.health)),
    "reload": (
        "hydra.reload/v1",
        ReloadData(
            applied=("risk.open_positions_max",),
            waiting=(
                PendingRow(key="risk.open_risk_max_percent", value='"3.0"', wanted='"5"', due=TS, change="C-00000097"),
            ),
            restart=(),
        ),
    ),
    "hud.open": (
        "hydra.hud_link/v1",
        HudLink("boss", "https://hud.example.org/login#CODE", "http://127.0.0.1:8888/login#CODE", TS),
    ),
    "channels": ("hydra.channels/v1", CHANNELS),
    "digest": (
        "hydra.digest/v1",
        DigestData("ann", "2026-11-25", "UTC", TS, TS, True, "DIGEST 2026-11-25 UTC\nno alarm", (CurvePoint(1, 250),)),
    ),
    "channel.test": ("hydra.channel_test/v1", ChannelTestData("email", "ann@example.org", TS)),
    "channel.confirm": ("hydra.channels/v1", CHANNELS),
    "operator.contact": ("hydra.oncall_person/v1", ON_CALL),
    "operator.hears": ("hydra.oncall_person/v1", ON_CALL),
    "mute": ("hydra.oncall_person/v1", ON_CALL),
    "hud.pin": ("hydra.hud_pin/v1", HudPinSet("boss")),
    "log.level": (
        "hydra.log_level/v1",
        LogLevelData(subsystem="services", level="debug", before="info", until=TS),
    ),
    "down": ("hydra.down/v1", DownData(pid=0, stopped=("sim",))),
}


def answer(call: calls.Call, **changes: Any) -> Answer:
    """The good answer to a call, with changes."""
    schema, data = DATA[verb_of(call)]
    if getattr(call.body, "dry_run", False) and verb_of(call) in REDUCES:
        data = dry(PART if getattr(call.body, "part", None) else REDUCES[verb_of(call)])
    fields = {"schema": schema, "ok": True, "ts": TS, "daemon": DAEMON, "data": data, "id": call.id, **changes}
    fields["ok"] = fields.get("error") is None
    return Answer(**fields)


def dry(*rows: ReduceRow, **changes: Any) -> FireAnswer:
    """The dry run of what reduces, with these acts."""
    would = rows[0].would if rows else "nothing is open"
    plain = FireAnswer(True, would, None, (), None, None, (), None, "USD", reduces=rows)
    return msgspec.structs.replace(plain, **changes)


def verb_of(call: calls.Call) -> str:
    return str(type(call.body).__struct_config__.tag)


Script = Callable[[calls.Call], Any]


class FakeDaemon:
    """Answers calls by a script: an Answer, a list of them, raw bytes, None (never), or DROP (ends the connection).
    Keeps every call that it has decoded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script: Script = answer
        self.calls: list[calls.Call] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        framer = Framer()
        with connection:
            while data := self._received(connection):
                for payload in framer.feed(data):
                    call = decode_call(payload)
                    self.calls.append(call)
                    if not self._reply(connection, self.script(call)):
                        with contextlib.suppress(OSError):
                            connection.shutdown(socket.SHUT_RDWR)
                        return

    @staticmethod
    def _received(connection: socket.socket) -> bytes:
        try:
            return connection.recv(65536)
        except OSError:
            return b""

    def _reply(self, connection: socket.socket, said: Any) -> bool:
        for item in said if isinstance(said, list | Iterator) else [said]:
            if item is DROP:
                return False
            if item is not None and not self._sent(connection, item):
                return False
        return True

    @staticmethod
    def _sent(connection: socket.socket, item: Any) -> bool:
        try:
            connection.sendall(item if isinstance(item, bytes) else encode_answer(item))
        except OSError:
            return False
        return True

    def hang_up(self) -> None:
        """Ends every connection; new ones are taken."""
        for opened in self._open[1:]:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        del self._open[1:]

    def close(self) -> None:
        for opened in self._open:
            opened.close()

    def sent(self, verb: str) -> list[Any]:
        """The requests of a verb without its dry runs."""
        return [body for body in self.bodies(verb) if not getattr(body, "dry_run", False)]

    def bodies(self, verb: str) -> list[Any]:
        return [call.body for call in self.calls if verb_of(call) == verb]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path: a unix socket's name has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="hx") as folder:
        (Path(folder) / "run").mkdir()
        yield Path(folder)


@pytest.fixture
def fake(home: Path) -> Iterator[FakeDaemon]:
    daemon = FakeDaemon(home / "run" / "control.sock")
    yield daemon
    daemon.close()


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "HOME") if key in os.environ}
    return {**kept, "HYDRA_HOME": str(home)}


Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hydractl(environ: dict[str, str]) -> Shell:
    """The shell as a process of its own, without a terminal."""

    def run(*words: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        given: Any = {"input": stdin} if stdin else {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            [sys.executable, "-P", "-m", "hydractl.main", *words],
            env={**environ, **extra},
            **given,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def wire() -> Any:
    """This module: samples and helpers for the tests beside it."""
    return sys.modules[__name__]
