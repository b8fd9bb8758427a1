"""A new paper home on days of a recording: `paper.feed = "recorded"`. Owns the copy of them in the home, which goes on
playing whatever becomes of where they came from.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from hydrad.config import Paper
from hydrad.domain.calendar import day_text
from hydrad.domain.instants import DAY_MS, parse_ms
from hydrad.host.places import Places
from hydrad.market.days import BadDays, files, parse
from hydrad.terminal.broker.config import RECORDED


class NoDays(Exception):
    """The days cannot be played; the message names the key to change."""


def folder(places: Places) -> Path:
    return places.broker_dir / "recording"


def copied(places: Places, paper: Paper, wanted: Sequence[str]) -> tuple[str, ...]:
    """Copy the days of a recording into a home; the symbols that they have, none for another feed. `wanted`: those that
    APEX watches. Raises NoDays."""
    if paper.feed != RECORDED:
        return ()
    try:
        days = parse(paper.days)
    except BadDays as error:
        raise NoDays(f"paper.days: {error}") from None
    _check_start(paper, days)
    source = Path(paper.recording).expanduser()
    found = files(source, days) if paper.recording else {}
    if not found:
        raise NoDays(
            f"paper.recording: no ticks of {paper.days} in '{paper.recording}'; it is a folder such as "
            "HOME/state/market/recorded, and hydractl data ls of that home tells the days"
        )
    missing = [symbol for symbol in wanted if symbol not in found]
    if missing:
        raise NoDays(
            f"paper.recording: {missing[0]} is not recorded on {paper.days}, and apex.profile watches it: "
            f"there are {', '.join(found)}; apex.enabled = false plays them without signals"
        )
    for paths in found.values():
        for path in paths:
            _copy(path, folder(places) / path.parent.name / path.name)
    return tuple(found)


def _check_start(paper: Paper, days: range) -> None:
    if parse_ms(paper.start) // DAY_MS not in days:
        begin = f"{day_text(days.start)}T12:00:00Z"
        raise NoDays(f"paper.start {paper.start} is not within paper.days {paper.days}: such as {begin}")


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, to)
    except OSError as error:
        raise NoDays(f"paper.recording: {error}") from None
    to.chmod(0o600)
