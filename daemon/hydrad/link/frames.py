"""Frames of the terminal link, version 1.

A frame is one ZeroMQ message part: a msgpack array `[version, epoch, session, seq, body]`, at most 64 KiB. `body`
is an array whose first element is the frame's tag. `session` is a random number that the agent draws for each
hand-shake; `seq` counts from 1 in each direction within a session, so that a gap shows. `epoch` is the daemon's
fencing number: what the agent last stored (up), what the daemon holds (down).

Decoding is strict: unknown tags, wrong types and other versions are errors, never guesses. Within a version frames grow
at their end alone: a field that a sender left out has its default, one that is not known here is passed over. Order and
PlanStep do not grow so: what they hold is hashed, and a surplus field is an error.

Units: prices in points and volumes in steps of the account's own symbol, money as decimal text, market time in
UTC milliseconds (`_ms`), machine time in UTC nanoseconds (`_ns`).
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from hydrad.domain.orders import Order, PlanStep
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.session import SESSION_MAX

LINK_VERSION = 1
FRAME_BYTES_MAX = 64 * 1024
TICKS_PER_FRAME_MAX = 2000
ROWS_PER_PAGE_MAX = 100
SYMBOLS_MAX = 256
NAME_MAX = 64  # of a symbol or an account; MetaTrader's symbols have 31 letters at most
STEPS_MAX = 64  # of a plan, in a frame that is taken at all; what may be run is less
MONEY_MAX = Decimal(10) ** 15
INSTANT_MS_MAX = 7_258_118_400_000  # the year 2200


class BadFrame(ValueError):
    """Bytes that are no frame of this version; the message says where."""


class OtherVersion(BadFrame):
    """A frame of another version, whose head is the same in all of them. `text`: what its sender said about it."""

    def __init__(self, version: int, session: int, text: str) -> None:
        super().__init__(f"link version {version}, {LINK_VERSION} is spoken here")
        self.version = version
        self.session = session
        self.text = text


class _Body(msgspec.Struct, frozen=True, array_like=True):
    """Base of all bodies. Fields that a newer sender of this version has at the end are passed over."""


def _finite(*amounts: Decimal) -> None:
    """NaN and infinities are valid decimals and no money: a frame that holds one is refused."""
    if not all(amount.is_finite() and abs(amount) < MONEY_MAX for amount in amounts):
        raise ValueError("an amount is not finite, or beyond reason")


def _named(*names: str) -> None:
    """A name comes back in answers, so that a frame with a long one would be answered by one that does not fit."""
    if any(len(name) > NAME_MAX for name in names):
        raise ValueError(f"a name of more than {NAME_MAX} letters")


def _planned(steps: tuple[PlanStep, ...]) -> None:
    if len(steps) > STEPS_MAX:
        raise ValueError(f"{len(steps)} steps")


def _instant(*times_ms: int) -> None:
    """An instant that lies outside 1970 to 2200 is a broken clock or a broken frame."""
    if not all(0 <= ms < INSTANT_MS_MAX for ms in times_ms):
        raise ValueError("an instant is beyond reason")


# --- values inside frames -------------------------------------------------------------------------------


class RowState(enum.IntEnum):
    """State of one (act id, move) in an agent's ledger."""

    JOURNALED = 1  # written before order_send; no verdict yet
    DONE = 2  # executed: tickets are known
    WORKING = 3  # accepted as a resting order
    REFUSED = 4  # the broker said no
    NOT_EXECUTED = 5  # never sent, or proven absent from the broker's records
    TOMBSTONED = 6  # asked about before it was seen: it will never be executed
    UNKNOWN = 7  # sent, or maybe sent; the broker's records have not answered yet
    ENDED = 8  # rested, and ended without a deal: `code` is CANCELLED, ORDER_EXPIRED or ORDER_REJECTED


class LedgerRow(_Body, frozen=True):
    """One entry of the agent's append-only ledger; the newest entry of an (act id, move) is its state.

    `index` counts from 1. `code` is the agent's reason (`EXPIRED`, `FENCED`, `CAP_LOTS`, ...) or empty. `order`
    stands in the JOURNALED entry only.
    """

    index: int
    act_id: int
    move: int
    state: RowState
    order_hash: bytes
    at_ns: int
    market_ms: int
    code: str = ""
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    price_points: int = 0
    volume_steps: int = 0
    detail: str = ""
    order: Order | None = None

    def __post_init__(self) -> None:
        _instant(self.market_ms)


class Tick(_Body, frozen=True, gc=False):
    """`time_ms` is UTC: the agent has removed the broker's offset."""

    time_ms: int
    bid_points: int
    ask_points: int


