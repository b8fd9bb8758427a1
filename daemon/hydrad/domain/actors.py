"""Who asks: worked out once, at the edge, and passed down."""

from __future__ import annotations

import enum

import msgspec


class Role(enum.IntEnum):
    """Ordered: a role may do all that a lower one may."""

    NONE = 0
    VIEWER = 1
    TRADER = 2
    APPROVER = 3
    COMMANDER = 4


class Surface(enum.StrEnum):
    SHELL = "shell"
    TUI = "tui"
    HUD = "hud"
    BOT = "bot"
    AGENT = "agent"
    DAEMON = "daemon"


# Who sits there is known to the kernel, by their uid.
SHELLS = frozenset({Surface.SHELL, Surface.TUI})


class Actor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A caller as its edge identified it: `identity` is `uid:1000`, `telegram:…`; the core knows the role."""

    identity: str
    surface: Surface
