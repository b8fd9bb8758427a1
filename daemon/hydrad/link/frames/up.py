"""Bodies from agent to daemon. Owns `Up`, the table of them."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames.base import SYMBOLS_MAX, Body, finite, instant, named
from hydrad.link.frames.values import DealRow, Identity, LedgerRow, OrderRow, PositionRow, RateRow, SymbolTicks


class SelfTest(Body, frozen=True):
    """The newest self-test that the agent's host has kept: of which server and build, when it ended, and its report's
    SHA-256."""

    server: str
    build: int
    symbol: str
    passed: bool
    at_ms: int
    digest: str

    def __post_init__(self) -> None:
        instant(self.at_ms)


class Hello(Body, frozen=True, tag="HELLO"):
    """First frame of a session. `boot_id` changes with each start of the agent. `offset_ms`: broker's wall clock
    minus UTC, None while unknown. `ledger_length`: entries so far. `halted`: the agent's own latch. `host`: a name of
    the machine that all agents on it share.
    `knows`: frames down that came after the first release of this version, and are understood. `latches`: whose of the
    agent's latches are closed."""

    agent_version: str
    identity: Identity
    boot_id: str
    ledger_id: str
    ledger_length: int
    epoch_max: int
    halted: bool
    machine_ns: int
    market_ms: int
    offset_ms: int | None
    symbols: tuple[str, ...]
    host: str = ""
    selftest: SelfTest | None = None
    knows: tuple[str, ...] = ()
    latches: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        instant(self.market_ms)
        named(*self.symbols)
        if len(self.symbols) > SYMBOLS_MAX:
            raise ValueError(f"{len(self.symbols)} symbols, {SYMBOLS_MAX} at most")


class BeatUp(Body, frozen=True, tag="BEAT"):
    """Every second. `echo_ns`: the daemon's last beat's `machine_ns`, received `echo_held_ns` ago (0, 0: none).
    `connected`: terminal to its trade server. `in_hand`: acts begun and not ended here."""

    machine_ns: int
    echo_ns: int
    echo_held_ns: int
    market_ms: int
    connected: bool
    trade_allowed: bool
    worker_alive: bool
    in_hand: int
    ticks_shed: int
    offset_ms: int | None

    def __post_init__(self) -> None:
        instant(self.market_ms)


class Ticks(Body, frozen=True, tag="TICKS"):
    """`through_ms`: everything up to here was read, plan steps due were run, and position changes were sent."""

    through_ms: int
    history: bool
    batches: tuple[SymbolTicks, ...]

    def __post_init__(self) -> None:
        instant(self.through_ms)


class Account(Body, frozen=True, tag="ACCOUNT"):
    """The account's figures as the terminal shows them."""

    balance: Decimal
    credit: Decimal
    equity: Decimal
    margin: Decimal
    margin_free: Decimal
    margin_level: Decimal
    leverage: int
    currency: str
    market_ms: int

    def __post_init__(self) -> None:
        finite(self.balance, self.credit, self.equity, self.margin, self.margin_free, self.margin_level)
        instant(self.market_ms)


class Specs(Body, frozen=True, tag="SPECS"):
    """Terms of the watched symbols."""

    terms: tuple[SymbolTerms, ...]
    market_ms: int

    def __post_init__(self) -> None:
        named(*(terms.symbol for terms in self.terms))


class Positions(Body, frozen=True, tag="POSITIONS"):
    """All open positions, ours and foreign. `last` is False on all but the last page."""

    rows: tuple[PositionRow, ...]
    market_ms: int
    first: bool
    last: bool


class Orders(Body, frozen=True, tag="ORDERS"):
    """All resting orders."""

    rows: tuple[OrderRow, ...]
    market_ms: int
    first: bool
    last: bool


class Deals(Body, frozen=True, tag="DEALS"):
    """Deals in the order of their tickets. In the hand-shake: all since WELCOME's `deals_after`; afterwards as they
    happen. `last` ends the hand-shake's pages. `query_id` answers QUERY_HISTORY, else 0."""

    rows: tuple[DealRow, ...]
    last: bool
    query_id: int = 0


class Ledger(Body, frozen=True, tag="LEDGER"):
    """Entries after WELCOME's `ledger_known`, in pages."""

    ledger_id: str
    rows: tuple[LedgerRow, ...]
    last: bool


class Ready(Body, frozen=True, tag="READY"):
    """The books are complete for this session: every page was sent."""


class Ack(Body, frozen=True, tag="ACK"):
    """The act stands in the ledger; the order follows."""

    act_id: int
    move: int
    ledger_index: int


class Result(Body, frozen=True, tag="RESULT"):
    """The newest entry of an act, as stored; also the answer to a repeated command."""

    row: LedgerRow


class Status(Body, frozen=True, tag="STATUS"):
    """Answer to QUERY: the newest entry. An unseen act has been tombstoned by the question."""

    row: LedgerRow


class PlanStepRun(Body, frozen=True, tag="PLAN_STEP"):
    """A plan's step that the agent ran by itself: its entry, and the fire whose plan it is."""

    fire_id: int
    row: LedgerRow


class Conflict(Body, frozen=True, tag="CONFLICT"):
    """Same act id, other order hash: nothing was sent."""

    act_id: int
    move: int
    known_hash: bytes
    asked_hash: bytes


class Rates(Body, frozen=True, tag="RATES"):
    """Answer to QUERY_RATES: minute bars in their order, in pages. `why`: what kept them from being read; then there
    are none, and that says nothing about the market."""

    query_id: int
    symbol: str
    rows: tuple[RateRow, ...]
    last: bool
    why: str = ""


class Halted(Body, frozen=True, tag="HALTED"):
    """The latch as stored now: answer to HALT and RESUME. `latches`: those of it that are closed, by whose they are."""

    halted: bool
    by: str
    latches: tuple[str, ...] = ()


class Fenced(Body, frozen=True, tag="FENCED"):
    """A frame of a lower epoch was refused; `epoch_max` is what this agent has stored."""

    epoch_max: int


STUCK = "STUCK"  # of WARN: what an agent does by itself does not go, and a person has to look


class Warn(Body, frozen=True, tag="WARN"):
    """Something a person should know; `code` is stable, e.g. IDENTITY_CHANGED, WORKER_KILLED, TERMS_CHANGED."""

    code: str
    detail: str


Up = (
    Hello
    | BeatUp
    | Ticks
    | Account
    | Specs
    | Positions
    | Orders
    | Deals
    | Ledger
    | Ready
    | Ack
    | Result
    | Status
    | PlanStepRun
    | Conflict
    | Rates
    | Halted
    | Fenced
    | Warn
)
