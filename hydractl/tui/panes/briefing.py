"""What a mission is decided by, in lines: verdict, failed checks, price, money; then why, and every check. Of one that
was fired, what became of that stands first, and what would deny a second fire below it, dim.

Owns the order in which these stand, so that what matters most is in sight on a small screen. The words are those of
`hydractl brief` and `hydractl mission`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from hydractl.commands import brief, fired, missions, verdicts
from hydractl.fitting import wrapped
from hydractl.output import WORDS, age
from hydractl.plain import plain
from hydractl.tui.draw.table import STYLES
from hydractl.tui.frame import Frame, faded, line, older
from hydractl.tui.store import Kept

if TYPE_CHECKING:
    from hydrad.wire.answers.acts import CheckRow, FireAnswer
    from hydrad.wire.answers.briefing import Briefing
    from hydrad.wire.answers.missions import MissionRow

STANDS = ("PROPOSED", "ENGAGED")  # the states that take fires
LABEL = 8
_BAD, _WARN, _GOOD = STYLES["bad"], STYLES["warn"], STYLES["good"]


def briefing_lines(frame: Frame, kept: Kept | None, row: MissionRow, room: int, *, every: bool) -> list[Text]:
    """The briefing in lines of at most `room` cells. `row`: the mission as it is known newest. `every`: all checks, not
    only those that fail. What is old is dim and says so above everything."""
    lines = [head_line(frame, row, room)]
    data: Briefing | None = kept.data if kept is not None else None
    if kept is None or data is None:
        return lines + unanswered(frame, kept, room)
    old = old_lines(frame, kept, room)
    told = [*_elsewhere(data), *_at_once(frame, data, row, frame.since(kept), room)] if frame.scant else []
    told += [_account_line(data), *_decided(frame, data, frame.since(kept), room), *_checks(frame, data, room, every)]
    told += _told(frame, data, row, room)
    if old or over(frame, row):
        told = list(map(faded, told))
    lines += _fired(frame, kept, data, room)
    return [*old, *(map(faded, lines) if old else lines), *told]


def head_line(frame: Frame, row: MissionRow, room: int) -> Text:
    """What it is, its state, and how long it takes fires yet; what has no room behind that is left out whole."""
    left_s = left_of(frame, row)
    what = (f"{row.symbol} {row.side}", "bold")
    if over(frame, row):
        parts = [what, (row.state, _WARN), ("over", "bold yellow"), ("takes no fires", "yellow")]
    else:
        urgent = "bold yellow" if left_s < 60 else "bold"
        parts = [what, (row.state, _word_style(row.state)), (f"{left_text(frame, row)} left", urgent)]
        parts += [("passed by you", "yellow")] if row.passed else []
        parts += [(f"{age(round(left_s / frame.speed))} of yours", "dim")] if frame.pace and frame.speed else []
    while len(parts) > 3 and line(*parts).cell_len > room:
        parts.pop()
    return line(*parts)


def left_of(frame: Frame, row: MissionRow) -> float:
    """Seconds of market time that it takes fires yet, by the market's time as told last."""
    left_s = frame.left_s(row.expires_at)
    return row.expires_in_s if left_s is None else left_s


def left_text(frame: Frame, row: MissionRow) -> str:
    return frame.left_text(row.expires_at, row.expires_in_s)


def over(frame: Frame, row: MissionRow) -> bool:
    """Whether it can no longer be fired."""
    return row.state not in STANDS or left_of(frame, row) <= 0


def unanswered(frame: Frame, kept: Kept | None, room: int) -> list[Text]:
    """Why there is no briefing."""
    if kept is None:
        return [Text("no daemon yet" if frame.view.lost else "asking for the briefing ...", "dim")]
    if kept.problem is None:
        return [Text("the daemon told no briefing", _BAD)]
    hint = f" ({kept.problem.hint})" if kept.problem.hint else ""
    return labelled("refused", f"{kept.problem.code}: {kept.problem.message}{hint}", room, _BAD)


def old_lines(frame: Frame, kept: Kept, room: int) -> list[Text]:
    """That the briefing is not of now, and why; none where it is of now."""
    if not frame.old(kept):
        return []
    since = f"{age(round(frame.since(kept)))} old: not what holds now"
    why = f"{kept.problem.code}: {kept.problem.message}" if kept.problem is not None else ""
    words = f"{since}; {why}" if why else since
    return labelled(f"{frame.glyphs.warning} OLD", words, room, "bold yellow")


def _fired(frame: Frame, kept: Kept, data: Briefing, room: int) -> Iterator[Text]:
    """What became of its fires: they live on, whatever became of the mission."""
    positions = frame.rows(kept, data.mission.positions)
    for at, (state, text) in enumerate(fired.texts(data.mission, positions)):
        yield from labelled("fired" if state or not at else "", text, room, _word_style(state) if state else "")


def _at_once(frame: Frame, data: Briefing, row: MissionRow, since_s: float, room: int) -> list[Text]:
    """What is decided by in as few lines as it can be said in; all of it stands below."""
    second = fired.second(data.fire)
    lines = [] if second else labelled("verdict", data.fire.would, room, verdict_style(data.fire))
    if data.price is None:
        lines += labelled("price", f"UNKNOWN: {brief.NO_QUOTE}", room, _BAD)
    else:
        price = older(data.price, since_s)
        words = f"{price.bid} / {price.ask}, {age(price.age_s)} old{', STALE' if price.stale else ''}"
        lines += labelled("price", words, room, "yellow" if price.stale else "")
    stake = data.stake
    percent = f" ({stake.of_base_percent}%)" if stake is not None and stake.of_base_percent else ""
    money = f"{stake.volume} lots, at stop {stake.at_stop} {stake.currency}{percent}" if stake else "not known"
    lines += [] if second else labelled("money", money, room, "" if stake else _WARN)
    return lines + labelled("entry", f"{row.entry} stop {row.stop} target {row.target or 'none'}", room)


