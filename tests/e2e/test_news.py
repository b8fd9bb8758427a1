"""News as its user meets it: no file, an imported one, an event by hand; and the replay that knows what was known."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from paper import CONFIG, PaperHome

pytestmark = pytest.mark.timeout(120)
HEAD = "time_utc,currency,impact,title,source"


@pytest.fixture
def home() -> Iterator[PaperHome]:
    made = PaperHome(CONFIG + '[news]\nmode = "file"\n')
    try:
        made.start()
        yield made
    finally:
        made.end()


def codes(home: PaperHome) -> list[str]:
    row = next(row for row in home.ctl("ticks", "EURUSD").data if row["symbol"] == "EURUSD")
    stop = Decimal(row["bid"]) - Decimal("0.00300")
    asked = home.ctl("fire", "--symbol", "EURUSD", "--side", "buy", "--stop", str(stop), "--dry-run")
    return [check["code"] for check in asked.data["checks"] if not check["ok"]]


def test_from_no_file_to_an_event(home: PaperHome, tmp_path: Path) -> None:
    home.step()
    assert codes(home) == ["NEWS"]
    status = home.ctl("status").data["news"]
    assert status["mode"] == "file" and status["explicit"] and status["problem"].endswith("does not exist")

    calendar = tmp_path / "calendar.csv"
    calendar.write_text(f"{HEAD}\n2014-05-02T14:00:00Z,USD,high,Factory orders,x\n")
    imported = home.ctl("news", "import", str(calendar))
    assert imported.code == 0 and [row["title"] for row in imported.data["today"]] == ["Factory orders"]
    assert codes(home) == []

    added = home.ctl("news", "add", "ECB speaks", "--at", "2014-05-02T12:30:00Z", "--currency", "EUR")
    assert added.code == 0 and added.data["today"][0]["holds"] is True
    assert codes(home) == ["NEWS"]
    assert home.ctl("tail", "--kind", "NEWS_READ", "-n", "1").envelope["actor"].startswith("uid:")

    bad = tmp_path / "bad.csv"
    bad.write_text(f"{HEAD}\n2014-05-02T14:00:00Z,USD,huge,x,y\n")
    refused = home.ctl("news", "import", str(bad))
    assert refused.code == 2 and "line 2" in refused.envelope["error"]["message"]
    assert home.ctl("news", "today").data["news"]["events"] == 2

    home.places.config_file.parent.joinpath("news.csv").unlink()
    home.until(lambda: codes(home) == ["NEWS"], "a file that is gone closes the gate")
    home.ctl("down", "--yes")
    assert home.ctl("journal", "verify", "--replay").code == 0
