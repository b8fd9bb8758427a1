"""A chart is as large as asked, never hides a level's price, and says what it does not show."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.tui.draw.bars import Bar, Level
from hydractl.tui.draw.candles import HEIGHT_MIN, WIDTH_MIN, chart
from hydractl.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from hydractl.tui.draw.times import holes
from tests.tui.draw.made import BARS, LEVELS, real_bars, shown

GOLDEN = Path(__file__).parent / "golden"
TABLES = [UNICODE, ASCII]
REAL = real_bars()
SIGNAL = "2014-05-08T12:38:00Z"


def levels(**prices: float) -> list[Level]:
    return [Level(name, price, f"{price:.5f}") for name, price in prices.items()]


SELL = levels(entry=1.39895, stop=1.40015, target=1.39655, now=REAL[-1].close)
PICTURES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "sell_80x18": ((REAL, SELL, 80, 18, UNICODE), {"signal": SIGNAL}),
    "sell_80x18_ascii": ((REAL, SELL, 80, 18, ASCII), {"signal": SIGNAL}),
    "sell_far_target_40x12": (
        (REAL[:26], levels(entry=1.39895, stop=1.40015, target=1.37000, now=1.39885), 40, 12, UNICODE),
        {"signal": SIGNAL},
    ),
    "dots_30x8": ((REAL, SELL, 30, 8, UNICODE), {"dots": True}),
    "least_20x5": ((REAL, SELL, 20, 5, ASCII), {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    """Each was looked at: a person sees entry, stop and target."""
    arguments, options = PICTURES[name]
    path = GOLDEN / f"{name}.txt"
    made = shown(chart(*arguments, **options))
    if os.environ.get("HYDRA_REGENERATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made)
    assert made == path.read_text()


@given(
    bars=BARS,
    levels=LEVELS,
    width=st.integers(-1, 120),
    height=st.integers(-1, 30),
    glyphs=st.sampled_from(TABLES),
    marked=st.integers(0, 70),
    dots=st.booleans(),
)
def test_any_chart(
    bars: list[Bar], levels: list[Level], width: int, height: int, glyphs: Glyphs, marked: int, dots: bool
) -> None:
    signal = bars[marked].at if marked < len(bars) else None
    lines = chart(bars, levels, width, height, glyphs, signal=signal, dots=dots)
    assert len(lines) in (1, height)
    assert all(line.cell_len <= max(width, 0) for line in lines)
    text = shown(lines)
    assert "\x1b" not in text
    if glyphs.ascii:
        assert text.isascii()
    if len(lines) == 1:
        return
    for level in levels[: height - 1]:
        assert level.text in text
    assert len(levels) < height or f"+{len(levels) - height + 1} levels" in text


@given(bars=BARS, levels=LEVELS, width=st.integers(60, 120), height=st.integers(HEIGHT_MIN, 30))
def test_a_chart_that_fits_is_drawn(bars: list[Bar], levels: list[Level], width: int, height: int) -> None:
    drawn = [bar for bar in bars if bar.drawable]
    assert len(chart(bars, levels, width, height, UNICODE)) == (height if drawn else 1)


def test_each_level_has_its_line_its_letter_and_its_price() -> None:
    text = shown(chart(REAL, SELL, 100, 24, UNICODE))
    for name, price in {"Entry": 1.39895, "Stop": 1.40015, "Target": 1.39655}.items():
        (line,) = [line for line in text.splitlines() if name in line]
        assert f"{price:.5f}" in line
        assert UNICODE.dashes[name.lower()] * 3 in line
        assert f"{name[0]} " in line.partition(name)[0]


def test_labels_that_meet_are_pushed_apart() -> None:
    text = shown(chart(REAL, levels(entry=1.39895, stop=1.39896, now=1.39894, target=1.39897), 100, 24, UNICODE))
    rows = [at for at, line in enumerate(text.splitlines()) if any(f"1.3989{digit}" in line for digit in "4567")]
    assert len(rows) == 4
    assert rows == list(range(rows[0], rows[0] + 4))


def test_what_is_far_away_has_an_arrow_and_no_line() -> None:
    text = shown(chart(REAL[:20], levels(entry=1.395, target=1.5, stop=1.2), 80, 20, UNICODE)).splitlines()
    assert "▲Target 1.50000" in text[0]
    assert "▼Stop   1.20000" in text[-2]
    assert UNICODE.dashes["target"] not in text[0] and UNICODE.dashes["stop"] * 2 not in text[-2]


def test_levels_of_one_initial_have_letters_of_their_own() -> None:
    text = shown(chart(REAL, levels(stop=1.394, support=1.3935, stale=1.3956), 80, 20, UNICODE))
    assert all(name in text for name in ("Stop", "sUpport", "sTale"))


def test_rising_and_falling_differ_without_colour() -> None:
    at = "2026-01-05T10:00:00Z"
    for glyphs in TABLES:
        up = shown(chart([Bar(1.0, 1.3, 0.9, 1.2, at)], [], 40, 10, glyphs))
        down = shown(chart([Bar(1.2, 1.3, 0.9, 1.0, at)], [], 40, 10, glyphs))
        assert up != down


def test_a_bar_that_is_not_whole_looks_so_and_is_counted() -> None:
    bars = [
        Bar(1.0, 1.3, 0.9, 1.2, "2026-01-05T10:00:00Z", used=False),
        Bar(1.2, 1.3, 1.1, 1.2, "2026-01-05T10:01:00Z"),
    ]
    text = shown(chart(bars, [], 60, 10, UNICODE))
    assert "▒ 1 partial" in text


def test_notes_leave_the_newest_time_its_room() -> None:
    torn = [*REAL[:-3], replace(REAL[-3], used=False), *REAL[-2:]]
    times = chart(torn, SELL, 55, 12, UNICODE, signal=SIGNAL)[-1].plain
    assert "signal 12:38" in times and "12:55 " in times and times.endswith("last 37 of 40, …")


def test_the_newest_bars_are_shown_and_the_rest_counted() -> None:
    text = shown(chart(REAL, SELL, 44, 12, UNICODE))
    assert "last 26 of 40" in text
    assert "12:55" in text and "12:16" not in text
    assert "last" not in shown(chart(REAL, SELL, 44, 12, UNICODE, dots=True))


def test_the_bar_of_the_signal_is_marked() -> None:
    lines = chart(REAL, SELL, 80, 18, UNICODE, signal=SIGNAL)
    (column,) = {line.plain.index("┊") for line in lines[:-1] if "┊" in line.plain}
    label = lines[-1].plain.index("signal 12:38")
    assert label <= column <= label + len("signal 12:38")
    assert "┊" not in shown(chart(REAL, SELL, 80, 18, UNICODE, signal="2014-05-08T09:00:00Z"))


def test_times_name_the_day_where_there_are_several() -> None:
    day = [Bar(1.0, 1.1, 1.0, 1.1, f"2026-01-0{day}T00:00:00Z") for day in range(1, 8)]
    hour = [Bar(1.0, 1.1, 1.0, 1.1, f"2026-01-0{1 + at // 24}T{at % 24:02}:00:00Z") for at in range(40)]
    assert "01-07" in chart(day, [], 80, 8, UNICODE)[-1].plain
    assert "02 15:00" in chart(hour, [], 80, 8, UNICODE)[-1].plain


def test_a_hole_between_bars_is_seen() -> None:
    """As a stopped recorder leaves one."""
    without = REAL[:12] + REAL[30:]
    assert "…12:46" in chart(without, SELL, 80, 18, UNICODE)[-1].plain
    assert "~12:46" in chart(without, SELL, 80, 18, ASCII)[-1].plain
    assert "…" not in chart(REAL, SELL, 80, 18, UNICODE)[-1].plain
    assert holes([bar.at for bar in without]) == [12]
    assert holes(["soon", "later"]) == holes([]) == []


def test_a_chart_without_bars_says_why() -> None:
    (line,) = chart([], SELL, 80, 20, UNICODE, empty="no bar of EURUSD since 10:00")
    assert line.plain == "no bar of EURUSD since 10:00"
    (line,) = chart([Bar(float("nan"), 1, 1, 1, "")], SELL, 12, 20, ASCII, empty="no bars of EURUSD")
    assert line.plain == "no bars of~"


def test_a_chart_without_room_says_so() -> None:
    assert len(chart(REAL, SELL, WIDTH_MIN, HEIGHT_MIN, UNICODE)) == HEIGHT_MIN
    for width, height in ((WIDTH_MIN - 1, 20), (80, HEIGHT_MIN - 1)):
        (line,) = chart(REAL, SELL, width, height, UNICODE)
        assert "too small" in line.plain
    (line,) = chart(REAL, [Level("entry", 1.395, "1.395000000000000")], 20, 10, UNICODE)
    assert line.plain.startswith("too narrow")


def test_colours_are_of_the_sixteen() -> None:
    for line in chart(REAL, SELL, 80, 18, UNICODE, signal=SIGNAL):
        assert {word for span in line.spans for word in str(span.style).split()} <= {
            *("red", "green", "yellow", "cyan", "magenta", "bold", "dim"),
        }
