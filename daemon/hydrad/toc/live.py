"""Volatile state: quotes, links, sessions, account figures, waiting clients. Never in a snapshot, never folded;
rebuilt by hand-shakes after every start."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hydrad.domain.accounts import Authority
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.news import NewsEvent
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.link.clock import PeerClock
from hydrad.link.session import Session
from hydrad.toc.histories import Asking
from hydrad.toc.mids import Mids
from hydrad.toc.terminal import LinkState

RATE_WINDOW_NS = 60_000_000_000
NEWS_OFF, NEWS_FILE = "off", "file"


@dataclass(slots=True)
class Quote:
    """The last tick of a symbol at one terminal. `history` ticks make no quote."""

    bid_points: int
    ask_points: int
    time_ms: int
    seen_ns: int

    @property
    def spread_points(self) -> int:
        return self.ask_points - self.bid_points


class Minute(NamedTuple):
    """A whole minute of one symbol's live ticks at one terminal. `number`: minutes since 1970 by the ticks' stamps;
    `bad`: crossed, not positive, or older than the one before; `spread_milli`: mean of the good ones."""

    number: int
    ticks: int
    bad: int
    spread_milli: int


@dataclass(slots=True)
class Quality:
    """Counts the minute that runs; `last` is the one before it that had any tick."""

    number: int = -1
    ticks: int = 0
    bad: int = 0
    spread_points: int = 0
    stamp_ms: int = 0
    last: Minute | None = None

    def add(self, tick: f.Tick) -> None:
        number = tick.time_ms // MINUTE_MS
        if number > self.number:
            self._close(number)
        self.ticks += 1
        if 0 < tick.bid_points <= tick.ask_points and tick.time_ms >= self.stamp_ms:
            self.spread_points += tick.ask_points - tick.bid_points
            self.stamp_ms = tick.time_ms
        else:
            self.bad += 1

    def _close(self, number: int) -> None:
        if self.ticks:
            spread_milli = self.spread_points * 1000 // max(self.ticks - self.bad, 1)
            self.last = Minute(self.number, self.ticks, self.bad, spread_milli)
        self.number, self.ticks, self.bad, self.spread_points = number, 0, 0, 0


@dataclass(slots=True)
class Source:
    """The terminal whose ticks stand for a symbol, since when (machine and market time), and why it was taken.
    `used`: a live tick of it has been taken."""

    terminal: str
    since_ns: int
    since_ms: int
    why: str
    used: bool = False


@dataclass(slots=True)
class Rate:
    """Ticks a second over the last whole window, measured on machine time."""

    window_ns: int = 0
    count: int = 0
    last_count: int = 0

    def add(self, count: int, now_ns: int) -> None:
        window = now_ns // RATE_WINDOW_NS
        if window != self.window_ns:
            self.last_count = self.count if window == self.window_ns + 1 else 0
            self.window_ns, self.count = window, 0
        self.count += count

    def per_s(self, now_ns: int) -> float:
        if now_ns // RATE_WINDOW_NS != self.window_ns:
            return 0.0
        elapsed = now_ns % RATE_WINDOW_NS / 1e9
        return (self.count + self.last_count) / (elapsed + (60.0 if self.last_count else 0.0) + 1e-9)


@dataclass(slots=True)
class Books:
    """What one hand-shake or report has told so far; complete when its last page was read."""

    positions: list[f.PositionRow] = field(default_factory=list)
    orders: list[f.OrderRow] = field(default_factory=list)


@dataclass(slots=True)
class Rival:
    """A second agent's last HELLO with a link's key. `outlived`: the first agent was heard from since it came."""

    hello: f.Hello
    came_ns: int
    seen_ns: int
    outlived: bool = False


@dataclass(slots=True)
class Link:
    """One terminal's link. `session` is None before the first HELLO and after a session was dropped."""

    terminal: str
    state: LinkState = LinkState.ABSENT
    why: str = "no agent has connected yet"
    connection: int = -1
    session: Session | None = None
    down: Session | None = None
    hello: f.Hello | None = None
    rival: Rival | None = None
    heard_ns: int = 0
    beat: f.BeatUp | None = None
    beat_ns: int = 0
    sent_since_ns: int = 0  # what arrives now was sent no earlier, by our clock: its last beat answers ours of then
    clock: PeerClock = field(default_factory=PeerClock)
    offset_ns: int | None = None  # the best of the clock's samples
    uncertainty_ns: int = 0
    measured_ns: int = 0
    through_ms: int = 0
    account: f.Account | None = None
    account_ns: int = 0
    terms: dict[str, SymbolTerms] = field(default_factory=dict)
    terms_ms: dict[str, int] = field(default_factory=dict)  # market time at which each was told
    terms_known: dict[str, SymbolTerms] = field(default_factory=dict)  # the last of all sessions since the start
    quotes: dict[str, Quote] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)
    mids: dict[str, Mids] = field(default_factory=dict)
    quality: dict[str, Quality] = field(default_factory=dict)
    ticks_shed: int = 0  # here, since the daemon's start; the agent counts its own
    feeds: set[str] = field(default_factory=set)  # the symbols that it is the source of
    ledger_seen: int = 0  # entries of the agent's ledger told without a hole; `ledger_known` follows with a verdict
    incoming: Books = field(default_factory=Books)
    positions: dict[int, f.PositionRow] = field(default_factory=dict)
    positions_ns: int = 0
    positions_reports: int = 0  # whole reports so far, and figures: what is read after a question is told by these
    account_reports: int = 0
    orders: dict[int, f.OrderRow] = field(default_factory=dict)
    orders_ns: int = 0
    rested_ns: dict[int, int] = field(default_factory=dict)  # fire -> when its order was last reported
    lacked_ns: dict[int, int] = field(default_factory=dict)  # fire that is WORKING -> since when no report has it
    peak_seen: tuple[Decimal, int] | None = None  # the lowest of the reports above the peak, and since when
    funds_seen: tuple[Decimal, int] | None = None  # unexplained of balance plus credit, and since when
    halted: bool | None = None
    halted_ns: int = 0
    latches: tuple[str, ...] = ()  # whose the closed ones are; empty of an agent that has one for all
    settled_ns: int | None = None  # since when READY with the broker connected, without a break
    unsettled_ns: dict[int, int] = field(default_factory=dict)  # position number -> missing since

    @property
    def connected(self) -> bool:
        return self.session is not None


