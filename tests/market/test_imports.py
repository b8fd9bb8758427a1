"""`hydrad data` as a person uses it: files in, what was refused and why, verified, exported, and in again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.market import layouts, stored, tickfile
from hydrad.market.cut import TickArrays
from hydrad.wire import market as m
from tests.market.test_server_clock import walk

TICKS = "time_msc,bid,ask\n1399507208715,1.39101,1.39114\n1399507208715,1.39102,1.39100\n1399593608000,1.3910,1.3912\n"
TYPES: dict[str, Any] = {
    "import": m.DataImport, "ls": list[m.DataSet], "verify": m.DataVerify, "export": m.DataExport,
    "bars": list[m.BarRow],
}  # fmt: skip


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, verb: str, *words: object, code: int = 0) -> dict[str, Any]:
        """The envelope of a verb; its data are of its schema."""
        environ = {**os.environ, "HYDRA_HOME": str(self.folder / "home")}
        command = [sys.executable, "-m", "hydrad", "data", verb, *map(str, words), "-o", "json"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        envelope: dict[str, Any] = json.loads(done.stdout)
        assert envelope["schema"] == f"hydra.data_{verb}/v1" and envelope["ok"] is (code == 0)
        if envelope["data"] is not None:
            msgspec.convert(envelope["data"], TYPES[verb])
        return envelope

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def imported(self, source: str, symbol: str) -> Path:
        return self.folder / "home" / "state" / "market" / "imported" / source / symbol


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def hourly(shift_h: int = 0, weeks: int = 4, both: bool = True, seed: int = 1) -> str:
    """Bars of the walk, as CSV."""
    prices = walk(weeks, seed)
    rows = ["time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close" if both else
            "time,open,high,low,close,tick_volume"]  # fmt: skip
    for at, log in zip(prices.time_ms, prices.log, strict=True):
        close = float(np.exp(log)) * 1300
        bid = f"{close:.2f},{close + 1:.2f},{close - 1:.2f},{close:.2f}"
        ask = f"{close + 0.3:.2f},{close + 1.3:.2f},{close - 0.7:.2f},{close + 0.3:.2f}"
        rows.append(f"{at // 1000 + shift_h * 3600},{bid}," + (ask if both else "77"))
    return "\n".join(rows) + "\n"


def test_ticks_go_in_by_the_day_as_they_are_and_come_out_again(home: Home) -> None:
    path = home.file("acme_EURUSD_ticks_x.csv", TICKS)
    licence = home.file("licence.txt", "Apache-2.0\n")
    data = home.run("import", path, "--licence", licence)["data"]
    assert (data["imported"], data["files"][0]["rows"], data["files"][0]["files"]) == (1, 3, 2)
    folder = home.imported("acme", "EURUSD")
    assert [one.name for one in tickfile.days(folder)] == ["2014-05-08.ticks", "2014-05-09.ticks"]
    day = stored.load_day(folder / "2014-05-08.ticks")
    assert day.ticks.bid_points.tolist() == [139_101, 139_102] and day.ticks.ask_points.tolist() == [139_114, 139_100]
    [told] = [json.loads(one.read_text()) for one in folder.glob("*.provenance.json")]
    assert (told["file"], told["rows"], told["licence"], told["digits"]) == (path.name, 3, "Apache-2.0\n", 5)
    assert len(told["sha256"]) == 64
    [row] = home.run("ls")["data"]
    assert (row["origin"], row["rows"], row["first"], row["licence"]) == (
        "imported", 3, "2014-05-08T00:00:08Z", "Apache-2.0\n",
    )  # fmt: skip
    home.run("export", "EURUSD", "--source", "acme", "--to", home.folder / "out.csv")
    assert (home.folder / "out.csv").read_text() == TICKS.replace("1.3910,1.3912", "1.39100,1.39120")


def test_what_is_there_already_is_no_conflict_and_something_else_is(home: Home) -> None:
    path = home.file("acme_EURUSD_ticks_x.csv", TICKS)
    home.run("import", path)
    assert home.run("import", path)["data"]["files"][0]["already_there"] is True
    other = home.file("acme_EURUSD_ticks_y.csv", TICKS.replace("1.39101", "1.39100"))
    error = home.run("import", other, code=15)["error"]
    assert error["code"] == "CONFLICT" and "other ticks already" in error["message"] and "--replace" in error["hint"]
    assert home.run("import", other, "--replace")["data"]["imported"] == 1
    assert home.run("import", path, other, "--source", "third", code=7)["data"]["refused"] == 1


def test_a_day_that_two_imports_name_is_exported_once(home: Home) -> None:
    head, *rows = TICKS.splitlines(keepends=True)
    for name, some in (("a.csv", rows[:2]), ("b.csv", rows)):
        home.run("import", home.file(name, head + "".join(some)), "--source", "acme", "--symbol", "EURUSD")
    done = home.run("export", "EURUSD", "--source", "acme", "--to", home.folder / "out.csv")
    assert done["data"]["rows"] == len(rows)


def test_bars_of_a_server_are_converted_by_what_was_measured(home: Home) -> None:
    """Both in one call: UTC goes in first, whatever the order of the words."""
    server = home.file("broker_XAUUSD_H1_x.csv", hourly(shift_h=3, weeks=5, both=False))
    utc = home.file("acme_XAUUSD_H1_x.csv", hourly())
    rows = home.run("import", server, utc)["data"]["files"]
    [measured] = rows[0]["clock"]["measured"]
    assert (measured["offset_h"], measured["weeks"]) == (3.0, 4) and measured["confidence"] > 0.9
    assert rows[0]["rows"] + rows[0]["rows_out"] == 5 * 119 and rows[0]["rows_out"] == 119
    assert list(rows[0]["clock"]["unmeasured"].values()) == [1]
    [path] = home.imported("broker", "XAUUSD").glob("*.bars")
    bars, damage = stored.load_bars(path)
    assert not damage and bars.sides == "bid" and bars.time_ms.tolist() == walk(4).time_ms.tolist()
    assert set(bars.volume.tolist()) == {77}


def test_bars_of_a_server_without_a_reference_stay_out(home: Home) -> None:
    server = home.file("broker_XAUUSD_H1_x.csv", hourly(both=False))
    error = home.run("import", server, code=1)["error"]
    assert "cannot be measured" in error["message"] and "nothing is assumed" in error["hint"]
    assert not home.imported("broker", "XAUUSD").exists()
    home.run("import", home.file("acme_XAUUSD_H1_x.csv", hourly(seed=2)))  # of something else
    assert "no week of it fits" in home.run("import", server, code=1)["error"]["message"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("acme_EURUSD_H1_x.csv", "time,open\n1,2\n", "heading"),
        ("acme_EURUSD_H1_x.csv", "time,open,strange\n1,2,3\n", "no layout that is known"),
        ("acme_EURUSD_x.csv", "time,open,high,low,close,volume\n1,2,3,4,5,6\n", "names no timeframe"),
        ("acme_EURUSD_H1_x.csv", "time,open,high,low,close,volume\n1,2,3,4,5,6\n", "no layout that is known"),
        ("prices.csv", TICKS, "names no source and symbol"),
        ("acme_EURUSD_t.csv", "time_msc,bid,ask\n1,2,nan\n", "is no number"),
        ("acme_EURUSD_t.csv", "time_msc,bid,ask\n1,2,0.123456789012\n", "more than 8 digits"),
        ("acme_EURUSD_t.csv", "time_msc,bid,ask\n1.5,2,3\n", "no whole number"),
        ("acme_EURUSD_t.csv", "time_msc,bid,ask\n1,2,3\n4,5\n", "columns"),
        ("acme_EURUSD_t.parquet", "no parquet", "arquet"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_exactly_is_refused(home: Home, name: str, text: str, says: str) -> None:
    error = home.run("import", home.file(name, text), code=1)["error"]
    assert says in error["message"]
    assert home.run("ls")["data"] == []


def test_a_missing_file_is_not_found(home: Home) -> None:
    assert home.run("import", home.folder / "acme_EURUSD_t.csv", code=5)["error"]["code"] == "NOT_FOUND"
    home.run("verify", code=5)
    home.run("bars", "EURUSD", code=5)


def test_verify_names_what_is_wrong_before_and_after(home: Home) -> None:
    path = home.file("acme_EURUSD_ticks_x.csv", TICKS)
    before = home.run("verify", path, code=10)["data"]["verdicts"][0]
    assert {one["kind"]: one["count"] for one in before["troubles"]} == {"crossed": 1, "gap": 1}
    home.run("import", path)
    after = home.run("verify", code=10)["data"]["verdicts"][0]
    assert after["troubles"] == before["troubles"]
    stored_file = tickfile.days(home.imported("acme", "EURUSD"))[0]
    data = bytearray(stored_file.read_bytes())
    data[-1] ^= 1
    stored_file.write_bytes(data)
    troubles = home.run("verify", code=10)["data"]["verdicts"][0]["troubles"]
    assert troubles[0]["kind"] == "damage" and "2 rows" not in troubles[0]["examples"][0]


def test_parquet_is_an_extra_and_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(layouts.BadSource, match=r"pip install 'hydrax\[data\]'"):
        layouts.parse(home.file("acme_EURUSD_t.parquet", ""))


def test_parquet_goes_in_and_out(home: Home) -> None:
    pytest.importorskip("pyarrow")
    home.run("import", home.file("acme_EURUSD_ticks_x.csv", TICKS))
    out = home.folder / "again_EURUSD_ticks.parquet"
    home.run("export", "EURUSD", "--source", "acme", "--to", out)
    home.run("import", out)
    home.run("export", "EURUSD", "--source", "again", "--to", home.folder / "again.csv")
    assert (home.folder / "again.csv").read_text() == TICKS.replace("1.3910,1.3912", "1.39100,1.39120")


def test_bars_of_imported_ticks(home: Home) -> None:
    text = "time_msc,bid,ask\n" + "".join(
        f"{1399507200000 + at * 20_000},{1.391 + at % 3 / 1e5:.5f},1.39200\n" for at in range(9)
    )
    home.run("import", home.file("acme_EURUSD_ticks_x.csv", text))
    rows = home.run("bars", "EURUSD", "--source", "acme", "-n", "2")["data"]
    assert [(row["time"], row["ticks"], row["used"]) for row in rows] == [
        ("2014-05-08T00:01:00Z", 3, True), ("2014-05-08T00:02:00Z", 3, True),
    ]  # fmt: skip
    assert rows[0]["bid_high"] == "1.39102" and rows[0]["spread_points"] == 99.0


@settings(max_examples=50)
@given(
    prices=st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**7)), min_size=1, max_size=20),
    digits=st.integers(0, 5),
)
def test_every_price_of_text_comes_back_exactly(prices: list[tuple[int, int]], digits: int) -> None:
    """The digits that are found may be fewer than those written: then the rest were zeros."""
    floats = np.array([[float(f"{p / 10**digits:.{digits}f}") for p in row] for row in prices])
    found, points = layouts.exact(Path("x"), floats)
    assert found <= digits and (points * 10 ** (digits - found) == np.array(prices)).all()


def test_a_file_of_many_ticks_has_many_blocks_and_all_of_them(tmp_path: Path) -> None:
    count = 3 * tickfile.BLOCK_TICKS_MAX + 7
    ticks = TickArrays("EURUSD", 5, np.arange(count) * 100, np.arange(count) + 1, np.arange(count) + 9)
    (tmp_path / "1970-01-01.ticks").write_bytes(stored.encode_day(0, "acme", ticks, slice(0, count)))
    day = stored.load_day(tmp_path / "1970-01-01.ticks")
    assert np.array_equal(day.ticks.ask_points, ticks.ask_points) and not day.damage and len(day.marks) == 1
