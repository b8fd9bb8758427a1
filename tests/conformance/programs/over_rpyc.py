"""A program over mt5linux: the module in another process, its answers through rpyc. Port as the argument.

mt5linux writes dates as code for a server that knows no datetime, so it is told first; with the real module too.
"""

import datetime as dt
import sys

from mt5linux import MetaTrader5

mt5 = MetaTrader5(port=int(sys.argv[1]))
assert mt5.initialize(), mt5.last_error()
assert tuple(mt5.last_error()) == (1, "Success") and mt5.version()[0] == 500
assert mt5.account_info().currency == "USD" and mt5.terminal_info().connected
assert mt5.symbols_total() == len(mt5.symbols_get()) and len(mt5.symbols_get(group="EUR*,!*JPY")) == 2
assert mt5.symbol_select("NZDUSD", True) and mt5.symbol_info("NZDUSD").visible
now = dt.datetime.now(dt.timezone.utc)
mt5._MetaTrader5__conn.execute("import datetime")
assert len(mt5.copy_rates_from("EURUSD", mt5.TIMEFRAME_H4, now, 10)) == 10
assert len(mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_D1, 0, 10)) == 10
assert len(mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M30, now - dt.timedelta(days=10), int(now.timestamp()))) > 100
assert len(mt5.copy_ticks_from("EURUSD", now - dt.timedelta(days=2), 100, mt5.COPY_TICKS_ALL)) == 100
assert len(mt5.copy_ticks_range("EURUSD", now - dt.timedelta(days=2), now, mt5.COPY_TICKS_INFO)) > 100

tick = mt5.symbol_info_tick("EURUSD")
assert mt5.order_calc_margin(mt5.ORDER_TYPE_BUY, "EURUSD", 0.1, tick.ask) > 0
assert round(mt5.order_calc_profit(mt5.ORDER_TYPE_BUY, "EURUSD", 1.0, 1.1, 1.103), 2) == 300.0
early, late = dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)
before = mt5.positions_total()
request = {
    "action": mt5.TRADE_ACTION_DEAL, "symbol": "EURUSD", "volume": 0.1, "type": mt5.ORDER_TYPE_BUY,
    "price": tick.ask, "deviation": 50, "magic": 234000, "comment": "python script open",
    "type_time": mt5.ORDER_TIME_GTC, "type_filling": mt5.ORDER_FILLING_RETURN,
}  # fmt: skip
assert mt5.order_check(request).retcode == 0
sent = mt5.order_send(request)
assert sent.retcode == mt5.TRADE_RETCODE_DONE, sent
assert mt5.positions_total() == before + 1 and mt5.positions_get(ticket=sent.order)[0].comment == "python script op"
close = {**request, "type": mt5.ORDER_TYPE_SELL, "position": sent.order, "price": mt5.symbol_info_tick("EURUSD").bid}
assert mt5.order_send(close).retcode == mt5.TRADE_RETCODE_DONE
assert mt5.orders_total() == len(mt5.orders_get()) and mt5.history_deals_total(early, late)
assert mt5.history_orders_total(early, late) == len(mt5.history_orders_get(early, late))
assert len(mt5.history_deals_get(position=sent.order)) == 2
assert mt5.shutdown()
print("done")
