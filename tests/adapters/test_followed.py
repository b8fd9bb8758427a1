"""The simulated broker on a recording that grows: each tick once, none in the past, nothing of it lost over days."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrad.domain.instants import DAY_MS
from hydrad.link.frames import Tick
from hydrad.market.series import Batch, Series
from hydrad.market.tickfile import folder_name
from hydrad.terminal.broker.books import Books
from hydrad.terminal.broker.broker import Broker
from hydrad.terminal.broker.config import BadConfig, BrokerConfig, made
from hydrad.terminal.broker.followed import Followed
from hydrad.terminal.broker.pace import Following
from hydrad.terminal.broker.world import market_of

NOW_MS = 1_795_000_000_000  # a Wednesday
DIGITS = 5


class Recording:
    """The recorder's writer of one symbol."""

    def __init__(self, folder: Path, symbol: str = "EURUSD", digits: int = DIGITS) -> None:
        self.folder, self.symbol, self.digits = folder, symbol, digits
        self.writer = Series(folder / folder_name(symbol), symbol)

    def write(self, *ticks: tuple[int, int, int]) -> None:
        told = tuple(Tick(*tick) for tick in ticks)
        last_ms = max(tick.time_ms for tick in told)
        self.writer.add([Batch("live1", 1, self.symbol, self.digits, told, last_ms, False, last_ms)])


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "recorded")


def track(recording: Recording, now_ms: int = NOW_MS, digits: int = DIGITS) -> Followed:
    return Followed(recording.folder, recording.symbol, digits, 0, now_ms)


def rows(found: Followed) -> list[tuple[int, int, int]]:
    columns = (found.time_ms, found.bid_points, found.ask_points)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_ticks_appear_once_as_they_are_written(recording: Recording) -> None:
    recording.write((NOW_MS - 10, 110_000, 110_010))
    found = track(recording)
    recording.write((NOW_MS + 500, 110_001, 110_011), (NOW_MS + 900, 110_002, 110_012))
    assert len(rows(found)) == 1
    for ms in (NOW_MS + 600, NOW_MS + 600, NOW_MS + 1_000):
        found.reach(ms)
    assert rows(found) == [
        (NOW_MS - 10, 110_000, 110_010),
        (NOW_MS + 500, 110_001, 110_011),
        (NOW_MS + 900, 110_002, 110_012),
    ]


def test_before_the_first_tick_there_is_nothing(recording: Recording) -> None:
    found = track(recording)
    assert rows(found) == [] and len(found.minutes(0, NOW_MS)) == 0


def test_a_tick_that_comes_late_happens_when_it_is_read(recording: Recording) -> None:
    found = track(recording)
    found.reach(NOW_MS + 5_000)
    recording.write((NOW_MS + 1_000, 110_000, 110_010), (NOW_MS + 6_000, 110_005, 110_015))
    found.reach(NOW_MS + 6_000)
    assert [row[0] for row in rows(found)] == [NOW_MS + 5_001, NOW_MS + 6_000]


def test_of_history_that_is_told_later_only_the_newest_price_stands(recording: Recording) -> None:
    found = track(recording)
    found.reach(NOW_MS + 5_000)
    recording.write(*((NOW_MS - 50_000 + n, 110_000 + n, 110_010 + n) for n in range(1_000)))
    found.reach(NOW_MS + 5_100)
    assert rows(found) == [(NOW_MS + 5_001, 110_999, 111_009)]


def test_prices_come_to_the_contracts_digits_and_never_better(tmp_path: Path) -> None:
    finer = Recording(tmp_path / "finer", digits=6)
    finer.write((NOW_MS - 10, 1_100_009, 1_100_011))
    assert rows(track(finer)) == [(NOW_MS - 10, 110_000, 110_002)]
    coarser = Recording(tmp_path / "coarser", digits=4)
    coarser.write((NOW_MS - 10, 11_000, 11_001))
    assert rows(track(coarser)) == [(NOW_MS - 10, 110_000, 110_010)]


def test_what_is_old_is_forgotten_and_read_again_when_it_is_asked_for(recording: Recording) -> None:
    days = [NOW_MS + n * DAY_MS for n in range(5)]
    recording.write((days[0], 110_000, 110_010))
    found = track(recording)
    for day in days[1:]:
        recording.write((day, 110_000, 110_010))
        found.reach(day)
        found.trim(day)
    assert len(rows(found)) == 3
    pieces = list(found.pieces(0, days[-1]))
    assert [ms for piece in pieces for ms in piece.time_ms.tolist()] == days
    assert len(found.minutes(0, days[-1] + 60_000)) == 5


def test_the_last_price_stays_however_old_it_is(recording: Recording) -> None:
    recording.write((NOW_MS, 110_000, 110_010))
    found = track(recording)
    found.reach(NOW_MS + 9 * DAY_MS)
    found.trim(NOW_MS + 9 * DAY_MS)
    assert rows(found) == [(NOW_MS, 110_000, 110_010)]


def configured(tmp_path: Path, **more: object) -> BrokerConfig:
    fields = {
        "instance": "test",
        "socket": str(tmp_path / "s"),
        "control": str(tmp_path / "c"),
        "books": str(tmp_path / "books.db"),
        "start_ms": NOW_MS,
        "accounts": [{"login": 1, "password": "x", "server": "Sim"}],
        "feed": "recording",
        "recording": str(tmp_path / "recorded"),
        **more,
    }
    return made("test", fields)


def test_a_market_of_a_recording_quotes_what_was_recorded_and_never_ends(tmp_path: Path, recording: Recording) -> None:
    market = market_of(configured(tmp_path), NOW_MS, NOW_MS)
    assert market.quote_at("EURUSD", NOW_MS) is None and not market.ended
    recording.write((NOW_MS + 100, 110_000, 110_010))
    market.now_ms = NOW_MS + 200
    times = [ms for piece in market.series["EURUSD"].pieces(0, NOW_MS + 200) for ms in piece.time_ms.tolist()]
    assert times == [NOW_MS + 100]
    quote = market.now().quote("EURUSD")
    assert quote is not None and quote == (110_000, 110_010)


def test_the_clock_stands_a_little_behind_the_machines_and_never_goes_back(tmp_path: Path) -> None:
    config = configured(tmp_path)
    books = Books(Path(config.books), "test", config.start_ms)
    broker = Broker(config, market_of(config, NOW_MS, NOW_MS), books)
    machine = [NOW_MS]
    pace = Following(broker, 2_000, lambda: machine[0])
    for at_ms, clock_ms in ((NOW_MS + 1_000, NOW_MS), (NOW_MS + 5_000, NOW_MS + 3_000), (NOW_MS, NOW_MS + 3_000)):
        machine[0] = at_ms
        pace.advance()
        assert broker.market.now_ms == clock_ms
    books.close()


@pytest.mark.parametrize("keys", [{"recording": ""}, {"feed": "sample"}])
def test_a_recording_and_its_feed_go_together(tmp_path: Path, keys: dict[str, str]) -> None:
    with pytest.raises(BadConfig, match="recording"):
        configured(tmp_path, **keys)
