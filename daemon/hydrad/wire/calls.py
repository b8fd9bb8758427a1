"""Calls: what a client may ask of the daemon, one Struct a verb. Strict: unknown verbs and fields are errors.

A call travels as one frame of the unix socket (see `codec`). Ids are shown ids as people write them, prices,
volumes and percentages are text: the daemon parses them, once, and its errors name the field.
"""

from __future__ import annotations

import msgspec

PROTOCOL = 1


class Verb(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag=str.lower):
    """Base of all calls' bodies."""


# --- queries: answered from memory, change nothing ------------------------------------------------------


class Status(Verb, frozen=True, tag="status"):
    """One screen of everything: `hydra.status/v1`."""


class Tail(Verb, frozen=True, tag="tail"):
    """Records as events, `hydra.event/v1`, oldest first; with `follow` the stream goes on. `after_seq` wins over
    `last` and `since_ns`. Filters: `kind` (record type), `symbol`, `mission` (shown id)."""

    follow: bool = False
    last: int = 20
    after_seq: int | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    kind: str | None = None
    symbol: str | None = None
    mission: str | None = None


class Missions(Verb, frozen=True, tag="missions"):
    state: str | None = None
    symbol: str | None = None
    limit: int = 50


class MissionShow(Verb, frozen=True, tag="mission.show"):
    mission: str


class Fires(Verb, frozen=True, tag="fires"):
    """All acts with `all_acts`, else fires."""

    unknown: bool = False
    state: str | None = None
    all_acts: bool = False
    limit: int = 50


class FireShow(Verb, frozen=True, tag="fire.show"):
    act: str


class Trace(Verb, frozen=True, tag="trace"):
    """Every record about a mission, act or position. `recheck` asks the terminal again for acts that are UNKNOWN."""

    id: str
    recheck: bool = False


class Positions(Verb, frozen=True, tag="positions"):
    closed: bool = False
    account: str | None = None
    limit: int = 200


class Orders(Verb, frozen=True, tag="orders"):
    """Resting orders, ours and FOREIGN ones."""

    account: str | None = None
    limit: int = 200


class Plans(Verb, frozen=True, tag="plans"):
    """The named plans."""


class PlanShow(Verb, frozen=True, tag="plan.show"):
    """The plan of a position (`P-…` or its fire's `F-…`), with what each step has done."""

    id: str


class Accounts(Verb, frozen=True, tag="accounts"):
    pass


class Terminals(Verb, frozen=True, tag="terminals"):
    pass


class Ticks(Verb, frozen=True, tag="ticks"):
    """Last quote of each symbol and terminal; empty `symbols` means all."""

    symbols: tuple[str, ...] = ()


class TickHistory(Verb, frozen=True, tag="ticks.history"):
    """Recorded ticks of a symbol, the newest `limit` of a range. `since`, `until` (not included): an ISO 8601 instant,
    or a duration before market time; null: no bound."""

    symbol: str
    since: str | None = None
    until: str | None = None
    limit: int = 20


class Bars(Verb, frozen=True, tag="bars"):
    """Bars of the recording: of `timeframe` such as M1 or H1, else like `ticks.history`."""

    symbol: str
    timeframe: str = "M1"
    since: str | None = None
    until: str | None = None
    limit: int = 20


class Symbols(Verb, frozen=True, tag="symbols"):
    """The terms that each account's terminals have told in this session."""

    account: str | None = None


class ConfigShow(Verb, frozen=True, tag="config.show"):
    """The running configuration, with where each value came from."""


class Alarms(Verb, frozen=True, tag="alarms"):
    """Those that stand; with `cleared` the newest that do not any more, too."""

    cleared: bool = False


class AlarmShow(Verb, frozen=True, tag="alarm.show"):
    alarm: str


class Findings(Verb, frozen=True, tag="findings"):
    """From the journal, newest first, of the newest thousand."""

    since_ns: int | None = None
    code: str | None = None
    limit: int = 50


class Preflight(Verb, frozen=True, tag="preflight"):
    """Everything that would stop a fire now, without a mission; of all accounts and symbols unless one is named."""

    account: str | None = None
    symbol: str | None = None


class Report(Verb, frozen=True, tag="report"):
    """Over closed positions and ghosted missions. `by`: kind, session, symbol, operator, account, terminal, detector,
    surface, tag or tcs. `since_ms`, `until_ms`: market time; `ago_ms`: so long before now instead of `since_ms`."""

    by: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    ago_ms: int | None = None


class AccountShow(Verb, frozen=True, tag="account.show"):
    account: str


