"""Answers: one envelope for every verb, and the data of each verb as people's surfaces show it.

Prices, volumes and money are text; instants ISO 8601 with `Z`; durations and ages are seconds, ages measured at
the envelope's `ts`. Null means not known or not applicable, never zero.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Out(msgspec.Struct, frozen=True):
    """Base of answers: additive within a schema version."""


class DaemonInfo(Out, frozen=True):
    version: str
    protocol: int
    instance: str
    mode: str


class Problem(Out, frozen=True):
    """`code` is an ErrorCode; `facts` hold what a script may need."""

    code: str
    message: str
    hint: str | None = None
    facts: dict[str, Any] = {}


class Answer(Out, frozen=True):
    """The envelope. On a stream each event is an Answer with `more`; the last one has `more` False."""

    schema: str
    ok: bool
    ts: str
    daemon: DaemonInfo
    data: Any = None
    warnings: tuple[str, ...] = ()
    error: Problem | None = None
    id: int = 0
    more: bool = False


# --- rows shared by several verbs -----------------------------------------------------------------------


class CheckRow(Out, frozen=True):
    """One risk check: what was measured, what the limit is, and whether it passed."""

    code: str
    ok: bool
    measured: str
    limit: str


class PlanRow(Out, frozen=True):
    """One step of a plan. `text` says what it does, with its prices; `trigger_price`, `stop`: where it begins, and
    where it puts the stop; `volume`: of a part. `state` and `detail`: of a position's step, by its records."""

    kind: str
    at: str | None
    act: str
    text: str = ""
    trigger_price: str | None = None
    stop: str | None = None
    volume: str | None = None
    state: str | None = None
    detail: str | None = None


class OrderView(Out, frozen=True):
    """The exact order of a verdict."""

    account: str
    symbol: str
    side: str
    type: str
    volume: str
    entry: str | None
    collar: str | None
    stop: str | None
    target: str | None
    plan: tuple[PlanRow, ...]
    hash: str
    plan_left_out: tuple[str, ...] = ()
    expires_at: str | None = None


class ActRow(Out, frozen=True):
    """`state`: see hydra-states(7). `verdict` is the one line a person reads."""

    id: str
    kind: str
    state: str
    mission: str | None
    position: str | None
    account: str
    terminal: str | None
    symbol: str
    side: str
    volume: str
    requested_at: str
    market_at: str
    by: str
    surface: str
    age_s: float
    retcode: int | None
    retcode_name: str | None
    ticket: int | None
    price: str | None
    filled_volume: str | None
    slippage_points: int | None
    codes: tuple[str, ...]
    verdict: str
    reason: str | None


class ActShow(Out, frozen=True):
    act: ActRow
    order: OrderView | None
    checks: tuple[CheckRow, ...]
    risk_money: str | None
    currency: str


class TargetRow(Out, frozen=True):
    """One account of a dry run. `codes`: what would deny it. `multiplier`: of the group; `basis`: account's price minus
    the source's, null where it is not measured."""

    account: str
    kind: str
    multiplier: str
    terminal: str | None
    volume: str | None
    risk_money: str | None
    currency: str
    basis: str | None
    would: str
    codes: tuple[str, ...]


class FireAnswer(Out, frozen=True):
    """Answer of fire, close, modify. `act` is None on a dry run. `acts` has one row an act asked for; `targets`, on a
    dry run, one an account. `order`, `checks` and `basis` are of the first; `basis` says by how much the mission's
    prices were shifted to the account's, null for what opens nothing."""

    dry_run: bool
    would: str
    act: ActRow | None
    acts: tuple[ActRow, ...]
    mission: str | None
    order: OrderView | None
    checks: tuple[CheckRow, ...]
    risk_money: str | None
    currency: str
    targets: tuple[TargetRow, ...] = ()
    basis: str | None = None


class NoteRow(Out, frozen=True):
    """What a person wrote. `tag` null: none."""

    id: str
    at: str
    by: str
    text: str
    tag: str | None


