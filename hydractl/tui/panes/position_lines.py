"""What is said of one position, of one order that rests, and of each account's positions together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from hydractl.commands.verdicts import step_line
from hydractl.fitting import wrapped
from hydractl.output import age
from hydractl.plain import plain
from hydractl.tui import live
from hydractl.tui.draw.track import CELLS_MIN
from hydractl.tui.frame import OLD_S, Frame, faded, line
from hydractl.tui.panes.accounts import within
from hydractl.tui.store import Kept
from hydrad.domain.instants import BadInstant, parse_ms

Piece = tuple[str, str]
_STATES = {"done": "green", "UNKNOWN": "bold red", "LOST": "bold red", "refused": "bold red", "QUARANTINED": "bold red"}


def problem_lines(frame: Frame) -> list[Text]:
    """That the last try to list what is open came to nothing, and how old what stands here is for it."""
    kept = frame.view.kept("positions")
    if kept is None or kept.problem is None or not kept.failed:
        return []
    words = (
        f"{frame.glyphs.warning} {kept.problem.code}: {kept.problem.message}; positions of {age(frame.since(kept))} ago"
    )
    return [Text(frame.glyphs.write(words), "bold red", no_wrap=True, end="")]


def sum_lines(frame: Frame, rows: Sequence[Any], room: int, width: int) -> list[Text]:
    """A line an account: kind, authority, what is open and its result, open risk, and strangers' positions apart. In
    `room` lines of `width` cells, as `accounts.within` has it."""
    kept = frame.view.kept("status")
    accounts = {row.name: row for row in frame.rows(kept, kept.data.accounts if kept and kept.data else ())}
    names = [*accounts, *(row.account for row in rows if row.account not in accounts)]
    named = [(name, accounts.get(name)) for name in dict.fromkeys(names)]
    lines = within(frame, named, room, width, lambda name, account, _: _sum_line(frame, name, account, rows))
    old = frame.old(kept) or frame.old(frame.view.kept("positions"))
    return [faded(line) if old else line for line in lines] or [
        Text("no account is known yet", "dim", no_wrap=True, end="")
    ]


def _sum_line(frame: Frame, name: str, account: Any, rows: Sequence[Any]) -> Text:
    mine = [row for row in rows if row.account == name and not row.foreign]
    strange = [row for row in rows if row.account == name and row.foreign]
    kind = account.kind.upper() if account is not None else "NOT KNOWN"
    authority = account.authority if account is not None else ""
    return line(
        (name, "bold"),
        (kind, "bold red" if kind == "LIVE" else "yellow"),
        (authority, "green" if authority == "ACTIVE" else "bold red"),
        f"{len(mine)} open",
        *_results(frame, mine),
        *((f"FOREIGN {len(strange)}:", "bold red") for _ in strange[:1]),
        *_results(frame, strange),
        _risk(account),
    )


def _results(frame: Frame, rows: Sequence[Any]) -> list[Piece]:
    return [
        (live.sum_text(one, frame.glyphs), live.style_of(str(one.pnl) if one.pnl is not None else None))
        for one in live.sums(rows)
    ]


def _risk(account: Any) -> Piece:
    """Open risk and its limit, and how old they are."""
    if account is None or account.open_risk is None:
        return "open risk not known", "yellow"
    limit = f" of {account.open_risk_limit}" if account.open_risk_limit else ""
    if account.as_of_age_s is None:
        old = ", not reported in this session"
    else:
        old = f", {age(account.as_of_age_s)} old" if account.as_of_age_s > OLD_S else ""
    return f"open risk {account.open_risk}{limit} {account.currency}{old}", ""


def details(frame: Frame, row: Any, plan: Kept | None, room: int) -> list[Text]:
    """One position: result, where its price stands, costs, and its plan with what each step has done. `plan`: what is
    known of the query `plan.show` for it."""
    told = plan.data if plan is not None else None
    where = _where(frame, row, told, frame.since(plan) if frame.old(plan) else 0.0, room)
    lines = where if frame.scant else []  # the list tells the rest
    lines += flow(room, *_who(frame, row))
    lines += flow(room, *_result(frame, row))
    lines += [] if frame.scant else where
    lines += flow(room, *_costs(frame, row))
    lines += flow(room, *_times(frame, row))
    lines += flow(room, (f"mission {row.mission or 'none'}", ""), (f"ticket {row.ticket}", ""))
    return [*lines, *_plan(frame, row, plan, room)]


def _who(frame: Frame, row: Any) -> Iterable[Piece]:
    status = frame.view.data("status")
    account = next((one for one in (status.accounts if status is not None else ()) if one.name == row.account), None)
    kind = account.kind.upper() if account is not None else "kind not known"
    yield row.id, "bold cyan"
    yield from ((mark, "bold red") for mark in live.marks(row))
    yield f"{row.side} {row.volume} {row.symbol}", "bold"
    yield f"on {row.account}", ""
    yield kind, "bold red" if kind == "LIVE" else "yellow"
    if account is not None and account.hedging is False:
        yield "netting", "yellow"
    if row.foreign:
        yield "not ours: it counts as exposure, and is never touched unasked", ""
    if row.closed_at is None and row.reachable is False:
        yield "no close can be sent now: no terminal of the account is connected", "bold red"


def _result(frame: Frame, row: Any) -> Iterable[Piece]:
    money = f"{live.signed(row.pnl, frame.glyphs)} {row.currency}" if row.pnl is not None else "result not known"
    yield money, live.style_of(row.pnl) or ("yellow" if row.pnl is None else "")
    if row.realised is not None and row.closed_at is None:
        yield f"{row.r} R, of what is open" if row.r else "R not known", ""
        in_all = f"{row.r_in_all} R" if row.r_in_all else "R not known yet"
        yield f"with {live.signed(row.realised, frame.glyphs)} {row.currency} of the closed part: {in_all} in all", ""
    else:
        yield f"{row.r} R" if row.r else "R not known", ""
    if row.closed_at is not None:
        yield f"closed at {_closed_at(row)}: {row.close_reason or 'why is not known'}", ""
    else:
        at = f", at {row.report_price}" if row.report_price is not None else ""
        yield f"as of {age(row.as_of_age_s)} ago{at}" if row.as_of_age_s is not None else "never reported", "dim"


def _closed_at(row: Any) -> str:
    """The mean of all its lots, where that is not the price of the last ones."""
    if row.close_average in (None, row.close_price):
        return row.close_price or "a price not known"
    return f"{row.close_average} on average, the last at {row.close_price or 'a price not known'}"


def _where(frame: Frame, row: Any, told: Any, old_s: float, room: int) -> list[Text]:
    """Where the price stands between stop and target, in a picture where there is room, and in numbers. `old_s`: how
    long ago it stood there, where that is too long for now."""
    lines = _stands(frame, row, told, old_s, room)
    return list(map(faded, lines)) if old_s and row.closed_at is None else lines


def _stands(frame: Frame, row: Any, told: Any, old_s: float, room: int) -> list[Text]:
    price = told.price if told is not None and row.closed_at is None else row.close_price
    now = "" if row.closed_at is not None or row.foreign else f"now {price or 'not known'}"
    if now and price and old_s:
        now = f"OLD: {price} of {age(float(round(old_s)))} ago"
    left, right = f"stop {row.stop or 'NONE'} ", f" {row.target} target" if row.target else " no target"
    picture = live.track_of(row, price, room - len(left) - len(right), frame.glyphs)
    numbers = flow(room, (f"open {row.open_price}", ""), (now, ""))
    if picture.cell_len < CELLS_MIN:
        return [*flow(room, (left.strip(), ""), (right.strip(), "")), *numbers]
    text = Text(left, no_wrap=True, end="")
    return [text.append_text(picture).append(right), *numbers]


def _costs(frame: Frame, row: Any) -> Iterable[Piece]:
    if row.break_even:
        yield f"break-even {row.break_even}", ""
    for name, value in (("swap", row.swap), ("commission", row.commission)):
        yield f"{name} {value} {row.currency}" if value is not None else f"{name} not known", ""
    night = row.night
    if night is not None:
        money = f"{live.signed(night.money, frame.glyphs)} {row.currency}" if night.money else "not converted"
        nights = f"{night.nights} nights" if night.nights != 1 else "1 night"
        yield f"swap of {nights} at {frame.out.clock(night.at)}: {money}", ""


def _times(frame: Frame, row: Any) -> Iterable[Piece]:
    held_s = _between_s(row.opened_at, row.closed_at or _market(frame))
    held = f", held {age(held_s)}" if held_s is not None else ""
    yield f"opened {frame.out.instant(row.opened_at)}{held}", ""
    if row.closed_at is not None:
        yield f"closed {frame.out.instant(row.closed_at)}", ""


def _market(frame: Frame) -> str | None:
    now = frame.view.data("now")
    return now.market if now is not None else None


def _between_s(begin: str, end: str | None) -> float | None:
    """Seconds of market time, None where one of the two is not known."""
    try:
        return max(parse_ms(end) - parse_ms(begin), 0) / 1000 if end else None
    except BadInstant:
        return None


def _plan(frame: Frame, row: Any, plan: Kept | None, room: int) -> list[Text]:
    if row.foreign:
        return flow(room, ("plan", "bold"), ("none: FOREIGN", ""))
    told = plan.data if plan is not None else None
    if told is None:
        why = plan.problem.message if plan is not None and plan.problem is not None else "asking ..."
        return flow(room, ("plan", "bold"), (row.plan_name or "", ""), (why, "dim"))
    old_s = frame.since(plan)
    lines = flow(
        room,
        ("plan", "bold"),
        (told.plan, "cyan"),
        (f"set by {told.set_by}" if told.set_by else "", ""),
        ("" if told.steps else "nothing happens by itself", ""),
        (f"OLD: of {age(float(round(old_s)))} ago" if frame.old(plan) else "", "bold yellow"),
    )
    if told.pending:
        lines += flow(room, (f"pending {told.pending}: maybe in force already", "yellow"))
    for step in told.steps:
        style = _STATES.get(step.state or "", "")
        lines += [
            Text(text, style, no_wrap=True, end="")
            for text in wrapped("  " + plain(step_line(frame.out, step)), room, 4)
        ]
    if frame.old(plan):
        return [lines[0], *map(faded, lines[1:])]
    return lines


def order_details(frame: Frame, row: Any, room: int) -> list[Text]:
    """One order that rests."""
    at_broker = {True: "at the broker", False: "MISSING at the broker", None: "not known whether at the broker"}
    lines = flow(
        room,
        (row.id or "no id", "bold cyan"),
        (row.state, "yellow"),
        ("FOREIGN: never touched" if row.foreign else "", "bold red"),
        (f"{row.side} {row.volume} {row.symbol} {row.type} at {row.price}", "bold"),
        (f"on {row.account}", ""),
    )
    lines += flow(room, (f"stop {row.stop or 'NONE'}", ""), (f"target {row.target or 'none'}", ""))
    lines += flow(
        room,
        (at_broker[row.at_broker], "bold red" if row.at_broker is False else ""),
        ("NOT REACHABLE" if row.reachable is False else "", "bold red"),
        (f"as of {age(row.as_of_age_s)} ago" if row.as_of_age_s is not None else "never reported", "dim"),
    )
    lines += flow(room, (f"until {frame.out.instant(row.expires_at)}" if row.expires_at else "no expiry told", ""))
    lines += flow(room, (f"cancel: {row.cancel}" if row.cancel else "", "yellow"))
    lines += flow(room, *((f"{name} {row.get(name) or 'none'}", "") for name in ("fire", "mission", "by")))
    return lines + flow(room, (f"ticket {row.ticket}", ""), (f"terminal {row.terminal or 'not known'}", ""))


def flow(room: int, *pieces: Piece) -> list[Text]:
    """Pieces on lines of at most `room` cells, two blanks between them; one that is longer is broken at its words."""
    lines: list[Text] = []
    for words, style in pieces:
        if not words:
            continue
        text = plain(words).replace("\n", " ")
        if lines and lines[-1].cell_len + 2 + Text(text).cell_len <= room:
            lines[-1].append("  ").append(text, style)
            continue
        lines += [Text.assemble((row, style), no_wrap=True, end="") for row in wrapped(text, max(room, 8), 2)]
    return lines
