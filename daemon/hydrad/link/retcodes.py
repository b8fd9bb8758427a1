"""MetaTrader 5 return codes, and what each proves about an order.

Source: MQL5 reference, "Return codes of the trade server". A code that is not in the table proves nothing.
"""

from __future__ import annotations

import enum


class Verdict(enum.Enum):
    DONE = "done"  # a deal is known
    ACCEPTED = "accepted"  # on the server's side; the deal may follow
    REFUSED = "refused"  # provably not executed
    AMBIGUOUS = "ambiguous"  # proves nothing: look in the broker's records


REQUOTE = 10004
DONE = 10009
MARKET_CLOSED = 10018
NO_CHANGES = 10025

_NAMES: dict[int, tuple[str, Verdict]] = {
    10004: ("REQUOTE", Verdict.REFUSED),
    10006: ("REJECT", Verdict.REFUSED),
    10007: ("CANCEL", Verdict.REFUSED),
    10008: ("PLACED", Verdict.ACCEPTED),
    10009: ("DONE", Verdict.DONE),
    10010: ("DONE_PARTIAL", Verdict.DONE),
    10011: ("ERROR", Verdict.AMBIGUOUS),
    10012: ("TIMEOUT", Verdict.AMBIGUOUS),
    10013: ("INVALID", Verdict.REFUSED),
    10014: ("INVALID_VOLUME", Verdict.REFUSED),
    10015: ("INVALID_PRICE", Verdict.REFUSED),
    10016: ("INVALID_STOPS", Verdict.REFUSED),
    10017: ("TRADE_DISABLED", Verdict.REFUSED),
    10018: ("MARKET_CLOSED", Verdict.REFUSED),
    10019: ("NO_MONEY", Verdict.REFUSED),
    10020: ("PRICE_CHANGED", Verdict.REFUSED),
    10021: ("PRICE_OFF", Verdict.REFUSED),
    10022: ("INVALID_EXPIRATION", Verdict.REFUSED),
    10023: ("ORDER_CHANGED", Verdict.AMBIGUOUS),
    10024: ("TOO_MANY_REQUESTS", Verdict.REFUSED),
    10025: ("NO_CHANGES", Verdict.REFUSED),
    10026: ("SERVER_DISABLES_AT", Verdict.REFUSED),
    10027: ("CLIENT_DISABLES_AT", Verdict.REFUSED),
    10028: ("LOCKED", Verdict.AMBIGUOUS),
    10029: ("FROZEN", Verdict.REFUSED),
    10030: ("INVALID_FILL", Verdict.REFUSED),
    10031: ("CONNECTION", Verdict.AMBIGUOUS),
    10032: ("ONLY_REAL", Verdict.REFUSED),
    10033: ("LIMIT_ORDERS", Verdict.REFUSED),
    10034: ("LIMIT_VOLUME", Verdict.REFUSED),
    10035: ("INVALID_ORDER", Verdict.REFUSED),
    10036: ("POSITION_CLOSED", Verdict.REFUSED),
    10038: ("INVALID_CLOSE_VOLUME", Verdict.REFUSED),
    10039: ("CLOSE_ORDER_EXIST", Verdict.REFUSED),
    10040: ("LIMIT_POSITIONS", Verdict.REFUSED),
    10041: ("REJECT_CANCEL", Verdict.REFUSED),
    10042: ("LONG_ONLY", Verdict.REFUSED),
    10043: ("SHORT_ONLY", Verdict.REFUSED),
    10044: ("CLOSE_ONLY", Verdict.REFUSED),
    10045: ("FIFO_CLOSE", Verdict.REFUSED),
    10046: ("HEDGE_PROHIBITED", Verdict.REFUSED),
}


def verdict(retcode: int) -> Verdict:
    """What a return code proves; AMBIGUOUS for every code that is not in the table."""
    known = _NAMES.get(retcode)
    return known[1] if known else Verdict.AMBIGUOUS


def name(retcode: int) -> str:
    """`REQUOTE` for 10004; `RETCODE_123` for a code that is not in the table."""
    known = _NAMES.get(retcode)
    return known[0] if known else f"RETCODE_{retcode}"
