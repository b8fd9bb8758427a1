"""Bodies of the journal's records: what durable state is a fold of.

Each has a type name and a version in the record's header. A field is never renamed or removed; a new one gets a
default, so that old journals fold for ever. Encoded as msgpack arrays.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hydrad.domain.accounts import AccountKind, Authority, HomeMode
from hydrad.domain.actors import Role
from hydrad.domain.news import NewsEvent
from hydrad.domain.orders import ActKind, Order, PlanStep
from hydrad.domain.signals import Signal, Suppressed
from hydrad.toc.act import ActEvent
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing
from hydrad.toc.mission import MissionEvent
from hydrad.toc.service import ServiceState
from hydrad.toc.terminal import Cause, Duty


class Body(msgspec.Struct, frozen=True, array_like=True):
    """Base of all record bodies."""


class HomeCreated(Body, frozen=True):
    """Always record 1. `tag`: the 15 bits in front of every act id of this journal. `live_feed`: a paper home whose
    simulated broker follows the home's own recording of live quotes; market time is machine time there, for ever."""

    mode: HomeMode
    tag: int
    commander: str
    code_version: str
    tzdata_version: str
    live_feed: bool = False


class DaemonStarted(Body, frozen=True):
    epoch: int
    instance: str
    code_version: str
    tzdata_version: str
    limits: Limits
    timing: Timing
    guards: Guards | None = None
    plans: dict[str, str] = {}


class DaemonStopped(Body, frozen=True):
    reason: str


class OperatorSet(Body, frozen=True):
    identity: str
    name: str
    role: Role


class OperatorAdded(Body, frozen=True):
    """A person and how they are known: `uid:1000`, `telegram:…`. `accounts`: those they may fire on, `*` for all."""

    name: str
    role: Role
    policy: str
    identities: tuple[str, ...]
    accounts: tuple[str, ...]


class OperatorRoleSet(Body, frozen=True):
    name: str
    role: Role
    reason: str


class OperatorPolicySet(Body, frozen=True):
    name: str
    policy: str


class OperatorLinked(Body, frozen=True):
    name: str
    identity: str


class OperatorAccountsSet(Body, frozen=True):
    """`primary`: where a fire without a choice goes; empty is the first of `accounts`."""

    name: str
    accounts: tuple[str, ...]
    primary: str


class OperatorSuspended(Body, frozen=True):
    name: str
    reason: str


class OperatorRestored(Body, frozen=True):
    name: str
    reason: str


class OperatorRemoved(Body, frozen=True):
    name: str
    reason: str


class OperatorInvited(Body, frozen=True):
    """`digest`: SHA-256 of the code, which is shown once and kept nowhere. `expires_ns`: machine time."""

    name: str
    role: Role
    policy: str
    accounts: tuple[str, ...]
    digest: bytes
    expires_ns: int


class PolicySet(Body, frozen=True):
    """What operators under this policy may do at most; None is no limit of the policy's."""

    name: str
    kinds: tuple[AccountKind, ...]
    open_max: int | None
    fires_per_day_max: int | None
    risk_per_trade_max_percent: Decimal | None


class AccountLimitsSet(Body, frozen=True):
    """All of an account's own limits, by the name of the field of Limits; they only tighten those of all accounts."""

    account: str
    limits: dict[str, str]


class GroupMember(msgspec.Struct, frozen=True, array_like=True):
    """`multiplier`: of the risk or volume that is asked for."""

    account: str
    multiplier: Decimal


class GroupSet(Body, frozen=True):
    """No members: the group is gone."""

    name: str
    members: tuple[GroupMember, ...]


class SymbolsMapped(Body, frozen=True):
    """All of an account's maps: symbol as missions name it -> what its broker calls it."""

    account: str
    maps: dict[str, str]


class LaneSet(Body, frozen=True):
    """The terminal that opens for this account as long as it can."""

    account: str
    terminal: str
    reason: str


