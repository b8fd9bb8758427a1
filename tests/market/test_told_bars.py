"""Bars for pages: what the process answers, that one question is asked once, and that a process is bounded."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from hydrad.market.recorder import RECORDED
from hydrad.market.told_bars import Asked, Told
from hydrad.surface.past_bars import AT_ONCE, MAKING_MAX, BarMaker
from tests.market.conftest import START_MS
from tests.market.test_comparing import minutes, record

EVER_MS = 1 << 62
HANGS = (sys.executable, "-c", "import time; time.sleep(60)")
FAILS = (sys.executable, "-c", "import sys; sys.exit('it has failed')")
# Answers with how many such processes there are, its own included, after it has seen the file `go`.
COUNTS = """
import os, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
(here / f"{os.getpid()}.here").touch()
while not (here / "go").exists():
    time.sleep(0.01)
print('{"rows": [], "problem": null}')
"""


def asked(folder: Path, limit: int = 100, timeframe: str = "M1") -> Asked:
    return Asked(str(folder), "EURUSD", timeframe, 0, EVER_MS, limit)


def make(question: Asked, maker: BarMaker | None = None, within_s: float = 60.0) -> Told:
    async def run() -> Told:
        return await (maker or BarMaker()).make(question, within_s)

    return asyncio.run(run())


def code(told: Told) -> str | None:
    return None if told.problem is None else told.problem.code


def test_the_newest_bars_of_a_recording(tmp_path: Path) -> None:
    folder = record(tmp_path, minutes(1, 2, 3, 4)) / RECORDED / "EURUSD"
    told = make(asked(folder))
    assert told.problem is None and len(told.rows) == 4
    assert make(asked(folder, limit=2)).rows == told.rows[2:]
    only = Asked(str(folder), "EURUSD", "M1", START_MS + 2 * 60_000, START_MS + 3 * 60_000, 100)
    assert make(only).rows == told.rows[1:2]


@pytest.mark.parametrize("name", ["GBPUSD", "x" * 300, "%00"])
def test_what_is_not_recorded_is_not_found(tmp_path: Path, name: str) -> None:
    assert code(make(asked(tmp_path / name))) == "NOT_FOUND"


def test_a_timeframe_that_is_none_is_usage(tmp_path: Path) -> None:
    assert code(make(asked(tmp_path, timeframe="M2"))) == "USAGE"


def test_a_process_that_fails_says_why_and_one_that_hangs_is_ended(tmp_path: Path) -> None:
    failed = make(asked(tmp_path), BarMaker(FAILS)).problem
    assert failed is not None and (failed.code, failed.message) == ("FAILED", "it has failed")
    assert code(make(asked(tmp_path), BarMaker(HANGS), within_s=0.2)) == "TIMED_OUT"


def test_one_question_is_asked_once_and_few_at_a_time(tmp_path: Path) -> None:
    async def run() -> None:
        maker = BarMaker((sys.executable, "-c", COUNTS, str(tmp_path)))
        same = [asyncio.create_task(maker.make(asked(tmp_path))) for _ in range(5)]
        others = [asyncio.create_task(maker.make(asked(tmp_path, limit))) for limit in range(1, 5)]
        while len(list(tmp_path.glob("*.here"))) < AT_ONCE:
            await asyncio.sleep(0.01)
        assert len(list(tmp_path.glob("*.here"))) == AT_ONCE
        same[0].cancel()  # one page leaves
        (tmp_path / "go").touch()
        told = await asyncio.gather(*same[1:], *others)
        assert told == [Told()] * 8
        assert len(list(tmp_path.glob("*.here"))) == 1 + len(others)

    asyncio.run(run())


def test_so_many_questions_wait_and_the_next_is_told_at_once(tmp_path: Path) -> None:
    """Who asks for ever other bars holds up others for a while, and fills nothing."""

    async def run() -> None:
        maker = BarMaker(HANGS)
        waiting = [asyncio.create_task(maker.make(asked(tmp_path, limit))) for limit in range(1, MAKING_MAX + 1)]
        await asyncio.sleep(0)
        told = await maker.make(asked(tmp_path, MAKING_MAX + 1))
        assert code(told) == "TIMED_OUT" and told.problem is not None and "too many" in told.problem.message
        for task in (*waiting, *maker._making.values()):
            task.cancel()
        await asyncio.gather(*waiting, *maker._making.values(), return_exceptions=True)

    asyncio.run(run())
