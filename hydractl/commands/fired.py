"""What became of a mission's fires, in words: what holds it, on which account, by whom, and its position now.

Owns which fires hold their mission: there, one more is denied as a duplicate.
"""

from __future__ import annotations

from hydractl.commands.realised import amount, close_words
from hydractl.output import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydrad.wire.answers.acts import ActRow, FireAnswer
    from hydrad.wire.answers.missions import MissionShow
    from hydrad.wire.answers.positions import PositionRow

HOLDS = frozenset(
    (
        *("QUEUED", "AWAITING_APPROVAL", "ROUTED", "ACKED", "UNKNOWN"),
        *("WORKING", "FILLED", "CLOSING", "CLOSED", "QUARANTINED"),
    )
)
GAVE_BACK = frozenset(
    ("CANCELLED", "EXPIRED", "REJECTED", "NOT_EXECUTED")
)  # it was sent, and the mission may be fired anew
DUPLICATE = "DUPLICATE"


def fires_of(data: MissionShow) -> list[ActRow]:
    """Those that hold it, in the order of their time; one that came to nothing gave the mission back."""
    return [act for act in data.acts if act.kind == "FIRE" and act.state in HOLDS]


def gave_back(data: MissionShow) -> list[ActRow]:
    """The last fire that was sent and came to nothing, where none holds it."""
    return [] if fires_of(data) else [act for act in data.acts if act.kind == "FIRE" and act.state in GAVE_BACK][-1:]


def texts(data: MissionShow, positions: Sequence[PositionRow]) -> list[tuple[str, str]]:
    """Of each fire that holds it, else of the last that came to nothing, its state and a text; a position of it
    (`positions`: those of `data`, as old as they are now) has a text of its own, without a state."""
    by_id = {row.id: row for row in positions}
    found = []
    for act in [*fires_of(data), *gave_back(data)]:
        found.append((act.state, f"{act.verdict}; {act.id} on {act.account}, by {act.by} ({act.surface})"))
        if (row := by_id.get(act.position or "")) is not None:
            found.append(("", position_text(row)))
    return found


def position_text(row: PositionRow) -> str:
    """What a position is at, or what it brought."""
    known = row.pnl is not None
    money = f"{amount(row.pnl or '', row.currency)}{f', {row.r} R' if row.r is not None else ''}"
    if row.closed_at is not None:
        return f"{row.id} closed ({row.close_reason}) at {close_words(row)}: {money if known else 'not known'}"
    now = f"{money}, {age(row.as_of_age_s)} old" if known else "its result is not known"
    now += f", closed parts {amount(row.realised, row.currency)}" if row.realised else ""
    return f"{row.id} open, {row.volume} lots: {now}; stop {row.stop or 'NONE'}, target {row.target or 'none'}"


def second(fire: FireAnswer) -> bool:
    """Whether what a dry run judged is one more on an account whose fire holds the mission."""
    return any(check.code == DUPLICATE and not check.ok for check in fire.checks)


def would_text(fire: FireAnswer) -> str:
    """What a dry run says; of a second fire, that it is one."""
    if not second(fire):
        return fire.would
    return f"a second fire would be denied: {', '.join(check.code for check in fire.checks if not check.ok)}"
