"""Values of the trading domain: ids, prices, money, instants, the calendar, orders. No I/O."""