class Kept(NamedTuple):
    """Whose request it is, under which key, and the SHA-256 of its parameters: its answer is kept for whoever asks
    again."""

    actor: str
    surface: str
    key: str
    asked: bytes


@dataclass(slots=True)
class Waiter:
    """A client that waits for the end of some acts, or for terminals to confirm the latch."""

    request: int
    verb: str
    deadline_ns: int
    acts: tuple[int, ...] = ()
    terminals: tuple[str, ...] = ()
    since_ns: int = 0
    account: str = ""
    symbol: str = ""
    drill: Drill | None = None
    kept: Kept | None = None


@dataclass(slots=True)
class Drill:
    """Of a halt drill: who asked, the level before, the agents that were not halted then, and whether somebody has
    halted since."""

    actor: str
    surface: str
    before: Authority
    free: tuple[str, ...] = ()
    overtaken: bool = False


@dataclass(slots=True)
class News:
    """What the news file said. `as_of_ns`: when it was last written, machine time; 0 when it could not be read, and
    `problem` says why. `look_ms`: market time from which there is something to tell."""

    mode: str = NEWS_OFF
    events: tuple[NewsEvent, ...] = ()
    as_of_ns: int = 0
    problem: str = "not read yet"
    look_ms: int = 0


@dataclass(slots=True)
class Watch:
    """What the conditions that are judged at every clock remember (`watch`): since when each one has held (machine
    time), and per terminal the newest tick's stamp, since when silence counts, and how far it has read. `rung`: the
    alarms that stood when this clock began."""

    rung: set[tuple[str, str]] = field(default_factory=set)
    since_ns: dict[tuple[str, str], int] = field(default_factory=dict)
    looked_ns: int = 0  # the last clock at which all was judged, and its market time
    looked_ms: int = 0
    open_ms: int | None = None  # market time since when the market has been seen open, without a break
    ready_ms: dict[str, int] = field(default_factory=dict)
    tick_ms: dict[str, int] = field(default_factory=dict)
    read: dict[str, tuple[int, int]] = field(default_factory=dict)  # through, machine time since when it stands there
    said_ms: int = 0  # APEX proposed or suppressed something


@dataclass(slots=True)
class Live:
    market_ms: int = 0
    expired_ms: int = 0  # missions have been looked at for expiry up to here
    now_ns: int = 0
    symbols: tuple[str, ...] = ()
    phone_may: tuple[str, ...] = ()  # verbs that the configuration lets phones ask for
    sources: dict[str, Source] = field(default_factory=dict)
    source_symbols: tuple[str, ...] = ()  # all that any terminal is enrolled for, and which is looked at next
    sources_next: int = 0
    digits: dict[str, int] = field(default_factory=dict)  # of each symbol, as the first terminal has told them
    links: dict[str, Link] = field(default_factory=dict)
    waiters: list[Waiter] = field(default_factory=list)
    rests_gone: set[int] = field(default_factory=set)  # fires of which a report, read after their fill, shows no rest
    rests_stuck: set[int] = field(default_factory=set)  # fires whose rest is reported and whose cancel came to nothing
    queried_ns: dict[int, tuple[int, int]] = field(default_factory=dict)  # act -> (asked at, times)
    withheld: list[int] = field(default_factory=list)
    degraded_after_ns: int = 3_000_000_000
    lost_after_ns: int = 10_000_000_000
    bad_ticks: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    bad_ticks_ns: int = 0
    clock_ns: int = 0
    news: News = field(default_factory=News)
    hours_told: dict[tuple[str, str], int] = field(default_factory=dict)  # terminal, symbol -> day of the finding
    watch: Watch = field(default_factory=Watch)
    askings: list[Asking] = field(default_factory=list)
    channels_failing: dict[str, tuple[int, str]] = field(default_factory=dict)  # channel -> since when, why
    histories: int = 0  # so many were asked for: the last `query_id`

    def link(self, terminal: str) -> Link:
        link = self.links.get(terminal)
        if link is None:
            link = self.links[terminal] = Link(terminal)
        return link

    def equity(self, terminal: str) -> Decimal | None:
        account = self.link(terminal).account
        return account.equity if account else None
