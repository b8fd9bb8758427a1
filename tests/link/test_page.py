"""The link's page is complete: an agent in another language can be written from it."""

from __future__ import annotations

import inspect
import os
import re
import typing
from pathlib import Path

import msgspec
import pytest

from hydrad.agent import caps, checks, core, readings, session, telling
from hydrad.agent.config import AgentConfig
from hydrad.config import Bridge
from hydrad.domain.instants import MINUTE_MS, SECOND
from hydrad.domain.orders import ActKind, Order, PlanStep, PlanStepKind
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames as f
from hydrad.link import retcodes
from hydrad.terminal import bundle
from hydrad.toc import limits
from hydrad.toc.engine import QUERY_BACKOFF_MAX_NS
from hydrad.toc.terminal import LINK_TRANSITIONS, Duty

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
UP, DOWN = typing.get_args(f.Up), typing.get_args(f.Down)
VALUES = (
    *(f.Identity, f.SelfTest, f.Tick, f.SymbolTicks, f.TicksFrom, f.PositionRow, f.OrderRow, f.DealRow, f.RateRow),
    f.LedgerRow,
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


def golden_section() -> str:
    """All golden frames in the order of the page's tables."""
    shown = []
    for way, bodies in (("up", UP), ("down", DOWN)):
        for tag in (str(body.__struct_config__.tag) for body in bodies):
            data = (ROOT / "tests" / "link" / "golden" / f"{way}_{tag.lower()}.hex").read_text().strip()
            shown.append(f"{way} {tag}\n\n    {data}\n")
    return "\n".join(shown)


def test_the_golden_frames_are_shown_as_they_are(page: str) -> None:
    head, shown = page.split("version 1, epoch 3, session 77, seq 2.\n\n")
    if os.environ.get("HYDRA_GOLDEN") == "write":
        (ROOT / "docs" / "link.md").write_text(page.removesuffix(shown) + golden_section())
    assert golden_section() == (ROOT / "docs" / "link.md").read_text().removeprefix(head).split("seq 2.\n\n")[1]


def test_the_limits_are_the_code_s(page: str) -> None:
    assert f"at most {f.FRAME_BYTES_MAX:,} bytes" in page
    assert f"{f.TICKS_PER_FRAME_MAX:,} ticks" in page
    assert f"at most {f.ROWS_PER_PAGE_MAX} " in page.replace("\n", " ")


def test_the_agent_s_checks_are_the_code_s_in_their_order(page: str) -> None:
    """The example agent has one more, for what it cannot do; that is no row of ours."""
    table = page.split("| code | passes when |")[1].split("\n\n")[0]
    shown = re.findall(r"^\| ([A-Z_]+) \|.*\| (yes)? ?\|$", table, re.MULTILINE)
    by_caps = re.findall(r'\("([A-Z_]+)",', inspect.getsource(caps.exceeded))
    first = [code for code, _ in checks.ANY_ACT]
    again = [code for code, _ in checks.AT_RELEASE]
    opening = [code for code, _ in checks.OPENING]
    last = [code for code, _ in checks.OPENING_AT_RELEASE]
    assert [code for code, _ in shown] == [*first, *again, *opening, *by_caps, *last]
    assert [code for code, late in shown if late] == [*again, *last]


def test_an_interval_of_history_includes_both_ends(page: str) -> None:
    section = page.split("\n#### QUERY_HISTORY\n")[1].split("\n#### ")[0]
    assert re.findall(r"^\| `(\w+_ms)` \| int \| market time, (\w+) \|", section, re.MULTILINE) == [
        ("from_ms", "inclusive"),
        ("to_ms", "inclusive"),
    ]


def durations(page: str) -> dict[str, str]:
    table = page.split("| what | how long | whose |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = (line.strip("| ").split(" | ") for line in table.splitlines())
    return {what: how_long for what, how_long, _ in rows}


def test_the_durations_are_the_code_s(page: str) -> None:
    shown = durations(page)
    timing, bridge = limits.Timing(), Bridge()
    wanted = {
        "HELLO, again and again until WELCOME": f"{session.HELLO_EVERY_NS // SECOND} s",
        "BEAT": f"{session.BEAT_EVERY_NS // SECOND} s",
        "silence that ends a session": f"{session.SILENCE_NS_MAX // SECOND} s",
        "HELLO after another version": f"{session.OTHER_VERSION_WAIT_NS // SECOND} s",
        "search for each act without a verdict": f"{core.CHASE_EVERY_NS // SECOND} s",
        "POSITIONS and ACCOUNT that stayed the same are told again": f"{telling.CONFIRM_EVERY_NS // SECOND} s",
        "SPECS are read again": f"{readings.TERMS_EVERY_MS // MINUTE_MS} min of market time",
        "deadline of an act (`deadline_ns`)": f"{timing.act_deadline_ms // 1000} s from its routing",
        "no verdict: the act is UNKNOWN": f"{timing.result_timeout_ms // 1000} s from its routing",
        "silence: DEGRADED, LOST": f"{bridge.degraded_after_ms // 1000} s, {bridge.lost_after_ms // 1000} s",
    }
    assert {what: shown[what] for what in wanted} == wanted
    backoff = f"{timing.query_interval_ms // 1000} s, doubled up to {QUERY_BACKOFF_MAX_NS // SECOND} s"
    assert shown["QUERY about an UNKNOWN act"] == backoff
    call = f"{AgentConfig.__struct_defaults__[-1] // 1000} s, {core._READ_BOUND_MS // 1000} s; then"
    assert shown["one call that performs an act, one that reads"].startswith(call)


def test_every_state_of_a_link_stands_with_where_it_may_go(page: str) -> None:
    for state, following in LINK_TRANSITIONS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {state.value} |")]
        assert set(row.rsplit(" | ", 1)[1].strip("| ").split(", ")) == {one.value for one in following}, state
    for duty in Duty:
        assert duty.value in page


def test_every_key_of_a_bundle_is_named(page: str) -> None:
    chapter = page.split("\n## The bundle")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", chapter))
    wanted = {*bundle.Bundle.__struct_fields__, *bundle.Caps.__struct_fields__, *bundle.DaemonAddress.__struct_fields__}
    assert wanted <= named, wanted - named


def first_default(kind: type[msgspec.Struct]) -> str:
    """The first field of a struct that a sender may leave out, with all after it; empty where there is none."""
    known = len(kind.__struct_defaults__)
    return kind.__struct_fields__[-known] if known else ""


def test_what_a_sender_may_leave_out_is_listed(page: str) -> None:
    (listed,) = re.findall(r"Trailing fields that have a default \((.*?)\) may be left out", page)
    shown = dict(re.findall(r"(\w+) from `(\w+)` on", listed))
    wanted = {kind.__struct_config__.tag or kind.__name__: first_default(kind) for kind in (*UP, *DOWN, *VALUES)}
    assert shown == {name: field for name, field in wanted.items() if field}


def test_every_warning_and_every_reason_of_an_entry_is_named(page: str) -> None:
    """Those that stand as text in the agent's code."""
    files = [*(ROOT / "daemon/hydrad/agent").glob("*.py"), ROOT / "daemon/hydrad/terminal/orders.py"]
    code = "\n".join(path.read_text() for path in files)
    warnings = set(re.findall(r'Warn\("([A-Z_]+)"', code))
    table = page.split("| code | said when | the daemon |")[1].split("\n\n")[0]
    assert warnings == set(re.findall(r"[A-Z_]{4,}", " ".join(re.findall(r"^\| ([A-Z_, ]+) \|", table, re.MULTILINE))))
    reasons = set(re.findall(r'(?:Withheld\(|code=|NOT_EXECUTED, |UNKNOWN, )"([A-Z_]+)"', code))
    assert len(reasons) > 10
    assert {reason for reason in reasons if reason not in page} == set()
