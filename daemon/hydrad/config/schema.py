"""All sections as one value, and its keys: what each takes, and which of them must be in order."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from hydrad.config.homes import Apex, Bridge, Daemon, Market, News, Operators, Paper, PlanText, Scheduler
from hydrad.config.people import Apprise, Bot, Email, Hud, OnCall, Secrets, Webhook
from hydrad.domain.plans import BUILT_IN as BUILT_IN_PLANS
from hydrad.domain.plans import NAME, RUNNER
from hydrad.toc.guard_limits import Guards
from hydrad.toc.limits import Limits, Timing


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All values, complete and within their ranges. `plans`: texts by name."""

    daemon: Daemon = Daemon()
    bridge: Bridge = Bridge()
    paper: Paper = Paper()
    apex: Apex = Apex()
    risk: Limits = msgspec.field(default_factory=Limits)
    timing: Timing = Timing()
    news: News = News()
    guards: Guards = msgspec.field(default_factory=Guards)
    operators: Operators = Operators()
    plans: dict[str, str] = msgspec.field(default_factory=lambda: {"runner": RUNNER})
    secrets: Secrets = Secrets()
    hud: Hud = Hud()
    bot: Bot = Bot()
    oncall: OnCall = OnCall()
    email: Email = Email()
    webhook: Webhook = Webhook()
    apprise: Apprise = Apprise()
    scheduler: Scheduler = Scheduler()
    market: Market = Market()


# What `reload` takes without a restart.
RELOADABLE = ("risk.", "timing.", "oncall.order", "daemon.log_level")


class Key:
    """One key of the schema. `expected` tells people what it takes; `check` holds a value to it."""

    def __init__(self, section: str, name: str, hint: Any, default: Any) -> None:
        self.section, self.name, self.default = section, name, default
        self.path = f"{section}.{name}"
        self._hint = hint
        self._type = hint.__origin__
        metas = [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
        if typing.get_origin(self._type) in (typing.Union, types.UnionType):  # may be unset
            inner = typing.get_args(self._type)[0]
            self._type = inner.__origin__ if typing.get_origin(inner) is Annotated else inner
            metas = [meta for meta in getattr(inner, "__metadata__", ()) if isinstance(meta, Meta)] + metas
        self._extra: dict[str, Any] = {}
        for meta in metas:
            self._extra |= meta.extra or {}
        self.description = next(meta.description for meta in metas if meta.description)
        self._range = next(((meta.ge, meta.le) for meta in metas if meta.ge is not None), None)
        self.example = self._extra.get("example", default)
        self.expected: str = self._extra.get("expected") or self._expected()

    @property
    def needs_restart(self) -> bool:
        return not self.path.startswith(RELOADABLE)

    def check(self, value: object) -> Any:
        """The value as the program uses it; raises ValueError."""
        if self._type is Decimal and not isinstance(value, str) and value is not self.default:
            raise ValueError("not text")
        return self._within(msgspec.convert(value, self._hint))

    def from_text(self, text: str) -> Any:
        """A value written in the environment or as a flag; a table as `EURUSD=20,XAUUSD=60`, one of texts as
        `EURUSD=fx; DE40=Mon 03:00-11:30`. Raises ValueError."""
        if typing.get_origin(self._type) is not dict:
            return self._within(msgspec.convert(text, self._hint, strict=False))
        if typing.get_args(self._type)[1] is str:
            texts = (item.partition("=") for item in text.split(";") if item.strip())
            return self.check({name.strip(): value.strip() for name, _, value in texts})
        pairs = [item.partition("=") for item in text.split(",") if item]
        return self.check({name.strip(): int(number) for name, _, number in pairs})

    def _within(self, value: Any) -> Any:
        if value is None:
            return None
        low, high = self._extra.get("min"), self._extra.get("max")
        if low is not None and not (value.is_finite() and low <= value <= high):
            raise ValueError("out of range")
        if parse := self._extra.get("parse"):
            parse(value)
        return value

    def _expected(self) -> str:
        if self._type is bool:
            return "true or false"
        if self._type is Decimal:
            return f"a number in quotes from {self._extra['min']} to {self._extra['max']}"
        if self._range:
            return f"a whole number from {self._range[0]} to {self._range[1]}"
        if typing.get_origin(self._type) is Literal:
            return "one of " + ", ".join(f'"{word}"' for word in typing.get_args(self._type))
        if typing.get_origin(self._type) is dict:
            return "a table of symbols and whole numbers, such as { EURUSD = 20 }"
        return next(f"text like {meta.pattern}" for meta in self._hint.__metadata__ if meta.pattern)


def _schema() -> Iterator[Key]:
    defaults = Config()
    for section in msgspec.structs.fields(Config):
        block = getattr(defaults, section.name)
        if isinstance(block, dict):
            yield from (Key(section.name, name, PlanText, default) for name, default in block.items())
            continue
        hints = typing.get_type_hints(type(block), include_extras=True)
        for name in block.__struct_fields__:
            yield Key(section.name, name, hints[name], getattr(block, name))


KEYS: Mapping[str, Key] = types.MappingProxyType({key.path: key for key in _schema()})


def key_of(path: str) -> Key | None:
    """The schema's key, or that of a plan which somebody named; None for an unknown one."""
    section, _, name = path.partition(".")
    if path in KEYS or section != "plans" or not NAME.fullmatch(name) or name in BUILT_IN_PLANS:
        return KEYS.get(path)
    return Key(section, name, PlanText, "")


# Keys that name a file with a secret in it. Nobody but its owner may read one: such a start is refused.
SECRET_FILES = (
    "secrets.daemon_key_file",
    "hud.metrics_token_file",
    "bot.token_file",
    "email.password_file",
    "webhook.secret_file",
    "apprise.urls_file",
)


def secret_files(config: Config) -> dict[str, Path]:
    """Those that are named, by their keys; whether they exist is not looked at."""
    named = {key: getattr(getattr(config, key.partition(".")[0]), key.partition(".")[2]) for key in SECRET_FILES}
    return {key: Path(text) for key, text in named.items() if text}


class Rule(NamedTuple):
    """Two keys whose values must be in order."""

    lesser: str
    greater: str


RULES = (
    Rule("bridge.degraded_after_ms", "bridge.lost_after_ms"),
    Rule("risk.risk_per_trade_percent", "risk.risk_per_trade_max_percent"),
    Rule("risk.risk_per_trade_max_percent", "risk.open_risk_max_percent"),
    Rule("timing.act_deadline_ms", "timing.result_timeout_ms"),
    Rule("guards.day_loss_warning_percent", "guards.day_loss_limit_percent"),
    Rule("guards.drawdown_start_warning_percent", "guards.drawdown_start_limit_percent"),
    Rule("guards.drawdown_peak_warning_percent", "guards.drawdown_peak_limit_percent"),
    Rule("guards.open_risk_warning_percent", "guards.open_risk_limit_percent"),
    Rule("guards.age_warning_minutes", "guards.age_limit_minutes"),
    Rule("guards.margin_level_limit_percent", "guards.margin_level_warning_percent"),
    Rule("guards.weekend_limit_minutes", "guards.weekend_warning_minutes"),
)
