"""A symbol's terms held against others: those that a person confirmed, or another account's. Owns which terms there are
and when two of them differ.

What follows the market or a rate (money per point, margins) differs only from `MOVES_PERCENT` on: a changed contract or
leverage shows as a factor, a day's prices do not. Money of accounts in two currencies is not compared. The broker's
trading hours are not among the terms: the terminal's interface does not tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from hydrad.domain.instants import ns_text
from hydrad.domain.money import volume_text
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import risk
from hydrad.toc.mapping import own_symbol, stands_for
from hydrad.toc.state import Confirmed, Terminal
from hydrad.toc.turn import Turn
from hydrad.wire.answers.market import SymbolDiffData, SymbolDifference, SymbolPair

MOVES_PERCENT = 20
CONFIRMED = "confirmed"


class Side(NamedTuple):
    """One side of a comparison: who tells the terms, in which currency; `told_ms`: at which market time a terminal did,
    `confirmed`: or which person said yes to them."""

    name: str
    currency: str
    terms: SymbolTerms
    told_ms: int | None = None
    confirmed: Confirmed | None = None


class Term(NamedTuple):
    """`sized`: an order's size and prices are made from it, so that a change stops opens. `moves`: with the market."""

    name: str
    told: Callable[[SymbolTerms], str | int | Decimal]
    sized: bool = False
    moves: bool = False


def _steps(steps: int, terms: SymbolTerms) -> str:
    return volume_text(steps, terms.volume_step)


TERMS = (
    Term("digits", lambda t: t.digits, sized=True),
    Term("contract size", lambda t: t.contract_size, sized=True),
    Term("volume step", lambda t: t.volume_step, sized=True),
    Term("base currency", lambda t: t.currency_base),
    Term("profit currency", lambda t: t.currency_profit, sized=True),
    Term("margin currency", lambda t: t.currency_margin),
    Term("volume min", lambda t: _steps(t.volume_min_steps, t)),
    Term("volume max", lambda t: _steps(t.volume_max_steps, t)),
    Term("volume limit", lambda t: _steps(t.volume_limit_steps, t)),
    Term("stops level", lambda t: t.stops_level_points),
    Term("freeze level", lambda t: t.freeze_level_points),
    Term("tick value of a loss", lambda t: t.tick_value_loss, moves=True),
    Term("tick value of a profit", lambda t: t.tick_value_profit, moves=True),
    Term("margin to buy", lambda t: t.margin_buy, moves=True),
    Term("margin to sell", lambda t: t.margin_sell, moves=True),
    Term("trade mode", lambda t: t.trade_mode),
    Term("execution", lambda t: t.execution),
    Term("filling", lambda t: t.filling_flags),
    Term("expiration", lambda t: t.expiration_flags),
    Term("order types", lambda t: t.order_flags),
    Term("swap mode", lambda t: "not told" if t.swap_mode is None else t.swap_mode),
    Term("swap long", lambda t: t.swap_long),
    Term("swap short", lambda t: t.swap_short),
    Term("triple swap day", lambda t: t.swap_triple_day),
)


def differences(symbol: str, left: Side, right: Side) -> Iterator[SymbolDifference]:
    """What differs, in the order of TERMS."""
    for term in TERMS:
        if term.moves and left.currency != right.currency:
            continue
        here, there = term.told(left.terms), term.told(right.terms)
        if _differ(term, here, there):
            yield SymbolDifference(symbol, left.name, right.name, term.name, _text(here), _text(there), term.sized)


def _differ(term: Term, left: str | int | Decimal, right: str | int | Decimal) -> bool:
    if not term.moves or not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return left != right
    return abs(left - right) * 100 > MOVES_PERCENT * max(abs(left), abs(right))


def _text(value: str | int | Decimal) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


# --- what there is to compare ---------------------------------------------------------------------------


def since_confirmed(turn: Turn, accounts: tuple[str, ...], symbol: str | None) -> SymbolDiffData:
    """Each map of these accounts: its terms now at each of the account's terminals, and when a person said yes."""
    found = _Found(turn.market_ms)
    for account in accounts:
        confirmed = turn.state.symbol_terms.get(account, {})
        for name, own in turn.state.symbol_maps.get(account, {}).items():
            if symbol not in (None, name):
                continue
            known = confirmed.get(name)
            if known is None:
                found.missing.append(f"{account} {name}: mapped before terms were kept; symbol map confirms it again")
                continue
            currency = turn.state.accounts[account].currency
            for terminal in _terminals(turn, account):
                confirmed_side = Side(CONFIRMED, currency, known.terms, confirmed=known)
                found.add(name, confirmed_side, _side(turn, terminal, own), terminal.name)
    return found.data


def between(turn: Turn, left: Terminal, right: Terminal, symbol: str | None) -> SymbolDiffData:
    """The symbols of missions that both have, as two terminals tell them now."""
    found = _Found(turn.market_ms)
    names = {name for own in turn.live.link(left.name).terms for name in stands_for(turn.state, left.account, own)}
    others = {name for own in turn.live.link(right.name).terms for name in stands_for(turn.state, right.account, own)}
    for name in [symbol] if symbol else sorted(names & others):
        here = _side(turn, left, own_symbol(turn.state, left.account, name))
        found.add(name, here, _side(turn, right, own_symbol(turn.state, right.account, name)), right.name, left.name)
    return found.data


def terminal_of(turn: Turn, name: str) -> Terminal | None:
    """A terminal by its name, or the one that opens for an account."""
    return (
        risk.lane_holder(turn.state, turn.live, name) if name in turn.state.accounts else turn.state.terminals.get(name)
    )


def _terminals(turn: Turn, account: str) -> list[Terminal]:
    return [terminal for terminal in turn.state.terminals.values() if terminal.account == account]


def _side(turn: Turn, terminal: Terminal, own: str) -> Side | None:
    link, currency = turn.live.link(terminal.name), turn.state.accounts[terminal.account].currency
    terms = link.terms.get(own)
    return Side(terminal.name, currency, terms, link.terms_ms.get(own)) if terms else None


class _Found:
    """What a comparison has found so far."""

    def __init__(self, market_ms: int) -> None:
        self._market_ms = market_ms
        self.pairs: list[SymbolPair] = []
        self.rows: list[SymbolDifference] = []
        self.missing: list[str] = []

    def add(self, symbol: str, left: Side | None, right: Side | None, right_name: str, left_name: str = "") -> None:
        if left is None or right is None:
            silent = left_name if left is None else right_name
            self.missing.append(f"{silent} {symbol}: no terms were told in this session")
            return
        rows = list(differences(symbol, left, right))
        self.rows += rows
        told_ms = [side.told_ms for side in (left, right) if side.told_ms is not None]
        self.pairs.append(
            SymbolPair(
                *(symbol, left.name, left.terms.symbol, right.name, right.terms.symbol, len(rows)),
                told_age_s=(self._market_ms - min(told_ms)) / 1000 if told_ms else None,
                confirmed_at=ns_text(left.confirmed.at_ns) if left.confirmed else None,
                confirmed_by=left.confirmed.actor if left.confirmed else None,
            )
        )

    @property
    def data(self) -> SymbolDiffData:
        return SymbolDiffData(tuple(self.pairs), tuple(self.rows), tuple(self.missing))
