"""`replay DAY`: owns the words of its answer, and what must be there for one."""

from __future__ import annotations

from hydrad.apex.profile import BUILT_IN
from hydrad.config import Apex
from hydrad.host.exits import EXIT_DIFFERENCES, EXIT_FAILED, EXIT_NOT_FOUND, EXIT_USAGE, Done, Stopped
from hydrad.host.places import Places
from hydrad.journal.sqlite import SqliteJournal
from hydrad.market import provenance, tickfile
from hydrad.market.days import BadDays, parse
from hydrad.market.recorder import RECORDED
from hydrad.market.saying import table
from hydrad.market.tickfile import BadFile
from hydrad.replay import recorded_day
from hydrad.replay.recorded_day import NotRecorded
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode
from hydrad.wire.market import ReplayData, ReplayRow

_WORDS = {True: "same", False: "DIFFERS", None: ""}


def answer(places: Places, day_text: str, source: str, apex: Apex) -> Done:
    """Raises Stopped."""
    try:
        days = parse(day_text)
    except BadDays as error:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, str(error)) from None
    if len(days) != 1:
        raise Stopped(EXIT_USAGE, ErrorCode.USAGE, "one day at a time")
    profile = BUILT_IN.get(apex.profile)
    if profile is None:
        raise Stopped(EXIT_FAILED, ErrorCode.FAILED, f"apex.profile {apex.profile} is not one of {', '.join(BUILT_IN)}")
    if not places.journal.exists():
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, f"no home here: there is no {places.journal}")
    folder = places.market / RECORDED
    if source != RECORDED:
        folder = places.market / provenance.IMPORTED / tickfile.folder_name(source)
    journal = SqliteJournal(places.journal)
    try:
        data = recorded_day.replayed(folder, profile, days.start, journal.replay())
    except (NotRecorded, BadFile, OSError) as error:
        raise Stopped(EXIT_NOT_FOUND, ErrorCode.NOT_FOUND, str(error), "hydractl data ls tells the days") from None
    finally:
        journal.close()
    if not data.differ:
        return Done(data, _lines(data))
    message = f"{data.differ} of {data.same + data.differ} differ"
    return Done(data, _lines(data), Problem(ErrorCode.DIFFERENCES.value, message), EXIT_DIFFERENCES)


def _lines(data: ReplayData) -> list[str]:
    lived = ", ".join(f"{first[11:19]} to {last[11:19]}" for first, last in data.spans)
    lines = [f"{data.day}: {data.ticks} ticks through profile {data.profile}"]
    lines.append(f"a daemon ran from {lived}" if lived else "no daemon ran on that day: nothing to compare")
    if not data.rows:
        return [*lines, "no setup was seen"]
    cells = [(row.at[11:19], row.symbol, _WORDS[row.same], _said(row)) for row in data.rows]
    return [*lines, *table(("TIME", "SYMBOL", "", "SAID"), cells, right=())]


def _said(row: ReplayRow) -> str:
    now = row.now or "nothing"
    return now if row.then == row.now or row.same is None else f"{now}   (then: {row.then or 'nothing'})"
