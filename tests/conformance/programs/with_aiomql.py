"""A program over aiomql: its asynchronous terminal, account, symbols, orders and positions."""

import asyncio
import datetime as dt

from aiomql import Account, MetaTrader, Order, OrderType, Positions, Symbol, TimeFrame


async def main():
    async with MetaTrader() as mt5:
        assert (await mt5.version())[0] == 500 and (await mt5.terminal_info()).connected
        assert len(await mt5.symbols_get(group="EUR*")) == 3 and await mt5.symbols_total() == 14
        now = dt.datetime.now(dt.timezone.utc)
        assert len(await mt5.copy_rates_range("EURUSD", TimeFrame.H1, now - dt.timedelta(days=9), now)) > 50
        assert len(await mt5.copy_ticks_from("EURUSD", now - dt.timedelta(days=2), 10, -1)) == 10
        assert await mt5.market_book_add("EURUSD") and len(await mt5.market_book_get("EURUSD")) == 10
        account = Account()
        await account.refresh()
        assert account.currency == "USD" and account.leverage == 100
        symbol = Symbol(name="EURUSD")
        assert await symbol.initialize()
        candles = await symbol.copy_rates_from_pos(timeframe=TimeFrame.M15, count=40)
        assert len(candles) == 40 and candles[-1].close > 0
        tick = await symbol.info_tick()
        order = Order(symbol="EURUSD", type=OrderType.BUY, volume=0.05, price=tick.ask, deviation=50)
        assert (await order.check()).retcode == 0
        sent = await order.send()
        assert sent.retcode == 10009, sent
        positions = Positions()
        held = await positions.get_positions(ticket=sent.order)
        assert [position.ticket for position in held] == [sent.order]
        done, closed = await positions.close_position(position=held[0])
        assert done and closed.retcode == 10009, closed
        assert len(await mt5.history_deals_get(position=sent.order)) == 2
    print("done")


asyncio.run(main())
