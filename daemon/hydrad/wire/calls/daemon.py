"""The daemon itself: services, configuration, log, news, its end."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class NewsImport(Verb, frozen=True, tag="news.import"):
    """Replace the news file. `text`: a whole news.csv."""

    text: str


class NewsAdd(Verb, frozen=True, tag="news.add"):
    """Add one event to the news file. `impact`: high, medium or low."""

    time_utc: str
    currency: str
    title: str
    impact: str = "high"


class ServiceStart(Verb, frozen=True, tag="service.start"):
    """Services by name: bridge apex toc bot channels hud scheduler."""

    names: tuple[str, ...]
    reason: str | None = None


class ServiceStop(Verb, frozen=True, tag="service.stop"):
    """Refused (CONFLICT) for toc while authority is ACTIVE, for bridge while acts are in flight, unless `force`."""

    names: tuple[str, ...]
    force: bool = False
    reason: str | None = None


class ServiceRestart(Verb, frozen=True, tag="service.restart"):
    names: tuple[str, ...]
    force: bool = False
    reason: str | None = None


class Reload(Verb, frozen=True, tag="reload"):
    """Read the configuration again: whole or nothing. PARTLY when some of what changed needs a restart."""


class LogLevel(Verb, frozen=True, tag="log.level"):
    """What a subsystem's log leaves out, until `for_s` have passed (0: until the daemon ends)."""

    subsystem: str
    level: str
    for_s: float = 0.0


class Down(Verb, frozen=True, tag="down"):
    """Stop the daemon and its children. Refused (CONFLICT) while acts are in flight, unless `force`."""

    force: bool = False


class HudOpen(Verb, frozen=True, tag="hud.open"):
    """A link that logs the caller in to the HUD: once, within 5 minutes."""


class HudPin(Verb, frozen=True, tag="hud.pin"):
    """Set the caller's own PIN, which confirms acts in the HUD; a commander's `operator`, who has no shell. No record
    and no log has it."""

    pin: str
    operator: str | None = None
