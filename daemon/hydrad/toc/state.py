"""Durable state: a pure fold of the journal. Only `fold.apply` changes it.

What is not here (quotes, links, sessions, account figures, waiting clients) is volatile and lives in `live`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hydrad.domain import calendar
from hydrad.domain.accounts import AccountKind, Authority, HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.orders import ActKind, Order, PlanStep, Side
from hydrad.domain.signals import Signal
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc.act import ActState
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.mission import MissionState
from hydrad.toc.records.acts import Check
from hydrad.toc.service import Service
from hydrad.toc.terminal import NOTHING_PASSES, Cause, Duty


@dataclass(slots=True)
class Account:
    name: str
    kind: AccountKind
    login: int
    server: str
    currency: str
    hedging: bool
    feed_only: bool = False
    authority: Authority = Authority.ACTIVE
    authority_ns: int = 0
    day: int = 0
    day_equity: Decimal | None = None
    day_cash: Decimal = Decimal(0)
    limits: dict[str, str] = field(default_factory=dict)
    deals_after: int = 0
    # A live account opens nothing before it was armed. `armed_fills`: positions that our fires opened since.
    armed: bool = False
    armed_fills: int = 0
    drill_ns: int = 0
    drill: tuple[tuple[str, int | None], ...] = ()  # the last halt drill: terminal, ms until it confirmed
    day_fires: int = 0  # routed since the day began
    day_fired: list[int] = field(default_factory=list)  # those
    last_loss_ms: int = 0  # market time of the last position that closed with a loss
    # Money from outside moves both with it.
    start_equity: Decimal | None = None
    peak_equity: Decimal | None = None
    funds: Decimal | None = None  # balance plus credit, as the deals explain it; None until it was anchored
    drift: Decimal = Decimal(0)  # what of it is told as unexplained
    day_zone: str = calendar.NEW_YORK
    day_minute: int = calendar.ROLL_MINUTE
    phone: str = ""  # of the broker's dealing desk

    def base(self, name: str) -> Decimal | None:
        """What losses are counted from: the peak, the start, or the first equity of the day."""
        return {"peak": self.peak_equity, "start": self.start_equity, "day": self.day_equity}[name]


@dataclass(slots=True)
class Terminal:
    """`rank`: order of enrolment. `ledger_known`: entries of `ledger_id` that are booked here. `ledger_count`: how
    many ledgers this terminal has shown; one that lost entries counts as another."""

    name: str
    account: str
    public_key: str
    symbols: tuple[str, ...]
    rank: int
    feed_only: bool = False
    duty: Duty = Duty.ACTIVE
    cause: Cause | None = None
    why: str = ""
    drained: bool = False  # DRAINING, and nothing of ours is left
    ledger_id: str = ""
    ledger_known: int = 0
    ledger_count: int = 0

    @property
    def reduces(self) -> bool:
        """Whether closes, cancels and tighter stops may go there, its link permitting."""
        passes = self.duty is not Duty.QUARANTINED or self.cause not in NOTHING_PASSES
        return passes and not self.feed_only


@dataclass(slots=True)
class Mission:
    number: int
    signal: Signal
    origin: str
    source: str
    state: MissionState
    proposed_ns: int
    acts: list[int] = field(default_factory=list)
    passed_by: list[str] = field(default_factory=list)
    outcome: str = ""
    outcome_r_milli: int = 0


@dataclass(slots=True)
class Approval:
    """What a second person was asked about a fire: why, until when (machine time), and digests of what must be as it
    was. `by` empty: nobody has said yes."""

    why: tuple[str, ...]
    asked_ns: int
    due_ns: int
    rules: bytes
    contract: bytes
    by: str = ""
    surface: str = ""
    at_ns: int = 0


@dataclass(slots=True)
class Act:
    """`position`: the number of the position that it acts on, or that its fire opened. `move`: of a plan's step.
    `ledger`: which of its terminal's ledgers it was routed under. `local_id`: its id there, of an act that the agent
    began by itself."""

    act_id: int
    kind: ActKind
    state: ActState
    account: str
    mission: int
    position: int
    actor: str
    surface: str
    requested_ns: int
    market_ms: int
    deadline_ns: int
    reason: str
    key: str
    volume_asked_steps: int = 0
    risk_asked_percent: Decimal | None = None
    plan: str = "default"
    order: Order | None = None
    order_hash: bytes = b""
    digits: int = 0
    volume_step: Decimal = Decimal(0)
    checks: tuple[Check, ...] = ()
    codes: tuple[str, ...] = ()
    risk_money: Decimal = Decimal(0)
    base_money: Decimal = Decimal(0)
    terminal: str = ""
    epoch: int = 0
    ledger: int = 0
    move: int = 0
    local_id: int = 0
    by: str = ""
    detail: str = ""
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    price_points: int = 0
    volume_steps: int = 0
    moved_ns: int = 0
    again: bool = False
    approval: Approval | None = None
    # Of an act that moves levels: where its position's stood when it was judged.
    stop_was_points: int = 0
    target_was_points: int = 0


@dataclass(slots=True)
class Closing:
    """A deal that closed a position, or a part of it. `money`: net of its swap, commission and fee."""

    ticket: int
    order_id: int
    magic: int
    volume_steps: int
    money: Decimal


@dataclass(slots=True)
class Position:
    """Ours. `volume_steps` is what is still open, `closed_steps` what was. `opened_steps` is as told until the opening
    deals (`in_steps`) are booked: a position that was found may have lost a part by then."""

    number: int
    fire_id: int
    account: str
    terminal: str
    position_id: int
    symbol: str
    digits: int
    volume_step: Decimal
    side: Side
    volume_steps: int
    opened_steps: int
    open_points: int
    stop_points: int
    target_points: int
    opened_ms: int
    open: bool = True
    in_steps: int = 0
    closed_steps: int = 0
    closed_sum: int = 0  # points times steps, of what was closed
    profit: Decimal = Decimal(0)  # of its deals, net of what follows
    swap: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)  # with fees
    r_milli: int = 0
    close_points: int = 0
    close_reason: str = ""
    closed_ms: int = 0
    deals: list[int] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)  # those of the deals that closed it
    plan: tuple[PlanStep, ...] = ()  # the one in force
    plan_act: int = 0  # the act that set it in place of the fire's


@dataclass(slots=True)
class Hears:
    """What a person wants to hear of, alarms and halts aside. `quiet`: `HH:MM-HH:MM` in `zone`; empty lists: all."""

    quiet: str = ""
    zone: str = "UTC"
    kinds: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tcs_min: int | None = None


@dataclass(slots=True)
class ChannelTest:
    """Who was reached where, and when that was confirmed; while it is asked for, until when, and the code's digest."""

    name: str
    to: str
    at_ns: int
    digest: bytes = b""


