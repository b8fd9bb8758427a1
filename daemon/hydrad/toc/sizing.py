"""The one sizing function, and the one function that brings a mission's prices to an account's symbol.

Volume = risk money / (distance from the collar's worse edge to the stop x money per point and lot), rounded *down*
to the step. Below the minimum is a refusal, never a rounding up.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

import msgspec

from hydrad.domain.orders import Side
from hydrad.domain.signals import Signal
from hydrad.domain.symbols import SymbolTerms


class Levels(msgspec.Struct, frozen=True):
    """A mission's prices in points of the account's symbol. `target_points` 0: none."""

    entry_points: int
    stop_points: int
    target_points: int
    collar_points: int


def levels(signal: Signal, digits: int, basis_points: int = 0) -> Levels:
    """Bring a signal's prices to `digits` and shift them by the basis (account minus source, in account points).

    With fewer digits the stop is rounded towards entry, the target towards entry: never more risk, never a better
    promise than was proposed. Entry is rounded away from the stop (the worse edge for sizing).
    """
    shift = digits - signal.digits
    away_up = signal.side is Side.BUY  # for a BUY, "towards entry" is up for the stop and down for the target
    return Levels(
        _scale(signal.entry_points, shift, up=away_up) + basis_points,
        _scale(signal.stop_points, shift, up=away_up) + basis_points if signal.stop_points else 0,
        _scale(signal.target_points, shift, up=not away_up) + basis_points if signal.target_points else 0,
        _scale(signal.collar_points, shift, up=False),
    )


def _scale(points: int, shift: int, up: bool) -> int:
    if shift >= 0:
        return points * int(10**shift)
    step: int = 10**-shift
    return -(-points // step) if up else points // step


def worst_entry(side: Side, at: Levels) -> int:
    """The collar's worse edge: the highest price a BUY may pay, the lowest a SELL may get."""
    return at.entry_points + side.sign * at.collar_points


def stop_distance(side: Side, at: Levels) -> int:
    """Points between the worse edge and the stop; zero or negative means the stop is on the wrong side."""
    return (worst_entry(side, at) - at.stop_points) * side.sign


def money_at_stop(distance_points: int, steps: int, terms: SymbolTerms) -> Decimal:
    """Loss in the account's currency when so many steps lose so many points, before swap and commission."""
    return terms.tick_value_loss * distance_points * terms.volume_step * steps


def loss_at(side: Side, open_points: int, stop_points: int, steps: int, terms: SymbolTerms) -> Decimal:
    """What a position loses from its open price to its stop; a stop that locks in a gain loses nothing."""
    return money_at_stop(max((open_points - stop_points) * side.sign, 0), steps, terms)


def money_for(points: int, steps: int, terms: SymbolTerms) -> Decimal:
    """What a move of so many points brings, below zero for a loss, in the account's currency."""
    per_point = terms.tick_value_profit if points > 0 else terms.tick_value_loss
    return per_point * points * terms.volume_step * steps


def volume_for(risk_money: Decimal, distance_points: int, terms: SymbolTerms) -> int:
    """Steps that risk at most `risk_money`; 0 when even one step would risk more, or a figure is missing."""
    per_step = money_at_stop(distance_points, 1, terms)
    if per_step <= 0 or risk_money <= 0:
        return 0
    return int((risk_money / per_step).to_integral_value(ROUND_FLOOR))
