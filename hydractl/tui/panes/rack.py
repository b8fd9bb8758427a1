"""What the Terminals pane shows, worked out from a frame: the rack, who is not well in it, and one terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from hydractl.commands.terminals import TERMINALS
from hydractl.output import Column, age, ago, cell_text
from hydractl.tui.draw.spark import spark
from hydractl.tui.frame import Frame
from hydractl.tui.panes.detail import told
from hydractl.tui.panes.pane import why_empty
from hydractl.tui.series import EVERY_S

NONE = "no terminal is enrolled; at the shell: hydractl terminal enroll NAME --account A --login N --server S"
_SHELL = {column.key: column for column in TERMINALS}
PRIORITY = ("name", "link", "duty", "heartbeat_age_s", "account", "lane", "round_trip", "clock_offset_ms", "in_hand")
FLEXIBLE = ("why",)
SPARK_CELLS = 12
LATCHED = "its agent's latch is closed: nothing opens, closes pass"
_DOWN = ("LOST", "ABSENT")
_UP = "READY"


def rows_of(frame: Frame) -> list[Any]:
    """The terminals, those that are not well first, else as they were enrolled."""
    rows = frame.rows(frame.view.kept("terminals"), frame.view.data("terminals"))
    return sorted(rows, key=_rank)


def _rank(row: Any) -> int:
    if row.link in _DOWN:
        return 0
    return 2 if is_well(row) else 1


def is_well(row: Any) -> bool:
    """READY, and may be given fires."""
    return row.link == _UP and row.duty == "ACTIVE" and not row.halted


def style_of(row: Any) -> str:
    """Of a row of the rack; its words say the same."""
    if row.link in _DOWN or row.duty in ("QUARANTINED", "HALTED") or row.halted:
        return "red"
    return "" if is_well(row) else "yellow"


def columns_of(frame: Frame) -> list[Column]:
    """The shell's, with the account's kind and the line of round trips."""
    kinds = {row.name: row.kind.upper() for row in _accounts(frame)}
    kind = Column("KIND", "kind", show=lambda row: kinds.get(row.account, "-"))
    trips = Column("ROUND TRIP", "round_trip", show=lambda row: trips_text(frame, row.name, SPARK_CELLS))
    named = ("link", "duty", "lane", "heartbeat_age_s", "clock_offset_ms")
    ends = ("halted", "in_hand", "holds", "ticks_shed", "why")
    shown = [*(_SHELL[key] for key in named), trips, *(_narrow(_SHELL[key]) for key in ends)]
    return [_SHELL["name"], _SHELL["account"], kind, *shown]


def _narrow(column: Column) -> Column:
    """A column that the shell shows in its wide form alone."""
    return Column(column.heading, column.key, right=column.right, show=column.show)


def _accounts(frame: Frame) -> Sequence[Any]:
    status = frame.view.data("status")
    return status.accounts if status is not None else ()


def trips_text(frame: Frame, name: str, cells: int) -> str:
    """The line of round trips and the newest one; on a calm screen the newest alone."""
    series = frame.view.round_trips.get(name)
    numbers = series.numbers if series is not None else ()
    newest = numbers[-1] if numbers else None
    last = f"{newest:.1f} ms" if newest is not None else "-"
    if frame.calm:
        return last
    known = [number for number in numbers[-cells:] if number is not None]
    high = max((*known, 1.5 * min(known))) if known else None  # what does not change is a line at two thirds
    return f"{spark(numbers, cells, frame.glyphs, low=0.0, high=high).plain} {last:>8}"


# --- what is not well ---


def bad_lines(frame: Frame) -> list[Text]:
    """A line for each terminal that is not well, with its reason and its last beat; none where all are."""
    return [
        Text(f"{frame.glyphs.warning} {frame.glyphs.write(bad_text(row))}", style_of(row), no_wrap=True, end="")
        for row in rows_of(frame)
        if not is_well(row)
    ]


def bad_text(row: Any) -> str:
    """Which terminal is in which state, why, and when it was last heard."""
    duty = "DRAINED" if row.drained else row.duty
    states = [word for word, shown in ((row.link, row.link != _UP), (duty, duty != "ACTIVE")) if shown]
    cause = f" ({row.cause})" if row.cause else ""
    why = row.why or "no reason given"
    if row.halted:
        why = (
            f"{LATCHED}; {' and '.join(states)}: {why}" if states else LATCHED
        )  # why it is READY is no reason for that
        states = ["HALTED"]
    return f"{row.name} is {' and '.join(states)}{cause}: {why} (last beat {ago(row.heartbeat_age_s)})"


# --- one of them ---


def detail_lines(frame: Frame, name: str | None, room: int) -> list[Text]:
    """Everything that is known of one terminal, the most important first."""
    row = next((row for row in rows_of(frame) if row.name == name), None)
    if row is None:
        return [Text(why_empty(frame, "terminals", "no terminal is chosen"), "dim", no_wrap=True, end="")]
    parts: list[tuple[str, str, str]] = [
        ("state", _state(frame, row), style_of(row)),
        ("why", row.why or "no reason given", ""),
        *([("latch", LATCHED, "red")] if row.halted else []),
    ]
    if row.cause:
        parts.append(("cause", f"quarantined for {row.cause}; a commander ends it, with a reason", "red"))
    parts += [
        ("needs it", _needs(row), ""),
        ("feeds", feeds_text(frame, row.name), ""),
        ("given to", given_text(frame, row.account), ""),
        ("identity", f"{row.identity or 'not told in this session'}  account {row.account}", ""),
        ("clock", f"{cell_text(_SHELL['clock_offset_ms'], row)}  {trips_words(frame, row.name)}", ""),
        ("journal", _journal(frame, row), ""),
    ]
    return [line for label, text, style in parts for line in told(label, text, room, frame.glyphs, style)]


def _state(frame: Frame, row: Any) -> str:
    duty = cell_text(_SHELL["duty"], row)
    halted = "  HALTED" if row.halted else ""
    heard = f"last beat {ago(row.heartbeat_age_s)}"
    return f"{row.name}  {row.link}  {duty}{halted}  lane: {cell_text(_SHELL['lane'], row)}  {heard}"


def _needs(row: Any) -> str:
    hand = "in hand not told" if row.in_hand is None else f"{row.in_hand} acts in hand"
    return f"{row.holds} acts and open positions  {hand}  {row.ticks_shed} ticks shed"


def _journal(frame: Frame, row: Any) -> str:
    epoch = "no epoch told" if row.epoch is None else f"epoch {row.epoch}"
    return f"{row.ledger_entries} ledger entries  {epoch}  market read through {frame.out.instant(row.through)}"


def trips_words(frame: Frame, name: str) -> str:
    """The range of what the line shows, and of how long it is."""
    series = frame.view.round_trips.get(name)
    numbers = series.numbers if series is not None else ()
    known = [number for number in numbers if number is not None]
    if not known:
        return "no round trip was measured"
    line = "" if frame.calm else f"{trips_text(frame, name, len(numbers))}  "
    return f"{line}best round trips {min(known):.1f} to {max(known):.1f} ms in {age(round(len(numbers) * EVERY_S))}"


def feeds_text(frame: Frame, name: str) -> str:
    """Its symbols' last quotes with their ages, stale ones first."""
    kept = frame.view.kept("ticks")
    if kept is None or kept.data is None:
        return why_empty(frame, "ticks", "")
    rows = frame.rows(kept, [row for row in kept.data if row.terminal == name])
    old = frame.old_words(kept, quotes_s(frame))
    well = "fresh when told" if old else "fresh"
    texts = [
        f"{row.symbol} {age(row.age_s)} {'STALE' if row.stale else well}{' source' if row.source else ''}"
        for row in sorted(rows, key=lambda row: (not row.stale, row.symbol))
    ]
    return "  ".join(filter(None, (old, *texts))) or "no quote of it is known"


def quotes_s(frame: Frame) -> float:
    """How often quotes are asked for: each of many terminals has one for each symbol."""
    status = frame.view.data("status")
    return max(2.0, len(status.terminals) / 5) if status is not None else 2.0


def given_text(frame: Frame, account: str) -> str:
    """Who may fire on the account that it reaches."""
    kept = frame.view.kept("operators")
    if kept is None or kept.data is None:
        return why_empty(frame, "operators", "")
    holders = holders_of(kept.data, account)
    texts = [f"{row.name} {row.role}{' (primary)' if row.primary == account else ''}" for row in holders]
    return ", ".join(texts) or f"nobody: no operator may fire on {account}"


def holders_of(operators: Sequence[Any], account: str) -> list[Any]:
    """The operators who were given an account, by its name or with all."""
    return [row for row in operators if account in row.accounts or "*" in row.accounts]
