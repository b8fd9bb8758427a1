"""`data import --replace`: what goes is listed before it goes, exactly that goes, and a crash leaves one or the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.market import change, imports, layouts, provenance, shelf
from hydrad.market.cut import TickArrays
from hydrad.market.layouts import Bars
from hydrad.market.saying import Refused
from hydrad.market.server_clock import Clock
from tests.market.test_change import Killed, dying_at

HOUR_S = 3600
START_S = 1_399_248_000  # 2014-05-05, a Monday
BARS = "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close"


def bars_csv(folder: Path, name: str, first: int, last: int, price: str) -> Path:
    """Hourly bars of the hours first..last."""
    rows = [f"{START_S + at * HOUR_S},{','.join([price] * 4)},{','.join([price] * 4)}" for at in range(first, last + 1)]
    path = folder / f"acme_EURUSD_H1_{name}.csv"
    path.write_text("\n".join([BARS, *rows]) + "\n")
    return path


def ticks_csv(folder: Path, name: str, days: range, price: str) -> Path:
    rows = [f"{(START_S + day * 86_400 + at) * 1000},{price},{price}" for day in days for at in range(3)]
    path = folder / f"acme_EURUSD_ticks_{name}.csv"
    path.write_text("\n".join(["time_msc,bid,ask", *rows]) + "\n")
    return path


def take(market: Path, path: Path, replace: bool = True) -> imports.Import:
    made = imports.plan(market, layouts.parse(path), Clock(), replace)
    imports.carry_out(made, 0, None)
    return made


def hours(market: Path) -> dict[int, int]:
    """Of each hour that the home has, its bid; each once, and nothing is wrong with any set."""
    found: dict[int, int] = {}
    for one in shelf.sets(market):
        data, damage = shelf.load(one)
        assert isinstance(data, Bars) and not damage
        assert len(data) == sum(entry["rows"] for entry in (one.told or {})["files"]) == (one.told or {})["rows"]
        for ms, price in zip(data.time_ms.tolist(), data.prices[:, 0].tolist(), strict=True):
            hour = (ms // 1000 - START_S) // HOUR_S
            assert hour not in found
            found[hour] = price
    return found


def days(market: Path) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in shelf.sets(market):
        data, damage = shelf.load(one)
        assert isinstance(data, TickArrays) and not damage
        assert len(data) == (one.told or {})["rows"]
        for ms, price in zip(data.time_ms.tolist(), data.bid_points.tolist(), strict=True):
            found[(ms // 1000 - START_S) // 86_400] = price
    return found


def test_bars_that_are_replaced_go_and_those_beside_them_stay(tmp_path: Path) -> None:
    old = take(tmp_path, bars_csv(tmp_path, "old", 0, 99, "1.1"))
    assert not old.replaced
    new = bars_csv(tmp_path, "new", 10, 19, "1.2")
    with pytest.raises(Refused, match=r"overlaps H1-20140505-20140509\.bars"):
        take(tmp_path, new, replace=False)
    [gone] = take(tmp_path, new).replaced
    assert (gone.stored, gone.rows, gone.kept) == ("H1-20140505-20140509.bars", 10, 90)
    assert gone.files == ("acme_EURUSD_H1_old.csv",)
    assert (gone.first_ms, gone.last_ms) == ((START_S + 36_000) * 1000, (START_S + 19 * HOUR_S) * 1000)
    assert hours(tmp_path) == {hour: 12 if 10 <= hour <= 19 else 11 for hour in range(100)}
    told = {told["file"]: told for _, told in provenance.every(tmp_path)}
    [by] = told["acme_EURUSD_H1_old.csv"]["replaced"]
    assert by["by"] == "acme_EURUSD_H1_new.csv" and told["acme_EURUSD_H1_old.csv"]["rows"] == 90


def test_what_was_replaced_is_no_gap_of_what_is_left(tmp_path: Path) -> None:
    take(tmp_path, bars_csv(tmp_path, "old", 0, 99, "1.1"))
    take(tmp_path, bars_csv(tmp_path, "new", 10, 79, "1.2"))
    for one in shelf.sets(tmp_path):
        rows, troubles = shelf.verify(one)
        assert rows in (30, 70) and not {trouble.kind for trouble in troubles} & {"gap", "damage"}


def test_two_files_of_bars_of_one_day_do_not_take_each_others_name(tmp_path: Path) -> None:
    for name, first in (("a", 0), ("b", 6), ("c", 12)):
        take(tmp_path, bars_csv(tmp_path, name, first, first + 5, "1.1"), replace=False)
    assert len(hours(tmp_path)) == 18


def test_days_of_ticks_are_replaced_whole_and_an_import_of_which_nothing_is_left_goes(tmp_path: Path) -> None:
    take(tmp_path, ticks_csv(tmp_path, "a", range(3), "1.1"))
    take(tmp_path, ticks_csv(tmp_path, "b", range(3, 4), "1.1"))
    made = take(tmp_path, ticks_csv(tmp_path, "c", range(2, 5), "1.2"))
    assert [(gone.stored, gone.rows, gone.kept) for gone in made.replaced] == [
        ("2014-05-07.ticks", 3, 0), ("2014-05-08.ticks", 3, 0),
    ]  # fmt: skip
    assert days(tmp_path) == {0: 11, 1: 11, 2: 12, 3: 12, 4: 12}
    assert {told["file"] for _, told in provenance.every(tmp_path)} == {
        "acme_EURUSD_ticks_a.csv",
        "acme_EURUSD_ticks_c.csv",
    }


def test_the_same_again_replaces_nothing(tmp_path: Path) -> None:
    path = bars_csv(tmp_path, "a", 0, 9, "1.1")
    take(tmp_path, path)
    made = take(tmp_path, path)
    assert made.there and not made.replaced


def test_a_damaged_day_can_be_replaced(tmp_path: Path) -> None:
    path = ticks_csv(tmp_path, "a", range(1), "1.1")
    folder = take(tmp_path, path).folder
    (folder / "2014-05-05.ticks").write_bytes(b"nothing")
    [gone] = take(tmp_path, path).replaced
    assert gone.rows == 0 and days(tmp_path) == {0: 11}


def test_a_crash_at_any_step_leaves_the_old_or_the_new_data_whole(tmp_path: Path) -> None:
    old, new = bars_csv(tmp_path, "old", 0, 9, "1.1"), bars_csv(tmp_path, "new", 3, 14, "1.2")
    ended = []
    for step in range(200):
        market = tmp_path / f"home{step}"
        take(market, old)
        try:
            with dying_at(step):
                take(market, new)
            break
        except Killed:
            found = hours(market)
        before = dict.fromkeys(range(10), 11)
        after = {hour: 11 if hour < 3 else 12 for hour in range(15)}
        assert found in (before, after), step
        ended.append(found == after)
        assert not list(market.glob(f"imported/*/*/{change.PLAN}"))
        take(market, new)
        assert hours(market) == after
    assert ended == sorted(ended) and True in ended and False in ended and step < 199


@settings(max_examples=40, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=1, max_size=6))
def test_whatever_overlaps_each_hour_is_the_last_imports(
    spans: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("home")
    expected: dict[int, int] = {}
    for number, (first, length) in enumerate(spans, 11):
        take(folder, bars_csv(folder, str(number), first, first + length, f"{number / 10}"))
        expected |= dict.fromkeys(range(first, first + length + 1), number)
    assert hours(folder) == expected
