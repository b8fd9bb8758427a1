"""What an account is net long or short of, by currency or thing, in the account's currency.

A lot's worth is price in points x money per point and lot, all from the broker's own figures: no rate is needed. A
buyer of EURUSD is long so much EUR and short as much USD; the account's own currency counts like any other. An act
whose end is not known counts where it makes the net larger, never where it makes it smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from hydrad.domain.assets import held_of
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import exposure, remainders
from hydrad.toc.gate.case import Case


@dataclass(slots=True)
class Leg:
    symbol: str
    sign: int
    steps: int
    points: int
    sure: bool = True


@dataclass(slots=True)
class _Sum:
    sure: Decimal = Decimal(0)
    may_add: Decimal = Decimal(0)
    may_take: Decimal = Decimal(0)

    def add(self, money: Decimal, sure: bool) -> None:
        if sure:
            self.sure += money
        elif money > 0:
            self.may_add += money
        else:
            self.may_take += money

    @property
    def worst(self) -> Decimal:
        return max(self.sure + self.may_add, self.sure + self.may_take, key=abs)


def net(c: Case, with_this: bool, name_of: Callable[[str], str | None]) -> dict[str, Decimal] | None:
    """By the name that `name_of` gives a currency or thing (None: left out): all that is held and in flight, and this
    act too. None when the terms of a symbol are missing, or say no money."""
    link = exposure.reporter(c.state, c.live, c.ask.account.name) or c.link
    legs = list(_held(c))
    if with_this:
        if c.terms is None or c.at is None:
            return None
        legs.append(Leg(c.terms.symbol, c.ask.signal.side.sign, c.steps, c.at.entry_points))
    found: dict[str, _Sum] = {}
    for leg in legs:
        terms = link.terms.get(leg.symbol) if link else None
        if terms is None or terms.tick_value_profit <= 0:
            return None
        worth = worth_of(terms, leg.steps, leg.points) * leg.sign
        held = held_of(leg.symbol, terms.currency_base, terms.currency_profit)
        for thing, money in ((held, worth), (terms.currency_profit, -worth)):
            name = name_of(thing)
            if name is not None:
                found.setdefault(name, _Sum()).add(money, leg.sure)
    return {name: total.worst for name, total in found.items()}


def worth_of(terms: SymbolTerms, steps: int, points: int) -> Decimal:
    """What so many steps are worth at a price, in the account's currency."""
    return terms.tick_value_profit * points * terms.volume_step * steps


def _held(c: Case) -> Iterator[Leg]:
    account = c.ask.account.name
    for position in exposure.open_positions(c.state, account):
        yield Leg(position.symbol, position.side.sign, position.volume_steps, position.open_points)
    for act in exposure.reserved(c.state, account):
        if act.order is not None:
            yield Leg(act.order.symbol, act.order.side.sign, act.order.volume_steps, act.order.entry_points, sure=False)
    for fire, steps in remainders.standing(c.state, c.live, account):
        if fire.order is not None:
            yield Leg(fire.order.symbol, fire.order.side.sign, steps, fire.order.entry_points, sure=False)
    for row in exposure.foreign_rows(c.state, c.live, account):
        yield Leg(row.symbol, 1 if row.side == 0 else -1, row.volume_steps, row.open_points)