class Operators(Verb, frozen=True, tag="operators"):
    pass


class Policies(Verb, frozen=True, tag="policies"):
    pass


class Groups(Verb, frozen=True, tag="groups"):
    pass


class Changes(Verb, frozen=True, tag="changes"):
    """Changes that wait for a second person or for their time."""


class NewsToday(Verb, frozen=True, tag="news.today"):
    """Events of the trading day that holds market time, and how old the news file is."""


class Health(Verb, frozen=True, tag="health"):
    """Every health check; the error UNHEALTHY when one fails."""


# --- requests: inputs of the core -----------------------------------------------------------------------


class Fire(Verb, frozen=True, tag="fire"):
    """Fire a mission. One of `volume` (lots) and `risk` ("0.5%") or neither (the configured risk). `wait_s`: how long
    to wait for the verdict; 0 answers once routed. `plan`: a named one, such as `default` or `none`. One of
    `account`, `accounts`, `group` and `all_accounts` (those that were given to the operator), or none: the operator's
    primary account. Several make one fire each."""

    mission: str
    account: str | None = None
    accounts: tuple[str, ...] = ()
    group: str | None = None
    all_accounts: bool = False
    volume: str | None = None
    risk: str | None = None
    plan: str = "default"
    dry_run: bool = False
    wait_s: float = 10.0
    reason: str | None = None
    pool: str | None = None


class FireSymbol(Verb, frozen=True, tag="fire.symbol"):
    """By hand: makes a mission, then fires it. `side` is buy or sell. `again`: meant, though it looks repeated. `entry`
    with `type` (limit or stop): an order that rests at this price until the expiry; without, at the market."""

    symbol: str
    side: str
    stop: str
    target: str | None = None
    expiry_s: float = 300.0
    account: str | None = None
    accounts: tuple[str, ...] = ()
    group: str | None = None
    all_accounts: bool = False
    volume: str | None = None
    risk: str | None = None
    plan: str = "default"
    dry_run: bool = False
    wait_s: float = 10.0
    reason: str | None = None
    again: bool = False
    entry: str | None = None
    type: str | None = None
    pool: str | None = None


class Pass(Verb, frozen=True, tag="pass"):
    """This operator lets the mission go; others may still fire it."""

    mission: str
    reason: str | None = None


class Close(Verb, frozen=True, tag="close"):
    """Close a position (`P-…`, or its fire's `F-…`), or all of a mission (`M-…`). `part`: "50%" or lots."""

    id: str
    part: str | None = None
    wait_s: float = 10.0
    reason: str | None = None


class Cancel(Verb, frozen=True, tag="cancel"):
    """Cancel a resting order (`O-…`, or its fire's `F-…`), or `all_orders` of ours, of one `account` where it is named.
    Passes in every authority."""

    id: str | None = None
    all_orders: bool = False
    account: str | None = None
    wait_s: float = 10.0
    reason: str | None = None


class Modify(Verb, frozen=True, tag="modify"):
    """New stop and/or target; what is not named stays. `target="none"` removes it; a stop is never removed."""

    id: str
    stop: str | None = None
    target: str | None = None
    wait_s: float = 10.0
    reason: str | None = None


class Flatten(Verb, frozen=True, tag="flatten"):
    """Close all of ours that is open, one act a position; of one `account`, of one `symbol`. `foreign`: also what is
    not ours on that account, its name typed once more."""

    account: str | None = None
    symbol: str | None = None
    foreign: str | None = None
    wait_s: float = 10.0
    reason: str | None = None


class PlanSet(Verb, frozen=True, tag="plan.set"):
    """Put a named plan in place of a position's (`P-…`, `F-…`, or all of `M-…`). What is done stays done."""

    id: str
    plan: str
    wait_s: float = 10.0
    reason: str | None = None


class Adopt(Verb, frozen=True, tag="adopt"):
    """A FOREIGN position of a hedging account becomes ours, with this stop."""

    ticket: int
    account: str
    stop: str
    wait_s: float = 10.0
    reason: str | None = None


class Withdraw(Verb, frozen=True, tag="withdraw"):
    """The mission takes no more fires, from anybody."""

    mission: str
    reason: str | None = None


class AccountDay(Verb, frozen=True, tag="account.day"):
    """When the account's trading day turns: `at` is HH:MM in `zone`."""

    account: str
    zone: str
    at: str


class Halt(Verb, frozen=True, tag="halt"):
    """Latch HALTED (or REDUCING with `reduce`), for all or one account; answers with what has been verified. `drill`:
    on purpose, measured, and taken back."""

    account: str | None = None
    reduce: bool = False
    reason: str | None = None
    wait_s: float = 2.0
    drill: bool = False


