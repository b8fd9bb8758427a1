"""Owns the result types of the MetaTrader5 package: tuples with attributes, in the package's order of fields.

They behave as CPython's struct sequences: `_asdict()` is not recursive, there is no `_fields` and no
`_replace`, and they cannot be pickled. A field that the broker does not name is zero, false or empty.
"""

from __future__ import annotations

import operator
import pickle
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Tuple

_KINDS: dict[str, type] = {"i": int, "f": float, "s": str, "b": bool}

# Field names, each with the Python type of its value: i int, f float, s str, b bool, r TradeRequest.
_TradePosition = (
    "i:ticket i:time i:time_msc i:time_update i:time_update_msc i:type i:magic i:identifier i:reason "
    "f:volume f:price_open f:sl f:tp f:price_current f:swap f:profit s:symbol s:comment s:external_id"
)
_TradeOrder = (
    "i:ticket i:time_setup i:time_setup_msc i:time_done i:time_done_msc i:time_expiration i:type "
    "i:type_time i:type_filling i:state i:magic i:position_id i:position_by_id i:reason f:volume_initial "
    "f:volume_current f:price_open f:sl f:tp f:price_current f:price_stoplimit s:symbol s:comment "
    "s:external_id"
)
_TradeDeal = (
    "i:ticket i:order i:time i:time_msc i:type i:entry i:magic i:position_id i:reason f:volume f:price "
    "f:commission f:swap f:profit f:fee s:symbol s:comment s:external_id"
)
_TradeRequest = (
    "i:action i:magic i:order s:symbol f:volume f:price f:stoplimit f:sl f:tp i:deviation i:type "
    "i:type_filling i:type_time i:expiration s:comment i:position i:position_by"
)
_OrderSendResult = (
    "i:retcode i:deal i:order f:volume f:price f:bid f:ask s:comment i:request_id i:retcode_external r:request"
)
_OrderCheckResult = "i:retcode f:balance f:equity f:profit f:margin f:margin_free f:margin_level s:comment r:request"
_Tick = "i:time f:bid f:ask f:last i:volume i:time_msc i:flags f:volume_real"
_BookInfo = "i:type f:price i:volume f:volume_dbl"
_TerminalInfo = (
    "b:community_account b:community_connection b:connected b:dlls_allowed b:trade_allowed "
    "b:tradeapi_disabled b:email_enabled b:ftp_enabled b:notifications_enabled b:mqid i:build i:maxbars "
    "i:codepage i:ping_last f:community_balance f:retransmission s:company s:name s:language s:path "
    "s:data_path s:commondata_path"
)
_AccountInfo = (
    "i:login i:trade_mode i:leverage i:limit_orders i:margin_so_mode b:trade_allowed b:trade_expert "
    "i:margin_mode i:currency_digits b:fifo_close f:balance f:credit f:profit f:equity f:margin "
    "f:margin_free f:margin_level f:margin_so_call f:margin_so_so f:margin_initial f:margin_maintenance "
    "f:assets f:liabilities f:commission_blocked s:name s:server s:currency s:company"
)
_SymbolInfo = (
    "b:custom i:chart_mode b:select b:visible i:session_deals i:session_buy_orders i:session_sell_orders "
    "i:volume i:volumehigh i:volumelow i:time i:digits i:spread b:spread_float i:ticks_bookdepth "
    "i:trade_calc_mode i:trade_mode i:start_time i:expiration_time i:trade_stops_level "
    "i:trade_freeze_level i:trade_exemode i:swap_mode i:swap_rollover3days b:margin_hedged_use_leg "
    "i:expiration_mode i:filling_mode i:order_mode i:order_gtc_mode i:option_mode i:option_right f:bid "
    "f:bidhigh f:bidlow f:ask f:askhigh f:asklow f:last f:lasthigh f:lastlow f:volume_real "
    "f:volumehigh_real f:volumelow_real f:option_strike f:point f:trade_tick_value "
    "f:trade_tick_value_profit f:trade_tick_value_loss f:trade_tick_size f:trade_contract_size "
    "f:trade_accrued_interest f:trade_face_value f:trade_liquidity_rate f:volume_min f:volume_max "
    "f:volume_step f:volume_limit f:swap_long f:swap_short f:margin_initial f:margin_maintenance "
    "f:session_volume f:session_turnover f:session_interest f:session_buy_orders_volume "
    "f:session_sell_orders_volume f:session_open f:session_close f:session_aw f:session_price_settlement "
    "f:session_price_limit_min f:session_price_limit_max f:margin_hedged f:price_change "
    "f:price_volatility f:price_theoretical f:price_greeks_delta f:price_greeks_theta "
    "f:price_greeks_gamma f:price_greeks_vega f:price_greeks_rho f:price_greeks_omega f:price_sensitivity "
    "s:basis s:category s:currency_base s:currency_profit s:currency_margin s:bank s:description "
    "s:exchange s:formula s:isin s:name s:page s:path"
)


class Struct(Tuple[Any, ...]):  # spelled so for Python 3.8
    """What every result is: an immutable row whose values have names."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()
    n_fields: int = 0
    n_sequence_fields: int = 0
    n_unnamed_fields: int = 0

    def __new__(cls, values: Iterable[Any]) -> Struct:
        row = tuple(values)
        if len(row) != cls.n_fields:
            raise TypeError(f"{cls.__name__}() takes a {cls.n_fields}-sequence ({len(row)}-sequence given)")
        return super().__new__(cls, row)

    def _asdict(self) -> dict[str, Any]:
        """A plain dict; a struct inside it stays a struct."""
        return dict(zip(self.__match_args__, self))

    def __repr__(self) -> str:
        parts = (f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> NoReturn:
        raise pickle.PicklingError(f"Can't pickle <class '{type(self).__name__}'>: not found by name")


def _struct(name: str, text: str) -> type[Struct]:
    fields = [field.partition(":")[::2] for field in text.split()]
    names = tuple(field for _, field in fields)
    space: dict[str, Any] = {
        "__slots__": (),
        "__match_args__": names,
        "n_fields": len(names),
        "n_sequence_fields": len(names),
        "__module__": "MetaTrader5",
        "_kinds": tuple(kind for kind, _ in fields),
    }
    space.update({field: property(operator.itemgetter(index)) for index, field in enumerate(names)})
    return type(name, (Struct,), space)


TradePosition = _struct("TradePosition", _TradePosition)
TradeOrder = _struct("TradeOrder", _TradeOrder)
TradeDeal = _struct("TradeDeal", _TradeDeal)
TradeRequest = _struct("TradeRequest", _TradeRequest)
OrderSendResult = _struct("OrderSendResult", _OrderSendResult)
OrderCheckResult = _struct("OrderCheckResult", _OrderCheckResult)
Tick = _struct("Tick", _Tick)
BookInfo = _struct("BookInfo", _BookInfo)
TerminalInfo = _struct("TerminalInfo", _TerminalInfo)
AccountInfo = _struct("AccountInfo", _AccountInfo)
SymbolInfo = _struct("SymbolInfo", _SymbolInfo)


def make(kind: type[Struct], given: Mapping[str, Any]) -> Struct:
    """A row of named values; the missing ones are zero, false or empty, each has its field's type."""
    kinds: tuple[str, ...] = kind._kinds  # type: ignore[attr-defined]
    return kind(_value(code, given.get(name)) for code, name in zip(kinds, kind.__match_args__))


def _value(code: str, given: Any) -> Any:
    if code == "r":
        return make(TradeRequest, given or {})
    return _KINDS[code]() if given is None else _KINDS[code](given)