class MissionRow(Out, frozen=True):
    """`tcs` is null and `tcs_text` says "not calibrated" while no calibration holds."""

    id: str
    state: str
    kind: str
    symbol: str
    side: str
    entry: str
    stop: str
    target: str | None
    collar: str
    r: str | None
    tcs: int | None
    tcs_text: str
    session: str
    proposed_at: str
    expires_at: str
    horizon_at: str
    expires_in_s: float
    origin: str
    detector: str | None
    fires: int
    passed: bool
    outcome: str | None
    outcome_r: str | None


class MissionShow(Out, frozen=True):
    mission: MissionRow
    features: dict[str, str]
    why: str
    acts: tuple[ActRow, ...]
    source: str | None
    notes: tuple[NoteRow, ...] = ()


class PositionRow(Out, frozen=True):
    """`foreign`: not ours; never touched unasked. `pnl`: open profit with swap, or the closed result net of costs.
    `reachable`: whether a close could be sent now; what is shown of one that is not is as old as `as_of_age_s`."""

    id: str
    state: str
    foreign: bool
    account: str
    symbol: str
    side: str
    volume: str
    open_price: str
    stop: str | None
    target: str | None
    pnl: str | None
    currency: str
    r: str | None
    opened_at: str
    closed_at: str | None
    close_price: str | None
    close_reason: str | None
    mission: str | None
    ticket: int
    plan: tuple[PlanRow, ...]
    as_of_age_s: float | None
    reachable: bool = True


class OrderRow(Out, frozen=True):
    """A resting order. `foreign`: not ours, and never touched. `at_broker`: whether the last report had it; None while
    there was none in this session. `cancel`: the last act that was to cancel it, with its state."""

    id: str | None
    state: str
    foreign: bool
    account: str
    symbol: str
    side: str
    type: str
    volume: str
    price: str
    stop: str | None
    target: str | None
    expires_at: str | None
    fire: str | None
    mission: str | None
    by: str | None
    terminal: str | None
    ticket: int
    at_broker: bool | None
    cancel: str | None
    as_of_age_s: float | None
    reachable: bool = True


class PlanData(Out, frozen=True):
    """A position's plan. `plan`: its name; `set_by`: the act that set it in place of the fire's.
    `pending`: an act that sets another one, and whose outcome is not known. `price`: at which
    the position would close now; `r_now`: the open profit in R by that price."""

    position: str
    account: str
    symbol: str
    side: str
    volume: str
    open: bool
    plan: str
    open_price: str
    first_stop: str | None
    stop: str | None
    target: str | None
    price: str | None
    r_now: str | None
    steps: tuple[PlanRow, ...]
    set_by: str | None
    pending: str | None


class NamedPlan(Out, frozen=True):
    name: str
    text: str


class ClocksView(Out, frozen=True):
    machine: str
    market: str | None
    speed: str


class AccountRow(Out, frozen=True):
    """Amounts are null until the terminal has reported them in this session; `as_of_age_s` is their age."""

    name: str
    kind: str
    login: int
    server: str
    currency: str
    hedging: bool
    balance: str | None
    equity: str | None
    margin_level: str | None
    day_pnl: str | None
    day_limit: str | None
    open_risk: str | None
    open_risk_limit: str | None
    authority: str
    positions: int
    as_of_age_s: float | None


class LimitRow(Out, frozen=True):
    """`everywhere`: of all accounts; `own`: the account's; `holds`: the stricter one. Null is not set."""

    name: str
    everywhere: str | None
    own: str | None
    holds: str | None


class AccountShow(Out, frozen=True):
    """`lane`: the terminal that opens for the account now. `operators`: those to whom it was given. `armed`: of a live
    account, with the fills that still use the minimum volume."""

    account: AccountRow
    limits: tuple[LimitRow, ...]
    groups: dict[str, str]
    terminals: tuple[str, ...]
    lane: str | None
    operators: tuple[str, ...]
    armed: bool = False
    first_fires_left: int = 0