class Resume(Verb, frozen=True, tag="resume"):
    account: str | None = None
    reason: str | None = None
    wait_s: float = 2.0


class Resolve(Verb, frozen=True, tag="resolve"):
    """A commander's verdict on an UNKNOWN act. `verdict`: filled or not-executed."""

    act: str
    verdict: str
    reason: str
    ticket: int | None = None


class Ack(Verb, frozen=True, tag="ack"):
    """Take an alarm on: it stands, and is no longer repeated."""

    alarm: str
    note: str | None = None


class Note(Verb, frozen=True, tag="note"):
    """Write something about a mission, act, position or alarm. `tag`: a plain word that `report` can count by."""

    id: str
    text: str
    tag: str | None = None


class Reconcile(Verb, frozen=True, tag="reconcile"):
    """Have the terminals read their books again now, and compare them with the journal."""

    account: str | None = None
    wait_s: float = 8.0


class Statement(Verb, frozen=True, tag="statement"):
    """The broker's deals of an account in a month, `YYYY-MM`, read from its terminal now."""

    account: str
    month: str
    wait_s: float = 8.0


class TerminalEnroll(Verb, frozen=True, tag="terminal.enroll"):
    """Enrol a terminal for an account: draws its keys, writes its bundle. The account is added when new. `feed_only`:
    it gives quotes and is sent nothing that trades, nor could its agent."""

    name: str
    account: str
    login: int
    server: str
    kind: str = "paper"
    currency: str = "USD"
    hedging: bool = True
    symbols: tuple[str, ...] = ()
    feed_only: bool = False


class SymbolMap(Verb, frozen=True, tag="symbol.map"):
    """What an account's broker calls symbols: `values` sets, `clear` takes away."""

    account: str
    values: dict[str, str] = {}
    clear: tuple[str, ...] = ()


class TerminalAssign(Verb, frozen=True, tag="terminal.assign"):
    """Give a terminal's account to an operator; with `primary` their fires without a choice go there."""

    terminal: str
    operator: str
    primary: bool = False


class TerminalRelease(Verb, frozen=True, tag="terminal.release"):
    """Take a terminal's account from an operator."""

    terminal: str
    operator: str


class TerminalDuty(Verb, frozen=True, tag="terminal.duty"):
    """`duty`: active, draining or quarantined."""

    terminal: str
    duty: str
    reason: str = ""


class TerminalFailover(Verb, frozen=True, tag="terminal.failover"):
    """Give the lane of its account to this terminal: new fires go there while it is READY and ACTIVE. Plans of open
    positions follow, unless `keep_plans`. `dry_run`: only what it would do."""

    terminal: str
    reason: str = ""
    dry_run: bool = False
    keep_plans: bool = False


class TerminalRemove(Verb, frozen=True, tag="terminal.remove"):
    """Take a terminal away for ever: its key opens nothing any more. `force`: though plans of open positions are at
    its agent, since its host is gone. `dry_run`: only what hangs on it."""

    terminal: str
    reason: str = ""
    dry_run: bool = False
    force: bool = False


class AccountArm(Verb, frozen=True, tag="account.arm"):
    """Take a live account into use: what must be so is shown, and a second person lets it be done. `dry_run`: shown."""

    account: str
    dry_run: bool = False


class AccountDisarm(Verb, frozen=True, tag="account.disarm"):
    """Nothing opens on this account any more, at once."""

    account: str
    reason: str = ""


class AccountLimits(Verb, frozen=True, tag="account.limits"):
    """Set (`values`) and take away (`clear`) limits of one account. Tighter is at once, looser waits."""

    account: str
    values: dict[str, str] = {}
    clear: tuple[str, ...] = ()


class AccountGroup(Verb, frozen=True, tag="account.group"):
    """Make a group of accounts, each with its multiplier; no members takes it away."""

    group: str
    members: dict[str, str] = {}


class AccountPool(Verb, frozen=True, tag="account.pool"):
    """Make a pool of accounts, each with its weight: a fire on it goes to one of them, in turn; no members takes it
    away."""

    pool: str
    members: dict[str, str] = {}


class OperatorAdd(Verb, frozen=True, tag="operator.add"):
    """`identity`: such as `uid:1001` or `telegram:42`. `accounts`: names, or `*` for all."""

    name: str
    role: str
    identity: str
    policy: str = "starter"
    accounts: tuple[str, ...] = ()


