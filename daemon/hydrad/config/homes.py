"""Sections of the home itself: its processes, its market, its plans and jobs. `description` is what people read."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hydrad.config.values import SPEED_MAX, parse_address, parse_speed
from hydrad.domain.instants import parse_ms
from hydrad.domain.plans import parse as parse_plan


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
            extra={"parse": parse_speed, "expected": f'"max" or a number in quotes from 0 to {SPEED_MAX}'},
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
