"""The reference page of codes is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrad.commands import codes
from hydrad.config import KEYS
from hydrad.toc import limit_table, risk
from hydrad.toc.limits import Limits
from hydrad.wire.codes import ERROR_TEXTS, ErrorCode, Reason

PAGE = Path(__file__).parents[2] / "docs" / "codes.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == codes.page(), "run: make codes"


def test_every_error_has_its_sentence() -> None:
    assert set(ERROR_TEXTS) == set(ErrorCode)


def test_every_limit_stands_beside_a_reason() -> None:
    """Keys that are no limit of the gate are named here: how totals are shown, and how a fire is sized."""
    no_limits = {"currency", "risk_per_trade_percent"}
    assert {name for names in limit_table.KEYS.values() for name in names} == set(Limits.__struct_fields__) - no_limits
    assert set(limit_table.KEYS) <= {reason for reason, _ in risk.CHECKS}


def test_what_a_live_account_needs_is_what_has_no_built_in_value() -> None:
    without = {name for name in Limits.__struct_fields__ if getattr(Limits(), name) is None}
    assert set(limit_table.LIVE_NEEDS) == without - set(limit_table.THRESHOLDS)
    assert all(KEYS[f"risk.{name}"].example is not None for name in without)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_one_sentence(reason: Reason) -> None:
    assert reason.text.endswith(".") and "\n" not in reason.text and "|" not in reason.text
