"""Firing a mission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydractl.commands import fire, verdicts
from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Desk
from hydractl.tui.intents.base import REASON, asked, nothing
from hydractl.tui.sheets import Field, Intent, Proposal

if TYPE_CHECKING:
    from hydrad.wire.answers import Answer


def fire_mission(mission: str, targets: Sequence[tuple[str, str]], plans: Sequence[str], account: str | None) -> Intent:
    """Fire a mission. `targets`: (shown, `account:NAME`, `group:NAME`, `pool:NAME` or `all:`)."""

    def propose(desk: Desk, values: Mapping[str, str]) -> Proposal:
        fields = _fire_fields(mission, values)
        preview = desk.client.query("fire", dry_run=True, **fields)
        if not fire.may_go(preview):
            return _denied(desk, preview)
        proposed = fire.proposed(desk, preview)
        sized = fire.pinned(preview, fields)

        def send(desk: Desk) -> int:
            wait_s = fire.wait_s(desk, True)
            return fire.show(desk, desk.client.request("fire", dry_run=False, wait_s=wait_s, **sized))

        return asked(desk, proposed, send)

    fields = (
        Field("target", "where", value=f"account:{account}" if account else "", choices=tuple(targets)),
        Field("size", "size", hint="0.10 lots, or 0.5% of the account; empty: as configured"),
        Field("plan", "plan", value="default", choices=tuple((name, name) for name in plans)),
        REASON,
    )
    return Intent(f"FIRE {mission}", "Fire", propose, fields)


def _denied(desk: Desk, preview: Answer) -> Proposal:
    """What would be denied, the checks that fail before all others."""
    if preview.data is None:
        return nothing(desk, desk.present(preview, lambda _: None))
    desk.heading(preview)
    desk.out.line(f"nothing was sent: {desk.out.paint(preview.data.would, 'bad')}")
    if len(preview.data.targets) > 1:
        verdicts.show_targets(desk, preview.data.targets)
    verdicts.show_checks(desk, preview.data.checks, every=False)
    return nothing(desk, ExitCode.DENIED)


def _fire_fields(mission: str, values: Mapping[str, str]) -> dict[str, Any]:
    kind, _, name = values["target"].partition(":")
    size = values["size"]
    return {
        "mission": mission,
        "account": name if kind == "account" else None,
        "group": name if kind == "group" else None,
        "pool": name if kind == "pool" else None,
        "all_accounts": kind == "all",
        "accounts": [],
        "volume": size if size and not size.endswith("%") else None,
        "risk": size if size.endswith("%") else None,
        "plan": values["plan"],
        "reason": values["reason"] or None,
    }
