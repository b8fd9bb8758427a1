"""What an act that reduces would be: lots, what is left, money now, risk at the stop, and who would say no. Pure.

The verdict is the one that the act itself would get (`closing.Judged`). What the account's own broker would refuse by
its terms stands beside it (`expects`) and denies nothing: terms may be old, and what reduces is never held up by us.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hydrad.domain import levels
from hydrad.domain.calendar import Hours
from hydrad.domain.instants import ms_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.orders import ActKind, Side
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.toc import act_views, exposure, order_views, risk, sizing
from hydrad.toc.closing import Judged
from hydrad.toc.gate.market import hours_now
from hydrad.toc.gate.terminal import trading
from hydrad.toc.limiting import limits_for
from hydrad.toc.live import Link
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Act, Position
from hydrad.toc.texts import position_id_text, seconds
from hydrad.toc.turn import Turn
from hydrad.wire.answers.acts import ReduceRow
from hydrad.wire.codes import Reason

CLOSES = (ActKind.CLOSE, ActKind.PART_CLOSE)
_MODE_DISABLED = 0  # SYMBOL_TRADE_MODE_DISABLED


class Held(NamedTuple):
    """What an act is about: a position, FOREIGN too, or a resting order with its price as the open one. `swap`: to
    date, None where it was not reported. `risk_money`: of an order, as its fire was judged."""

    id: str | None
    ticket: int | None
    foreign: bool
    side: Side
    open_points: int
    steps: int
    stop_points: int
    target_points: int
    swap: Decimal | None = None
    risk_money: Decimal | None = None


def of_position(turn: Turn, position: Position) -> Held:
    link = exposure.reporter(turn.state, turn.live, position.account)
    rows = link.positions.values() if link and position.open else ()
    swap = next((row.swap for row in rows if row.position_id == position.position_id), None)
    return Held(
        position_id_text(position.number),
        position.position_id,
        False,
        position.side,
        position.open_points,
        position.volume_steps,
        position.stop_points,
        position.target_points,
        swap,
    )


def of_foreign(turn: Turn, account: str, row: f.PositionRow) -> Held:
    number = turn.state.foreign.get((account, row.ticket))
    return Held(
        position_id_text(number) if number is not None else None,
        row.ticket,
        True,
        Side(row.side),
        row.open_points,
        row.volume_steps,
        row.stop_points,
        row.target_points,
        row.swap,
    )


def of_order(fire: Act) -> Held:
    order = fire.order
    assert order is not None, "what rests, or waits for a second person, has an order"
    return Held(
        order_views.shown(fire),
        fire.order_ticket or None,
        False,
        order.side,
        order.entry_points,
        order.volume_steps,
        order.stop_points,
        order.target_points,
        risk_money=fire.risk_money,
    )


def row(turn: Turn, judged: Judged, held: Held, instead: tuple[str, str] | None = None) -> ReduceRow:
    """One act. `instead`: what is done in its place, and in words, where nothing is sent."""
    order, account = judged.order, turn.state.accounts[judged.order.account]
    link = judged.link or exposure.reporter(turn.state, turn.live, account.name)
    terms = link.terms.get(order.symbol) if link else None
    price, age_s = _price(turn, link, judged, held)
    closes, modifies = order.kind in CLOSES, order.kind is ActKind.MODIFY
    left = held.steps - order.volume_steps if closes else held.steps
    stop, target = (order.stop_points, order.target_points) if modifies else (held.stop_points, held.target_points)
    after = _risk(judged, held, terms, stop, left) if left else None
    base = risk.base_of(link)
    expects = () if instead else tuple(expected(turn, judged, held, link, terms, price))
    money = None
    if closes and price is not None and terms is not None:
        money = sizing.money_for((price - held.open_points) * held.side.sign, order.volume_steps, terms)

    def shown(points: int | None) -> str | None:
        return price_text(points, judged.digits) if points else None

    return ReduceRow(
        id=held.id,
        ticket=held.ticket,
        foreign=held.foreign,
        act=instead[0] if instead else order.kind.name,
        account=account.name,
        kind=account.kind.value,
        terminal=judged.link.terminal if judged.link and not instead else None,
        symbol=order.symbol,
        side=held.side.name,
        open_price=shown(held.open_points),
        volume=volume_text(order.volume_steps if closes else held.steps, judged.volume_step),
        remaining=volume_text(left, judged.volume_step) if closes else None,
        price=shown(price),
        price_age_s=age_s,
        money=_text(money),
        swap=money_text(held.swap * order.volume_steps / held.steps) if closes and held.swap is not None else None,
        stop=shown(stop),
        target=shown(target),
        stop_was=shown(held.stop_points),
        target_was=shown(held.target_points),
        risk_money=_text(after),
        risk_percent=f"{after * 100 / base:z.3f}" if after is not None and base is not None and base > 0 else None,
        risk_was_money=_text(_risk(judged, held, terms, held.stop_points, held.steps)),
        base=_base_text(turn, link, base, account.currency),
        currency=account.currency,
        would=instead[1] if instead and not judged.codes else would(judged, expects),
        codes=judged.codes,
        failed=act_views.check_rows(tuple(check for check in judged.checks if not check.ok)),
        expects=act_views.check_rows(expects),
    )


def would(judged: Judged, expects: tuple[Check, ...]) -> str:
    """What would become of it, in one line."""
    if judged.codes or judged.link is None:
        return "would be DENIED: " + ", ".join(judged.codes)
    routed = f"would be ROUTED to {judged.link.terminal}"
    if expects:
        return f"{routed}, and REJECTED as the broker's terms stand: {', '.join(check.code for check in expects)}"
    return routed


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


def _base_text(turn: Turn, link: Link | None, base: Decimal | None, currency: str) -> str | None:
    if link is None or base is None:
        return None
    age = seconds(turn.now_ns - link.account_ns)
    return f"min(balance, equity) less credit = {money_text(base)} {currency}, {age:.1f} s old"


def _price(turn: Turn, link: Link | None, judged: Judged, held: Held) -> tuple[int | None, float | None]:
    """Where a position would be closed, or an order opened, now, and how old that is by market time."""
    quote = link.quotes.get(judged.order.symbol) if link else None
    if quote is None:
        return None, None
    opens = judged.order.kind not in (*CLOSES, ActKind.MODIFY)
    at_ask = (held.side is Side.BUY) is opens
    age_s = round((turn.market_ms - quote.time_ms) / 1000, 3)
    return (quote.ask_points if at_ask else quote.bid_points), age_s


def _risk(judged: Judged, held: Held, terms: SymbolTerms | None, stop: int, steps: int) -> Decimal | None:
    """At this stop, of so many steps; None where there is none, or it is not known."""
    if held.risk_money is not None:
        return held.risk_money
    if terms is None or not stop:
        return None
    return sizing.loss_at(held.side, held.open_points, stop, steps, terms)


def expected(
    turn: Turn, judged: Judged, held: Held, link: Link | None, terms: SymbolTerms | None, price: int | None
) -> list[Check]:
    """What the broker would refuse it for, by what its terminal has told; what was not told is not held against it."""
    if judged.link is None or terms is None:
        return []
    order = judged.order
    limits, mode = limits_for(turn.state, order.account, turn.actor), terms.trade_mode
    hours, rule = hours_now(limits, order.account, terms, turn.market_ms)
    shut = bool(turn.market_ms) and hours is Hours.CLOSED
    closed = f"{hours} at {ms_text(turn.market_ms, 0)} ({rule})"
    checks = [
        Check(Reason.TRADING_OFF.name, *trading(link)),
        Check(Reason.SYMBOL_TRADE_MODE.name, mode != _MODE_DISABLED, f"mode {mode}", "any other"),
        Check(Reason.MARKET_HOURS.name, not shut, closed, Hours.OPEN.value),
    ]
    if order.kind in CLOSES:
        checks.append(_volume(judged, terms))
    if price is not None:
        checks += _distances(judged, held, terms, price)
    return [check for check in checks if not check.ok]


def _volume(judged: Judged, terms: SymbolTerms) -> Check:
    """A part is held to the symbol's minimum; all of a position may be closed, however little it is."""
    steps = judged.order.volume_steps
    least = terms.volume_min_steps if judged.order.kind is ActKind.PART_CLOSE else 1
    low, high = (volume_text(bound, terms.volume_step) for bound in (least, terms.volume_max_steps))
    within = least <= steps <= terms.volume_max_steps
    return Check(Reason.VOLUME_LIMITS.name, within, volume_text(steps, terms.volume_step), f"{low} to {high}")


def _distances(judged: Judged, held: Held, terms: SymbolTerms, price: int) -> list[Check]:
    """New levels too near to the price, or the price too near to what stands for anything to be changed."""
    order, code = judged.order, Reason.STOPS_LEVEL.name
    checks = []
    away = levels.nearest(held.side, price, order.stop_points, order.target_points)
    if order.kind is ActKind.MODIFY and away is not None and away > 0:  # else it is on the wrong side: PRICE_SIDE
        fits = levels.fit(terms, held.side, price, order.stop_points, order.target_points)
        checks.append(Check(code, fits, f"{away} points", f"{terms.stops_level_points} points"))
    standing = (held.open_points, 0) if order.kind is ActKind.CANCEL else (held.stop_points, held.target_points)
    if levels.frozen(terms, price, *standing):
        limit = f"{terms.freeze_level_points} points from what stands"
        checks.append(Check(code, False, f"frozen at {price_text(price, judged.digits)}", limit))
    return checks