class ChangeAsked(Body, frozen=True):
    """A change that waits for a second person, or for its time: the record that it will write, as it will stand.

    `subject`: what it changes; a newer change of the same subject voids it. `effective_ns`: machine time at which it
    is made by itself; 0 is never.
    """

    number: int
    subject: str
    type: str
    body: bytes
    text: str
    effective_ns: int


class ChangeEnded(Body, frozen=True):
    """`how`: APPROVED, DUE, VOID or DROPPED."""

    number: int
    how: str
    detail: str


class AccountAdded(Body, frozen=True):
    """`feed_only`: nothing is ever traded on it; only its quotes are wanted, whatever its kind."""

    name: str
    kind: AccountKind
    login: int
    server: str
    currency: str
    hedging: bool
    feed_only: bool = False


class TerminalEnrolled(Body, frozen=True):
    """`feed_only`: gives quotes and is sent nothing that trades."""

    name: str
    account: str
    public_key: str
    symbols: tuple[str, ...]
    feed_only: bool = False


class TerminalSession(Body, frozen=True):
    """A hand-shake was completed: the books of this session are in the journal."""

    terminal: str
    session: int
    epoch: int
    boot_id: str
    ledger_id: str
    ledger_length: int
    agent_version: str
    build: int


class TerminalLinkChanged(Body, frozen=True):
    terminal: str
    link: str
    why: str


class SourceChanged(Body, frozen=True):
    """Ticks of these symbols are taken from `terminal` now, no longer from `before`."""

    symbols: tuple[str, ...]
    terminal: str
    before: str
    why: str


class TerminalDutySet(Body, frozen=True):
    """`cause`: of a quarantine; one without (of an old journal) counts as a person's."""

    terminal: str
    duty: Duty
    why: str
    cause: Cause | None = None


class LedgerBooked(Body, frozen=True):
    """Entries of this ledger up to `length` stand in this journal. Another id, or a shorter length than before, is
    another ledger: what the earlier one may have executed, this one does not know."""

    terminal: str
    ledger_id: str
    length: int


class MissionProposed(Body, frozen=True):
    """`origin`: apex or hand. `source`: the terminal whose ticks made it; by hand the one whose quotes it was made on
    (empty in old journals)."""

    number: int
    signal: Signal
    origin: str
    source: str


class SignalSuppressed(Body, frozen=True):
    suppressed: Suppressed


class MissionMoved(Body, frozen=True):
    number: int
    event: MissionEvent
    reason: str = ""


class MissionPassed(Body, frozen=True):
    number: int
    identity: str
    reason: str


class MissionOutcome(Body, frozen=True):
    """Where the mission would have ended by the venue's arithmetic: TARGET, STOP or TIMEOUT, with R after spread."""

    number: int
    outcome: str
    r_milli: int
    at_ms: int


class Check(msgspec.Struct, frozen=True, array_like=True):
    code: str
    ok: bool
    measured: str
    limit: str


class ActRequested(Body, frozen=True):
    """`key` and `asked`: the request's idempotency key and the SHA-256 of its parameters. `fire`: for acts on a
    position, the fire that opened it. `deadline_ns`: the act's own, machine time."""

    act_id: int
    kind: ActKind
    account: str
    mission: int
    position: int
    key: str
    asked: bytes
    deadline_ns: int
    reason: str
    volume_asked_steps: int = 0
    risk_asked_percent: Decimal | None = None
    plan: str = "default"
    again: bool = False


class ActJudged(Body, frozen=True):
    """The verdict's order, exactly as it may be sent (None where the symbol's terms are unknown), and every check."""

    act_id: int
    order: Order | None
    order_hash: bytes
    digits: int
    volume_step: Decimal
    checks: tuple[Check, ...]
    ok: bool
    risk_money: Decimal
    base_money: Decimal
    base: str
    rules_hash: bytes