class ConditionRow(Out, frozen=True):
    """`at`: when its evidence was made, null where it was measured now."""

    name: str
    ok: bool
    measured: str
    needed: str
    at: str | None
    age_s: float | None


class ArmData(Out, frozen=True):
    """`armed`: now. `first_fires_left`: fills that still use the minimum volume. `change`: what waits for a second
    person."""

    account: str
    kind: str
    armed: bool
    first_fires_left: int
    ok: bool
    conditions: tuple[ConditionRow, ...]
    change: str | None


class OperatorRow(Out, frozen=True):
    """`accounts`: `*` is all. `fires_today`: routed on the trading day of New York."""

    name: str
    role: str
    state: str
    policy: str
    identities: tuple[str, ...]
    accounts: tuple[str, ...]
    primary: str | None
    open: int
    fires_today: int
    since: str
    why: str | None


class InviteData(Out, frozen=True):
    """The code is shown this once; no record has it."""

    name: str
    role: str
    policy: str
    code: str
    expires_at: str


class PolicyRow(Out, frozen=True):
    name: str
    kinds: tuple[str, ...]
    open_max: int | None
    fires_per_day_max: int | None
    risk_per_trade_max_percent: str | None
    operators: tuple[str, ...]


class GroupRow(Out, frozen=True):
    name: str
    members: dict[str, str]


class ChangeRow(Out, frozen=True):
    """`due_at`: when it is made by itself; null is never."""

    id: str
    text: str
    asked_by: str
    asked_at: str
    due_at: str | None
    approve: str


class ServiceRow(Out, frozen=True):
    name: str
    state: str
    since: str
    restarts: int
    detail: str


class JobRow(Out, frozen=True):
    """`last_ok` null: it never ran. `failing` alarms stand in `alarms`."""

    name: str
    when: str
    next_at: str | None
    last_at: str | None
    last_ok: bool | None
    last_detail: str | None


class PendingRow(Out, frozen=True):
    """A loosened limit that waits: `value` holds until `due` or until `change` is approved, then `wanted`."""

    key: str
    value: str
    wanted: str
    due: str
    change: str


class FeedRow(Out, frozen=True):
    """`terminal`: the source of the symbol's ticks, `since` when it is, and `why` it was taken."""

    symbol: str
    terminal: str
    age_s: float | None
    rate_per_s: float
    stale: bool
    since: str | None = None
    why: str | None = None


class TerminalRow(Out, frozen=True):
    """`lane`: whether it is the one that opens for its account now. `cause`: of a quarantine. `holds`: acts and open
    positions that still need it. `drained`: it is DRAINING, and has none left. `feed_only`: it gives
    quotes, and is sent nothing that trades. `ticks_shed`: that its agent had no room for, or the daemon no time, since
    either began."""

    name: str
    account: str
    link: str
    duty: str
    why: str | None
    heartbeat_age_s: float | None
    clock_offset_ms: float | None
    clock_uncertainty_ms: float | None
    epoch: int | None
    halted: bool | None
    in_hand: int | None
    through: str | None
    ledger_entries: int
    identity: str | None
    lane: bool = False
    cause: str | None = None
    holds: int = 0
    drained: bool = False
    feed_only: bool = False
    ticks_shed: int = 0


class LeavingAct(Out, frozen=True):
    """An act that has not come to its end, and what becomes of it."""

    id: str
    kind: str
    state: str
    terminal: str | None
    becomes: str


class LeavingPosition(Out, frozen=True):
    """`terminal`: whose agent has its plan. `stop`: whether it has one at the broker."""

    id: str
    symbol: str
    side: str
    volume: str
    stop: bool
    terminal: str
    plan: str
    steps_left: int
    becomes: str


