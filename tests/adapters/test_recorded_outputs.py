"""Figures that real terminals gave, recorded in public documents, in a world of the same terms and quotes.

Sources: the package's own reference pages (margins and profits at 1:100), and the book "MQL5 Programming for
Traders", chapter 7.9 (account, check, deals, positions); a public recording of EURUSD on an account in euro.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hydrad.terminal.broker.api import Api, Session
from hydrad.terminal.broker.books import Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import AccountConfig, BrokerConfig, SymbolConfig
from hydrad.terminal.broker.faults import Faults
from hydrad.terminal.broker.world import market_of

MS = 1_790_000_000_000  # a Monday
BUY, SELL, DEAL, FOK = 0, 1, 1, 0
World = Callable[..., "Terminal"]


class Terminal:
    """Calls of one account, as the client module makes them."""

    def __init__(self, broker: Broker) -> None:
        self._api, self._session, self.broker = Api(broker, Faults(lambda: 0.0)), Session(login=1), broker

    def __call__(self, name: str, *arguments: Any) -> Any:
        return self._api.call(self._session, name, arguments).value

    def deal(self, symbol: str, side: int, lots: float, price: float, **more: Any) -> Any:
        request = {"action": DEAL, "symbol": symbol, "type": side, "volume": lots, "price": price, "type_filling": FOK}
        return self("order_send", {**request, **more})


@pytest.fixture
def world(tmp_path: Path) -> World:
    """`world("USD", EURUSD=[(bid, ask), ...])`: one quote a second, the clock at the first; `step` shows the next."""

    def make(currency: str, balance: str = "10000.00", **quotes: list[tuple[float, float]]) -> Terminal:
        feeds = {}
        for symbol, prices in quotes.items():
            rows = [f"{MS + n * 1_000},{bid},{ask}\n" for n, (bid, ask) in enumerate([*prices, prices[-1]])]
            path = tmp_path / f"{symbol}.csv"
            path.write_text("time_msc,bid,ask\n" + "".join(rows))
            feeds[symbol] = str(path)
        terms = {"XAUUSD": SymbolConfig(digits=2)} if "XAUUSD" in quotes else {}
        account = AccountConfig(1, "p", "s", currency=currency, balance=balance)  # type: ignore[arg-type]
        config = BrokerConfig("i", "s", "c", "b", MS, (account,), feeds=feeds, symbols=terms)
        books = Books(tmp_path / "books.db", "i", MS)
        return Terminal(Broker(config, market_of(config, MS, MS), books))

    return make


def test_margin_at_one_to_a_hundred(world: World) -> None:
    """A cross costs what its base currency costs, at the ask of its pair with the account's."""
    terminal = world(
        "USD",
        EURUSD=[(1.09900, 1.09910)],
        GBPUSD=[(1.22720, 1.22730)],
        USDJPY=[(108.178, 108.184)],
        USDCHF=[(0.97000, 0.97010)],
        EURJPY=[(118.900, 118.910)],
    )
    expected = {"EURUSD": 109.91, "GBPUSD": 122.73, "USDJPY": 100.0, "USDCHF": 100.0, "EURJPY": 109.91}
    for symbol, money in expected.items():
        ask = terminal("symbol_info_tick", symbol)["ask"]
        assert terminal("order_calc_margin", BUY, symbol, 0.1, ask) == money, symbol


def test_profit_of_three_hundred_points(world: World) -> None:
    """Yen become dollars at the price of the close."""
    terminal = world("USD", EURUSD=[(1.09900, 1.09910)], USDJPY=[(108.178, 108.184)])
    assert terminal("order_calc_profit", BUY, "EURUSD", 1.0, 1.09910, 1.10210) == 300.0
    assert terminal("order_calc_profit", BUY, "USDJPY", 1.0, 108.184, 108.484) == 276.54
    assert terminal("order_calc_profit", SELL, "USDJPY", 1.0, 108.178, 107.878) == 278.09


def test_a_check_that_passes(world: World) -> None:
    terminal = world("USD", balance="10000.17", USDJPY=[(144.120, 144.128)])
    request = {
        "action": DEAL,
        "symbol": "USDJPY",
        "volume": 1.0,
        "type": BUY,
        "price": 144.128,
        "sl": 144.028,
        "tp": 144.228,
    }
    found = terminal("order_check", request)
    names = ("retcode", "balance", "equity", "profit", "margin", "margin_free", "margin_level", "comment")
    assert [found[name] for name in names] == [0, 10000.17, 10000.17, 0.0, 1000.0, 9000.17, 1000.017, "Done"]


def test_open_and_close(world: World) -> None:
    """0.8 points of yen lost on 0.1 lot are 0.56 dollars; the position's ticket is its opening order's."""
    terminal = world("USD", USDJPY=[(144.124, 144.132)])
    opened = terminal.deal("USDJPY", BUY, 0.1, 144.132, magic=234000, comment="python script open")
    assert (opened["retcode"], opened["volume"], opened["price"]) == (10009, 0.1, 144.132)
    held = terminal("positions")[0]
    assert held["ticket"] == held["identifier"] == opened["order"] and held["comment"] == "python script op"
    closed = terminal.deal("USDJPY", SELL, 0.1, 144.124, position=held["ticket"], comment="python script close")
    assert [closed[name] for name in ("retcode", "price", "bid", "ask", "comment")] == [
        10009, 144.124, 144.124, 144.132, "Request executed",
    ]  # fmt: skip
    deposit, first, last = terminal("history_deals", "time", 0, 2**31 - 1)
    assert (deposit["type"], deposit["order"], deposit["symbol"], deposit["profit"]) == (2, 0, "", 10_000.0)
    assert (first["type"], first["entry"], first["order"], first["reason"], first["profit"]) == (
        0,
        0,
        opened["order"],
        3,
        0.0,
    )
    assert (last["type"], last["entry"], last["position_id"], last["profit"]) == (1, 1, opened["order"], -0.56)


