"""Owns how the broker's values look to a client: MetaTrader's fields, floats, and the broker's wall clock.

Fields that are not named here are zero or empty; the client fills them in. Stamps are the wall clock of the
server (UTC plus the offset) as epoch seconds, or milliseconds where the field says `msc`.
"""

from __future__ import annotations

from typing import Any

from hydrad.domain.money import points_float
from hydrad.terminal.broker.broker import Broker
from hydrad.venue.book import Book, Deal, OrderRow, Position
from hydrad.venue.contract import Contract
from hydrad.venue.fills import opening_points
from hydrad.venue.profit import point_value
from hydrad.venue.standing import Standing, current_points

Fields = dict[str, Any]
COMPANY = "HydraX simulated broker"
BUILD = 5000
_HEDGING, _NETTING = 2, 0
BOOK_LEVELS = 5  # on each side
_BOOK_SELL, _BOOK_BUY = 1, 2
_DAY_MS = 86_400_000


class Views:
    """Makes fields of the broker's values."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._shown: dict[int, dict[int, tuple[Position, Fields]]] = {}
        self.wall_ms = broker.wall_ms
        self.utc_ms = broker.utc_ms

    def positions(self, book: Book) -> list[Fields]:
        """TradePosition of each, oldest first."""
        board = self._broker.market.now()
        known, shown = self._shown.get(book.login, {}), dict[int, tuple[Position, Fields]]()
        rows: list[Fields] = []
        for ticket, held in book.positions.items():
            seen = known.get(ticket)
            fixed = seen[1] if seen is not None and seen[0] is held else self._position(held)
            shown[ticket] = (held, fixed)
            now = points_float(current_points(held, board), self._contract(held.symbol).digits)
            profit = float(self._broker.figures.floating(held, book.currency))
            rows.append({**fixed, "price_current": now, "profit": profit})
        self._shown[book.login] = shown
        return rows

    def _position(self, held: Position) -> Fields:
        """What stays as it is while the position does."""
        contract = self._contract(held.symbol)
        opened, updated = self.wall_ms(held.open_ms), self.wall_ms(held.update_ms)
        return {
            "ticket": held.ticket,
            "time": opened // 1_000,
            "time_msc": opened,
            "time_update": updated // 1_000,
            "time_update_msc": updated,
            "type": int(held.side),
            "magic": held.magic,
            "identifier": held.identifier,
            "reason": int(held.reason),
            "volume": float(contract.lots(held.volume_steps)),
            "price_open": float(contract.price(held.open_points)),
            "sl": points_float(held.stop_points, contract.digits),
            "tp": points_float(held.target_points, contract.digits),
            "swap": float(held.swap),
            "symbol": held.symbol,
            "comment": held.comment,
        }

    def order(self, row: OrderRow) -> Fields:
        """TradeOrder. A resting one shows the price that it waits for as current."""
        contract = self._contract(row.symbol)
        setup, done = self.wall_ms(row.setup_ms), self.wall_ms(row.done_ms) if row.done_ms else 0
        quote = None if row.done_ms else self._broker.market.now().quote(row.symbol)
        current = row.price_points if quote is None else opening_points(row.kind.side, quote)
        return {
            "ticket": row.ticket,
            "time_setup": setup // 1_000,
            "time_setup_msc": setup,
            "time_done": done // 1_000,
            "time_done_msc": done,
            "time_expiration": row.expiration_s,
            "type": int(row.kind),
            "type_time": int(row.time_type),
            "type_filling": row.filling,
            "state": int(row.state),
            "magic": row.magic,
            "position_id": row.position,
            "position_by_id": row.position_by,
            "reason": int(row.reason),
            "volume_initial": float(contract.lots(row.volume_steps)),
            "volume_current": float(contract.lots(row.left_steps)),
            "price_open": points_float(row.price_points, contract.digits),
            "sl": points_float(row.stop_points, contract.digits),
            "tp": points_float(row.target_points, contract.digits),
            "price_stoplimit": points_float(row.limit_points, contract.digits),
            "price_current": points_float(current, contract.digits),
            "symbol": row.symbol,
            "comment": row.comment,
        }

    def deal(self, row: Deal) -> Fields:
        """TradeDeal; a deposit has no symbol, volume or price."""
        made = self.wall_ms(row.time_ms)
        common: Fields = {
            "ticket": row.ticket,
            "order": row.order,
            "time": made // 1_000,
            "time_msc": made,
            "type": int(row.kind),
            "entry": int(row.entry),
            "magic": row.magic,
            "position_id": row.position,
            "reason": int(row.reason),
            "commission": float(row.commission),
            "swap": float(row.swap),
            "profit": float(row.profit),
            "fee": float(row.fee),
            "symbol": row.symbol,
            "comment": row.comment,
        }
        if not row.symbol:
            return common
        contract = self._contract(row.symbol)
        common["volume"] = float(contract.lots(row.volume_steps))
        common["price"] = points_float(row.price_points, contract.digits)
        return common

    def account(self, login: int, figures: Standing, *, trade_allowed: bool) -> Fields:
        """AccountInfo."""
        account, book = self._broker.accounts[login], self._broker.books[login]
        return {
            "login": login,
            "leverage": book.leverage,
            "limit_orders": book.rules.limit_orders,
            "trade_allowed": trade_allowed,
            "trade_expert": True,
            "margin_mode": _HEDGING if book.hedging else _NETTING,
            "currency_digits": 2,
            "balance": float(figures.balance),
            "credit": float(figures.credit),
            "profit": float(figures.profit),
            "equity": float(figures.equity),
            "margin": float(figures.margin),
            "margin_free": float(figures.margin_free),
            "margin_level": float(figures.margin_level),
            "margin_so_call": float(book.rules.margin_call_percent),
            "margin_so_so": float(book.rules.stop_out_percent),
            "name": f"Paper {login}",
            "server": account.server,
            "currency": book.currency,
            "company": COMPANY,
        }

    def terminal(self, login: int, *, connected: bool, trade_allowed: bool, api_disabled: bool) -> Fields:
        """TerminalInfo. The path names this broker and login, so that two simulated terminals differ."""
        path = f"hydra-sim/{self._broker.config.instance}/{login}"
        return {
            "connected": connected,
            "trade_allowed": trade_allowed,
            "tradeapi_disabled": api_disabled,
            "build": BUILD,
            "maxbars": 100_000,
            "ping_last": 0,
            "company": COMPANY,
            "name": "HydraX simulated terminal",
            "language": "English",
            "path": path,
            "data_path": path,
            "commondata_path": path,
        }

    def tick(self, symbol: str) -> Fields | None:
        """Tick: the last one at the clock, None before the first."""
        market = self._broker.market
        seen = market.index_at(symbol, market.now_ms)
        if not seen:
            return None
        quote, digits = market.quote_of(symbol, seen - 1), self._contract(symbol).digits
        wall = self.wall_ms(int(market.series[symbol].time_ms[seen - 1]))
        return {
            "time": wall // 1_000,
            "bid": points_float(quote.bid_points, digits),
            "ask": points_float(quote.ask_points, digits),
            "time_msc": wall,
            "flags": 6,
        }

    def market_book(self, symbol: str) -> list[Fields]:
        """BookInfo, highest price first: sells above, then buys. A dealer's book: made of the quote, not of orders;
        each level is one spread further from it and holds one lot more."""
        quote, contract = self._broker.market.now().quote(symbol), self._contract(symbol)
        if quote is None:
            return []
        apart = max(quote.ask_points - quote.bid_points, 1)
        levels = range(BOOK_LEVELS)
        sells = [(_BOOK_SELL, quote.ask_points + n * apart, n + 1) for n in reversed(levels)]
        buys = [(_BOOK_BUY, quote.bid_points - n * apart, n + 1) for n in levels]
        return [
            {"type": kind, "price": points_float(points, contract.digits), "volume": lots, "volume_dbl": float(lots)}
            for kind, points, lots in (*sells, *buys)
            if points > 0
        ]

    def symbol(self, login: int, name: str, *, selected: bool) -> Fields:
        """SymbolInfo with the tick values of this account's currency."""
        contract = self._contract(name)
        fields = _terms(contract)
        fields.update({"select": selected, "visible": selected})
        if selected and self._broker.market.now().quote(name) is not None:
            fields.update(self._prices(contract))
            fields.update(self._values(contract, self._broker.books[login].currency))
        return fields

    def _prices(self, contract: Contract) -> Fields:
        """Last prices, and the extremes since the server's midnight."""
        market, digits = self._broker.market, contract.digits
        wall = self.wall_ms(market.now_ms)
        seen = market.index_at(contract.symbol, market.now_ms)
        midnight = market.index_at(contract.symbol, market.now_ms - wall % _DAY_MS - 1)
        today = slice(min(midnight, seen - 1), seen)
        series = market.series[contract.symbol]
        bids, asks = series.bid_points[today], series.ask_points[today]
        return {
            "time": self.wall_ms(int(series.time_ms[seen - 1])) // 1_000,
            "spread": (int(asks[-1]) - int(bids[-1])) * 10**contract.spare_digits,
            "bid": points_float(int(bids[-1]), digits),
            "bidhigh": points_float(int(bids.max()), digits),
            "bidlow": points_float(int(bids.min()), digits),
            "ask": points_float(int(asks[-1]), digits),
            "askhigh": points_float(int(asks.max()), digits),
            "asklow": points_float(int(asks.min()), digits),
        }

    def _values(self, contract: Contract, currency: str) -> Fields:
        board = self._broker.market.now()
        gain = float(point_value(contract, currency, board, loss=False))
        loss = float(point_value(contract, currency, board, loss=True))
        return {"trade_tick_value": gain, "trade_tick_value_profit": gain, "trade_tick_value_loss": loss}

    def _contract(self, symbol: str) -> Contract:
        return self._broker.market.contracts[symbol]