class SymbolTicks(_Body, frozen=True):
    symbol: str
    ticks: tuple[Tick, ...]


class PositionRow(_Body, frozen=True):
    ticket: int
    position_id: int
    symbol: str
    side: int
    volume_steps: int
    open_points: int
    stop_points: int
    target_points: int
    magic: int
    time_ms: int
    profit: Decimal
    swap: Decimal
    comment: str
    price_points: int = 0

    def __post_init__(self) -> None:
        _finite(self.profit, self.swap)
        _instant(self.time_ms)


class OrderRow(_Body, frozen=True):
    """A resting order at the broker."""

    ticket: int
    symbol: str
    order_type: int
    volume_steps: int
    price_points: int
    stop_points: int
    target_points: int
    magic: int
    expiration_ms: int
    comment: str


class DealRow(_Body, frozen=True):
    """One deal. `entry`: 0 in, 1 out, 2 inout, 3 out by. `deal_type`: 0 buy, 1 sell, 2 balance, 3 credit, ...
    `reason`: 0 client, 3 expert (Python API), 4 stop, 5 target, 6 stop-out. `order_id`: the order it came from."""

    ticket: int
    order_id: int
    position_id: int
    symbol: str
    deal_type: int
    entry: int
    reason: int
    volume_steps: int
    price_points: int
    magic: int
    time_ms: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    fee: Decimal
    comment: str

    def __post_init__(self) -> None:
        _finite(self.profit, self.swap, self.commission, self.fee)
        _instant(self.time_ms)


class RateRow(_Body, frozen=True):
    """One bar of the terminal's own, of bids. `ticks` as the terminal counts them."""

    start_ms: int
    open_points: int
    high_points: int
    low_points: int
    close_points: int
    ticks: int

    def __post_init__(self) -> None:
        _instant(self.start_ms)


class Identity(_Body, frozen=True):
    """Who the terminal says it is; compared with the enrolment at each hand-shake and around each order.

    `kind` is paper where the MetaTrader5 module carries the simulator's mark, demo or live by trade mode where it
    does not. `sim_broker` names the simulator's instance, empty on a real terminal.
    """

    login: int
    server: str
    kind: str
    currency: str
    hedging: bool
    trade_mode: int
    build: int
    data_path: str
    sim_broker: str


# --- up: agent to daemon --------------------------------------------------------------------------------


class SelfTest(_Body, frozen=True):
    """The newest self-test that the agent's host has kept: of which server and build, when it ended, and its report's
    SHA-256."""

    server: str
    build: int
    symbol: str
    passed: bool
    at_ms: int
    digest: str

    def __post_init__(self) -> None:
        _instant(self.at_ms)


class Hello(_Body, frozen=True, tag="HELLO"):
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
        _instant(self.market_ms)
        _named(*self.symbols)
        if len(self.symbols) > SYMBOLS_MAX:
            raise ValueError(f"{len(self.symbols)} symbols, {SYMBOLS_MAX} at most")


class BeatUp(_Body, frozen=True, tag="BEAT"):
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
        _instant(self.market_ms)


class Ticks(_Body, frozen=True, tag="TICKS"):
    """`through_ms`: everything up to here was read, plan steps due were run, and position changes were sent."""

    through_ms: int
    history: bool
    batches: tuple[SymbolTicks, ...]

    def __post_init__(self) -> None:
        _instant(self.through_ms)


class Account(_Body, frozen=True, tag="ACCOUNT"):
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
        _finite(self.balance, self.credit, self.equity, self.margin, self.margin_free, self.margin_level)
        _instant(self.market_ms)


class Specs(_Body, frozen=True, tag="SPECS"):
    """Terms of the watched symbols."""

    terms: tuple[SymbolTerms, ...]
    market_ms: int

    def __post_init__(self) -> None:
        _named(*(terms.symbol for terms in self.terms))


class Positions(_Body, frozen=True, tag="POSITIONS"):
    """All open positions, ours and foreign. `last` is False on all but the last page."""

    rows: tuple[PositionRow, ...]
    market_ms: int
    first: bool
    last: bool


class Orders(_Body, frozen=True, tag="ORDERS"):
    """All resting orders."""

    rows: tuple[OrderRow, ...]
    market_ms: int
    first: bool
    last: bool


class Deals(_Body, frozen=True, tag="DEALS"):
    """Deals in the order of their tickets. In the hand-shake: all since WELCOME's `deals_after`; afterwards as they
    happen. `last` ends the hand-shake's pages. `query_id` answers QUERY_HISTORY, else 0."""

    rows: tuple[DealRow, ...]
    last: bool
    query_id: int = 0


