"""Calls: what a client may ask of the daemon, one Struct a verb, a file a noun; the union of all is here.

Strict: unknown verbs and fields are errors. A call travels as one frame of the unix socket (see `codec`). Ids are
shown ids as people write them, prices, volumes and percentages are text: the daemon parses them, once, and its errors
name the field. What is in `queries` is answered from memory and changes nothing; all others are inputs of the core.
"""

from __future__ import annotations

import msgspec

from hydrad.wire.calls.accounts import (
    AccountArm,
    AccountCorrect,
    AccountDay,
    AccountDisarm,
    AccountGroup,
    AccountLimits,
    AccountPhone,
    AccountPool,
    Statement,
    SymbolMap,
)
from hydrad.wire.calls.authority import Halt, Resume
from hydrad.wire.calls.daemon import (
    Down,
    HudOpen,
    HudPin,
    LogLevel,
    NewsAdd,
    NewsImport,
    Reload,
    ServiceRestart,
    ServiceStart,
    ServiceStop,
)
from hydrad.wire.calls.fires import Approve, Fire, FireSymbol, Pass, Resolve, Withdraw
from hydrad.wire.calls.fires import Sized as Sized
from hydrad.wire.calls.oncall import (
    ChannelConfirm,
    Channels,
    ChannelTest,
    Digest,
    Mute,
    OperatorContact,
    OperatorHears,
)
from hydrad.wire.calls.paper import MarketStep, PaperCash, PaperFault, PaperTrade
from hydrad.wire.calls.people import (
    Ack,
    ChangeDrop,
    Note,
    OperatorAdd,
    OperatorClaim,
    OperatorInvite,
    OperatorLink,
    OperatorPolicy,
    OperatorRemove,
    OperatorRestore,
    OperatorRole,
    OperatorSuspend,
    PolicySet,
)
from hydrad.wire.calls.positions import Adopt, Cancel, Close, Flatten, Modify, PlanSet
from hydrad.wire.calls.queries import (
    Accounts,
    AccountShow,
    Alarms,
    AlarmShow,
    ApexShow,
    Asked,
    Bars,
    Brief,
    Changes,
    ConfigShow,
    Findings,
    Fires,
    FireShow,
    Groups,
    Health,
    Missions,
    MissionShow,
    NewsToday,
    Now,
    Operators,
    Orders,
    Plans,
    PlanShow,
    Policies,
    Pools,
    Positions,
    Preflight,
    Report,
    Status,
    SymbolDiff,
    Symbols,
    Tail,
    Terminals,
    TickHistory,
    Ticks,
    Trace,
)
from hydrad.wire.calls.terminals import (
    Reconcile,
    TerminalAssign,
    TerminalDuty,
    TerminalEnroll,
    TerminalFailover,
    TerminalRelease,
    TerminalRemove,
)

PROTOCOL = 1


AnyVerb = (
    Status
    | Now
    | Tail
    | Missions
    | MissionShow
    | Brief
    | Fires
    | FireShow
    | Asked
    | Trace
    | Positions
    | Orders
    | Plans
    | PlanShow
    | PlanSet
    | Accounts
    | Terminals
    | Ticks
    | TickHistory
    | Bars
    | Symbols
    | SymbolDiff
    | ConfigShow
    | ApexShow
    | Alarms
    | AccountShow
    | Operators
    | Policies
    | Pools
    | Groups
    | Changes
    | NewsToday
    | NewsImport
    | NewsAdd
    | AlarmShow
    | Findings
    | Preflight
    | Report
    | Health
    | Fire
    | FireSymbol
    | Pass
    | Close
    | Cancel
    | Modify
    | Flatten
    | Adopt
    | Withdraw
    | AccountDay
    | Halt
    | Resume
    | Resolve
    | Ack
    | Note
    | Reconcile
    | Statement
    | TerminalEnroll
    | SymbolMap
    | TerminalAssign
    | TerminalRelease
    | TerminalDuty
    | TerminalFailover
    | TerminalRemove
    | AccountArm
    | AccountDisarm
    | AccountLimits
    | AccountCorrect
    | AccountPhone
    | AccountGroup
    | AccountPool
    | OperatorAdd
    | OperatorInvite
    | OperatorClaim
    | OperatorRole
    | OperatorPolicy
    | OperatorLink
    | OperatorSuspend
    | OperatorRestore
    | OperatorRemove
    | PolicySet
    | OperatorContact
    | OperatorHears
    | Mute
    | Channels
    | Digest
    | ChannelTest
    | ChannelConfirm
    | Approve
    | ChangeDrop
    | ServiceStart
    | ServiceStop
    | ServiceRestart
    | Reload
    | LogLevel
    | HudOpen
    | HudPin
    | MarketStep
    | PaperFault
    | PaperCash
    | PaperTrade
    | Down
)


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is echoed in each answer. `key`: idempotency key of a request, at most 64 characters."""

    protocol: int
    id: int
    body: AnyVerb
    key: str = ""
    surface: str = "shell"
