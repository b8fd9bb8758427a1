"""The shell's own client as a screen that is left open uses it: `now` each second, and acts that are the TUI's."""

from __future__ import annotations

import pytest
from paper import PaperHome

from hydractl.client import Client
from hydractl.places import find

pytestmark = pytest.mark.timeout(120)


def test_a_screen_is_told_what_is_now_and_the_journal_names_it(home: PaperHome) -> None:
    home.step()
    screen = Client(find(None, home.environ), surface="tui")
    now = screen.query("now")
    assert (now.schema, now.ok, now.data.authority) == ("hydra.now/v1", True, "ACTIVE")
    assert [row.name for row in now.data.terminals] == ["alpha", "bravo"]
    assert now.data.market == home.status()["clocks"]["market"]
    quotes = {row["symbol"]: row["bid"] for row in home.ctl("ticks").data if row["source"]}
    assert {row.symbol: row.bid for row in now.data.quotes} == quotes

    halted = Client(find(None, home.environ), surface="tui").request("halt", wait_s=5.0, reason="a try")
    assert halted.ok, halted
    assert screen.query("now").data.authority == "HALTED"
    resumed = Client(find(None, home.environ), surface="tui").request("resume", wait_s=5.0, reason="over")
    assert resumed.error is None or resumed.error.code == "PARTLY", "what raises authority is taken at a shell's screen"
    assert screen.query("now").data.authority == "ACTIVE"
    surfaces = {event.surface for event in screen.events(False, lambda seq: None, kind="AUTHORITY_SET", last=10)}
    assert "tui" in surfaces, surfaces
    assert home.ctl("journal", "verify").code == 0
