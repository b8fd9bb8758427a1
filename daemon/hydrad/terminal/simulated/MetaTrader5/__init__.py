"""The MetaTrader5 package's names, answered by HydraX's simulated broker: not a real terminal.

Put this package's parent folder first on PYTHONPATH; then any program written for the MetaTrader5 package
(5.0.6231) runs against it. HYDRA_SIM_SOCKET names the socket of a running broker; without it `initialize`
starts a private one, configured by the TOML file that HYDRA_SIM names. It needs the standard library and numpy,
from Python 3.8 on. Every stamp is the broker's wall clock as epoch seconds or milliseconds. A program that must
know asks for `__hydra_sim__`.
"""

from __future__ import annotations

from . import calls as _calls
from . import helpers as _helpers
from .constants import *  # noqa: F403 - the package's constants are its own names
from .structs import (
    AccountInfo,
    BookInfo,
    OrderCheckResult,
    OrderSendResult,
    SymbolInfo,
    TerminalInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)

__version__ = "5.0.6231"
__author__ = "HydraX"
__hydra_sim__ = _calls.MARK

_helper_functions = _helpers.make(_calls.FUNCTIONS)
globals().update(_calls.FUNCTIONS)
globals().update(_helper_functions)

__all__ = [  # noqa: PLE0604 - the functions' names are in the table
    "AccountInfo",
    "BookInfo",
    "OrderCheckResult",
    "OrderSendResult",
    "SymbolInfo",
    "TerminalInfo",
    "Tick",
    "TradeDeal",
    "TradeOrder",
    "TradePosition",
    "TradeRequest",
    *_calls.FUNCTIONS,
    *(name for name in _helper_functions if name[0] != "_"),
    *(name for name in globals() if name.isupper()),
]
