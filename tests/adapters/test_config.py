"""Every value knows where it came from, and every mistake is told with its place."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad import config
from hydrad.config import BUILT_IN, KEYS, RULES, Config, ConfigError, Loaded, Source
from hydrad.domain.plans import RUNNER

EXAMPLE = Path(__file__).resolve().parents[2] / "config.toml.example"


def load(tmp_path: Path, text: str = "", environ: dict[str, str] | None = None, **more: str) -> Loaded:
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "conf.d").mkdir(exist_ok=True)
    for name, content in more.items():
        (tmp_path / "conf.d" / f"{name}.toml").write_text(content)
    return config.load(tmp_path / "config.toml", tmp_path / "conf.d", environ or {})


def problems(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, environ)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_nothing_at_all_is_the_built_in_configuration(tmp_path: Path) -> None:
    loaded = config.load(tmp_path / "none.toml", tmp_path / "none.d", {"HYDRA_HOME": "/x", "PATH": "/bin"})
    assert loaded.config == Config()
    assert set(loaded.sources.values()) == {BUILT_IN}
    assert set(loaded.sources) == set(KEYS)


def test_built_in_values_are_in_range_and_in_order() -> None:
    for key in KEYS.values():
        written = str(key.default) if isinstance(key.default, Decimal) else key.default
        assert key.check(written) == key.default, key.path
        assert key.description
        assert key.expected
    for rule in RULES:
        assert KEYS[rule.lesser].default <= KEYS[rule.greater].default


def test_later_sources_win_and_are_named(tmp_path: Path) -> None:
    file = '[risk]\nopen_positions_max = 1\ncurrency = "EUR"\nfires_per_minute_max = 1\ntick_age_max_ms = 100\n'
    (tmp_path / "config.toml").write_text(file)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "20.toml").write_text("risk.open_positions_max = 3\nrisk.fires_per_minute_max = 3\n")
    (tmp_path / "conf.d" / "10.toml").write_text("risk = { open_positions_max = 2, tick_age_max_ms = 200 }\n")
    (tmp_path / "conf.d" / "30.toml.off").write_text("nonsense")
    loaded = config.load(
        tmp_path / "config.toml",
        tmp_path / "conf.d",
        {"HYDRA_RISK__FIRES_PER_MINUTE_MAX": "4"},
        {"paper.speed": "max"},
    )
    risk = loaded.config.risk
    assert (risk.currency, risk.open_positions_max, risk.fires_per_minute_max) == ("EUR", 3, 4)
    assert risk.tick_age_max_ms == 200
    assert loaded.config.paper.speed == "max"
    assert loaded.sources["risk.currency"] == Source(str(tmp_path / "config.toml"), 3)
    assert str(loaded.sources["risk.open_positions_max"]) == f"{tmp_path}/conf.d/20.toml:1"
    assert str(loaded.sources["risk.tick_age_max_ms"]) == f"{tmp_path}/conf.d/10.toml:1"
    assert str(loaded.sources["risk.fires_per_minute_max"]) == "HYDRA_RISK__FIRES_PER_MINUTE_MAX"
    assert str(loaded.sources["paper.speed"]) == "flag paper.speed"
    assert loaded.value("risk.currency") == "EUR"


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    text = """
[risk]
open_risk_max_pct = "3"
risk_per_trade_percent = 0.5
open_positions_max = 5000
[paper]
speed = "fast"
start = 2014-05-02T12:25:00Z
balance = "NaN"
[brige]
address = "tcp://127.0.0.1:1"
[risk.spread_points_max]
EURUSD = "wide"
"""
    assert problems(tmp_path, text) == [
        "config.toml:3: risk.open_risk_max_pct: unknown key; the nearest is risk.open_risk_max_percent",
        "config.toml:4: risk.risk_per_trade_percent: expected a number in quotes from 0.01 to 100",
        "config.toml:5: risk.open_positions_max: expected a whole number from 0 to 1000",
        "config.toml:12: risk.spread_points_max: expected a table of symbols and whole numbers, "
        "such as { EURUSD = 20 }",
        'config.toml:7: paper.speed: expected "max" or a number in quotes from 0 to 100000',
        'config.toml:8: paper.start: expected an instant in quotes, such as "2014-05-02T14:25:00Z"',
        "config.toml:9: paper.balance: expected a number in quotes from 1 to 1000000000",
        "config.toml:10: brige: unknown key; the nearest is [bridge]",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[risk]\ncurrency = x", "config.toml:2: is not TOML: Invalid value (at line 2, column 12)"),
        ("speed = '1'", "config.toml:1: speed: unknown key; the nearest is paper.speed"),
        ("[paper]\nqqqqqqqq = 1", "config.toml:2: paper.qqqqqqqq: unknown key"),
        ("risk = 5", "config.toml:1: risk: unknown key; the nearest is [risk]"),
        ("[apex]\nenabled = 1", "config.toml:2: apex.enabled: expected true or false"),
        ("[apex]\nprofile = 'Über'", None),
        ("[bridge]\naddress = 'tcp://h:99999'", "config.toml:2: bridge.address: expected tcp://HOST:PORT"),
        ("[paper]\nconductor = 'me'", 'config.toml:2: paper.conductor: expected one of "daemon", "client"'),
        ("[risk]\ncurrency = 'usd'", "config.toml:2: risk.currency: expected three capital letters"),
        ("[operators]\ncommander_uid = -1", None),
        ("[risk]\nday_loss_max_percent = 'Infinity'", None),
        (
            "[risk]\nmarket_hours = { DE40 = 'Mon 3-4' }",
            'config.toml:2: risk.market_hours: expected a table such as { "DE40" = "Mon 03:00-11:30, Tue 03:00-11:30" }',
        ),
        (
            "[risk]\nfires_per_day_max = '5'",
            "config.toml:2: risk.fires_per_day_max: expected a whole number from 0 to 10000",
        ),
        (
            "[risk]\ndrawdown_max_percent = 8",
            "config.toml:2: risk.drawdown_max_percent: expected a number in quotes from 0.01 to 100",
        ),
        ("[news]\nmode = 'on'", 'config.toml:2: news.mode: expected one of "file", "off"'),
        ("[risk]\nday_loss_max_percent = '0'", None),
    ],
)
def test_one_mistake(tmp_path: Path, text: str, told: str | None) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1
    if told is not None:
        assert found == [told]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('day_loss_warning_percent = "81"', "guards.day_loss_warning_percent"),
        ("age_warning_minutes = 30\nage_limit_minutes = 20", "guards.age_warning_minutes"),
        ('margin_level_limit_percent = "151"', "guards.margin_level_limit_percent"),
        ("weekend_limit_minutes = 60\nweekend_warning_minutes = 30", "guards.weekend_limit_minutes"),
        ('day_loss_action = "sell"', "guards.day_loss_action"),
        ('open_risk_limit_percent = "101"', "guards.open_risk_limit_percent"),
    ],
)
def test_guards_out_of_order_or_range_never_start_anything(tmp_path: Path, text: str, wrong: str) -> None:
    (problem,) = problems(tmp_path, f"[guards]\n{text}\n")
    assert wrong in problem


@pytest.mark.parametrize(
    "text",
    [
        'day_loss_limit_percent = "0"',
        "age_warning_minutes = 30",
        "weekend_warning_minutes = 30",
        'margin_level_warning_percent = "0"\nmargin_level_limit_percent = "0"',
    ],
)
def test_of_a_guard_0_is_off_and_in_no_order(tmp_path: Path, text: str) -> None:
    load(tmp_path, f"[guards]\n{text}\n")


def test_values_out_of_order_name_what_was_set(tmp_path: Path) -> None:
    assert problems(tmp_path, '[risk]\nrisk_per_trade_percent = "1.5"') == [
        "config.toml:2: risk.risk_per_trade_percent: risk.risk_per_trade_percent (1.5) "
        "is above risk.risk_per_trade_max_percent (1.0)"
    ]
    assert problems(tmp_path, "[bridge]\nlost_after_ms = 500")[0].startswith("config.toml:2: bridge.lost_after_ms")


def test_the_environment_is_read_as_text(tmp_path: Path) -> None:
    environ = {
        "HYDRA_RISK__SPREAD_POINTS_MAX": "EURUSD=20, XAUUSD=60",
        "HYDRA_OPERATORS__COMMANDER_UID": "0",
        "HYDRA_APEX__ENABLED": "false",
        "HYDRA_RISK__RISK_PER_TRADE_PERCENT": "0.25",
        "HYDRA_HOME": "/anywhere",
    }
    made = load(tmp_path, "", environ).config
    assert made.risk.spread_points_max == {"EURUSD": 20, "XAUUSD": 60}
    assert made.risk.risk_per_trade_percent == Decimal("0.25")
    assert (made.operators.commander_uid, made.apex.enabled) == (0, False)
    assert problems(tmp_path, "", {"HYDRA_RISK__CURENCY": "EUR", "HYDRA_PAPER__ACCOUNTS": "0"}) == [
        "HYDRA_PAPER__ACCOUNTS: paper.accounts: expected a whole number from 1 to 50",
        "HYDRA_RISK__CURENCY: risk.curency: unknown key; the nearest is risk.currency",
    ]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path / "config.toml", tmp_path, {})
    (tmp_path / "latin.toml").write_bytes(b"[daemon]\nname = '\xe4'\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        config.load(tmp_path / "latin.toml", tmp_path / "none", {})


def test_checked_judges_one_value() -> None:
    assert config.checked("risk.currency", "EUR") == "EUR"
    assert config.checked("bridge.lost_after_ms", "9000") == 9_000
    with pytest.raises(ConfigError, match=r"argument: risk\.currency: expected"):
        config.checked("risk.currency", "euro")
    with pytest.raises(ConfigError, match="unknown key"):
        config.checked("risk.currencies", "EUR")


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader_of_a_value(text: str) -> None:
    for key in KEYS:
        try:
            config.checked(key, text)
        except ConfigError as error:
            assert len(error.problems) == 1


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists))
def test_no_value_breaks_the_check(value: object) -> None:
    for key in KEYS.values():
        try:
            key.check(value)
        except ValueError:
            continue


def test_speed_and_address() -> None:
    assert config.parse_speed("max") is None
    assert config.parse_speed("2.5") == Decimal("2.5")
    assert config.parse_address("tcp://[::1]:5555") == ("[::1]", 5555)
    assert config.parse_address("tcp://*:1") == ("*", 1)
    for wrong in ("tcp://h:0", "ipc:///x", "tcp://h", "tcp://a b:5"):
        with pytest.raises(ValueError, match="is not tcp://HOST:PORT"):
            config.parse_address(wrong)


def test_only_limits_and_the_log_level_are_taken_by_reload() -> None:
    free = {key.path for key in KEYS.values() if not key.needs_restart}
    assert free == {key for key in KEYS if key.startswith(("risk.", "timing."))} | {"daemon.log_level", "oncall.order"}


def test_value_text_is_toml() -> None:
    for value in ({"EURUSD": 20}, {}, "a", True, 5):
        assert tomllib.loads(f"x = {config.value_text(value)}") == {"x": value}
    assert config.value_text(Decimal("0.5")) == '"0.5"'


@pytest.mark.source
def test_the_example_has_every_key_with_its_default(tmp_path: Path) -> None:
    assert EXAMPLE.read_text() == config.example()
    lines = [line.removeprefix("#") if line[1:2].isalpha() else line for line in EXAMPLE.read_text().splitlines()]
    loaded = load(tmp_path, "\n".join(lines))
    assert all(source is not BUILT_IN for source in loaded.sources.values())
    for path, key in KEYS.items():
        assert loaded.value(path) == key.example


def test_limits_that_may_be_unset(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none.toml", tmp_path, {}).config.risk.drawdown_max_percent is None
    environ = {
        "HYDRA_RISK__DRAWDOWN_MAX_PERCENT": "8",
        "HYDRA_RISK__COOL_DOWN_MINUTES": "15",
        "HYDRA_RISK__MARKET_HOURS": "DE40=Mon 03:00-11:30, Tue 03:00-11:30; alpha/EURUSD=always",
        "HYDRA_NEWS__MODE": "file",
    }
    loaded = config.load(tmp_path / "none.toml", tmp_path, environ).config
    assert (loaded.risk.drawdown_max_percent, loaded.risk.cool_down_minutes) == (Decimal(8), 15)
    assert loaded.risk.market_hours == {"DE40": "Mon 03:00-11:30, Tue 03:00-11:30", "alpha/EURUSD": "always"}
    assert loaded.news.mode == "file"


# --- named plans ----------------------------------------------------------------------------------------


def test_plans_are_named_at_will_and_replaced_one_by_one(tmp_path: Path) -> None:
    loaded = load(tmp_path, '[plans]\nscalp = "break-even 0.5R; time stop"\nrunner = "trail from 1R by 1R"\n')
    assert loaded.config.plans == {"runner": "trail from 1R by 1R", "scalp": "break-even 0.5R; time stop"}
    assert (loaded.value("plans.scalp"), loaded.sources["plans.scalp"].line) == ("break-even 0.5R; time stop", 2)
    assert config.load(tmp_path / "none.toml", tmp_path / "none.d", {}).config.plans == {"runner": RUNNER}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('scalp = "time stop; moon"', "config.toml:2: plans.scalp: step 2 'moon' is none of"),
        ('runner = "part 60% at 1R; part 60% at 2R"', "config.toml:2: plans.runner: the parts add up to 120 %"),
        ("scalp = 5", "config.toml:2: plans.scalp: expected a plan in quotes"),
        ('none = "time stop"', "plans.none: the plan's name 'none' is built in"),
        ('Scalp = "time stop"', "plans.Scalp: the plan's name 'Scalp' is not up to 32 small letters"),
        ('a = { b = "time stop" }', "plans.a: expected a plan in quotes"),
    ],
)
def test_a_bad_plan_names_its_place_and_starts_nothing(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, f"[plans]\n{line}\n")
    assert says in str(raised.value) and len(raised.value.problems) == 1


def test_a_plan_may_come_from_the_environment(tmp_path: Path) -> None:
    found = config.load(tmp_path / "none", tmp_path, {"HYDRA_PLANS__SCALP": "time stop"})
    assert found.config.plans["scalp"] == "time stop"
    assert str(found.sources["plans.scalp"]) == "HYDRA_PLANS__SCALP"