@dataclass(slots=True)
class Operator:
    """A person. `identities`: how they are known at the edges. `accounts`: those they may fire on, `*` for all."""

    name: str
    role: Role
    policy: str = "full"
    identities: list[str] = field(default_factory=list)
    accounts: tuple[str, ...] = ("*",)
    primary: str = ""
    suspended: bool = False
    why: str = ""
    added_ns: int = 0
    suspended_ns: int = 0  # when last; 0: never
    fires_day: int = 0  # the trading day that `fires_count` counts
    fires_count: int = 0
    contacts: dict[str, str] = field(default_factory=dict)  # channel -> address
    hears: Hears = field(default_factory=Hears)
    mutes: dict[str, int] = field(default_factory=dict)  # symbol, kind or "" for all -> until when, machine time


@dataclass(slots=True)
class SelfTest:
    """The newest report about a broker's server. `at_ns`: when it ran."""

    terminal: str
    server: str
    build: int
    passed: bool
    at_ns: int


@dataclass(slots=True)
class PlanMove:
    """A plan on its way from one agent to another. `withdrawals` and `settings`: the acts that were tried for either
    half, the newest last."""

    position: int
    source: str
    target: str
    steps: tuple[PlanStep, ...]
    plan: str
    begun_ns: int
    withdrawals: list[int] = field(default_factory=list)
    settings: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Invite:
    name: str
    role: Role
    policy: str
    accounts: tuple[str, ...]
    digest: bytes
    expires_ns: int
    by: str = ""  # who invited, by identity; empty in old snapshots