class ActMoved(Body, frozen=True):
    """An act changed its state. `by`: what proved it (result, ledger, tombstone, history, position, timeout, link,
    latch, resolve). Prices in points, volumes in steps of the act's order."""

    act_id: int
    event: ActEvent
    by: str
    terminal: str = ""
    epoch: int = 0
    codes: tuple[str, ...] = ()
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    detail: str = ""


class PlanStepBegun(Body, frozen=True):
    """The agent ran a step of a fire's plan by itself; from here it is an act like any other. `move` counts from 0:
    a step that the broker refused is tried again as the next move."""

    act_id: int
    fire_id: int
    terminal: str
    order: Order
    order_hash: bytes
    move: int = 0


class AgentActBegun(Body, frozen=True):
    """The agent began an act by itself (equity floor, dead-man), under an id of its ledger's own; here it has one of
    ours."""

    act_id: int
    terminal: str
    ledger_id: str
    local_id: int
    move: int
    position: int
    order: Order
    order_hash: bytes


class PositionOpened(Body, frozen=True):
    """`number` is the fire's sequence number."""

    number: int
    fire_id: int
    account: str
    terminal: str
    position_id: int
    symbol: str
    digits: int
    volume_step: Decimal
    side: int
    volume_steps: int
    open_points: int
    stop_points: int
    target_points: int
    at_ms: int


class PositionChanged(Body, frozen=True):
    """What the broker now says of an open position."""

    number: int
    volume_steps: int
    stop_points: int
    target_points: int


class DealBooked(Body, frozen=True):
    """A deal that belongs to one of our positions. Money in the account's currency."""

    account: str
    number: int
    ticket: int
    order_id: int
    entry: int
    reason: int
    volume_steps: int
    price_points: int
    magic: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    at_ms: int


class PositionClosed(Body, frozen=True):
    """`reason`: STOP, TARGET, CLOSED (by us), OWNER (by hand in MT5), STOP_OUT, or the plan step's kind."""

    number: int
    reason: str
    close_points: int
    profit: Decimal
    r_milli: int
    at_ms: int


class DealsRead(Body, frozen=True):
    """All deals of this account up to this ticket have been looked at. `funds_change`: what those that are new add to
    balance plus credit."""

    account: str
    after: int
    funds_change: Decimal = Decimal(0)


class ForeignSeen(Body, frozen=True):
    """A position that is not ours gets a number to be shown under."""

    account: str
    ticket: int
    number: int
    symbol: str


class CashBooked(Body, frozen=True):
    """A deal that is no trade. `kind`: its MT5 deal type; which ones are money from outside stands in `cash`."""

    account: str
    ticket: int
    amount: Decimal
    comment: str
    kind: int = 2


class FundsAnchored(Body, frozen=True):
    """Balance plus credit at an instant at which all deals were read: from here on deals explain it."""

    account: str
    funds: Decimal


class FundsDrifted(Body, frozen=True):
    """Balance plus credit as reported, and as the deals explain it; equal when a drift was explained after all."""

    account: str
    expected: Decimal
    reported: Decimal


class DaySet(Body, frozen=True):
    """The account's trading day turns at this minute of the day in this zone. `day`: the one that runs now by that
    reckoning; its first equity stays, so that nothing is forgiven by moving the clock."""

    account: str
    zone: str
    minute: int
    day: int


class GuardWarned(Body, frozen=True):
    """`position`: a position's number where the guard is about that one alone, else 0."""

    account: str
    measure: str
    position: int
    measured: str
    level: str


class GuardTripped(Body, frozen=True):
    """`action`: what follows, by this record, once."""

    account: str
    measure: str
    position: int
    measured: str
    limit: str
    action: str


class GuardActed(Body, frozen=True):
    """A tripped guard closes position `number` by this act."""

    account: str
    measure: str
    position: int
    number: int
    act_id: int


class GuardCleared(Body, frozen=True):
    """Armed again."""

    account: str
    measure: str
    position: int
    why: str


class GuardsChanged(Body, frozen=True):
    """`guards` hold from here on."""

    guards: Guards
    why: str