class LeavingData(Out, frozen=True):
    """What a failover or a removal touches. `lane`: who opens for the account now, `lane_after` then. `blocked`: why it
    is not done. `done`: false for a dry run."""

    terminal: str
    account: str
    lane: str | None
    lane_after: str | None
    acts: tuple[LeavingAct, ...]
    positions: tuple[LeavingPosition, ...]
    blocked: str | None
    done: bool


class HealthRow(Out, frozen=True):
    check: str
    ok: bool
    detail: str


class AlarmRow(Out, frozen=True):
    """`severity`: ALARM (repeated and escalated until acknowledged) or WARNING. `step`: how far it was escalated,
    `told`: to whom last. `runbook`: the first line says what to do now. `cleared_at` null: it stands."""

    id: str
    code: str
    subject: str
    text: str
    since: str
    age_s: float
    severity: str
    account: str | None
    owner: str | None
    acknowledged_by: str | None
    acknowledged_at: str | None
    note: str | None
    repeats: int
    step: int
    told: tuple[str, ...]
    cleared_at: str | None
    cleared_why: str | None
    runbook: tuple[str, ...]


class AlarmShow(Out, frozen=True):
    alarm: AlarmRow
    notes: tuple[NoteRow, ...]


class FindingRow(Out, frozen=True):
    """`meaning`: the code's own sentence. `now`: the first line of its runbook."""

    seq: int
    at: str
    market_at: str | None
    code: str
    subject: str
    detail: str
    meaning: str
    now: str


class Answered(Out, frozen=True):
    """Whether a terminal's books were read after the question, and how much of them."""

    terminal: str
    account: str
    answered: bool
    detail: str
    positions: int
    deals: int


class Difference(Out, frozen=True):
    """One row where two books differ. `kind`: position, volume, stop, target, deal, profit, foreign or balance.
    `settled`: the reading itself has brought the journal up to date."""

    account: str
    terminal: str
    kind: str
    subject: str
    journal: str
    broker: str
    settled: bool


class ReconcileData(Out, frozen=True):
    """`in_flight`: acts without a verdict while the books were compared; they may explain a difference."""

    terminals: tuple[Answered, ...]
    differences: tuple[Difference, ...]
    in_flight: tuple[str, ...]


class PreflightRow(Out, frozen=True):
    """`account` null: the home's. `symbol` null: the same for all symbols of the account."""

    account: str | None
    symbol: str | None
    code: str
    ok: bool
    measured: str
    limit: str


class PreflightData(Out, frozen=True):
    """`assumed`: what smallest fire the checks that need one were asked about."""

    ready: bool
    assumed: str
    rows: tuple[PreflightRow, ...]


class StatementRow(Out, frozen=True):
    """One deal of the broker's. `amount`: what it added to the balance; `balance`: after it. `owner`: the act of ours
    that it belongs to, FOREIGN, or CASH. `volume` and `price` are null where the symbol's terms are not known."""

    at: str
    ticket: int
    order: int
    position: int
    owner: str
    type: str
    entry: str | None
    symbol: str | None
    volume: str | None
    price: str | None
    profit: str
    swap: str
    commission: str
    amount: str
    balance: str
    comment: str


class StatementData(Out, frozen=True):
    """A month by the broker's clock. `opening` and `closing`: the sum of all deals before and up to its end.
    `deals_balance`: the sum of all deals until now; `difference` from `broker_balance`, which it must equal."""

    account: str
    currency: str
    kind: str
    month: str
    start: str
    end: str
    broker_offset_s: float | None
    opening: str
    closing: str
    total_profit: str
    total_swap: str
    total_commission: str
    total_cash: str
    deals_balance: str
    broker_balance: str
    difference: str
    agrees: bool
    rows: tuple[StatementRow, ...]


class Estimate(Out, frozen=True):
    """A value with its 95 % interval; null where there is too little to say it."""

    value: float | None
    low: float | None
    high: float | None


class MoneyTotal(Out, frozen=True):
    currency: str
    amount: str


