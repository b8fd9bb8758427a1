"""What a fire says it touches before anybody says yes to it, and that it then sends what it has shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hydractl.commands.fire import label_of, pinned, unsized
from hydrad.wire.answers.acts import TargetRow
from tests.cli.test_output import on_a_terminal


def target(kind: str, *codes: str) -> TargetRow:
    return TargetRow(kind, kind, "1", "t1", "0.10", "10.00", "USD", None, "route", codes)


@pytest.mark.parametrize(
    ("targets", "label"),
    [
        ([target("paper")], "PAPER"),
        ([target("demo"), target("live")], "LIVE"),
        ([target("demo"), target("live", "SPREAD")], "LIVE"),  # denied now; by the time of the fire it may pass
        ([target("demo", "SPREAD"), target("demo")], "DEMO"),
        ([target("demo"), target("contest")], "LIVE"),  # a kind that nobody has told of
        ([target("")], "LIVE"),
    ],
)
def test_a_live_account_is_named_though_it_would_be_denied(targets: list[TargetRow], label: str) -> None:
    assert label_of(targets) == label


ASKED = {"group": "all", "account": None, "accounts": [], "pool": None, "all_accounts": False, "volume": None}
ASKED |= {"risk": "0.5%", "plan": "runner", "mission": "M-00000011"}


def preview(*rows: TargetRow) -> Any:
    return SimpleNamespace(data=SimpleNamespace(targets=rows, order=SimpleNamespace(entry="1.08340")))


def test_the_sizes_that_were_shown_are_what_is_asked_for() -> None:
    wanted = [{"account": "demo", "volume": "0.10"}, {"account": "live", "volume": "0.10"}]
    fields = pinned(preview(target("demo"), target("live", "SPREAD")), ASKED)
    assert fields["sized"] == wanted and (fields["plan"], fields["mission"]) == ("runner", "M-00000011")
    assert not any(fields[name] for name in ("group", "account", "accounts", "all_accounts", "volume", "risk"))


def test_what_has_no_size_is_asked_for_as_it_was() -> None:
    without = msgspec.structs.replace(target("demo", "TERMS_UNKNOWN"), volume=None)
    assert pinned(preview(without), ASKED) == ASKED


def test_of_a_pool_the_account_whose_turn_was_shown_is_pinned() -> None:
    fields = pinned(preview(target("demo")), {**ASKED, "pool": "turns"})
    assert (fields["pool"], fields["sized"]) == ("turns", [{"account": "demo", "volume": target("demo").volume}])


@pytest.mark.parametrize(("kind", "shown"), [(None, "1.08340"), ("limit", None)])
def test_the_price_that_was_shown_is_where_an_order_at_the_market_may_be_filled(
    kind: str | None, shown: str | None
) -> None:
    by_hand = {name: value for name, value in ASKED.items() if name != "mission"}
    fields = pinned(preview(target("demo")), {**by_hand, "symbol": "EURUSD", "type": kind})
    assert fields.get("shown") == shown
    assert "shown" not in pinned(preview(target("demo")), ASKED)  # a mission has its own entry


def test_of_several_one_that_cannot_be_sized_holds_all(fake: Any, environ: dict[str, str], wire: Any) -> None:
    """What was shown is what is sent: without a size of each none can be pinned, and the others might get another."""
    without = msgspec.structs.replace(target("demo", "TERMS_UNKNOWN"), account="other", volume=None)
    assert unsized(preview(target("demo"), without)) == ["other"] and not unsized(preview(without))
    data = msgspec.structs.replace(wire.FIRE, dry_run=True, act=None, acts=(), targets=(target("demo"), without))
    fake.script = lambda call: wire.answer(call, data=data if call.body.dry_run else wire.FIRE)
    code, shown = on_a_terminal(["fire", wire.M, "--group", "both"], environ, "y\n")
    assert code == 6 and "other cannot be sized" in shown and "[y/N]" not in shown
    assert [body.dry_run for body in fake.bodies("fire")] == [True]
    with_key = ["fire", wire.M, "--group", "both", "--key", "k"]  # a key of one's own is sized anew, each by itself
    assert on_a_terminal(with_key, environ, "y\n")[0] == 0
