"""Me: what I may fire yet, as the daemon counts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from screens import PIN, TRADER


@pytest.mark.telegram
@pytest.mark.parametrize("kind", ["phone", "desktop"])
def test_fires_left_are_the_daemons_count(screen: Callable[..., Any], crew: Any, kind: str) -> None:
    """A trader of the starter policy, whose account's own limit is tighter."""
    assert crew.ctl("account", "limits", "alpha", "fires_per_day_max=2").code == 0
    crew.set_pin("--for", "tom")
    shown = screen(kind).log_in_by_telegram(TRADER)
    shown.go("/me")
    row = next(row for row in crew.ctl("operators").data if row["name"] == "tom")
    shown.see(f"0 of {row['fires_max']}, {row['fires_max']} left", ".facts")
    shown.see("0 of 2, 2 left", "table")
    shown.brief(crew.mission())
    shown.hold("FIRE BUY")
    shown.give_pin(PIN)
    shown.see("FILLED", "dialog")
    shown.go("/me")
    shown.see(f"1 of {row['fires_max']}, {row['fires_max'] - 1} left", ".facts")
    shown.see("1 of 2, 1 left", "table")
    assert "bravo" not in shown.text("main") and shown.wide() <= 0