def _terms(contract: Contract) -> Fields:
    shown = 10**contract.spare_digits  # points that are shown for one of the contract's
    return {
        "digits": contract.digits + contract.spare_digits,
        "spread_float": True,
        "ticks_bookdepth": BOOK_LEVELS,
        "trade_calc_mode": int(contract.margin_formula),
        "trade_mode": int(contract.trade_mode),
        "trade_stops_level": contract.stops_level_points * shown,
        "trade_freeze_level": contract.freeze_level_points * shown,
        "trade_exemode": int(contract.execution),
        "swap_mode": int(contract.swap_mode),
        "swap_long": float(contract.swap_long),
        "swap_short": float(contract.swap_short),
        "swap_rollover3days": contract.swap_rollover3days,
        "expiration_mode": contract.expiration_flags,
        "filling_mode": contract.filling_flags,
        "order_mode": contract.order_flags,
        "point": float(contract.point / shown),
        "trade_tick_size": float(contract.price(contract.tick_size_points)),
        "margin_initial": float(contract.margin_initial),
        "trade_contract_size": float(contract.contract_size),
        "volume_min": float(contract.lots(contract.volume_min_steps)),
        "volume_max": float(contract.lots(contract.volume_max_steps)),
        "volume_step": float(contract.lots(contract.volume_every_steps)),
        "volume_limit": float(contract.lots(contract.volume_limit_steps)),
        "margin_hedged": float(contract.hedged_size),
        "currency_base": contract.currency_base,
        "currency_profit": contract.currency_profit,
        "currency_margin": contract.currency_margin,
        "description": contract.description,
        "name": contract.symbol,
        "path": contract.path,
    }
