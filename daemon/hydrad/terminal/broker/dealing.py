"""Owns order_check and order_send as a server without faults answers them: the request made exact, judged, dealt,
and the answer's fields."""

from __future__ import annotations

from hydrad.domain.money import points_float
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.requests import AnyAsk, TradeRequest, exact
from hydrad.terminal.broker.views import Fields, Views
from hydrad.venue.desk import Ask, CloseByAsk, LevelsAsk, judge, judge_close_by, judge_levels, margin_of
from hydrad.venue.resting import ChangeAsk, RestingAsk, judge_change, judge_place, judge_remove
from hydrad.venue.room import Outcome, Retcode

TEXTS: dict[int, str] = {
    Retcode.REQUOTE: "Requote",
    Retcode.REJECT: "Request rejected",
    Retcode.DONE: "Request executed",
    Retcode.DONE_PARTIAL: "Request executed partially",
    Retcode.TIMEOUT: "Request timed out",
    Retcode.INVALID: "Invalid request",
    Retcode.INVALID_VOLUME: "Invalid volume",
    Retcode.INVALID_PRICE: "Invalid price",
    Retcode.INVALID_STOPS: "Invalid stops",
    Retcode.TRADE_DISABLED: "Trade disabled",
    Retcode.MARKET_CLOSED: "Market closed",
    Retcode.NO_MONEY: "No money",
    Retcode.PRICE_OFF: "Off quotes",
    Retcode.INVALID_EXPIRATION: "Invalid expiration",
    Retcode.NO_CHANGES: "No changes",
    Retcode.CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    Retcode.FROZEN: "Order or position frozen",
    Retcode.INVALID_FILL: "Unsupported filling mode",
    Retcode.CONNECTION: "No connection",
    Retcode.LIMIT_ORDERS: "Orders limit reached",
    Retcode.LIMIT_VOLUME: "Volume limit reached",
    Retcode.INVALID_ORDER: "Invalid order",
    Retcode.POSITION_CLOSED: "Position doesn't exist",
    Retcode.INVALID_CLOSE_VOLUME: "Invalid close volume",
    Retcode.LONG_ONLY: "Long only allowed",
    Retcode.SHORT_ONLY: "Short only allowed",
    Retcode.CLOSE_ONLY: "Close only allowed",
    Retcode.HEDGE_PROHIBITED: "Hedge is prohibited",
}
_REQUEST_IDS = 1 << 32


class Dealing:
    """Checks and deals for the accounts of a broker."""

    def __init__(self, broker: Broker, views: Views) -> None:
        self._broker = broker
        self._views = views
        self._request_id = 0

    def check(self, login: int, asked: TradeRequest, in_the_way: Retcode | None) -> Fields:
        """OrderCheckResult: retcode 0 and `Done` when it would pass; the figures are those after the request."""
        refused = in_the_way or self._judged(login, asked)
        ask = exact(asked, self._broker, login)
        added = float(margin_of(ask, self._broker.room(login, ask.symbol))) if isinstance(ask, Ask) else 0.0
        figures = self._broker.standing(login)
        tied_up = float(figures.margin) + added
        equity = float(figures.equity)
        return {
            "retcode": 0 if refused is None else int(refused),
            "balance": float(figures.balance),
            "equity": equity,
            "profit": float(figures.profit),
            "margin": round(tied_up, 2),
            "margin_free": round(equity - tied_up, 2),
            "margin_level": equity / tied_up * 100 if tied_up else 0.0,
            "comment": "Done" if refused is None else TEXTS[refused],
            "request": asked.fields(),
        }

    def send(self, login: int, asked: TradeRequest) -> Fields:
        """OrderSendResult, committed when this returns."""
        ask = exact(asked, self._broker, login)
        if isinstance(ask, Retcode):
            return self.answer(asked, ask)
        return self.answered(asked, self.dealt(login, ask))

    def dealt(self, login: int, ask: AnyAsk) -> Outcome:
        """What becomes of an ask, committed when this returns."""
        broker = self._broker
        if isinstance(ask, Ask):
            return broker.deal(login, ask)
        if isinstance(ask, LevelsAsk):
            return broker.set_levels(login, ask)
        if isinstance(ask, RestingAsk):
            return broker.place(login, ask)
        if isinstance(ask, CloseByAsk):
            return broker.close_by(login, ask)
        return broker.change(login, ask) if isinstance(ask, ChangeAsk) else broker.remove(login, ask)

    def answered(self, asked: TradeRequest, outcome: Outcome) -> Fields:
        """OrderSendResult of an outcome."""
        return self.answer(asked, outcome.retcode, outcome)

    def answer(self, asked: TradeRequest, retcode: Retcode, outcome: Outcome | None = None) -> Fields:
        """OrderSendResult. New levels, resting orders and refusals carry no prices; a requote carries the market's."""
        answer: Fields = {"retcode": int(retcode), "comment": TEXTS[retcode], "request": asked.fields()}
        if retcode not in (Retcode.CLIENT_DISABLES_AT, Retcode.CONNECTION):
            self._request_id = (self._request_id + 1) % _REQUEST_IDS
            answer["request_id"] = self._request_id
        deal = outcome.change.deal if outcome and outcome.change else None
        if deal is not None:
            contract = self._broker.market.contracts[deal.symbol]
            answer.update({"deal": deal.ticket, "order": deal.order})
            answer["volume"] = float(contract.lots(deal.volume_steps))
            answer["price"] = points_float(deal.price_points, contract.digits)
        elif outcome and outcome.change and outcome.change.order is not None:
            row = outcome.change.order
            answer["order"] = row.ticket
            answer["volume"] = float(self._broker.market.contracts[row.symbol].lots(row.left_steps))
        if deal is not None or retcode is Retcode.REQUOTE:
            answer.update(self._market_prices(asked.symbol))
        return answer

    def _market_prices(self, symbol: str) -> Fields:
        tick = self._views.tick(symbol) if symbol in self._broker.market.series else None
        return {} if tick is None else {"bid": tick["bid"], "ask": tick["ask"]}

    def _judged(self, login: int, asked: TradeRequest) -> Retcode | None:
        ask = exact(asked, self._broker, login)
        if isinstance(ask, Retcode):
            return ask
        if isinstance(ask, Ask):
            return judge(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, LevelsAsk):
            return judge_levels(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, RestingAsk):
            return judge_place(ask, self._broker.room(login, ask.symbol))
        if isinstance(ask, CloseByAsk):
            return judge_close_by(ask, self._broker.room_of_position(login, ask.position))
        room = self._broker.room_of_order(login, ask.order)
        return judge_change(ask, room) if isinstance(ask, ChangeAsk) else judge_remove(ask, room)
