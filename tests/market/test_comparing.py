"""The recording against a terminal's own bars: what is compared, what differs, what is not used then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hydrad.link.frames import RateRow, Rates
from hydrad.market import barring, comparing, stored, tickfile
from hydrad.market.comparing import Told
from hydrad.market.recorder import Note
from hydrad.market.series import Batch, Series
from hydrad.services import comparing as hourly
from hydrad.toc import inputs as i
from hydrad.toc.effects import RatesSought, RatesTold, Sought
from tests.market.conftest import START_MS, batch, tick

MINUTE = 60_000


def record(tmp_path: Path, *batches: Batch) -> Path:
    one = Series(tmp_path / "recorded" / "EURUSD", "EURUSD")
    one.add(batches)
    one.close()
    return tmp_path


def minutes(*numbers: int, terminal: str = "alpha", session: int = 7, digits: int = 5, history: bool = False) -> Batch:
    """Two ticks in each of these minutes."""
    ticks = [tick(number * MINUTE + at, 138_500 + number + at // 30_000) for number in numbers for at in (0, 30_000)]
    return batch(*ticks, terminal=terminal, session=session, digits=digits, history=history)


def bar(number: int) -> RateRow:
    first = 138_500 + number
    return RateRow(START_MS + number * MINUTE, first, first + 1, first, first + 1, 2)


def told(*rows: RateRow, first: int = 0, last: int = 20, terminal: str = "alpha", digits: int = 5) -> Told:
    return Told(terminal, "EURUSD", digits, START_MS + first * MINUTE, START_MS + last * MINUTE, rows)


def compare(market: Path, asked: Told) -> tuple[int, list[int]]:
    found = comparing.compare(market, asked)
    return found.agreed, [(minute - START_MS) // MINUTE for minute in found.differing]


def test_the_first_minute_and_the_last_are_not_answered_for(tmp_path: Path) -> None:
    market = record(tmp_path, minutes(1, 2, 3, 4))
    assert compare(market, told(*map(bar, range(10)))) == (2, [])  # 2 and 3


def test_another_price_a_missing_bar_and_one_too_many(tmp_path: Path) -> None:
    market = record(tmp_path, minutes(1, 2, 3, 5, 6, 7))
    other = RateRow(*(getattr(bar(2), name) + (name == "high_points") for name in RateRow.__struct_fields__))
    agreed, differing = compare(market, told(other, bar(4), bar(5)))
    assert (agreed, differing) == (1, [2, 3, 4, 6])
    found = comparing.compare(market, told(other, bar(4), bar(5)))
    assert found.examples[0] == (
        "2014-05-02T00:02:00Z recorded 138502/138503/138502/138503, terminal 138502/138504/138502/138503"
    )


def test_what_may_be_missing_is_not_held_against_anybody(tmp_path: Path) -> None:
    """A new session without history: minutes 3 to 6 are nobody's; with history that reaches back they are ours."""
    market = record(tmp_path, minutes(1, 2, 3), minutes(6, 7, 8, session=8))
    assert compare(market, told(*map(bar, range(10)))) == (2, [])  # 2 and 7
    whole = record(tmp_path / "whole", minutes(1, 2, 3), minutes(3, 4, 5, 6, 7, 8, session=8, history=True))
    assert compare(whole, told(*map(bar, range(10)))) == (6, [])


def test_another_terminal_s_stretch_is_not_compared(tmp_path: Path) -> None:
    market = record(tmp_path, minutes(1, 2, 3, 4), minutes(5, 6, 7, terminal="bravo"))
    assert compare(market, told(*map(bar, range(10)))) == (2, [])
    assert compare(market, told(*map(bar, range(10)), terminal="bravo")) == (1, [])
    assert compare(market, told(*map(bar, range(10)), terminal="carol")) == (0, [])
    assert compare(tmp_path / "empty", told(*map(bar, range(10)))) == (0, [])


def test_midnight_is_no_hole(tmp_path: Path) -> None:
    market = record(tmp_path, minutes(1437, 1438, 1439, 1440, 1441, 1442))
    rows = map(bar, range(1436, 1444))
    assert compare(market, told(*rows, first=1430, last=1450)) == (4, [])