def _elsewhere(data: Briefing) -> list[Text]:
    """That there are acts, where no box shows them."""
    count = len(data.mission.acts)
    words = f"no room for {count} act{'s' * (count > 1)}: t traces, or enlarge"
    return [Text(words, "dim", no_wrap=True, end="")] if count else []


def _account_line(data: Briefing) -> Text:
    kind = data.kind.upper()
    names = list(data.accounts)
    place = f"account {names.index(data.account) + 1} of {len(names)}" if data.account in names else ""
    return line((f"{'on':<{LABEL - 2}}", "dim"), (data.account, "bold"), (kind, _word_style(kind)), place)


def _word_style(word: str) -> str:
    return STYLES.get(WORDS.get(word, ""), "")


def _decided(frame: Frame, data: Briefing, since_s: float, room: int) -> Iterator[Text]:
    """The verdict, the price and the money: nothing stands before these. Then what denies it, and what it costs. Of a
    second fire all but the price is dim."""
    second = fired.second(data.fire)
    if not second:
        yield from labelled("verdict", data.fire.would, room, verdict_style(data.fire))
    if data.price is None:
        yield from labelled("price", f"UNKNOWN: {brief.NO_QUOTE}", room, _BAD)
    else:
        price = older(data.price, since_s)
        style = "yellow" if price.stale else "dim strike" if frame.view.lost is not None else ""
        yield from labelled("price", brief.price_text(price), room, style)
    if second:
        yield from labelled("verdict", fired.would_text(data.fire), room, "dim")
    yield from map(faded, _staked(frame, data, room)) if second else _staked(frame, data, room)


def _staked(frame: Frame, data: Briefing, room: int) -> Iterator[Text]:
    """The money, what denies it, and what it costs."""
    texts = dict(brief.stake_texts(frame.out, data.stake)) if data.stake is not None else {}
    yield from labelled("money", texts.pop("money", "not known: see the checks"), room, "" if data.stake else _WARN)
    for row in data.fire.checks:
        if not row.ok:
            yield from check_lines(frame, row, room)
    yield from labelled("tcs", data.tcs_text, room)
    for label, text in texts.items():
        yield from labelled(label, text, room)


def verdict_style(fire: FireAnswer) -> str:
    """Green where it would be sent, yellow where it would wait for a second person."""
    if verdicts.would_wait(fire):
        return _WARN
    return _BAD if verdicts.would_be_denied(fire) else _GOOD


def _checks(frame: Frame, data: Briefing, room: int, every: bool) -> Iterator[Text]:
    checks = data.fire.checks
    passed = sum(1 for row in checks if row.ok)
    yield from labelled("checks", f"{passed} of {len(checks)} passed{'' if every else '; e shows them'}", room)
    if every:
        for row in checks:
            if row.ok:
                yield from check_lines(frame, row, room)


def check_lines(frame: Frame, row: CheckRow, room: int) -> Iterator[Text]:
    """A check with what was measured and its limit."""
    word = f"  {frame.glyphs.check} ok" if row.ok else f"  {frame.glyphs.cross} FAILED"
    text = f"{word:<11}{row.code}  {row.measured}  limit {row.limit}"
    yield from _wrapped(text, room, 4, "" if row.ok else _BAD)


def _told(frame: Frame, data: Briefing, row: MissionRow, room: int) -> Iterator[Text]:
    """What was proposed and why, what would be sent beside the order, and what people wrote."""
    for label, text in missions.mission_texts(frame.out, data.mission, left_text(frame, row)):
        if label != "tcs":  # it stands above, with what it needs
            yield from labelled(label, text, room)
    yield from _features(data.mission.features, room)
    if data.fire.basis:
        yield from labelled("basis", data.fire.basis, room)
    for step in data.fire.order.plan if data.fire.order is not None else ():
        yield from labelled("plan", verdicts.step_line(frame.out, step), room)
    for note in data.mission.notes or ():
        yield from labelled("note", missions.note_text(frame.out, note), room)


def _features(features: dict[str, str], room: int) -> Iterator[Text]:
    """What the detector measured, two to a line where there is room."""
    cells = [f"{plain(name)} {plain(value)}" for name, value in features.items()]
    width = max(map(len, cells), default=0) + 2
    each = max((room - 2) // width, 1) if width else 1
    for at in range(0, len(cells), each):
        yield Text("  " + "".join(f"{cell:<{width}}" for cell in cells[at : at + each]).rstrip(), no_wrap=True, end="")


def labelled(label: str, text: str, room: int, style: str = "") -> list[Text]:
    """A text behind the word for it, in as many lines as it takes; nothing is cut."""
    made = []
    for at, words in enumerate(wrapped(f"{label:<{LABEL}}{plain(text)}", max(room, 20), LABEL)):
        row = Text(words, style, no_wrap=True, end="")
        if at == 0 and not style:
            row.stylize("dim", 0, len(label))
        made.append(row)
    return made


def _wrapped(text: str, room: int, hang: int, style: str) -> Iterator[Text]:
    for words in wrapped(plain(text), max(room, 20), hang):
        yield Text(words, style, no_wrap=True, end="")