class ReportSide(Out, frozen=True):
    """One side of a group: what was fired, or what was ghosted. `n_effective`: how many independent ones it is worth;
    `n_needed`: how many it would take to tell the mean R from zero. Method: `hydrad.toc.reporting`."""

    n: int
    n_effective: float
    n_needed: int | None
    wins: int
    win_rate: Estimate
    mean_r: Estimate
    total_r: float


class ReportGroup(Out, frozen=True):
    """`money`: never summed across currencies. Slippage in points, above zero is worse than the entry."""

    group: str
    fired: ReportSide
    money: tuple[MoneyTotal, ...]
    slippage_mean: float | None
    slippage_worst: int | None
    asked: int
    denied: int
    requotes: int
    rejections: int
    ghosted: ReportSide


class ReportData(Out, frozen=True):
    """`open`: positions that are not in it because they are not closed; `unended`: ghosted missions without an outcome
    yet. With `by` null there is one group, `all`."""

    by: str | None
    since: str | None
    until: str | None
    groups: tuple[ReportGroup, ...]
    open: int
    unended: int


class MissionCounts(Out, frozen=True):
    open: int
    engaged: int
    proposed_today: int
    expired_today: int


class ActCounts(Out, frozen=True):
    unknown: int
    in_flight: int
    today: int
    denied_today: int
    resting: int = 0


class JournalView(Out, frozen=True):
    seq: int
    head: str
    size_bytes: int


class SignalsView(Out, frozen=True):
    rate_per_h: float
    last_age_s: float | None
    suppressed: dict[str, int]


class NewsView(Out, frozen=True):
    """`age_s`: since the file was last written; null when there is none, and `problem` says why. `explicit`: the
    configuration says the mode. `holding`: the events that hold opens back now."""

    mode: str
    explicit: bool
    file: str
    age_s: float | None
    problem: str | None
    events: int
    next: str | None
    holding: tuple[str, ...]


class NewsRow(Out, frozen=True):
    """`in_s`: until the event, in market time. `symbols`: those that it concerns. `holds`: opens are held back now."""

    at: str
    in_s: float
    currency: str
    impact: str
    title: str
    source: str
    symbols: tuple[str, ...]
    holds: bool


class NewsData(Out, frozen=True):
    news: NewsView
    today: tuple[NewsRow, ...]


class StatusData(Out, frozen=True):
    mode: str
    authority: str
    since: str
    home: str
    endpoint: str
    pid: int
    epoch: int
    clocks: ClocksView
    accounts: tuple[AccountRow, ...]
    services: tuple[ServiceRow, ...]
    feed: tuple[FeedRow, ...]
    terminals: tuple[TerminalRow, ...]
    missions: MissionCounts
    acts: ActCounts
    positions: int
    journal: JournalView
    signals: SignalsView
    scheduler: tuple[JobRow, ...]
    alarms: tuple[AlarmRow, ...]
    health: tuple[HealthRow, ...]
    news: NewsView | None = None
    pending_limits: tuple[PendingRow, ...] = ()
    hud: str | None = None


class QuoteRow(Out, frozen=True):
    symbol: str
    terminal: str
    bid: str
    ask: str
    spread_points: int
    time: str
    age_s: float
    stale: bool
    source: bool
    source_since: str | None = None
    source_why: str | None = None


class Event(Out, frozen=True):
    """A record as `tail` and `trace` show it. `text` is one line for people, `facts` the record's fields for scripts;
    `after_s` (trace only) the time since the line before."""

    seq: int
    at: str
    market_at: str | None
    kind: str
    text: str
    actor: str
    surface: str
    ids: tuple[str, ...]
    facts: dict[str, Any]
    after_s: float | None = None


class TraceData(Out, frozen=True):
    id: str
    title: str
    events: tuple[Event, ...]
    findings: tuple[str, ...]


class HaltedTerminal(Out, frozen=True):
    terminal: str
    account: str
    verified: bool
    detail: str


