"""`apex show` at the shell: what is wrong comes first, what became of a setup in one word, its numbers in the wide form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest


def test_what_apex_sees_fits_on_a_screen(fake: Any, hydractl: Any, wire: Any) -> None:
    lines = hydractl("apex", "show").stdout.splitlines()
    assert lines[0].startswith("PAPER") and not any(line.startswith("!") for line in lines)
    assert "apex running  profile sample M5" in lines[1]
    assert "signals 1 of 4 this hour, last 5 m 30 s ago" in lines[1]
    (row,) = [line for line in lines if "sees" in line]
    assert row.split()[:4] == ["EURUSD", "break_out", "112", "sees"]
    assert any(line.startswith("SPREAD") and line.endswith("spread 23 points, 20 at most") for line in lines)
    became = [line for line in lines if "BUY" in line or "SELL" in line]
    assert wire.M in became[0] and "SPREAD" in became[1]
    assert "atr_points" not in "".join(lines)
    assert "counted, and not listed" in lines[-1]


def test_the_numbers_are_in_the_wide_form(fake: Any, hydractl: Any) -> None:
    assert "atr_points=14.250 channel_high=1.08310 bar_ticks=61" in hydractl("apex", "show", "-o", "wide").stdout


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "stopped", "why": "by uid:1000"}, "! apex is stopped: by uid:1000"),
        ({"state": "off", "why": None}, "! apex is off: no reason given"),
        ({"waits_for": ("XAUUSD",)}, "! no terminal has told the digits of XAUUSD: no tick is taken"),
    ],
)
def test_why_nothing_is_seen_stands_above(
    changes: dict[str, Any], words: str, fake: Any, hydractl: Any, wire: Any
) -> None:
    data = msgspec.structs.replace(wire.APEX, **changes)
    fake.script = lambda call: wire.answer(call, data=data)
    assert words in hydractl("apex", "show").stdout.splitlines()


def test_a_detector_that_warms_up_says_what_it_has_and_needs(fake: Any, hydractl: Any, wire: Any) -> None:
    cold = msgspec.structs.replace(wire.APEX.detectors[0], bars=3, warm=False, tick_age_s=None, hour_used=None)
    data = msgspec.structs.replace(wire.APEX, detectors=(cold,))
    fake.script = lambda call: wire.answer(call, data=data)
    said = hydractl("apex", "show").stdout
    assert "! too few bars to see anything: EURUSD" in said
    assert "! no live tick since the daemon began: EURUSD" in said
    assert "3 of 14" in said and "WARMING UP" in said and "never" in said and "- of 2" in said


@pytest.mark.parametrize(
    ("age_s", "word", "words"),
    [
        (30.0, "sees", ""),
        (30.1, "STALE", "! the last tick is too old for a signal: EURUSD 30.1 s"),
        (None, "NO TICK", "! no live tick since the daemon began: EURUSD"),
    ],
)
def test_bars_enough_and_no_fresh_tick_is_blind(
    age_s: float | None, word: str, words: str, fake: Any, hydractl: Any, wire: Any
) -> None:
    row = msgspec.structs.replace(wire.APEX.detectors[0], tick_age_s=age_s)
    fake.script = lambda call: wire.answer(call, data=msgspec.structs.replace(wire.APEX, detectors=(row,)))
    said = hydractl("apex", "show").stdout
    assert word in said and words in said and (bool(words) is ("!" in said))


def test_what_the_profile_does_not_name_is_not_called_cold(fake: Any, hydractl: Any, wire: Any) -> None:
    none = dict.fromkeys(
        ("bars", "bars_needed", "warm", "tick_age_s", "tick_age_max_s", "hour_used", "hour_max", "last_bar")
    )
    past = msgspec.structs.replace(wire.APEX.detectors[0], watched=False, **none)
    gone = dict.fromkeys(("profile", "timeframe_min", "hour_used", "hour_max"))
    data = msgspec.structs.replace(wire.APEX, detectors=(past,), candidates=(), suppressed=(), **gone)
    fake.script = lambda call: wire.answer(call, data=data)
    said = hydractl("apex", "show").stdout
    assert "not watched" in said and "too few bars" not in said and "no live tick" not in said
    assert "no profile" in said
    assert "nothing was suppressed" in said and "no setup" in said and "None" not in said


def test_the_call_names_the_symbol_and_how_many(fake: Any, hydractl: Any) -> None:
    hydractl("apex", "show", "EURUSD", "-n", "3")
    hydractl("apex", "show")
    first, second = fake.bodies("apex.show")
    assert (first.symbol, first.limit) == ("EURUSD", 3) and (second.symbol, second.limit) == (None, 20)
