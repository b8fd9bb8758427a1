"""The bundled day is what its notice says, and its format loses nothing."""

from __future__ import annotations

import importlib.resources
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrad.market import cut, sample

ticks_lists = st.lists(
    st.tuples(st.integers(0, 2**31), st.integers(1, 2**30), st.integers(1, 2**30)),
    min_size=1,
    max_size=50,
)


def _arrays(rows: list[tuple[int, int, int]]) -> cut.TickArrays:
    steps, bid, ask = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return cut.TickArrays("ABC.x", 3, 1_398_988_800_000 + steps.cumsum(), bid.astype(np.int32), ask.astype(np.int32))


def _file(symbol: str) -> bytes:
    return (importlib.resources.files(sample) / f"20140502_{symbol}.hxtk").read_bytes()


@settings(max_examples=50, deadline=None)
@given(ticks_lists)
def test_round_trip(rows: list[tuple[int, int, int]]) -> None:
    given_ticks = _arrays(rows)
    got = cut.decode(cut.encode(given_ticks))
    assert (got.symbol, got.digits) == ("ABC.x", 3)
    for name in ("time_ms", "bid_points", "ask_points"):
        assert np.array_equal(getattr(got, name), getattr(given_ticks, name))
        assert getattr(got, name).dtype == getattr(given_ticks, name).dtype


@pytest.mark.parametrize("rows", [[(0, -(2**30), 2**30)], [(0, 0, 0), (0, -(2**30), 2**30)]])
def test_what_does_not_fit_is_refused(rows: list[tuple[int, int, int]]) -> None:
    """Once found at random: a spread of 2^31 points fits neither the header nor a step."""
    with pytest.raises(cut.BadCut):
        cut.encode(_arrays(rows))


def test_the_day() -> None:
    day = sample.load()
    assert {symbol: (len(ticks), ticks.digits) for symbol, ticks in day.items()} == {
        "EURUSD": (49_341, 5),
        "XAUUSD": (265_015, 3),
    }
    noon = sample.START_MS + 12 * 3_600_000
    assert sum(int((ticks.time_ms >= noon).sum()) for ticks in day.values()) == 240_421
    for ticks in day.values():
        assert sample.START_MS <= ticks.time_ms[0] <= ticks.time_ms[-1] < sample.END_MS
        assert (np.diff(ticks.time_ms) >= 0).all()
        assert (ticks.ask_points > ticks.bid_points).all()


def test_known_quotes() -> None:
    """The first and last quotes of each file, read from the source by hand."""
    day = sample.load()
    ends = {
        symbol: [(int(t.time_ms[i]), int(t.bid_points[i]), int(t.ask_points[i])) for i in (0, -1)]
        for symbol, t in day.items()
    }
    assert ends == KNOWN


KNOWN = {
    "EURUSD": [(1398988800277, 138694, 138705), (1399064398557, 138685, 138782)],
    "XAUUSD": [(1398988800046, 1284065, 1284405), (1399064398570, 1299055, 1300267)],
}


def test_the_file_is_what_encode_makes() -> None:
    data = _file("EURUSD")
    assert cut.encode(cut.decode(data))[: 26 + 16 + 32] == data[: 26 + 16 + 32]


def test_one_symbol_alone_and_an_unknown_one() -> None:
    assert list(sample.load(["XAUUSD"])) == ["XAUUSD"]
    with pytest.raises(KeyError, match="GBPUSD"):
        sample.load(["GBPUSD"])


def test_loading_is_quick() -> None:
    begin = time.perf_counter()
    sample.load()
    assert time.perf_counter() - begin < 1.0, "0.05 s on the machine where this was written"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:40], "too few"),
        (lambda data: b"HXTJ" + data[4:], "magic"),
        (lambda data: data[:4] + b"\x02" + data[5:], "version 2"),
        (lambda data: data[:34] + b"\x00" + data[35:], "checksum"),
        (lambda data: data[:-2000], "unpack"),
        (lambda data: data[:22] + b"\0\0\0\0" + data[26:], "0 ticks"),
        (lambda data: data[:90] + b"\xff" + data[91:], "."),
    ],
)
def test_damage_is_refused(change, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cut.BadCut, match=words):
        cut.decode(change(_file("EURUSD")))


def test_what_cannot_be_a_cut_is_refused() -> None:
    good = _arrays([(0, 1, 2), (5, 3, 4)])
    with pytest.raises(cut.BadCut, match="backwards"):
        cut.encode(cut.TickArrays("A", 5, good.time_ms[::-1].copy(), good.bid_points, good.ask_points))
    with pytest.raises(cut.BadCut, match="equal columns"):
        cut.encode(cut.TickArrays("A", 5, good.time_ms, good.bid_points[:1], good.ask_points))
    with pytest.raises(cut.BadCut, match="ASCII"):
        cut.encode(cut.TickArrays("", 5, good.time_ms, good.bid_points, good.ask_points))


def test_both_notices_name_the_source() -> None:
    text = (importlib.resources.files(sample) / "NOTICE").read_text()
    assert "QuantConnect" in text
    assert "24863901" in text
    assert "Apache License 2.0" in text