class HaltedOrder(Out, frozen=True):
    """A resting order that the latch cancels. `verdict`: verified (it is gone), filled (before it could be cancelled),
    refused (by the broker) or unknown."""

    id: str
    fire: str
    account: str
    symbol: str
    verdict: str
    detail: str


class HaltData(Out, frozen=True):
    """What the latch has stopped, as verified. `on_the_wire`: acts that had left before the latch. `orders`: resting
    orders of ours, one by one in `resting`. `drill`: it was closed on purpose, and `authority` is what holds again."""

    authority: str
    account: str | None
    latched_at: str
    terminals: tuple[HaltedTerminal, ...]
    on_the_wire: tuple[str, ...]
    withheld: tuple[str, ...]
    orders: tuple[str, ...]
    positions_open: int
    resting: tuple[HaltedOrder, ...] = ()
    drill: bool = False


class EnrollData(Out, frozen=True):
    terminal: str
    account: str
    bundle: str
    public_key: str


class AccountDayData(Out, frozen=True):
    """`day`: the trading day that runs now, a date; None before the first figures."""

    account: str
    zone: str
    at: str
    day: str | None


class ConfigRow(Out, frozen=True):
    key: str
    value: str
    source: str
    restart: bool
    pending: str | None = None


class StepData(Out, frozen=True):
    market: str
    done: bool
    held_by: tuple[str, ...]


class SymbolRow(Out, frozen=True):
    """A symbol as one terminal's broker has it. `stands_for`: the symbols of missions that are traded as it.

    `point_value`: what one lot loses in a point against it, in the
    account's currency, as told with the terms; margins are of one lot."""

    symbol: str
    account: str
    terminal: str
    digits: int
    contract_size: str
    volume_min: str
    volume_step: str
    volume_max: str
    point_value: str
    currency: str
    stops_level_points: int
    freeze_level_points: int
    margin_buy: str
    margin_sell: str
    trade_mode: str
    bid: str | None
    quote_age_s: float | None
    stands_for: tuple[str, ...] = ()


class PaperData(Out, frozen=True):
    """What the simulated broker said; `facts` are its own words."""

    text: str
    facts: dict[str, Any]


class DownData(Out, frozen=True):
    pid: int
    stopped: tuple[str, ...]


class ServicesData(Out, frozen=True):
    """The services that were named, as they are after it."""

    services: tuple[ServiceRow, ...]


class HealthData(Out, frozen=True):
    """`failing`: the names of the checks that do not pass."""

    healthy: bool
    failing: tuple[str, ...]
    checks: tuple[HealthRow, ...]


class ReloadData(Out, frozen=True):
    """Keys that changed: `applied` now, `waiting` for their 24 hours because they loosen a limit, `restart` not taken
    before the daemon is restarted."""

    applied: tuple[str, ...]
    waiting: tuple[PendingRow, ...]
    restart: tuple[str, ...]


class LogLevelData(Out, frozen=True):
    """`until`: when `level` falls back to `before`; null: when the daemon ends."""

    subsystem: str
    level: str
    before: str
    until: str | None


class LogRow(Out, frozen=True):
    """A line of a log, with the lines that belong to it (a trace). `source` is the file's name without its ending; `at`
    null where the line does not say."""

    source: str
    at: str | None
    level: str | None
    logger: str | None
    text: str


class WaitData(Out, frozen=True):
    condition: str
    detail: str


class ConfigValue(Out, frozen=True):
    """`shadowed`: a source that comes later and wins, so that what was set has no effect."""

    key: str
    value: str
    source: str
    needs: str
    shadowed: str | None = None


class ConfigPlaces(Out, frozen=True):
    """Files in the order in which they are read; later wins."""

    files: tuple[str, ...]
    written_by_set: str


class DoctorRow(Out, frozen=True):
    """`fix`: what to do about it, null where nothing has to be done."""

    check: str
    ok: bool
    detail: str
    fix: str | None = None


class DoctorData(Out, frozen=True):
    healthy: bool
    checks: tuple[DoctorRow, ...]
