"""A recorded day once more: the same signals as live, from the recording alone, and each difference named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from hydrad.apex.engine import Apex
from hydrad.apex.profile import SAMPLE
from hydrad.domain.instants import DAY_MS, MINUTE_MS
from hydrad.domain.signals import Signal, Suppressed
from hydrad.link.frames import SymbolTicks, Tick
from hydrad.market import sample
from hydrad.market.series import Batch, Series
from hydrad.replay.recorded_day import NotRecorded, Said, replayed
from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.wire.market import ReplayData

DAY = sample.START_MS // DAY_MS
NOON_MS = sample.START_MS + 12 * 60 * MINUTE_MS
DIGITS = {"EURUSD": 5, "XAUUSD": 3}


@pytest.fixture(scope="module")
def ticks() -> dict[str, list[Tick]]:
    return {
        symbol: [
            Tick(*row)
            for row in zip(*(column.tolist() for column in (one.time_ms, one.bid_points, one.ask_points)), strict=True)
        ]
        for symbol, one in sample.load().items()
    }


@pytest.fixture(scope="module")
def folder(ticks: dict[str, list[Tick]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled day as a recorder writes it."""
    found = tmp_path_factory.mktemp("recorded")
    for symbol, rows in ticks.items():
        writer = Series(found / symbol, symbol)
        writer.add([Batch("alpha", 1, symbol, DIGITS[symbol], tuple(rows), rows[-1].time_ms, False, 0)])
        writer.close()
    return found


@pytest.fixture(scope="module")
def live(ticks: dict[str, list[Tick]]) -> list[Said]:
    """What a daemon said that began at noon: what came before was history."""
    apex = Apex(SAMPLE, DIGITS)
    said: list[Said] = []
    for history, first_ms, end_ms in ((True, 0, NOON_MS), (False, NOON_MS, sample.END_MS)):
        batches = [
            SymbolTicks(symbol, tuple(tick for tick in rows if first_ms < tick.time_ms <= end_ms))
            for symbol, rows in ticks.items()
        ]
        said += apex.on_frame(batches, end_ms, history, end_ms)
    return said


def journal(said: Iterable[Said], started_ms: int = NOON_MS, ended_ms: int = sample.END_MS) -> list[Record]:
    """Records of a daemon that lived from one instant to another."""
    bodies: list[tuple[str, int, Body | None]] = [("DAEMON_STARTED", 0, None), ("LINK_CHANGED", started_ms, None)]
    for number, one in enumerate(said, 1):
        if isinstance(one, Signal):
            bodies.append(("MISSION_PROPOSED", one.at_ms, r.MissionProposed(number, one, "apex", "alpha")))
        else:
            bodies.append(("SIGNAL_SUPPRESSED", one.at_ms, r.SignalSuppressed(one)))
    bodies.append(("LINK_CHANGED", ended_ms, None))
    return [
        Record(seq, 1, 0, ms, 1, "", "", type_, 1, r.encode(body) if body else b"")
        for seq, (type_, ms, body) in enumerate(bodies, 1)
    ]


def run(folder: Path, records: Iterable[Record], day: int = DAY) -> ReplayData:
    return replayed(folder, SAMPLE, day, records)


def test_the_recording_gives_what_was_said_live(folder: Path, live: list[Said]) -> None:
    assert any(isinstance(one, Signal) for one in live) and any(isinstance(one, Suppressed) for one in live)
    data = run(folder, journal(live))
    assert (data.same, data.differ) == (len(live), 0) and data.ticks == 314_356
    assert data.spans == (("2014-05-02T12:00:00.000Z", "2014-05-02T21:00:00.000Z"),)


def test_what_was_said_otherwise_then_is_named(folder: Path, live: list[Said]) -> None:
    signal = next(one for one in live if isinstance(one, Signal))
    changed = [msgspec.structs.replace(one, stop_points=1) if one is signal else one for one in live]
    missing = [one for one in live if one is not signal]
    [row] = [row for row in run(folder, journal(changed)).rows if row.same is False]
    assert row.then is not None and row.now is not None and row.then != row.now
    [row] = [row for row in run(folder, journal(missing)).rows if row.same is False]
    assert row.then is None and row.now is not None and signal.side.name in row.now


def test_what_a_daemon_did_not_live_through_is_not_held_against_it(folder: Path, live: list[Said]) -> None:
    middle_ms = sorted(one.at_ms for one in live)[len(live) // 2]
    early = [one for one in live if one.at_ms <= middle_ms]
    data = run(folder, journal(early, ended_ms=middle_ms + 1))
    assert (data.same, data.differ) == (len(early), 0)


def test_a_daemon_that_lived_on_lived_through_the_days_end(folder: Path, live: list[Said]) -> None:
    """What it says after the day's last record is missing then, not history."""
    early = [one for one in live if one.at_ms < sample.END_MS - 3 * 3_600_000]
    data = run(folder, journal(early, ended_ms=sample.END_MS + DAY_MS))
    assert data.spans[0][1] == "2014-05-02T23:59:59.999Z"
    assert (data.same, data.differ) == (len(early), len(live) - len(early)) and data.differ


def test_without_a_daemon_on_that_day_there_is_nothing_to_compare(folder: Path) -> None:
    data = run(folder, [])
    assert data.rows and not data.spans and (data.same, data.differ) == (0, 0)
    assert {row.same for row in data.rows} == {None}


def test_a_day_that_is_not_recorded_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="EURUSD, XAUUSD: no ticks of that day"):
        run(folder, [], DAY + 1)