class PositionAdopted(Body, frozen=True):
    """A position that was FOREIGN is ours from here on. `act_id`: stands for the fire that it never had; nothing was
    sent under it. `stop_points`: as the broker has it now, 0 for none. `key` and `asked` as in an act's request, where
    no act follows that would have them."""

    act_id: int
    account: str
    terminal: str
    order: Order
    order_hash: bytes
    digits: int
    volume_step: Decimal
    open_points: int
    stop_points: int
    target_points: int
    risk_money: Decimal
    base_money: Decimal
    at_ms: int
    reason: str
    key: str = ""
    asked: bytes = b""


class DayStarted(Body, frozen=True):
    """Day loss counts from this equity."""

    account: str
    day: int
    equity: Decimal


class AuthoritySet(Body, frozen=True):
    """`account` empty: global."""

    account: str
    level: Authority
    reason: str


class AlarmRaised(Body, frozen=True):
    """`account`: the one concerned, empty for the home's. `owner`: the operator whom it is told first."""

    number: int
    code: str
    subject: str
    text: str
    severity: str = "ALARM"
    account: str = ""
    owner: str = ""


class AlarmAcknowledged(Body, frozen=True):
    """The record's actor has taken it on: it stands, and is not repeated."""

    number: int
    note: str


class AlarmRepeated(Body, frozen=True):
    """Nobody has acknowledged it: told again, to more people. `repeats` counts from 1."""

    number: int
    repeats: int
    step: int
    told: tuple[str, ...]


class AlarmCleared(Body, frozen=True):
    number: int
    why: str


class NoteMade(Body, frozen=True):
    """`subject`: a shown id of a mission, act, position or alarm."""

    subject: str
    text: str
    tag: str


class FindingMade(Body, frozen=True):
    code: str
    subject: str
    detail: str


class CallRefused(Body, frozen=True):
    """A known actor asked for what their role does not allow."""

    verb: str
    needs: Role
    has: Role


class StrangersCounted(Body, frozen=True):
    surface: str
    reason: str
    count: int


class TicksRejected(Body, frozen=True):
    """Bad ticks of a source, counted; one record a minute and reason."""

    terminal: str
    symbol: str
    reason: str
    count: int
    example: str


class EquityPeak(Body, frozen=True):
    """A new highest equity of an account, a step above the last one; cash that is booked moves it."""

    account: str
    equity: Decimal


class NewsRead(Body, frozen=True):
    """The news file was read (`as_of_ns`: when it was last written), or could not be (`problem`)."""

    mode: str
    events: int
    as_of_ns: int
    problem: str


class NewsAhead(Body, frozen=True):
    """At most 15 minutes before high impact: which open positions it concerns, by their shown ids."""

    event: NewsEvent
    positions: tuple[str, ...]


class NewsWindow(Body, frozen=True):
    """From here on nothing opens in the event's currency, until `until_ms` of market time."""

    event: NewsEvent
    from_ms: int
    until_ms: int


class ServiceChanged(Body, frozen=True):
    """`wanted`: False while a person wants it stopped. `restarts`: since it was last started by a person or with the
    daemon."""

    name: str
    state: ServiceState
    why: str
    restarts: int = 0
    wanted: bool = True


class JobRan(Body, frozen=True):
    """A job of the scheduler has ended. `missed`: earlier runs that this one stands for."""

    name: str
    scheduled_ns: int
    began_ns: int
    ended_ns: int
    ok: bool
    detail: str
    missed: int = 0


class ConfigChanged(Body, frozen=True):
    """`limits` and `timing` hold from here on; timing null stays as it is."""

    limits: Limits
    timing: Timing | None
    why: str


class TerminalDrained(Body, frozen=True):
    """A DRAINING terminal has nothing of ours left: no position of its own, no act without an end."""

    terminal: str


class TerminalRemoved(Body, frozen=True):
    """Its key is off the list and its name is not used again. `heir`: the terminal that closes for it from here on,
    empty where the account has no other one."""

    terminal: str
    heir: str
    reason: str