@dataclass(slots=True)
class Policy:
    """Limits of a person, beside those of the account. None: no limit of the policy's."""

    name: str
    kinds: tuple[AccountKind, ...]
    open_max: int | None = None
    fires_per_day_max: int | None = None
    risk_per_trade_max_percent: Decimal | None = None


@dataclass(slots=True)
class Change:
    """A change that waits: `type` and `body` are the record that it will write."""

    number: int
    subject: str
    type: str
    body: bytes
    text: str
    asked_by: str
    asked_ns: int
    effective_ns: int


@dataclass(slots=True)
class Alarm:
    """`account`: the one concerned, empty for the home's. `step`: how far it was escalated, `told`: to whom last.
    `acked_by` empty: nobody has acknowledged it. Cleared when its condition has ended, acknowledged or not."""

    number: int
    code: str
    subject: str
    text: str
    since_ns: int
    severity: str = "ALARM"
    account: str = ""
    owner: str = ""
    acked_by: str = ""
    acked_ns: int = 0
    ack_note: str = ""
    repeats: int = 0
    step: int = 0
    told: tuple[str, ...] = ()
    told_ns: int = 0
    cleared_ns: int = 0
    cleared_why: str = ""


@dataclass(slots=True)
class Note:
    """What a person wrote about a mission, an act, a position or an alarm."""

    actor: str
    at_ns: int
    text: str
    tag: str


@dataclass(slots=True)
class Confirmed:
    """The terms that stood beside a map when a person confirmed it."""

    at_ns: int
    actor: str
    terms: SymbolTerms


