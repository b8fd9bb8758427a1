"""What a check gets: the question, and everything that was looked up for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hydrad.domain.actors import Role
from hydrad.domain.orders import EntryType, Order
from hydrad.domain.signals import Signal
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import sizing
from hydrad.toc.limits import Limits
from hydrad.toc.live import Link, Live, Quote
from hydrad.toc.mapping import own_symbol
from hydrad.toc.mids import Basis
from hydrad.toc.mission import MissionState
from hydrad.toc.state import Account, State, Terminal

UNKNOWN = "unknown"
NOT_SET = "not set"

Measure = tuple[bool, str, str]  # passed, measured, limit


@dataclass(slots=True)
class Ask:
    """One question to the gate. `mission_number` 0 for a dry run by hand, whose mission does not exist. `actor`: the
    operator's identity. `source`: the terminal whose quotes made the signal, empty when nobody knows. `again`: a
    person said that it only looks repeated. `frozen`: the order that a second person was asked about, whose levels and
    volume stand. `approved_by`: that person's identity, once they have said yes."""

    signal: Signal
    mission_number: int
    mission_state: MissionState
    account: Account
    role: Role
    plan: str
    volume_steps: int
    risk_percent: Decimal | None
    act_id: int
    actor: str = ""
    source: str = ""
    by_hand: bool = False
    again: bool = False
    frozen: Order | None = None
    approved_by: str = ""


@dataclass(slots=True)
class Case:
    """An ask with everything that was looked up for it. None means not known."""

    ask: Ask
    state: State
    live: Live
    now_ns: int
    limits: Limits
    terminal: Terminal | None
    link: Link | None
    terms: SymbolTerms | None
    quote: Quote | None
    basis: Basis | None
    at: sizing.Levels | None
    base: Decimal | None
    steps: int
    risk_money: Decimal | None

    @property
    def symbol(self) -> str:
        """What the account's broker calls the mission's symbol."""
        return own_symbol(self.state, self.ask.account.name, self.ask.signal.symbol)

    @property
    def price(self) -> int:
        """Where a market order of this side would be filled now, in points; 0 when there is no quote."""
        if self.quote is None:
            return 0
        return self.quote.ask_points if self.ask.signal.side.sign > 0 else self.quote.bid_points

    @property
    def rests(self) -> bool:
        """Whether the order would wait at the broker for its entry."""
        return self.ask.signal.entry_type is not EntryType.MARKET

    @property
    def opening_price(self) -> int:
        """Where it would open: at its entry where it rests, else where the market is; 0 for not known."""
        return self.at.entry_points if self.rests and self.at is not None else self.price

    @property
    def judged_from(self) -> int:
        """The price that the broker holds stop and target against; 0 for not known."""
        return self.at.entry_points if self.rests and self.at is not None else self.exit_price

    @property
    def exit_price(self) -> int:
        """Where a position of this side would be closed now, in points; 0 when there is no quote."""
        if self.quote is None:
            return 0
        return self.quote.bid_points if self.ask.signal.side.sign > 0 else self.quote.ask_points

    @property
    def market_ms(self) -> int:
        return self.live.market_ms
