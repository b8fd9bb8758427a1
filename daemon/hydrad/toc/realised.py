"""What a close brought: by the deals that its broker has told, never by a price of ours. Pure.

A deal is an act's by the act's id, which is its magic number, by its ticket, or by the order that it came from. What
opening a position cost is in the position's total alone: no share of it is a part's.
"""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain.money import money_text, volume_text
from hydrad.domain.orders import ActKind
from hydrad.toc import multiple
from hydrad.toc.act import ActState
from hydrad.toc.state import Act, Closing, Position, State
from hydrad.wire.answers.acts import Realised


def of_act(state: State, act: Act) -> Realised | None:
    """None for an act that closes nothing of ours, or that was not DONE."""
    position = state.positions.get(act.position)
    closes = act.kind is not ActKind.FIRE and act.order is not None and act.order.volume_steps > 0
    if position is None or not closes or act.state is not ActState.DONE:
        return None
    deals = [deal for deal in position.closings if _is_of(act, deal)]
    money = sum((deal.money for deal in deals), Decimal(0)) if deals else None
    fire = state.acts[position.fire_id]
    return Realised(
        currency=state.accounts[position.account].currency,
        money=None if money is None else money_text(money),
        r=None if money is None else multiple.text(fire, position, money),
        volume=_lots(position, sum(deal.volume_steps for deal in deals)),
        remaining=_lots(position, position.volume_steps) if deals or not position.open else None,
        total=None if position.open else money_text(position.profit),
        total_r=None if position.open else multiple.text(fire, position, position.profit),
    )


def _is_of(act: Act, deal: Closing) -> bool:
    if deal.magic == act.act_id or deal.ticket == act.deal_ticket != 0:
        return True
    return deal.order_id == act.order_ticket != 0


def _lots(position: Position, steps: int) -> str:
    return volume_text(steps, position.volume_step)