@dataclass(slots=True)
class GuardStanding:
    """A guard that has warned or tripped and is not armed again. `before`: the sequence's next number when it tripped;
    fires below it are its business. `acts`: its closes, by position."""

    account: str
    measure: str
    position: int
    tripped: bool = False
    action: str = ""
    at_ns: int = 0
    before: int = 0
    acts: dict[int, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Key:
    """An idempotency key that was used: the parameters' hash, and the acts it made."""

    asked: bytes
    acts: list[int]


@dataclass(slots=True)
class Answered:
    """What a keyed request was answered: the parameters' hash, and the answer as JSON."""

    asked: bytes
    schema: str
    data: bytes
    problem: bytes


@dataclass(slots=True)
class SetupCount:
    """How often a detector's setups of a symbol became one thing: `PROPOSED`, or a reason of silence. `today`: those of
    trading day `day`; `last_ms`: market time of the newest, `detail` what was said of it."""

    symbol: str
    detector: str
    became: str
    day: int = 0
    today: int = 0
    total: int = 0
    last_ms: int = 0
    detail: str = ""


@dataclass(slots=True)
class Job:
    """A job's last run; times are machine time."""

    name: str
    scheduled_ns: int
    began_ns: int
    ended_ns: int
    ok: bool
    detail: str


@dataclass(slots=True)
class State:
    """`next_number`: of the one sequence for missions, acts, positions, orders, alarms and changes."""

    mode: HomeMode = HomeMode.PAPER
    live_feed: bool = False
    tag: int = -1
    created_ns: int = 0
    epoch: int = 0
    started_ns: int = 0
    instance: str = ""
    code_version: str = ""
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)
    guards: Guards | None = None
    news_mode: str = ""  # off or file; empty in a journal that does not say
    authority: Authority = Authority.ACTIVE
    authority_reason: str = ""
    authority_ns: int = 0
    next_number: int = 1
    seq: int = 0
    market_ms: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    terminals: dict[str, Terminal] = field(default_factory=dict)
    terminals_removed: dict[str, Terminal] = field(default_factory=dict)
    self_tests: dict[str, SelfTest] = field(default_factory=dict)  # by server
    plan_moves: dict[int, PlanMove] = field(default_factory=dict)  # by position
    missions: dict[int, Mission] = field(default_factory=dict)
    acts: dict[int, Act] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    operators: dict[str, Operator] = field(default_factory=dict)  # by name
    identities: dict[str, str] = field(default_factory=dict)  # identity -> operator's name
    on_call: tuple[str, ...] = ()  # names, the first is told first
    channels: tuple[str, ...] = ()  # those that are set up beside the bot
    channels_asked: dict[str, ChannelTest] = field(default_factory=dict)  # by channel
    channel_tests: dict[str, ChannelTest] = field(default_factory=dict)
    invites: dict[str, Invite] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    groups: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # group -> account -> multiplier
    pools: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # pool -> account -> weight
    pool_fires: dict[str, dict[str, int]] = field(default_factory=dict)  # since the pool was set, by account
    lanes: dict[str, str] = field(default_factory=dict)  # account -> the terminal that opens for it
    changes: dict[int, Change] = field(default_factory=dict)
    symbol_maps: dict[str, dict[str, str]] = field(default_factory=dict)  # account -> symbol -> the broker's name
    symbol_terms: dict[str, dict[str, Confirmed]] = field(default_factory=dict)  # likewise: what a person said yes to
    alarms: dict[int, Alarm] = field(default_factory=dict)
    alarms_past: list[Alarm] = field(default_factory=list)  # the newest that were cleared, bounded by the fold
    findings: list[int] = field(default_factory=list)  # sequence numbers of the newest, bounded by the fold
    notes: dict[str, list[Note]] = field(default_factory=dict)  # shown id -> what people wrote about it
    foreign: dict[tuple[str, int], int] = field(default_factory=dict)
    keys: dict[tuple[str, str], Key] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answered] = field(default_factory=dict)  # the newest, bounded by the fold
    suppressed: dict[str, int] = field(default_factory=dict)
    setups: dict[str, SetupCount] = field(default_factory=dict)  # symbol, detector, what became of them
    agent_acts: dict[str, int] = field(default_factory=dict)  # terminal, ledger, local id, move -> act
    guards_standing: dict[str, GuardStanding] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    # Plan step's act id -> its fire; account -> market times of the fires of the last minute.
    plan_fires: dict[int, int] = field(default_factory=dict)
    plan_steps: dict[int, PlanStep] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)  # named plans of the configuration, as text
    plans_ever: dict[str, str] = field(default_factory=dict)  # with those that are gone, as they last were
    routed_ms: dict[str, list[int]] = field(default_factory=dict)
    # News event -> 1 told ahead, 2 its window has begun; those of the last day.
    news_told: dict[str, int] = field(default_factory=dict)
    # Indices: small sets over the large dictionaries, kept by the fold, so that a step costs what is open.
    acts_open: set[int] = field(default_factory=set)
    acts_pending: set[int] = field(default_factory=set)  # open, but not a fire that lives on with its position
    resting: set[int] = field(default_factory=set)  # fires that are WORKING
    awaiting: set[int] = field(default_factory=set)  # fires that wait for a second person
    missions_open: set[int] = field(default_factory=set)
    missions_unended: set[int] = field(default_factory=set)
    position_numbers: dict[tuple[str, int], int] = field(default_factory=dict)  # account, broker's position id
    positions_open: set[int] = field(default_factory=set)

    @property
    def created(self) -> bool:
        return self.tag >= 0

    @property
    def machine_time(self) -> bool:
        """Whether market time is machine time: on a live feed."""
        return self.mode is HomeMode.REAL or self.live_feed

    def traded(self) -> list[Account]:
        """Accounts that are traded on, in order of enrolment: all but those that only give quotes."""
        return [account for account in self.accounts.values() if not account.feed_only]

    def same_ledger(self, act: Act) -> bool:
        """Whether the ledger under which an act was routed is the one that its terminal has now."""
        terminal = self.terminals.get(act.terminal)
        return terminal is not None and act.ledger == terminal.ledger_count

    def account_authority(self, account: str) -> Authority:
        """The stricter of the global and the account's."""
        return max(self.authority, self.accounts[account].authority)

    def role(self, identity: str) -> Role:
        """NONE for a stranger, and for a person who is suspended."""
        operator = self.operator(identity)
        return operator.role if operator and not operator.suspended else Role.NONE

    def operator(self, identity: str) -> Operator | None:
        """Who that is; None for a stranger."""
        name = self.identities.get(identity)
        return self.operators[name] if name is not None else None

    def position_by_id(self, account: str, position_id: int) -> Position | None:
        """Our position, open or closed, with the broker's position id."""
        number = self.position_numbers.get((account, position_id))
        return None if number is None else self.positions[number]