class Ledger(_Body, frozen=True, tag="LEDGER"):
    """Entries after WELCOME's `ledger_known`, in pages."""

    ledger_id: str
    rows: tuple[LedgerRow, ...]
    last: bool


class Ready(_Body, frozen=True, tag="READY"):
    """The books are complete for this session: every page was sent."""


class Ack(_Body, frozen=True, tag="ACK"):
    """The act stands in the ledger; the order follows."""

    act_id: int
    move: int
    ledger_index: int


class Result(_Body, frozen=True, tag="RESULT"):
    """The newest entry of an act, as stored; also the answer to a repeated command."""

    row: LedgerRow


class Status(_Body, frozen=True, tag="STATUS"):
    """Answer to QUERY: the newest entry. An unseen act has been tombstoned by the question."""

    row: LedgerRow


class PlanStepRun(_Body, frozen=True, tag="PLAN_STEP"):
    """A plan's step that the agent ran by itself: its entry, and the fire whose plan it is."""

    fire_id: int
    row: LedgerRow


class Conflict(_Body, frozen=True, tag="CONFLICT"):
    """Same act id, other order hash: nothing was sent."""

    act_id: int
    move: int
    known_hash: bytes
    asked_hash: bytes


class Rates(_Body, frozen=True, tag="RATES"):
    """Answer to QUERY_RATES: minute bars in their order, in pages. `why`: what kept them from being read; then there
    are none, and that says nothing about the market."""

    query_id: int
    symbol: str
    rows: tuple[RateRow, ...]
    last: bool
    why: str = ""


class Halted(_Body, frozen=True, tag="HALTED"):
    """The latch as stored now: answer to HALT and RESUME. `latches`: those of it that are closed, by whose they are."""

    halted: bool
    by: str
    latches: tuple[str, ...] = ()


class Fenced(_Body, frozen=True, tag="FENCED"):
    """A frame of a lower epoch was refused; `epoch_max` is what this agent has stored."""

    epoch_max: int


STUCK = "STUCK"  # of WARN: what an agent does by itself does not go, and a person has to look


class Warn(_Body, frozen=True, tag="WARN"):
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


# --- down: daemon to agent ------------------------------------------------------------------------------


class TicksFrom(_Body, frozen=True):
    """Ticks of this symbol are wanted from this instant on; older than now comes marked `history`."""

    symbol: str
    from_ms: int


class Welcome(_Body, frozen=True, tag="WELCOME"):
    """The agent stores `epoch` durably before it answers. `ledger_known`: entries of `ledger_id` that the daemon has
    booked; 0 with an empty id when it knows none. `halted`: the daemon's latch for this account."""

    epoch: int
    ledger_id: str
    ledger_known: int
    deals_after: int
    ticks_from: tuple[TicksFrom, ...]
    halted: bool
    machine_ns: int


class BeatDown(_Body, frozen=True, tag="BEAT"):
    """Answers each BEAT up, at once."""

    machine_ns: int


class _Command(_Body, frozen=True):
    """An act to perform. `deadline_ns`: daemon's UTC, never later than the mission's expiry. `mission_expiry_ms`:
    market time, 0 for acts without a mission's limit."""

    act_id: int
    move: int
    deadline_ns: int
    mission_expiry_ms: int
    order: Order
    order_hash: bytes

    def __post_init__(self) -> None:
        _named(self.order.account, self.order.symbol)
        _planned(self.order.plan)


class Fire(_Command, frozen=True, tag="FIRE"):
    """Open a position, or place a resting order."""


class Close(_Command, frozen=True, tag="CLOSE"):
    """Close all or part of a position, or close it by another."""


class Modify(_Command, frozen=True, tag="MODIFY"):
    """Set stop and target of a position."""


class Cancel(_Command, frozen=True, tag="CANCEL"):
    """Remove a resting order."""


class Plan(_Body, frozen=True, tag="PLAN"):
    """Replace the plan of a position. With an `act_id` it is an act of the ledger's, answered by RESULT; its
    hash is that of an Order with nothing but kind SET_PLAN, the account, the position, the plan and `stop_points`.

    `stop_points`: the fire's own stop, from which R is measured, for an agent whose ledger does not have the fire; 0
    for one that has it.
    """

    position_id: int
    fire_id: int
    steps: tuple[PlanStep, ...]
    act_id: int = 0
    stop_points: int = 0

    def __post_init__(self) -> None:
        _planned(self.steps)


class Query(_Body, frozen=True, tag="QUERY"):
    """What became of this act? Answered by STATUS."""

    act_id: int
    move: int