class PlanMoveBegun(Body, frozen=True):
    """The plan of an open position shall run at another agent: withdrawn at `source` first, then set at `target`.
    `steps` are those in force now, `plan` their name. Again for one that moves already: it has another target."""

    position: int
    source: str
    target: str
    steps: tuple[PlanStep, ...]
    plan: str


class PlanMoveActed(Body, frozen=True):
    """The act that withdraws the plan, or (`sets`) the one that sets it at the target."""

    position: int
    act_id: int
    sets: bool


class PlanMoveEnded(Body, frozen=True):
    """`how`: MOVED, CLOSED (the position is), FAILED or VOID."""

    position: int
    how: str
    detail: str


class SelfTestTold(Body, frozen=True):
    """The newest report of `hydra-terminal selftest` at a terminal, as its agent told it. `server`: where it ran;
    `at_ns`: when, by its host's clock."""

    terminal: str
    server: str
    build: int
    passed: bool
    at_ns: int


class Drilled(msgspec.Struct, frozen=True, array_like=True):
    """`ms`: from the request to the agent's answer, its ledger written; None: it has not confirmed in time."""

    terminal: str
    ms: int | None


class HaltDrilled(Body, frozen=True):
    """A halt on purpose, measured. `account` empty: of everything."""

    account: str
    terminals: tuple[Drilled, ...]


class AccountArmed(Body, frozen=True):
    """A live account may open from here on. `evidence`: its preconditions, as they were met when it was asked for."""

    account: str
    evidence: tuple[Check, ...]


class AccountDisarmed(Body, frozen=True):
    account: str
    why: str


class TimingChanged(Body, frozen=True):
    """`timing` holds from here on."""

    timing: Timing
    why: str


class PlansChanged(Body, frozen=True):
    """The named plans from here on, as text. Plans that run are not touched."""

    plans: dict[str, str]
    why: str


class RequestAnswered(Body, frozen=True):
    """What a keyed request that made no act was answered, for whoever asks again: `data` and `problem` as JSON.
    `asked`: SHA-256 of its parameters."""

    key: str
    asked: bytes
    schema: str
    data: bytes
    problem: bytes


class PoolSet(Body, frozen=True):
    """Accounts of which one takes a fire, in turn; `multiplier` is the weight here. No members: the pool is gone."""

    name: str
    members: tuple[GroupMember, ...]


class PoolUsed(Body, frozen=True):
    """A fire on the pool went to this account."""

    name: str
    account: str


