"""The simulated broker on days of a recording: each tick as it was recorded, at the contract's digits, and nothing else."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hydrad.domain.instants import DAY_MS
from hydrad.terminal.broker import recorded
from hydrad.terminal.broker.config import BadConfig, BrokerConfig, made
from hydrad.terminal.broker.feed import BadFeed
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.world import market_of
from hydrad.venue.rates import Quote
from tests.adapters.test_followed import Recording

DAY = 16_198  # 2014-05-08, a Thursday
DAY_START_MS = DAY * DAY_MS
NINE_MS = DAY_START_MS + 9 * 3_600_000


def config(folder: Path, days: str = "2014-05-08", **more: object) -> BrokerConfig:
    plain = {
        "instance": "x", "socket": "s", "control": "c", "books": "b", "start_ms": NINE_MS, "feed": "recorded",
        "recording": str(folder), "days": days, "accounts": [{"login": 1, "password": "p", "server": "S"}],
    }  # fmt: skip
    return made("test", {**plain, **more})


def market(folder: Path, days: str = "2014-05-08", **more: object) -> Market:
    return market_of(config(folder, days, **more), NINE_MS, NINE_MS)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    found = Recording(tmp_path / "recorded")
    found.write(
        (DAY_START_MS - 1, 139_000, 139_009), (NINE_MS, 139_001, 139_010), (NINE_MS + 60_000, 139_002, 139_012),
        (DAY_START_MS + DAY_MS + 5, 139_050, 139_060),
    )  # fmt: skip
    return found


def test_the_days_that_were_named_are_played_and_no_other(recording: Recording) -> None:
    played = market(recording.folder)
    assert played.series["EURUSD"].time_ms.tolist() == [NINE_MS, NINE_MS + 60_000]
    assert played.quote_at("EURUSD", NINE_MS) == Quote(139_001, 139_010)
    played.now_ms = NINE_MS + 60_000
    assert played.ended
    assert len(market(recording.folder, "2014-05-07..2014-05-09").series["EURUSD"].time_ms) == 4


def test_prices_come_to_the_contracts_digits(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "recorded", digits=3)
    recording.write((NINE_MS, 1_390, 1_391))
    assert market(recording.folder).quote_at("EURUSD", NINE_MS) == Quote(139_000, 139_100)
    fine = Recording(tmp_path / "fine", digits=6)
    fine.write((NINE_MS, 1_390_017, 1_390_101))
    assert market(fine.folder).quote_at("EURUSD", NINE_MS) == Quote(139_001, 139_011), (
        "never a better price than it was"
    )


def test_what_is_no_quote_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording(tmp_path / "recorded")
    recording.write((NINE_MS, 139_001, 139_010), (NINE_MS + 1, 139_002, 139_011))
    path = tmp_path / "recorded" / "EURUSD" / "2014-05-08.ticks"
    whole = path.read_bytes()
    from hydrad.market import tickfile

    crossed = tickfile.encode_ticks(2, 0, DAY, [(tickfile.Tick(NINE_MS + 2, 9, 8, 0), 0)])
    path.write_bytes(whole + crossed + b"torn")
    with caplog.at_level(logging.WARNING):
        assert len(market(recording.folder).series["EURUSD"].time_ms) == 2
    assert "1 tick that is no quote" in caplog.text and "4 bytes" in caplog.text


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("2014-05-10", "no ticks of 2014-05-10"),
        ("2014-05-09..2014-05-08", "ends before it begins"),
        ("8 May", "a day such as 2014-05-08"),
        ("2014-01-01..2014-12-31", "at most 31 days"),
    ],
)
def test_days_that_cannot_be_played_are_refused(recording: Recording, days: str, says: str) -> None:
    with pytest.raises((BadConfig, BadFeed), match=says):
        market(recording.folder, days)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeed, match="no recording"):
        market(tmp_path / "nowhere")


def test_days_and_a_folder_belong_to_this_feed(tmp_path: Path) -> None:
    for more in ({"feed": "sample"}, {"recording": ""}, {"days": ""}):
        with pytest.raises(BadConfig, match=r"recording|days"):
            config(tmp_path, **{"days": "2014-05-08", **more})  # type: ignore[arg-type]


def test_a_symbol_that_the_broker_does_not_know_is_left_out_and_said(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    other = Recording(recording.folder, "WHEAT")
    other.write((NINE_MS, 1, 2))
    assert list(market(recording.folder).series) == ["EURUSD"]
    assert "WHEAT: the broker has no such contract" in caplog.text
    with pytest.raises(BadConfig, match="WHEAT"):
        market(recording.folder, offered=["WHEAT"])


def test_a_brokers_own_names_are_its_suffix(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "recorded", "EURUSD.r")
    recording.write((NINE_MS, 139_001, 139_010))
    assert list(market(recording.folder, suffix=".r").series) == ["EURUSD.r"]


def test_days_are_read_from_text() -> None:
    assert recorded.days_of("2014-05-08") == range(DAY, DAY + 1)
    assert recorded.days_of("2014-05-07..2014-05-09") == range(DAY - 1, DAY + 2)