class OperatorInvite(Verb, frozen=True, tag="operator.invite"):
    """A code that makes its first user this operator, for 15 minutes."""

    name: str
    role: str = "trader"
    policy: str = "starter"
    accounts: tuple[str, ...] = ()


class OperatorClaim(Verb, frozen=True, tag="operator.claim"):
    """Become the operator that a code was made for."""

    code: str


class OperatorRole(Verb, frozen=True, tag="operator.role"):
    name: str
    role: str
    reason: str = ""


class OperatorPolicy(Verb, frozen=True, tag="operator.policy"):
    name: str
    policy: str


class OperatorLink(Verb, frozen=True, tag="operator.link"):
    name: str
    identity: str


class OperatorSuspend(Verb, frozen=True, tag="operator.suspend"):
    """By any trader, for anyone, at once."""

    name: str
    reason: str = ""


class OperatorRestore(Verb, frozen=True, tag="operator.restore"):
    """By a commander, at a shell."""

    name: str
    reason: str = ""


class OperatorRemove(Verb, frozen=True, tag="operator.remove"):
    name: str
    reason: str = ""


class PolicySet(Verb, frozen=True, tag="policy.set"):
    """A named policy; what is None is no limit of its own."""

    name: str
    kinds: tuple[str, ...] = ("paper", "demo")
    open_max: int | None = None
    fires_per_day_max: int | None = None
    risk_per_trade_max_percent: str | None = None


class Approve(Verb, frozen=True, tag="approve"):
    """A second commander lets a waiting change be made."""

    id: str


class ChangeDrop(Verb, frozen=True, tag="change.drop"):
    """End a waiting change."""

    id: str
    reason: str = ""


class NewsImport(Verb, frozen=True, tag="news.import"):
    """Replace the news file. `text`: a whole news.csv."""

    text: str


class NewsAdd(Verb, frozen=True, tag="news.add"):
    """Add one event to the news file. `impact`: high, medium or low."""

    time_utc: str
    currency: str
    title: str
    impact: str = "high"


class ServiceStart(Verb, frozen=True, tag="service.start"):
    """Services by name: bridge apex toc bot hud scheduler."""

    names: tuple[str, ...]
    reason: str | None = None


class ServiceStop(Verb, frozen=True, tag="service.stop"):
    """Refused (CONFLICT) for toc while authority is ACTIVE, for bridge while acts are in flight, unless `force`."""

    names: tuple[str, ...]
    force: bool = False
    reason: str | None = None


class ServiceRestart(Verb, frozen=True, tag="service.restart"):
    names: tuple[str, ...]
    force: bool = False
    reason: str | None = None


class Reload(Verb, frozen=True, tag="reload"):
    """Read the configuration again: whole or nothing. PARTLY when some of what changed needs a restart."""


class LogLevel(Verb, frozen=True, tag="log.level"):
    """What a subsystem's log leaves out, until `for_s` have passed (0: until the daemon ends)."""

    subsystem: str
    level: str
    for_s: float = 0.0


class MarketStep(Verb, frozen=True, tag="market.step"):
    """Paper homes with `paper.conductor = "client"`: ask the simulated broker for `minutes` of market time and
    answer when every agent has said `through` and all of it has been stepped."""

    minutes: int = 1


class PaperFault(Verb, frozen=True, tag="paper.fault"):
    """Paper homes: the simulated broker misbehaves at the next `count` orders, or for `ms`."""

    kind: str
    account: str | None = None
    count: int = 1
    ms: int = 0


class PaperCash(Verb, frozen=True, tag="paper.cash"):
    """Paper homes: money in, or out where `amount` is below zero."""

    account: str
    amount: str
    kind: str = "balance"
    comment: str = ""


class PaperTrade(Verb, frozen=True, tag="paper.trade"):
    """Paper homes: the account's owner trades by hand. With `ticket` a position is closed, else one is opened."""

    account: str
    symbol: str = ""
    side: str = ""
    volume: str = ""
    stop: str = ""
    ticket: int = 0


class Down(Verb, frozen=True, tag="down"):
    """Stop the daemon and its children. Refused (CONFLICT) while acts are in flight, unless `force`."""

    force: bool = False


AnyVerb = (
    Status
    | Tail
    | Missions
    | MissionShow
    | Fires
    | FireShow
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
    | ConfigShow
    | Alarms
    | AccountShow
    | Operators
    | Policies
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
    | Approve
    | ChangeDrop
    | ServiceStart
    | ServiceStop
    | ServiceRestart
    | Reload
    | LogLevel
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
