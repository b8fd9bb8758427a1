"""What a fire on several accounts says it touches, before anybody says yes to it."""

from __future__ import annotations

import pytest

from hydractl.commands.fire import label_of
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
    ],
)
def test_a_live_account_is_named_though_it_would_be_denied(targets: list[TargetRow], label: str) -> None:
    assert label_of(targets) == label
