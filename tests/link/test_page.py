"""The link's page is complete: an agent in another language can be written from it."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from hydrad.domain.orders import ActKind, Order, PlanStep, PlanStepKind
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.link import retcodes

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
UP, DOWN = typing.get_args(f.Up), typing.get_args(f.Down)
VALUES = (
    *(f.Identity, f.Tick, f.SymbolTicks, f.TicksFrom, f.PositionRow, f.OrderRow, f.DealRow, f.LedgerRow),
    *(Order, PlanStep, SymbolTerms),
)


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "link.md").read_text()


def fields(page: str, part: str, title: str) -> list[str]:
    """The first column of the table under a title, in order."""
    chapter = page.split(f"\n## {part}")[1].split("\n## ")[0]
    section = chapter.split(f"\n#### {title}\n")[1].split("\n#### ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("body", UP + DOWN, ids=lambda body: body.__name__)
def test_every_frame_has_its_fields_in_order(page: str, body: type[msgspec.Struct]) -> None:
    part = "Frames up" if body in UP else "Frames down"
    assert fields(page, part, str(body.__struct_config__.tag)) == list(body.__struct_fields__)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_value_has_its_fields_in_order(page: str, value: type[msgspec.Struct]) -> None:
    assert fields(page, "Values inside frames", value.__name__) == list(value.__struct_fields__)


def test_every_number_has_its_name(page: str) -> None:
    for state in f.RowState:
        assert f"| {state.name} | {state.value} |" in page
    for kind in (*ActKind, *PlanStepKind):
        assert f"{kind.value} {kind.name}" in page


def test_every_return_code_stands_beside_its_verdict(page: str) -> None:
    for code in range(10_000, 10_100):
        if retcodes.name(code).startswith("RETCODE_"):
            continue
        (row,) = [line for line in page.splitlines() if f"{code} {retcodes.name(code)}" in line]
        assert row.startswith(f"| {retcodes.verdict(code).name} |")


def test_every_golden_frame_is_shown(page: str) -> None:
    golden = list((ROOT / "tests" / "link" / "golden").glob("*.hex"))
    assert len(golden) == len(UP + DOWN)
    for path in golden:
        assert path.read_text().strip() in page, path.name


def test_the_limits_are_the_code_s(page: str) -> None:
    assert f"at most {f.FRAME_BYTES_MAX:,} bytes" in page
    assert f"{f.TICKS_PER_FRAME_MAX:,} ticks" in page
    assert f"at most {f.ROWS_PER_PAGE_MAX} " in page.replace("\n", " ")
