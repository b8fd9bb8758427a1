"""Bodies of the journal's records: what durable state is a fold of. A file a noun; the table of all types is here.

Each has a type name and a version in the record's header. A field is never renamed or removed; a new one gets a
default, so that old journals fold for ever. Encoded as msgpack arrays.
"""

from __future__ import annotations

import msgspec

from hydrad.toc.records.accounts import (
    AccountAdded,
    AccountArmed,
    AccountDisarmed,
    AccountLimitsSet,
    BasesCorrected,
    BrokerPhoneSet,
    CashBooked,
    DaySet,
    DayStarted,
    EquityPeak,
    FundsAnchored,
    FundsDrifted,
    HaltDrilled,
    LaneSet,
    SelfTestTold,
    SymbolsMapped,
)
from hydrad.toc.records.acts import (
    ActApproved,
    ActJudged,
    ActMoved,
    ActRequested,
    AgentActBegun,
    ApprovalAsked,
    PlanMoveActed,
    PlanMoveBegun,
    PlanMoveEnded,
    PlanStepBegun,
)
from hydrad.toc.records.alarms import (
    AlarmAcknowledged,
    AlarmChanged,
    AlarmCleared,
    AlarmRaised,
    AlarmRepeated,
    FindingMade,
    NoteMade,
)
from hydrad.toc.records.base import Body
from hydrad.toc.records.guards import AuthoritySet, GuardActed, GuardCleared, GuardTripped, GuardWarned
from hydrad.toc.records.home import (
    CallRefused,
    ConfigChanged,
    DaemonStarted,
    DaemonStopped,
    GuardsChanged,
    HomeCreated,
    JobRan,
    PlansChanged,
    RequestAnswered,
    ServiceChanged,
    StrangersCounted,
    TimingChanged,
)
from hydrad.toc.records.missions import MissionMoved, MissionOutcome, MissionPassed, MissionProposed, SignalSuppressed
from hydrad.toc.records.news import NewsAhead, NewsModeSet, NewsRead, NewsWindow
from hydrad.toc.records.oncall import ChannelAsked, ChannelTested, ContactSet, HearsSet, Muted, OnCallSet
from hydrad.toc.records.people import (
    ChangeAsked,
    ChangeEnded,
    GroupSet,
    OperatorAccountsSet,
    OperatorAdded,
    OperatorInvited,
    OperatorLinked,
    OperatorPolicySet,
    OperatorRemoved,
    OperatorRestored,
    OperatorRoleSet,
    OperatorSet,
    OperatorSuspended,
    PolicySet,
    PoolSet,
    PoolUsed,
)
from hydrad.toc.records.positions import (
    DealBooked,
    DealsRead,
    ForeignSeen,
    PositionAdopted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
)
from hydrad.toc.records.terminals import (
    LedgerBooked,
    SourceChanged,
    TerminalDrained,
    TerminalDutySet,
    TerminalEnrolled,
    TerminalLinkChanged,
    TerminalRemoved,
    TerminalSession,
    TicksRejected,
)

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
    "BROKER_PHONE_SET": BrokerPhoneSet,
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
    "ALARM_CHANGED": AlarmChanged,
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
    "NEWS_MODE": NewsModeSet,
    "BASES_CORRECTED": BasesCorrected,
    "ON_CALL_SET": OnCallSet,
    "CONTACT_SET": ContactSet,
    "HEARS_SET": HearsSet,
    "MUTED": Muted,
    "CHANNEL_ASKED": ChannelAsked,
    "CHANNEL_TESTED": ChannelTested,
    "APPROVAL_ASKED": ApprovalAsked,
    "ACT_APPROVED": ActApproved,
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
