"""What the HUD asks of the daemon: one value of callables, so that a test's daemon is a few lambdas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hydrad.domain.actors import Actor
from hydrad.host.secrets import Secret
from hydrad.host.tickets import Tickets
from hydrad.hud.glance import Glance
from hydrad.hud.metrics import Figure
from hydrad.ports import Ask
from hydrad.toc.people import Person
from hydrad.wire.answers import Answer, Problem


@dataclass(frozen=True, slots=True)
class World:
    """`person`: who an identity is now, None for who may nothing. `envelope`: an answer of the HUD's own, from schema,
    data and problem. `stranger` counts somebody unknown by why; `refused` journals what a known actor was refused
    (verb, why). `phone_may`: verbs that the configuration adds for phones. `figures`: for /metrics, measured now."""

    ask: Ask
    person: Callable[[str], Person | None]
    now_ns: Callable[[], int]
    look: Callable[[], Glance]
    envelope: Callable[[str, Any, Problem | None], Answer]
    stranger: Callable[[str], None]
    refused: Callable[[Actor, str, str], None]
    figures: Callable[[], list[Figure]]
    tickets: Tickets
    phone_may: tuple[str, ...] = ()
    bot_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """Where it listens and whom it believes. `public_host`: of `hud.public_url`, with its port; empty: there is none.
    `proxies`: peers whose X-Forwarded-For counts."""

    port: int
    public_host: str = ""
    proxies: frozenset[str] = frozenset()
    metrics_token: Secret | None = None
