"""What closes brought, in words: by their deals, never by a price; what is not known is said to be that."""

from __future__ import annotations

from decimal import Decimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydrad.wire.answers.acts import ActRow, Realised
    from hydrad.wire.answers.positions import PositionRow

_CLOSES = ("CLOSE", "PART_CLOSE", "CLOSE_BY")
_FOREIGN = "not known here: it was FOREIGN, its deals are in the statement"


def text_of(act: ActRow) -> str:
    """Of one act that closed; "" of any other."""
    row = act.realised
    if row is None:
        return _FOREIGN if act.kind in _CLOSES and act.state == "DONE" else ""
    if row.money is None:
        return f"not known yet: no deal of it was told{_whole(row)}; ask again: hydractl fire show {act.id}"
    return f"{_brought(row.money, row.r, row.currency)}, of {row.volume} lots{_whole(row)}"


def _whole(row: Realised) -> str:
    """What became of the whole position; of one that is open, what is left."""
    if row.total is not None:
        return f"; the position is closed, {_brought(row.total, row.total_r, row.currency)} in all, costs counted"
    return f"; {row.remaining} stays open" if row.remaining is not None else ""


def sums(acts: Sequence[ActRow]) -> list[str]:
    """Of several, by account; of what is not known it is said of how many."""
    told = [(act.account, act.realised) for act in acts if act.realised is not None]
    lines = []
    for account, currency in sorted({(account, row.currency) for account, row in told}):
        rows = [row for name, row in told if name == account]
        known = [Decimal(row.money) for row in rows if row.money is not None]
        more = f"; of {len(rows) - len(known)} more it is not known yet" if len(known) < len(rows) else ""
        money = (
            f"{amount(f'{sum(known, Decimal(0)):f}', currency)}, of {len(known)}{more}" if known else "not known yet"
        )
        lines.append(f"{account} {money}")
    return lines


def close_words(row: PositionRow) -> str:
    """At which price it was closed: the mean of all its lots, and said to be one where that is not the last one's."""
    average = row.close_average
    return row.close_price or "-" if average in (None, row.close_price) else f"{average} avg"


def _brought(money: str, r: str | None, currency: str) -> str:
    return amount(money, currency) + (f", {r} R" if r is not None else "")


def amount(money: str, currency: str) -> str:
    """With its sign, also above zero."""
    return f"{signed(money)} {currency}"


def signed(money: str) -> str:
    """As `amount`, without its currency."""
    return money if money.startswith("-") else f"+{money}"