class QueryHistory(_Body, frozen=True, tag="QUERY_HISTORY"):
    """Deals of an interval of market time, both ends included, answered by DEALS with the same `query_id`."""

    query_id: int
    from_ms: int
    to_ms: int


class QueryRates(_Body, frozen=True, tag="QUERY_RATES"):
    """The terminal's own minute bars that open within an interval of market time, both ends included, a day at most.
    Answered by RATES. Sent only to an agent whose HELLO says that it knows it."""

    query_id: int
    symbol: str
    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        _named(self.symbol)


class Halt(_Body, frozen=True, tag="HALT"):
    """Obeyed at any epoch from any enrolled daemon: stored, then answered by HALTED."""

    by: str


class Resume(_Body, frozen=True, tag="RESUME"):
    """Obeyed at the current epoch only: opens the daemon's own latch. `latches`: those of the agent's own that it
    opens too."""

    by: str
    latches: tuple[str, ...] = ()


class Versions(_Body, frozen=True, tag="VERSION"):
    """Answer to a frame of a version that is not spoken here. This frame and the head of all frames are the same in
    every version. `lowest` to `highest` are spoken; `text` says what to do, for people."""

    lowest: int
    highest: int
    text: str


Down = (
    Versions
    | Welcome
    | BeatDown
    | Fire
    | Close
    | Modify
    | Cancel
    | Plan
    | Query
    | QueryHistory
    | QueryRates
    | Halt
    | Resume
)
Command = Fire | Close | Modify | Cancel


class UpFrame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    epoch: int
    session: int
    seq: int
    body: Up


class DownFrame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    epoch: int
    session: int
    seq: int
    body: Down


_ENCODER = msgspec.msgpack.Encoder()
_UP = msgspec.msgpack.Decoder(UpFrame)
_DOWN = msgspec.msgpack.Decoder(DownFrame)
_HEAD = msgspec.msgpack.Decoder(tuple[int, int, int, int, msgspec.Raw])
_VERSIONS = msgspec.msgpack.Decoder(Versions)
_TEXT_MAX = 200


def encode(frame: UpFrame | DownFrame) -> bytes:
    """The frame's bytes; a frame over 64 KiB is a programming error (pages are cut before)."""
    data = _ENCODER.encode(frame)
    assert len(data) <= FRAME_BYTES_MAX, f"{type(frame.body).__name__} frame of {len(data)} bytes"
    return data


def decode_up(data: bytes) -> UpFrame:
    """A frame from an agent; raises BadFrame."""
    frame = _decode(_UP, data)
    assert isinstance(frame, UpFrame)
    return frame


def decode_down(data: bytes) -> DownFrame:
    """A frame from a daemon; raises BadFrame."""
    frame = _decode(_DOWN, data)
    assert isinstance(frame, DownFrame)
    return frame


def versions_told(session: int, theirs: int) -> DownFrame:
    """The answer to an agent of another version, in its session."""
    whose = "the agent" if theirs < LINK_VERSION else "the daemon"
    text = f"this daemon speaks link {LINK_VERSION} and the agent {theirs}: install a newer version of {whose}"
    return DownFrame(LINK_VERSION, 0, session, 1, Versions(LINK_VERSION, LINK_VERSION, text))


def _decode(decoder: msgspec.msgpack.Decoder[UpFrame] | msgspec.msgpack.Decoder[DownFrame], data: bytes) -> object:
    if len(data) > FRAME_BYTES_MAX:
        raise BadFrame(f"{len(data)} bytes, {FRAME_BYTES_MAX} at most")
    try:
        frame = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        _look_at_head(data)
        raise BadFrame(str(error)) from None
    if frame.version != LINK_VERSION:
        _look_at_head(data)
        raise BadFrame(f"link version {frame.version}")
    if frame.epoch < 0 or not 1 <= frame.session <= SESSION_MAX or frame.seq < 1:
        raise BadFrame("epoch, session and seq count upwards, a session to 2^53-1")
    return frame


def _look_at_head(data: bytes) -> None:
    """Raises OtherVersion where all that is wrong with a frame may be its version."""
    try:
        version, _, session, _, body = _HEAD.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return
    if version == LINK_VERSION or not 0 < version < 1 << 16 or not 0 < session <= SESSION_MAX:
        return
    try:
        text = "".join(letter for letter in _VERSIONS.decode(body).text[:_TEXT_MAX] if letter.isprintable())
    except (msgspec.DecodeError, RecursionError, ValueError):
        text = ""
    raise OtherVersion(version, session, text)
