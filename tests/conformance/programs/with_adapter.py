"""A program over pymt5adapter's own forms: its context, its errors, its order and its dictionaries."""

import datetime as dt

import pymt5adapter as mt5
from pymt5adapter.order import Order

with mt5.connected(ensure_trade_enabled=True, raise_on_errors=True) as connection:
    assert connection.ping()
    account = mt5.account_info()
    assert account.currency == "USD" and account.balance > 0
    assert mt5.symbols_total() > 5 and {s.name for s in mt5.symbols_get(group="*JPY*")} == {"USDJPY", "EURJPY"}
    names = [symbol.name for symbol in mt5.symbols_get(function=lambda symbol: symbol.name.startswith("EUR"))]
    assert names == ["EURUSD", "EURJPY", "EURGBP"], names
    bars = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME.H1, 0, 50)
    assert len(bars) == 50 and len(mt5.copy_rates("EURUSD", mt5.TIMEFRAME.M1, count=20)) == 20
    assert len(
        mt5.copy_ticks_range(
            "EURUSD", dt.datetime.now() - dt.timedelta(hours=30), dt.datetime.now(), mt5.COPY_TICKS.ALL
        )
    )
    tick = mt5.symbol_info_tick("EURUSD")
    order = Order.as_buy(symbol="EURUSD", volume=0.02, price=tick.ask, deviation=50, magic=77)
    assert mt5.order_check(order.request()).retcode == 0
    sent = order.send()
    assert sent.retcode == mt5.TRADE_RETCODE.DONE, sent
    held = mt5.positions_get(ticket=sent.order)
    assert len(held) == 1 and held[0].magic == 77
    result = mt5.order_send(
        action=mt5.TRADE_ACTION.DEAL, symbol="EURUSD", volume=0.02, type=mt5.ORDER_TYPE.SELL, position=sent.order,
        price=mt5.symbol_info_tick("EURUSD").bid, deviation=50,
    )  # fmt: skip
    assert result.retcode == 10009, result
    assert len(mt5.history_deals_get(position=sent.order)) == 2
    assert mt5.history_deals_total(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)) >= 3
    try:
        mt5.symbol_info("NOPE")
    except mt5.MT5Error as error:
        assert error.error_code == mt5.ERROR_CODE.NOT_FOUND, error
    else:
        raise AssertionError("an unknown symbol raised nothing")
with mt5.connected(return_as_dict=True):
    assert isinstance(mt5.account_info(), dict) and isinstance(mt5.symbols_get(group="EURUSD")[0], dict)
print("done")
