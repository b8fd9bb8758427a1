"""The configuration: its keys, where each value came from, and what is wrong with a file. Owns the schema.

Built-in values < `config.toml` < `conf.d/*.toml` in the order of their names < the environment < flags. In the
environment a key is `HYDRA_<SECTION>__<KEY>`, such as `HYDRA_RISK__OPEN_RISK_MAX_PERCENT`. A later source
replaces a value whole, tables too. Nothing secret is in it. Money and percentages are text, so that no float
ever stands between a person and a limit.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from hydrad.domain.instants import parse_ms
from hydrad.domain.money import BadNumber, decimal
from hydrad.domain.plans import BUILT_IN as BUILT_IN_PLANS
from hydrad.domain.plans import NAME, RUNNER, BadPlan
from hydrad.domain.plans import parse as parse_plan
from hydrad.toc.guard_limits import Guards
from hydrad.toc.hearing import minute_of
from hydrad.toc.limits import Limits, Timing
from hydrad.wire.calls import AnyVerb

ENVIRONMENT_PREFIX = "HYDRA_"
_ADDRESS = re.compile(r"tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]|\*):(\d{1,5})")
_PUBLIC = re.compile(r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/?")
_API = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?")
_GROUP = re.compile(r"-[0-9]{1,18}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_WEBHOOK = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[!-~]{0,1000})?")
TIMES_MAX = 8
_SPEED_MAX = 100_000


def parse_speed(text: str) -> Decimal | None:
    """How many times faster than life; None is as fast as the slowest agent allows. Raises ValueError."""
    if text == "max":
        return None
    speed = decimal(text, "speed")
    if not 0 <= speed <= _SPEED_MAX:
        raise BadNumber(f"speed {text} is outside 0..{_SPEED_MAX}")
    return speed


def parse_address(text: str) -> tuple[str, int]:
    """Host and TCP port of a ZeroMQ address. Raises ValueError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 65_535:
        raise ValueError(f"'{text}' is not tcp://HOST:PORT")
    return match[1], int(match[2])


