"""What a fire says it touches before anybody says yes to it, and that it then sends what it has shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hydractl.commands.fire import label_of, pinned
from hydrad.wire.answers.acts import TargetRow


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
    return SimpleNamespace(data=SimpleNamespace(targets=rows))


def test_the_sizes_that_were_shown_are_what_is_asked_for() -> None:
    wanted = [{"account": "demo", "volume": "0.10"}, {"account": "live", "volume": "0.10"}]
    fields = pinned(preview(target("demo"), target("live", "SPREAD")), ASKED)
    assert fields["sized"] == wanted and (fields["plan"], fields["mission"]) == ("runner", "M-00000011")
    assert not any(fields[name] for name in ("group", "account", "accounts", "all_accounts", "volume", "risk"))


def test_what_has_no_size_or_is_a_pools_turn_is_asked_for_as_it_was() -> None:
    unsized = msgspec.structs.replace(target("demo", "TERMS_UNKNOWN"), volume=None)
    assert pinned(preview(target("demo"), unsized), ASKED) == ASKED
    assert pinned(preview(target("demo")), {**ASKED, "pool": "turns"}) == {**ASKED, "pool": "turns"}
