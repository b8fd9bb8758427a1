"""The configuration at run time: what a reload takes, what waits, and what is written where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad import config
from hydrad.config import KEYS, ConfigError, value_text
from hydrad.domain.ids import IdKind, show
from hydrad.home import settings
from hydrad.host.places import Places, find_places
from hydrad.toc import guard_loosening, housekeeping
from hydrad.toc import records as r
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits
from hydrad.toc.state import Change, State

HAND = "# mine\n[risk]\nopen_positions_max = 4  # few\n"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = find_places({"HYDRA_HOME": str(tmp_path)})
    found.config_file.write_text(HAND)
    return found


def test_a_value_is_set_beside_the_hand_written_file(places: Places) -> None:
    done = settings.write(places, {}, "risk.open_risk_max_percent", "4.5")
    assert (done.value, done.needs, done.shadowed) == ('"4.5"', "reload", None)
    done = settings.write(places, {}, "risk.spread_points_max", "EURUSD=20,XAUUSD=60")
    assert done.value == "{ EURUSD = 20, XAUUSD = 60 }"
    assert settings.write(places, {}, "apex.enabled", "false").needs == "restart"
    loaded = settings.read(places, {})
    assert loaded.config.risk.open_risk_max_percent == Decimal("4.5")
    assert loaded.config.risk.spread_points_max == {"EURUSD": 20, "XAUUSD": 60}
    assert loaded.config.apex.enabled is False
    assert loaded.config.risk.open_positions_max == 4
    assert places.config_file.read_text() == HAND
    assert str(loaded.sources["apex.enabled"]).startswith(str(settings.set_file(places)))
    assert [path.name for path in places.conf_dir.iterdir()] == ["90-hydractl.toml"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("risk.open_positions_max", "many"),
        ("risk.open_positions_max", "5000"),
        ("risk.risk_per_trade_percent", "2"),  # above risk_per_trade_max_percent
        ("risk.open_risk_max_percent", "NaN"),
        ("bridge.address", "5555"),
        ("scheduler.verify_at", "25:00"),
    ],
)
def test_what_does_not_fit_is_not_written(key: str, text: str, places: Places) -> None:
    settings.write(places, {}, "risk.open_positions_max", "3")
    before = settings.set_file(places).read_bytes()
    with pytest.raises(ConfigError):
        settings.write(places, {}, key, text)
    assert settings.set_file(places).read_bytes() == before


def test_a_fault_elsewhere_is_told_with_its_own_place(places: Places) -> None:
    places.conf_dir.mkdir()
    (places.conf_dir / "10.toml").write_text("[risk]\nnonsense = 1\n")
    with pytest.raises(ConfigError) as caught:
        settings.write(places, {}, "risk.open_positions_max", "3")
    assert str(caught.value).startswith(f"{places.conf_dir}/10.toml:2: risk.nonsense")
    assert not settings.set_file(places).exists()


def test_what_comes_later_and_wins_is_named(places: Places) -> None:
    environ = {"HYDRA_RISK__OPEN_POSITIONS_MAX": "2"}
    done = settings.write(places, environ, "risk.open_positions_max", "3")
    assert (done.shadowed, done.value) == ("HYDRA_RISK__OPEN_POSITIONS_MAX", "2")
    (places.conf_dir / "95.toml").write_text("risk.open_positions_max = 1\n")
    done = settings.write(places, {}, "risk.open_positions_max", "3")
    assert done.shadowed == f"{places.conf_dir}/95.toml:1" and done.value == "1"


@given(st.sampled_from(sorted(KEYS)))
def test_every_key_can_be_written_as_it_stands(key: str) -> None:
    """Through TOML and back, for the example of each key."""
    import tempfile

    value = KEYS[key].example
    text = ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else _text(value)
    with tempfile.TemporaryDirectory() as folder:
        found = find_places({"HYDRA_HOME": folder})
        assert settings.write(found, {}, key, text).value == value_text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_a_reload_takes_limits_timing_and_the_log_level_and_names_the_rest(places: Places) -> None:
    old = settings.read(places, {})
    places.config_file.write_text('daemon = { log_level = "debug", name = "x" }\n[timing]\nact_deadline_ms = 900\n')
    new = settings.read(places, {})
    taken, restart = settings.changed(old, new)
    assert set(taken) == {"daemon.log_level", "timing.act_deadline_ms", "risk.open_positions_max"}
    assert restart == ("daemon.name",)
    merged = settings.merged(old, new)
    assert (merged.config.daemon.log_level, merged.config.daemon.name) == ("debug", "hydra")
    assert merged.config.timing == new.config.timing and merged.config.risk == new.config.risk
    assert settings.changed(merged, new) == ((), ("daemon.name",))
    assert set(merged.sources) == set(KEYS)


def test_a_limit_that_waits_is_shown_as_it_holds(places: Places) -> None:
    loaded = config.load(places.config_file, places.conf_dir, {}, {"risk.open_positions_max": "9"})
    limits = Limits(open_positions_max=4)
    wanted = r.ConfigChanged(msgspec.structs.replace(limits, open_positions_max=9), None, "waited")
    day_ns = 86_400 * 10**9
    change = Change(7, housekeeping.SUBJECT, "CONFIG_CHANGED", r.encode(wanted), "", "uid:1", 0, day_ns)
    state = State(limits=limits, changes={7: change})
    rows = {row.key: row for row in settings.rows(loaded, state)}
    assert rows["risk.open_positions_max"].value == "4"
    pending = rows["risk.open_positions_max"].pending
    assert pending == f"9 from 1970-01-02T00:00:00.000Z, {show(IdKind.CHANGE, 7)}"
    assert rows["risk.open_risk_max_percent"].pending is None
    assert rows["paper.speed"].restart and not rows["risk.currency"].restart


def test_a_guard_that_waits_is_shown_as_it_holds(places: Places) -> None:
    loaded = config.load(places.config_file, places.conf_dir, {}, {"guards.day_loss_action": "alarm"})
    wanted = r.GuardsChanged(Guards(day_loss_action="alarm"), "waited")
    change = Change(7, guard_loosening.SUBJECT, "GUARDS_CHANGED", r.encode(wanted), "", "daemon", 0, 86_400 * 10**9)
    state = State(guards=Guards(), changes={7: change})
    rows = {row.key: row for row in settings.rows(loaded, state)}
    assert rows["guards.day_loss_action"].value == '"reducing"'
    assert (rows["guards.day_loss_action"].pending or "").startswith('"alarm" from 1970-01-02T00:00:00.000Z')
    assert [row.key for row in settings.pending_rows(state)] == ["guards.day_loss_action"]


def test_a_written_file_that_somebody_mangled_is_named_and_left(places: Places) -> None:
    target = settings.set_file(places)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("risk = 3\n")
    with pytest.raises(ConfigError, match="risk: is no table"):
        settings.write(places, {}, "risk.open_positions_max", "3")
    assert target.read_text() == "risk = 3\n"
