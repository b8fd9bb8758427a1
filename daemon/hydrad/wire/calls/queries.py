"""Queries: answered from memory, change nothing."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class Status(Verb, frozen=True, tag="status"):
    """One screen of everything: `hydra.status/v1`."""


class Now(Verb, frozen=True, tag="now"):
    """What a screen that is left open is told each second: `answers.live.Now`, as the pages' stream has it, of the
    accounts that the caller sees. Asked by such a screen; the shell has no verb for it."""


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


class Brief(Verb, frozen=True, tag="brief"):
    """A mission as it would be fired on one account now, the operator's primary one without a choice."""

    mission: str
    account: str | None = None
    volume: str | None = None
    risk: str | None = None
    plan: str = "default"


class Fires(Verb, frozen=True, tag="fires"):
    """All acts with `all_acts`, else fires."""

    unknown: bool = False
    state: str | None = None
    all_acts: bool = False
    limit: int = 50


class FireShow(Verb, frozen=True, tag="fire.show"):
    act: str


class Asked(Verb, frozen=True, tag="asked"):
    """What became of the caller's own request with this idempotency key. Sends nothing, whatever became of it."""

    key: str


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


class SymbolDiff(Verb, frozen=True, tag="symbol.diff"):
    """Terms of symbols: now and when they were confirmed, of one account or all; with two names (of accounts or
    terminals) what both tell now."""

    first: str | None = None
    second: str | None = None
    symbol: str | None = None


class ConfigShow(Verb, frozen=True, tag="config.show"):
    """The running configuration, with where each value came from."""


class ApexShow(Verb, frozen=True, tag="apex.show"):
    """What APEX sees, of one symbol or all; `limit`: of the newest setups, of which at most fifty suppressed ones are
    kept."""

    symbol: str | None = None
    limit: int = 20


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


class Pools(Verb, frozen=True, tag="pools"):
    pass


class Changes(Verb, frozen=True, tag="changes"):
    """Changes that wait for a second person or for their time."""


class NewsToday(Verb, frozen=True, tag="news.today"):
    """Events of the trading day that holds market time, and how old the news file is."""


class Health(Verb, frozen=True, tag="health"):
    """Every health check; the error UNHEALTHY when one fails."""