TYPES: dict[str, type[Body]] = {
    "HOME_CREATED": HomeCreated,
    "DAEMON_STARTED": DaemonStarted,
    "DAEMON_STOPPED": DaemonStopped,
    "OPERATOR_SET": OperatorSet,
    "OPERATOR_ADDED": OperatorAdded,
    "OPERATOR_ROLE": OperatorRoleSet,
    "OPERATOR_POLICY": OperatorPolicySet,
    "OPERATOR_LINKED": OperatorLinked,
    "OPERATOR_ACCOUNTS": OperatorAccountsSet,
    "OPERATOR_SUSPENDED": OperatorSuspended,
    "OPERATOR_RESTORED": OperatorRestored,
    "OPERATOR_REMOVED": OperatorRemoved,
    "OPERATOR_INVITED": OperatorInvited,
    "POLICY_SET": PolicySet,
    "ACCOUNT_LIMITS": AccountLimitsSet,
    "GROUP_SET": GroupSet,
    "LANE_SET": LaneSet,
    "SYMBOLS_MAPPED": SymbolsMapped,
    "CHANGE_ASKED": ChangeAsked,
    "CHANGE_ENDED": ChangeEnded,
    "ACCOUNT_ADDED": AccountAdded,
    "TERMINAL_ENROLLED": TerminalEnrolled,
    "TERMINAL_SESSION": TerminalSession,
    "TERMINAL_LINK": TerminalLinkChanged,
    "TERMINAL_DUTY": TerminalDutySet,
    "SOURCE_CHANGED": SourceChanged,
    "LEDGER_BOOKED": LedgerBooked,
    "MISSION_PROPOSED": MissionProposed,
    "SIGNAL_SUPPRESSED": SignalSuppressed,
    "MISSION_MOVED": MissionMoved,
    "MISSION_PASSED": MissionPassed,
    "MISSION_OUTCOME": MissionOutcome,
    "ACT_REQUESTED": ActRequested,
    "ACT_JUDGED": ActJudged,
    "ACT_MOVED": ActMoved,
    "PLAN_STEP_BEGUN": PlanStepBegun,
    "POSITION_OPENED": PositionOpened,
    "POSITION_CHANGED": PositionChanged,
    "DEAL_BOOKED": DealBooked,
    "POSITION_CLOSED": PositionClosed,
    "DEALS_READ": DealsRead,
    "FOREIGN_SEEN": ForeignSeen,
    "CASH_BOOKED": CashBooked,
    "DAY_STARTED": DayStarted,
    "AUTHORITY_SET": AuthoritySet,
    "ALARM_RAISED": AlarmRaised,
    "ALARM_CLEARED": AlarmCleared,
    "ALARM_ACKNOWLEDGED": AlarmAcknowledged,
    "ALARM_REPEATED": AlarmRepeated,
    "NOTE": NoteMade,
    "FINDING": FindingMade,
    "CALL_REFUSED": CallRefused,
    "STRANGERS_COUNTED": StrangersCounted,
    "TICKS_REJECTED": TicksRejected,
    "NEWS_READ": NewsRead,
    "NEWS_AHEAD": NewsAhead,
    "NEWS_WINDOW": NewsWindow,
    "FUNDS_ANCHORED": FundsAnchored,
    "FUNDS_DRIFTED": FundsDrifted,
    "EQUITY_PEAK": EquityPeak,
    "DAY_SET": DaySet,
    "GUARD_WARNED": GuardWarned,
    "GUARD_TRIPPED": GuardTripped,
    "GUARD_ACTED": GuardActed,
    "GUARD_CLEARED": GuardCleared,
    "GUARDS_CHANGED": GuardsChanged,
    "POSITION_ADOPTED": PositionAdopted,
    "AGENT_ACT_BEGUN": AgentActBegun,
    "SERVICE_CHANGED": ServiceChanged,
    "JOB_RAN": JobRan,
    "CONFIG_CHANGED": ConfigChanged,
    "TERMINAL_DRAINED": TerminalDrained,
    "TERMINAL_REMOVED": TerminalRemoved,
    "PLAN_MOVE_BEGUN": PlanMoveBegun,
    "PLAN_MOVE_ACTED": PlanMoveActed,
    "PLAN_MOVE_ENDED": PlanMoveEnded,
    "SELF_TEST_TOLD": SelfTestTold,
    "HALT_DRILLED": HaltDrilled,
    "ACCOUNT_ARMED": AccountArmed,
    "ACCOUNT_DISARMED": AccountDisarmed,
    "TIMING_CHANGED": TimingChanged,
    "REQUEST_ANSWERED": RequestAnswered,
    "POOL_SET": PoolSet,
    "POOL_USED": PoolUsed,
    "PLANS_CHANGED": PlansChanged,
}
NAMES: dict[type[Body], str] = {kind: name for name, kind in TYPES.items()}
BODY_VERSION = 1

_ENCODER = msgspec.msgpack.Encoder()
_DECODERS = {name: msgspec.msgpack.Decoder(kind) for name, kind in TYPES.items()}


def encode(body: Body) -> bytes:
    return _ENCODER.encode(body)


def decode(name: str, body: bytes) -> Body:
    """The body of a record; raises KeyError for an unknown type, msgspec.DecodeError for other bytes."""
    return _DECODERS[name].decode(body)
