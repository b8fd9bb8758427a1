"""What an agent is told by its bundle and its host. Owns these fields."""

from __future__ import annotations

import msgspec

from hydrad.agent.caps import Caps
from hydrad.domain.instants import SECOND
from hydrad.link import frames


class AgentConfig(msgspec.Struct, frozen=True):
    """`account`: its name at the daemon. `settle_ns`: how long a broker's records may lag. `dead_man_ns`: without a
    beat for so long nothing is opened. `act_bound_ms`: how long one order may take."""

    account: str
    login: int
    server: str
    agent_version: str
    boot_id: str
    symbols: tuple[str, ...]
    caps: Caps
    host: str = ""
    selftest: frames.SelfTest | None = None
    settle_ns: int = 60 * SECOND
    dead_man_ns: int = 10 * SECOND
    act_bound_ms: int = 15_000
