"""What lists of missions say of the market: whether it is at the entry, and how old the quote is that says so. Pure.

Owns when that is said: of a mission that takes fires. The words are those of `hydractl missions`.
"""

from __future__ import annotations

from typing import Any

from hydractl.commands.missions import entry_words, quote_age
from hydractl.output import Column
from hydractl.tui.frame import Frame
from hydractl.tui.panes.briefing import left_text, over


def market_columns(frame: Frame) -> list[Column]:
    """LEFT, by the market's clock as it was told last, with how fast that goes where it is not as ours; how the market
    stands to the entry; and of how old a quote. Where there is room for little, one column: what is left, or that the
    entry is missed."""
    pace = "" if " " in frame.pace else frame.pace  # a sentence stands at the top alone
    left = " ".join(filter(None, ("LEFT", pace)))
    if frame.scant:
        return [Column(left, "expires_in_s", right=True, show=lambda row: _short(frame, row))]
    return [
        Column(left, "expires_in_s", right=True, show=lambda row: left_text(frame, row)),
        Column("ENTRY NOW", "entry_now", show=lambda row: "-" if over(frame, row) else entry_words(row)),
        Column("QUOTE", "quote", right=True, show=lambda row: "-" if over(frame, row) else quote_age(row)),
    ]


def missed(row: Any) -> bool:
    """Whether a fire would be denied for its entry, by how the market was when the row was told."""
    return row.entry_now is not None and row.entry_now.missed_by_points != 0


def _short(frame: Frame, row: Any) -> str:
    if over(frame, row) or not missed(row):
        return left_text(frame, row)
    by = row.entry_now.missed_by_points
    return "no price" if by is None else f"missed {by}"


def entry_style(frame: Frame, row: Any) -> str:
    """Yellow for what would be denied; of what is over nothing is said."""
    now = row.entry_now
    return "yellow" if now is not None and not over(frame, row) and (missed(row) or now.stale) else ""