def words(text: str) -> tuple[str, ...]:
    """Words with commas between them; empty text is none."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def parse_public_url(text: str) -> str:
    """Host, with its port where one is named, of `https://HOST[:PORT]`; empty for empty. Raises ValueError."""
    if text and not _PUBLIC.fullmatch(text):
        raise ValueError(f"'{text}' is not https://HOST or https://HOST:PORT")
    return text.removeprefix("https://").removesuffix("/").lower()


def parse_api_url(text: str) -> str:
    """Of a Bot API server, whose every address holds the token: TLS, or this machine. Raises ValueError."""
    if not _API.fullmatch(text):
        raise ValueError(f"'{text}' is not https://HOST, or http://127.0.0.1:PORT")
    return text.rstrip("/")


def parse_groups(text: str) -> frozenset[int]:
    """Numbers of Telegram groups, which are below zero, with commas. Raises ValueError."""
    if not all(_GROUP.fullmatch(word) for word in words(text)):
        raise ValueError(f"'{text}' has a word that is no group's number: they begin with a minus sign")
    return frozenset(int(word) for word in words(text))


def parse_addresses(text: str) -> None:
    """IP addresses with commas. Raises ValueError."""
    for word in words(text):
        ipaddress.ip_address(word)


def parse_names(text: str) -> None:
    """Names of operators with commas. Raises ValueError."""
    for word in words(text):
        if not _NAME.fullmatch(word):
            raise ValueError(f"'{word}' is no operator's name")


def parse_times(text: str) -> tuple[tuple[int, int], ...]:
    """Hours and minutes of `HH:MM` with commas. Raises ValueError."""
    found = tuple(divmod(minute_of(word), 60) for word in words(text))
    if len(found) > TIMES_MAX:
        raise ValueError(f"more than {TIMES_MAX} times")
    return found


def parse_webhook(text: str) -> None:
    """Raises ValueError for what is no address, or would be sent in the clear over a network."""
    match = _WEBHOOK.fullmatch(text)
    if text and match is None:
        raise ValueError(f"'{text}' is not https://HOST/PATH")
    if match and match["scheme"] == "http" and not is_loopback(match["host"].strip("[]")):
        raise ValueError("http is for a loopback address only: use https")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_phone_may(text: str) -> None:
    """Names of verbs with commas. Raises ValueError."""
    known = {str(verb.__struct_config__.tag) for verb in typing.get_args(AnyVerb)}
    for word in words(text):
        if word not in known:
            near = difflib.get_close_matches(word, known, 1)
            raise ValueError(f"no verb '{word}'" + (f", nearest is '{near[0]}'" if near else ""))


class Daemon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[daemon]`: the process."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9-]{0,31}$",
            description="text; tells this home from others in logs and alerts",
            extra={"expected": "up to 32 small letters, digits and dashes, a letter first"},
        ),
    ] = "hydra"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="word; what the log leaves out")
    ] = "info"


class Bridge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[bridge]`: the way to the terminals."""

    address: Annotated[
        str,
        Meta(
            description="address that agents connect to; a paper home takes another port where it is taken",
            extra={"parse": parse_address, "expected": "tcp://HOST:PORT"},
        ),
    ] = "tcp://127.0.0.1:5555"
    degraded_after_ms: Annotated[
        int, Meta(ge=100, le=600_000, description="milliseconds; without a beat, until a link is DEGRADED")
    ] = 3_000
    lost_after_ms: Annotated[
        int, Meta(ge=200, le=600_000, description="milliseconds; without a beat, until a link is LOST")
    ] = 10_000


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[paper]`: the simulated market of a paper home; read when the home is made or started."""

    speed: Annotated[
        str,
        Meta(
            description="times faster than life; 0 stands still",
            extra={"parse": parse_speed, "expected": f'"max" or a number in quotes from 0 to {_SPEED_MAX}'},
        ),
    ] = "10"
    conductor: Annotated[
        Literal["daemon", "client"], Meta(description="word; who asks the simulated broker for the next step")
    ] = "daemon"
    feed: Annotated[
        Literal["bundled", "live", "recorded"],
        Meta(
            description="word; a new home's market: the bundled day, quotes of terminals that were enrolled with "
            "--feed-only, or the days of a recording. Read when the home is made, and never again"
        ),
    ] = "bundled"
    recording: Annotated[
        str,
        Meta(
            description='path; where the days of feed = "recorded" lie: HOME/state/market/recorded of a home, or '
            "imported/SOURCE beside it. They are copied into the new home",
            extra={"expected": "a path in quotes"},
        ),
    ] = ""
    days: Annotated[
        str,
        Meta(
            pattern=r"^(\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?)?$",
            description="days of the recording, UTC: one, or the first and the last",
            extra={"expected": 'a day in quotes such as "2014-05-08", or two such as "2014-05-05..2014-05-09"'},
        ),
    ] = ""
    start: Annotated[
        str,
        Meta(
            description="instant of the recorded day at which a new home begins",
            extra={"parse": parse_ms, "expected": 'an instant in quotes, such as "2014-05-02T14:25:00Z"'},
        ),
    ] = "2014-05-02T14:25:00Z"
    history_hours: Annotated[
        int, Meta(ge=0, le=168, description="hours before `start` that agents send as history")
    ] = 12
    balance: Annotated[
        Decimal,
        Meta(
            description="money in the account's currency; what each account begins with",
            extra={"min": Decimal(1), "max": Decimal(1_000_000_000)},
        ),
    ] = Decimal("10000")
    accounts: Annotated[int, Meta(ge=1, le=50, description="accounts of a new home")] = 2
    currencies: Annotated[
        str,
        Meta(
            pattern=r"^(USD|EUR)(,(USD|EUR)){0,49}$",
            description="currencies of a new home's accounts in their order; they repeat",
            extra={"expected": 'USD and EUR with commas, such as "USD,EUR"'},
        ),
    ] = "USD"


class Apex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[apex]`: the signal engine."""

    profile: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]{0,31}$",
            description="name of a profile: its symbols, detectors and thresholds",
            extra={"expected": "up to 32 small letters, digits, dashes and underscores, a letter first"},
        ),
    ] = "sample"
    enabled: Annotated[bool, Meta(description="true or false; without it missions are made by hand only")] = True


class News(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[news]`: the economic calendar around which nothing opens."""

    mode: Annotated[
        Literal["file", "off"] | None,
        Meta(
            description="word; whether opens are held back around news. Where it is not set: off in a paper home, file "
            "in a real one",
            extra={"example": "file"},
        ),
    ] = None
    file: Annotated[
        str,
        Meta(
            description="path of news.csv (time_utc,currency,impact,title,source); beside config.toml where it is "
            "relative",
            extra={"expected": "a path"},
        ),
    ] = "news.csv"


