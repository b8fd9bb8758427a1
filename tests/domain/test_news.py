"""The news file: what it may hold, and what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain import news
from hydrad.domain.instants import parse_ms
from hydrad.domain.news import BadNews, NewsEvent

HEAD = "time_utc,currency,impact,title,source\n"
CPI = NewsEvent(parse_ms("2024-05-15T12:30:00Z"), "USD", "high", "CPI, m/m", "calendar")


def test_a_file() -> None:
    text = HEAD + '2024-05-15T12:30:00Z,usd,High,"CPI, m/m",calendar\n\n2024-05-15T09:00:00Z,EUR,low,Trade,x\n'
    assert news.parse(text) == (NewsEvent(parse_ms("2024-05-15T09:00:00Z"), "EUR", "low", "Trade", "x"), CPI)
    assert news.parse(text + text.split("\n", 1)[1]) == news.parse(text)  # an event counts once
    assert news.parse(HEAD) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the heading"),
        ("time,currency\n", "line 1: the heading"),
        (HEAD + "2024-05-15T12:30:00Z,USD,high\n", "line 2: 3 columns"),
        (HEAD + "2024-05-15T12:30:00,USD,high,CPI,\n", "line 2: .*names no zone"),
        (HEAD + "soon,USD,high,CPI,\n", "line 2: 'soon'"),
        (HEAD + "2024-05-15T12:30:00Z,DOLLAR,high,CPI,\n", "line 2: currency"),
        (HEAD + "2024-05-15T12:30:00Z,USD,huge,CPI,\n", "line 2: impact"),
        (HEAD + "2024-05-15T12:30:00Z,USD,high, ,\n", "line 2: an event needs a title"),
    ],
)
def test_what_is_wrong_names_its_line(text: str, said: str) -> None:
    with pytest.raises(BadNews, match=said):
        news.parse(text)


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "EVENTS_MAX", 1)
    with pytest.raises(BadNews, match="2 events, 1 at most"):
        news.parse(news.write((CPI, NewsEvent(0, "USD", "high", "x"))))


TITLES = st.text(min_size=1, max_size=60).map(lambda text: " ".join(text.split())).filter(bool)


@given(
    st.sets(
        st.builds(
            NewsEvent,
            st.integers(0, 4_000_000_000).map(lambda s: s * 1000),
            st.sampled_from(["USD", "EUR", "ALL"]),
            st.sampled_from(news.IMPACTS),
            TITLES,
            st.sampled_from(["", "a", 'b "c", d']),
        )
    )
)
def test_what_is_written_is_read(events: set[NewsEvent]) -> None:
    assert news.parse(news.write(events)) == tuple(sorted(events))


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        news.parse(HEAD + text)
    except BadNews as error:
        assert str(error)


def test_the_window_of_high_impact_alone() -> None:
    at = CPI.time_ms
    assert [CPI.blocks(at + ms) for ms in (-300_001, -300_000, 0, 600_000, 600_001)] == [False, True, True, True, False]
    assert not NewsEvent(at, "USD", "medium", "x").blocks(at)
    assert CPI.concerns(("EUR", "USD")) and not CPI.concerns(("EUR", "GBP"))
    assert NewsEvent(at, "ALL", "high", "x").concerns(("EUR", "GBP"))