def test_gold_and_francs(world: World) -> None:
    """Contract size 100; a floating profit has no swap in it and is converted at the closing side's price."""
    terminal = world("USD", XAUUSD=[(1970.09, 1970.98)], USDCHF=[(0.98520, 0.98530)])
    assert terminal("order_calc_profit", BUY, "XAUUSD", 0.01, 1970.98, 1970.09) == -0.89
    assert terminal("order_calc_profit", SELL, "XAUUSD", 1.1, 1969.95, 1969.88) == 7.7
    assert terminal("order_calc_profit", SELL, "USDCHF", 0.01, 0.99145, 0.98530) == 6.24


def test_an_account_adds_up(world: World) -> None:
    terminal = world("USD", balance="99511.40", EURUSD=[(1.09900, 1.09910)])
    terminal.deal("EURUSD", BUY, 0.1, 1.09910)
    account = terminal("account_info")
    assert account["equity"] == round(account["balance"] + account["credit"] + account["profit"], 2)
    assert account["margin_free"] == round(account["equity"] - account["margin"], 2)
    assert account["margin_level"] == pytest.approx(account["equity"] / account["margin"] * 100, rel=1e-12)
    assert account["margin_level"] != round(account["margin_level"], 2)  # it is not rounded
    assert 99553.22 / 98.18 * 100 == 101398.67590140559  # as the recorded account's was


def test_tick_values_of_an_account_in_euro(world: World) -> None:
    """A gain is converted at the ask, a loss at the bid."""
    terminal = world("EUR", EURUSD=[(1.09137, 1.09152)])
    symbol = terminal("symbol_info", "EURUSD")
    assert (
        symbol["trade_tick_value"] == symbol["trade_tick_value_profit"] == pytest.approx(0.9161536206391089, rel=1e-12)
    )
    assert symbol["trade_tick_value_loss"] == pytest.approx(0.9162795385616245, rel=1e-12)
    assert (symbol["spread"], symbol["point"], symbol["digits"]) == (15, 1e-05, 5)


def test_tick_values_of_a_cross(world: World) -> None:
    terminal = world("USD", EURUSD=[(1.07700, 1.07710)], EURJPY=[(120.024, 120.041)], USDJPY=[(111.380, 111.387)])
    symbol = terminal("symbol_info", "EURJPY")
    assert symbol["trade_tick_value"] == pytest.approx(100 / 111.387, rel=1e-12)
    assert symbol["trade_tick_value_loss"] == pytest.approx(100 / 111.380, rel=1e-12)


def test_new_levels_answer_without_an_order(world: World) -> None:
    terminal = world("USD", EURUSD=[(1.09900, 1.09910)])
    ticket = terminal.deal("EURUSD", BUY, 0.1, 1.09910)["order"]
    found = terminal("order_send", {"action": 6, "symbol": "EURUSD", "position": ticket, "sl": 1.09, "tp": 1.12})
    assert found["retcode"] == 10009 and found["comment"] == "Request executed"
    assert not any(found.get(name) for name in ("order", "deal", "volume", "price", "bid", "ask"))
    again = terminal("order_send", {"action": 6, "symbol": "EURUSD", "position": ticket, "sl": 1.09, "tp": 1.12})
    assert (again["retcode"], again["comment"]) == (10025, "No changes")


@pytest.mark.parametrize(
    ("change", "retcode", "comment"),
    [
        ({"sl": 1.2}, 10016, "Invalid stops"),
        ({"volume": 900.0}, 10014, "Invalid volume"),
        ({"volume": 99.0}, 10019, "No money"),
        ({"type": 9}, 10013, "Invalid request"),
    ],
)
def test_texts_of_refusals(change: dict[str, Any], retcode: int, comment: str, world: World) -> None:
    terminal = world("USD", EURUSD=[(1.09900, 1.09910)])
    request = {"action": DEAL, "symbol": "EURUSD", "volume": 0.1, "type": BUY, "price": 1.09910, **change}
    found = terminal("order_send", request)
    assert (found["retcode"], found["comment"]) == (retcode, comment)
    assert not any(found.get(name) for name in ("order", "deal", "volume", "price"))


def test_a_cancelled_resting_order_keeps_its_volume(world: World) -> None:
    terminal = world("USD", EURUSD=[(1.09900, 1.09910)])
    placed = terminal(
        "order_send", {"action": 5, "symbol": "EURUSD", "volume": 0.01, "type": 2, "price": 1.05, "type_filling": 2}
    )
    assert placed["retcode"] == 10009
    assert terminal("order_send", {"action": 8, "order": placed["order"]})["retcode"] == 10009
    row = next(row for row in terminal("history_orders", "position", 0, 0) if row["ticket"] == placed["order"])
    assert [row[name] for name in ("type", "state", "position_id", "volume_initial", "volume_current")] == [
        2,
        2,
        0,
        0.01,
        0.01,
    ]