def test_what_differs_is_marked_once_and_no_bar_uses_it(tmp_path: Path) -> None:
    market = record(tmp_path, minutes(1, 2, 3, 4))
    found = comparing.compare(market, told(bar(2)))
    assert comparing.mark(market, found) == 1 and comparing.mark(market, found) == 0
    path = tickfile.days(tmp_path / "recorded" / "EURUSD")[0]
    day = stored.load_day(path)
    made = barring.of_ticks(day.ticks, 1, day.marks, barring.unused_of(path, START_MS))
    assert made.used.tolist() == [False, True, False, True]  # the first holds the source's mark
    wide = barring.of_ticks(day.ticks, 5, [], barring.unused_of(path, START_MS))
    assert wide.used.tolist() == [False]


def test_digits_are_the_terminal_s_own(tmp_path: Path) -> None:
    """A day with two sources is shown at the most digits, and compared at each one's."""
    coarse = [tick(n * MINUTE + at, 13_850 + n) for n in (1, 2, 3) for at in (0, 30_000)]
    market = record(tmp_path, batch(*coarse, terminal="bravo", digits=4), minutes(5, 6, 7))
    row = RateRow(START_MS + 2 * MINUTE, 13_852, 13_852, 13_852, 13_852, 2)
    assert compare(market, told(row, terminal="bravo", digits=4)) == (1, [])


# --- the hourly question --------------------------------------------------------------------------------


class Asking:
    def __init__(self) -> None:
        self.inputs: list[i.AnyInput] = []
        self.notes: list[Note] = []
        self.one = hourly.Comparison(self.inputs.append, self.notes.append)

    def sought(self, *terminals: str) -> None:
        asked = tuple(Sought(name, "EURUSD", 5) for name in terminals)
        self.one.said(RatesSought(1, START_MS, START_MS + 20 * MINUTE, asked))

    def page(self, terminal: str, *rows: RateRow, last: bool = True, why: str = "") -> None:
        self.one.said(RatesTold(terminal, Rates(1, "EURUSD", rows, last, why)))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_it_asks_waits_for_every_page_and_tells_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself is made by a real child, over the home's own files."""
    home = tmp_path / "home"
    record(home / "state" / "market", minutes(1, 2, 3, 4, 5))
    monkeypatch.setenv("HYDRA_HOME", str(home))

    async def run() -> str:
        asking = Asking()
        task = asyncio.create_task(asking.one.run())
        await settle()
        assert asking.inputs == [i.RatesWanted(1, 0)]
        asking.sought("alpha", "bravo")
        asking.page("alpha", bar(2), last=False)
        asking.page("bravo", why="the broker's clock is not known")
        await settle()
        assert not task.done()
        asking.page("alpha", bar(4))
        line = await task
        assert [note.code for note in asking.notes] == ["RECORDING_DIFFERS"]
        assert asking.notes[0].subject == "alpha EURUSD" and "1 of 3 minutes" in asking.notes[0].detail
        return line

    line = asyncio.run(run())
    assert line == "1 symbols: 2 minutes agree, 1 differ; bravo EURUSD: the broker's clock is not known"
    assert (home / "state/market/recorded/EURUSD/2014-05-02.unused").read_text().startswith("00:03 ")


def test_a_terminal_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hourly, "ANSWER_S", 0.05)
    monkeypatch.setenv("HYDRA_HOME", str(tmp_path))

    async def run() -> str:
        asking = Asking()
        task = asyncio.create_task(asking.one.run())
        await settle()
        asking.sought("alpha")
        return await task

    assert "not told: alpha EURUSD" in asyncio.run(run())


def test_with_nobody_to_ask_it_says_so() -> None:
    async def run() -> str:
        asking = Asking()
        task = asyncio.create_task(asking.one.run())
        await settle()
        asking.sought()
        return await task

    assert asyncio.run(run()) == "no terminal is there that could be asked for its bars"
