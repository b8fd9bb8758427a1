"""Old recordings go by days and by bytes: whole days, the oldest first, never today's, the newest or a finding's."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.calendar import day_text
from hydrad.market import retention
from hydrad.market.retention import Day, Held

TODAY = 16_200


def make(folder: Path, symbol: str, *back: int, size: int = 100, suffix: str = ".ticks") -> None:
    """Files of days before today."""
    (folder / symbol).mkdir(parents=True, exist_ok=True)
    for days in back:
        (folder / symbol / f"{day_text(TODAY - days)}{suffix}").write_bytes(bytes(size))


def left(folder: Path, symbol: str = "EURUSD", suffix: str = ".ticks") -> set[int]:
    dates = {day_text(TODAY - days): days for days in range(100)}
    return {dates[path.stem] for path in (folder / symbol).glob(f"*{suffix}")}


def test_days_over_the_bound_go_with_all_that_is_theirs(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 0, 1, 2, 3, 40)
    make(tmp_path, "EURUSD", 1, 3, 50, suffix=".unused")
    swept = retention.sweep(tmp_path, TODAY, 2, 0, ())
    assert left(tmp_path) == {0, 1, 2} and left(tmp_path, suffix=".unused") == {1}
    assert len(swept.gone) == 3 and swept.left_bytes == 400 and "3 days of" in swept.line


def test_without_bounds_all_stays(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 0, 99)
    assert not retention.sweep(tmp_path, TODAY, 0, 0, ()).gone and left(tmp_path) == {0, 99}
    assert not retention.sweep(tmp_path / "nowhere", TODAY, 1, 1, ()).gone


def test_over_the_bytes_the_oldest_days_of_all_symbols_go_until_it_fits(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 0, 1, 2, 5)
    make(tmp_path, "XAUUSD", 0, 1, 3)
    retention.sweep(tmp_path, TODAY, 0, 500, ())
    assert left(tmp_path) == {0, 1, 2} and left(tmp_path, "XAUUSD") == {0, 1}


def test_the_newest_day_of_a_symbol_stays_however_old(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 30, 31)
    make(tmp_path, "XAUUSD", 0, 1)
    retention.sweep(tmp_path, TODAY, 1, 1, ())
    assert left(tmp_path) == {30} and left(tmp_path, "XAUUSD") == {0}


def test_a_day_that_a_finding_names_stays_and_is_told(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 0, 10, 11, 12)
    make(tmp_path, "XAUUSD", 0, 10)
    named = retention.named_in(
        [
            (f"EURUSD {day_text(TODAY - 10)}", "40 bytes of a torn end were cut off"),
            ("alpha EURUSD", f"2 of 60 minutes: {day_text(TODAY - 12)}T12:00:00Z recorded nothing, terminal 1/1/1/1"),
            ("disk", "ticks are not recorded"),
        ]
    )
    swept = retention.sweep(tmp_path, TODAY, 5, 0, named)
    assert left(tmp_path) == {0, 10, 12} and left(tmp_path, "XAUUSD") == {0}
    assert [day.day for day in swept.held] == [day_text(TODAY - 12), day_text(TODAY - 10)]
    assert "findings name them" in swept.line


def test_before_the_market_has_a_clock_nothing_goes(tmp_path: Path) -> None:
    make(tmp_path, "EURUSD", 0, 50)
    assert not retention.sweep(tmp_path, 0, 1, 1, ()).gone


@given(
    days=st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 30), st.integers(0, 50)), max_size=30),
    keep_days=st.integers(0, 20),
    keep_bytes=st.integers(0, 300),
    named=st.sets(st.tuples(st.sampled_from("AB"), st.integers(0, 30))),
)
def test_what_may_never_go_never_goes(
    days: list[tuple[str, int, int]], keep_days: int, keep_bytes: int, named: set[tuple[str, int]]
) -> None:
    sizes = {(symbol, back): size for symbol, back, size in days}
    there = sorted(
        (Day(s, day_text(TODAY - b), (Path(f"{day_text(TODAY - b)}.ticks"),), size) for (s, b), size in sizes.items()),
        key=lambda day: (day.day, day.symbol),
    )
    held_by = {Held(symbol, day_text(TODAY - back)) for symbol, back in named}
    gone, held = retention.chosen(there, TODAY, keep_days, keep_bytes, held_by)
    newest = {day.symbol: day.day for day in there}
    for day in gone:
        assert Held(day.symbol, day.day) not in held_by and day.day < newest[day.symbol] and day.day < day_text(TODAY)
    stays = [day for day in there if day not in gone]
    for day in stays:
        free = day.day < newest[day.symbol] and day.day < day_text(TODAY) and day not in held
        assert not (free and keep_days and day.day < day_text(TODAY - keep_days))
    if keep_bytes and sum(day.size_bytes for day in stays) > keep_bytes:
        assert all(day in held or day.day >= min(newest[day.symbol], day_text(TODAY)) for day in stays)
