"""The agent's own limits, from its bundle: they hold whatever the daemon asks. Closes are never counted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from hydrad.domain.orders import Order
from hydrad.domain.symbols import SymbolTerms


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`max_lots`: of one opening order; 0 makes an agent that only feeds. `opens_per_minute`: opening orders in any
    60 s of machine time. `symbols`: those that may be opened. `equity_floor`: in the account's currency; 0 is none.
    `stand_ins`: whether what the broker has in place of one of them may be opened too (no file names symbols).
    `floor_action`: at the floor, `halt` (latch) or `flatten` (latch, and close what is ours)."""

    max_lots: Decimal
    opens_per_minute: int
    symbols: tuple[str, ...]
    equity_floor: Decimal = Decimal(0)
    floor_action: Literal["halt", "flatten"] = "halt"
    stand_ins: bool = False


def with_stand_ins(caps: Caps, found: Mapping[str, tuple[str, ...]]) -> Caps:
    """The caps with the broker's own names of the symbols that it has under another one."""
    names = [name for wanted, names in found.items() if wanted in caps.symbols for name in names]
    return msgspec.structs.replace(caps, symbols=(*caps.symbols, *names)) if caps.stand_ins else caps


def exceeded(
    caps: Caps, order: Order, terms: SymbolTerms | None, equity: Decimal | None, opened_within_minute: int
) -> str:
    """The code of the first cap that an opening order breaks, or empty. What is not known counts as broken."""
    checks = (
        ("CAP_SYMBOL", order.symbol in caps.symbols),
        ("TERMS_UNKNOWN", terms is not None),
        ("CAP_LOTS", terms is not None and 0 < order.volume_steps * terms.volume_step <= caps.max_lots),
        ("CAP_RATE", opened_within_minute < caps.opens_per_minute),
        ("ACCOUNT_UNKNOWN", equity is not None),
        ("CAP_EQUITY", equity is not None and (not caps.equity_floor or equity > caps.equity_floor)),
    )
    return next((code for code, within in checks if not within), "")
