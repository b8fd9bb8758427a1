"""What is done to a position."""

from __future__ import annotations

from collections.abc import Mapping

from hydractl.commands import positions
from hydractl.tui.carry import Desk
from hydractl.tui.intents.base import REASON, asked
from hydractl.tui.sheets import Field, Intent, Proposal


def close(position: str) -> Intent:
    """Close a position, or a part of it."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        part, reason = values["part"] or None, values["reason"] or None

        def send(desk: Desk) -> int:
            return positions.close(desk, id=position, part=part, yes=True, wait=True, reason=reason, key=None)

        return asked(desk, positions.proposed(desk, position, f"close {part or 'all'} of"), send)

    fields = (
        Field("part", "part", hint="50%, or lots; empty: all of it"),
        REASON,
    )
    return Intent(f"CLOSE {position}", "Close it", propose, fields)