class Operators(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[operators]`: only the first one; all others are journal state."""

    commander_uid: Annotated[
        Annotated[int, Meta(ge=0, le=4_294_967_294)] | None,
        Meta(
            description="unix uid; the first commander, whoever made the home where it is not set",
            extra={"example": 1000, "expected": "a whole number, a user's uid"},
        ),
    ] = None


# One named plan, a key of `[plans]`; the section takes any name.
PlanText = Annotated[
    str,
    Meta(
        description="steps joined by `;`: the plan of this name, for `fire --plan`; others may stand beside it",
        extra={"parse": parse_plan, "expected": "a plan in quotes; see docs/plans.md"},
    ),
]


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[secrets]`: where secrets are kept; never the secrets themselves."""

    daemon_key_file: Annotated[
        str,
        Meta(
            description="path of the daemon's key pair; empty: the credential daemon.key, else state/keys/daemon.key",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    keyring: Annotated[
        str,
        Meta(
            description="service in the system's keyring to ask for secrets; empty: the keyring is not used",
            pattern=r"^[A-Za-z0-9._-]{0,64}$",
            extra={"expected": "up to 64 letters, digits, dots, dashes and underscores"},
        ),
    ] = ""


class Hud(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[hud]`: the pages, the API and the probes, on this machine's loopback address alone."""

    enabled: Annotated[bool, Meta(description="true or false; without it no HTTP port is opened")] = True
    port: Annotated[
        int, Meta(ge=1, le=65_535, description="TCP port on 127.0.0.1; a paper home takes another where it is taken")
    ] = 8_888
    public_url: Annotated[
        str,
        Meta(
            description="address of a TLS proxy in front of the port, for phones; empty: there is none, and alerts "
            "carry no link",
            extra={"parse": parse_public_url, "expected": "https://HOST, https://HOST:PORT, or nothing"},
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            description="IP addresses with commas, such as 127.0.0.1; only their X-Forwarded-For says who asks",
            extra={"parse": parse_addresses, "expected": "IP addresses with commas, or nothing"},
        ),
    ] = ""
    phone_may: Annotated[
        str,
        Meta(
            description="verbs with commas, such as resume or account.arm; taken from HUD and bot besides those of the "
            "built-in table",
            extra={"parse": parse_phone_may, "expected": "names of verbs with commas, or nothing"},
        ),
    ] = ""
    session_idle_s: Annotated[
        int, Meta(ge=60, le=86_400, description="seconds; a session that asks nothing for so long has ended")
    ] = 900
    session_max_s: Annotated[
        int, Meta(ge=300, le=604_800, description="seconds; a session ends so long after its login")
    ] = 28_800
    confirm_s: Annotated[int, Meta(ge=30, le=86_400, description="seconds; how long a PIN confirms acts")] = 900
    metrics_token_file: Annotated[
        str,
        Meta(
            description="path of a file with a token that /metrics and /healthz take from elsewhere than this machine; "
            "empty: none does",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Bot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[bot]`: the Telegram bot."""

    token_file: Annotated[
        Annotated[str, Meta(pattern="^/")] | None,
        Meta(
            description="path of a file with the bot's token, readable by its owner alone; without it there is no bot",
            extra={"example": "/etc/hydra/bot.token", "expected": "an absolute path in quotes"},
        ),
    ] = None
    api_url: Annotated[
        str,
        Meta(
            description="address of the Bot API: Telegram's, or a Bot API server's of your own; plain http for this "
            "machine alone",
            extra={"parse": parse_api_url, "expected": "https://HOST, or http://127.0.0.1:PORT"},
        ),
    ] = "https://api.telegram.org"
    groups: Annotated[
        str,
        Meta(
            description="numbers of groups with commas, such as -1001234567890; these read along, without size, money "
            "and accounts",
            extra={"parse": parse_groups, "expected": "numbers of groups with commas, or nothing"},
        ),
    ] = ""


class OnCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[oncall]`: who is told of alarms that nobody acknowledges, and when it is said that all is well."""

    order: Annotated[
        str,
        Meta(
            description="names of operators with commas; the first is told first, the next after each "
            "timing.alarm_repeat_ms; empty: traders, then commanders",
            extra={"parse": parse_names, "expected": "names with commas, or nothing"},
        ),
    ] = ""
    all_well_at: Annotated[
        str,
        Meta(
            description="times of day in UTC with commas; at each, those on call are told that all is well, or what is "
            "not; empty: never",
            extra={"parse": parse_times, "expected": 'times in quotes such as "06:00,18:00", at most 8, or nothing'},
        ),
    ] = "06:00,18:00"


class Email(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[email]`: the mail server that alarms leave by; each person's address is set by `operator contact`."""

    host: Annotated[
        str,
        Meta(
            description="name or address of the SMTP server; empty: no e-mail is sent",
            pattern=r"^[A-Za-z0-9.:-]{0,253}$",
            extra={"expected": "a host's name, or nothing"},
        ),
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port: 587 for starttls, 465 for tls")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="word; how the connection is encrypted; none is taken for a server of this machine only"),
    ] = "starttls"
    sender: Annotated[
        str,
        Meta(
            description="address that letters come from; needed where host is set",
            pattern=r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189})?$",
            extra={"expected": "an address such as hydra@example.org, or nothing"},
        ),
    ] = ""
    user: Annotated[
        str,
        Meta(
            description="name to log in with; empty: without a login",
            pattern=r"^[\x21-\x7e]{0,254}$",
            extra={"expected": "a name without spaces, or nothing"},
        ),
    ] = ""
    password_file: Annotated[
        str,
        Meta(
            description="path of a file with the password; empty: the credential email.password",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="path of certificates to trust instead of the system's",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[webhook]`: a program of yours that alarms are sent to, signed. See docs/alerts.md."""

    url: Annotated[
        str,
        Meta(
            description="address that takes a POST; empty: there is none",
            extra={"parse": parse_webhook, "expected": "https://HOST/PATH, http:// for a loopback address, or nothing"},
        ),
    ] = ""
    secret_file: Annotated[
        str,
        Meta(
            description="path of a file with the key that letters are signed with; empty: the credential "
            "webhook.secret; needed where url is set",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="path of certificates to trust instead of the system's",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Apprise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[apprise]`: other services that alarms are sent to, by the optional package apprise."""

    urls_file: Annotated[
        str,
        Meta(
            description="path of a file with the services' addresses, one a line, readable by its owner alone; empty: "
            "there are none",
            pattern=r"^(/.*)?$",
            extra={"expected": "an absolute path, or nothing"},
        ),
    ] = ""


class Scheduler(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[scheduler]`: what the daemon does by itself, in machine time."""

    verify_at: Annotated[
        str,
        Meta(
            pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
            description="time of day in UTC; when the journal's chain is verified, daily, in a process of its own",
            extra={"expected": 'a time of day in quotes, such as "03:10"'},
        ),
    ] = "03:10"
    snapshot_every_s: Annotated[
        int, Meta(ge=60, le=86_400, description="seconds; between snapshots, which shorten the next start")
    ] = 3_600


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[market]`: what stays of recorded ticks, and the disk under them. Imports are never deleted."""

    keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="days of market time; older recorded ones are deleted, whole, but for those that a finding "
            "names; 0 keeps all",
        ),
    ] = 0
    keep_mib: Annotated[
        int,
        Meta(ge=0, le=1 << 30, description="MiB; of recorded ticks over it the oldest days are deleted; 0 is no bound"),
    ] = 0
    disk_free_min_mib: Annotated[
        int,
        Meta(ge=0, le=1 << 30, description="MiB free on the home's disk, below which DISK_LOW rings; 0 never"),
    ] = 1_024


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


class Source(NamedTuple):
    """Where a value came from: `name` is a file, a variable or `built in`; `line` 0 where there is none."""

    name: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


BUILT_IN = Source("built in")


class Problem(NamedTuple):
    source: Source
    key: str
    detail: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.detail}" if self.key else f"{self.source}: {self.detail}"


class ConfigError(Exception):
    """All problems of a configuration, each with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Loaded(NamedTuple):
    """`sources` has every key, such as `risk.currency`."""

    config: Config
    sources: Mapping[str, Source]

    def value(self, key: str) -> Any:
        """The value of a known key."""
        section, _, name = key.partition(".")
        block = getattr(self.config, section)
        return block[name] if isinstance(block, dict) else getattr(block, name)


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


def load(
    config_file: Path,
    conf_dir: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, str] = types.MappingProxyType({}),
) -> Loaded:
    """Read all sources; a missing file or folder has no values. `flags`: texts by key, such as `paper.speed`.

    Raises ConfigError with every problem found.
    """
    reading = _Reading()
    for path in (config_file, *sorted(conf_dir.glob("*.toml"))):
        reading.file(path)
    reading.environment(environ)
    for key, text in flags.items():
        reading.text(key, text, Source(f"flag {key}"))
    return reading.finish()


def checked(key: str, text: str) -> Any:
    """The value of a known key from text, as a program uses it; raises ConfigError."""
    reading = _Reading()
    reading.text(key, text, Source("argument"))
    if reading.problems:
        raise ConfigError(reading.problems)
    return reading.values[key]


def value_text(value: object) -> str:
    """A value as it is written in TOML."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {value_text(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return json.dumps(str(value) if isinstance(value, Decimal) else value)


def example() -> str:
    """The text of `config.toml.example`: every key with its default, commented out, and what it means."""
    lines = [
        "# HydraX's configuration. Every key is here with its built-in value; remove the # before one to set it.",
        "# Later wins: this file, conf.d/*.toml by name, HYDRA_<SECTION>__<KEY> in the environment, flags.",
        "# `hydractl config check` reads it, `hydractl config show --source` tells where each value came from.",
    ]
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        lines += [
            "",
            f"# {key.description[0].upper()}{key.description[1:]}.",
            f"# Takes {key.expected}.",
            f"#{key.name} = {value_text(key.example)}",
        ]
    return "\n".join(lines) + "\n"


class _Reading:
    """Values so far, where they came from, and what was wrong."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {path: key.default for path, key in KEYS.items()}
        self.sources: dict[str, Source] = dict.fromkeys(KEYS, BUILT_IN)
        self.problems: list[Problem] = []

    def file(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
            tables = tomllib.loads(text)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append(Problem(Source(str(path)), "", f"cannot be read: {error.strerror}"))
        except ValueError as error:
            self.problems.append(Problem(Source(str(path), _error_line(error)), "", f"is not TOML: {error}"))
        else:
            lines = _lines(text)
            for key, value in _pairs(tables):
                self._take(key, Source(str(path), _line_of(key, lines)), value, Key.check)

    def environment(self, environ: Mapping[str, str]) -> None:
        """Variables without a double underscore belong to others (HYDRA_HOME)."""
        for name in sorted(environ):
            section, mark, key = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")
            if name.startswith(ENVIRONMENT_PREFIX) and mark:
                self.text(f"{section}.{key}".lower(), environ[name], Source(name))

    def text(self, key: str, text: str, source: Source) -> None:
        self._take(key, source, text, Key.from_text)

    def finish(self) -> Loaded:
        if not self.problems:
            self.problems += self._out_of_order()
        if self.problems:
            raise ConfigError(self.problems)
        blocks: dict[str, dict[str, Any]] = {}
        for path, value in self.values.items():
            section, _, name = path.partition(".")
            blocks.setdefault(section, {})[name] = value
        made = {name: type(getattr(Config(), name))(**block) for name, block in blocks.items()}
        return Loaded(Config(**made), types.MappingProxyType(self.sources))

    def _take(self, path: str, source: Source, value: Any, read: Callable[[Key, Any], Any]) -> None:
        key = key_of(path)
        if key is None:
            self.problems.append(Problem(source, path, unknown(path)))
            return
        try:
            self.values[path] = read(key, value)
        except BadPlan as bad:
            self.problems.append(Problem(source, path, str(bad)))
        except ValueError:  # msgspec's errors are ValueErrors too
            self.problems.append(Problem(source, path, f"expected {key.expected}"))
        else:
            self.sources[path] = source

    def _out_of_order(self) -> Iterator[Problem]:
        for lesser, greater in RULES:
            low, high = self.values[lesser], self.values[greater]
            if low > high and (high or not lesser.startswith("guards.")):  # of a guard 0 is off
                at_fault = lesser if self.sources[greater] is BUILT_IN else greater
                detail = f"{lesser} ({low}) is above {greater} ({high})"
                yield Problem(self.sources[at_fault], at_fault, detail)


def _pairs(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys with their values; a key outside all sections, or a section that is none, by its own name."""
    for section, content in tables.items():
        if isinstance(content, dict) and hasattr(Config, section):
            for name, value in content.items():
                yield f"{section}.{name}", value
        else:
            yield section, content


def unknown(path: str) -> str:
    section, _, name = path.partition(".")
    if section == "plans":
        why = "is built in" if name in BUILT_IN_PLANS else "is not up to 32 small letters, digits, - and _"
        return f"the plan's name '{name}' {why}"
    near = difflib.get_close_matches(path, KEYS, n=1, cutoff=0.6)
    if not near:
        names = {key.name: key.path for key in KEYS.values()} | {
            key.section: f"[{key.section}]" for key in KEYS.values()
        }
        near = [names[name] for name in difflib.get_close_matches(path.rpartition(".")[2], names, n=1, cutoff=0.6)]
    return f"unknown key; the nearest is {near[0]}" if near else "unknown key"


# Enough of TOML to find a line again: tomllib gives values without their places.
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""\s*([A-Za-z0-9_\-."' \t]+?)\s*=""")
_ERROR_LINE = re.compile(r"at line (\d+)")


def _lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = _plain(header[1])
            found.setdefault(section, number)
        elif assignment := _ASSIGNMENT.match(line):
            name = _plain(assignment[1])
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


def _plain(dotted: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))


def _line_of(key: str, lines: Mapping[str, int]) -> int:
    """The line of a key, of what is inside it (a table), or of what it is inside of (an inline table)."""
    inside = [number for name, number in lines.items() if name.startswith(key + ".")]
    return lines.get(key) or min(inside, default=0) or lines.get(key.partition(".")[0], 0)


def _error_line(error: ValueError) -> int:
    match = _ERROR_LINE.search(str(error))
    return int(match[1]) if match else 0
