"""What ends by itself is said: once, with money and why, and not what a sheet tells already."""

from __future__ import annotations

from typing import Any

import pytest

from hydractl.session import as_view
from hydractl.tui.happened import EACH, FOLLOWED, GAP_S, Happenings
from hydractl.tui.store import Another, Answered, Ask, Recorded, View, step

M, F, A, P = "M-0000007Q", "F-00000075", "A-0000007E", "P-0000007K"
BEGAN = 10  # the newest record when the screens were opened


class Scene:
    """Records that come one after the other, and what is said of them."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.keys = {"mine"}
        self.happenings = Happenings(self.keys.__contains__, lambda words, grave: self.said.append((words, grave)))
        self.view = step(View(), Answered(Ask.of("now"), 0.0, as_view({"seq": BEGAN})))
        self.seq, self.now_s = BEGAN, 0.0

    def comes(self, kind: str, /, *ids: str, text: str = "", **facts: Any) -> Scene:
        self.seq += 1
        event = {"seq": self.seq, "kind": kind, "ids": list(ids), "text": text or kind, "facts": facts}
        self.view = step(self.view, Recorded(as_view(event)))
        return self

    def moves(self, *moves: str, act: str = F, about: tuple[str, ...] = (M,)) -> Scene:
        for move in moves:
            self.comes("ACT_MOVED", act, *about, text=f"{act} {move}", event=move)
        return self

    def closed(self, reason: str, name: str = P) -> Scene:
        text = f"{name} closed {reason} at 1.1: 33.02 USD, +0.50 R"
        return self.comes("POSITION_CLOSED", name, F, M, text=text, reason=reason, symbol="EURUSD")

    def words(self, after_s: float = 0.0) -> list[tuple[str, str]]:
        self.now_s += after_s
        self.happenings.turn(self.view, self.now_s)
        found, self.said[:] = list(self.said), []
        return found


@pytest.mark.parametrize(
    ("reason", "grave"),
    [("TARGET", "information"), ("STOP", "warning"), ("TIME_STOP", "warning"), ("OWNER", "warning"),
     ("STOP_OUT", "error"), ("CLOSED", "warning")],
)  # fmt: skip
def test_a_position_that_is_closed_is_said_once_with_its_money_and_why(reason: str, grave: str) -> None:
    scene = Scene().closed(reason)
    assert scene.words() == [(f"EURUSD {P} closed {reason} at 1.1: 33.02 USD, +0.50 R", grave)]
    assert scene.words() == []


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        (("ROUTE", "ACK", "FILL"), []),  # somebody's fire at the market ends nothing
        (("ROUTE", "WORK", "FILL"), [("FILL", "information")]),
        (("ROUTE", "WORK", "ORDER_EXPIRED"), [("ORDER_EXPIRED", "warning")]),
        (("ROUTE", "WORK", "CANCEL"), [("CANCEL", "warning")]),
        (("ROUTE", "REJECT"), [("REJECT", "error")]),
        (("ROUTE", "DOUBT", "FILL"), [("DOUBT", "error"), ("FILL", "warning")]),
        (("ROUTE", "DOUBT", "PROVE_ABSENT"), [("DOUBT", "error"), ("PROVE_ABSENT", "warning")]),
        (("ASK_APPROVAL", "LAPSE"), [("LAPSE", "warning")]),
        (("ROUTE", "QUARANTINE"), [("QUARANTINE", "error")]),
    ],
)
def test_each_end_of_an_act(moves: tuple[str, ...], said: list[tuple[str, str]]) -> None:
    assert Scene().moves(*moves).words() == [(f"{F} {move}", grave) for move, grave in said]


def test_what_was_sent_from_here_is_said_once_its_sheet_has_told_the_verdict() -> None:
    scene = Scene().comes("ACT_REQUESTED", F, M, key="mine", kind="FIRE").moves("ROUTE", "ACK", "WORK")
    assert scene.words() == []
    assert scene.moves("FILL").words() == [(f"{F} FILL", "information")]
    assert Scene().comes("ACT_REQUESTED", F, M, key="theirs", kind="FIRE").moves("REJECT").words()
    doubted = Scene().comes("ACT_REQUESTED", F, M, key="mine", kind="FIRE").moves("DOUBT", "FILL")
    assert doubted.words() == [], "it is looked up by its key, and that is told"


def test_what_ones_own_act_has_ended_is_told_by_its_sheet_alone() -> None:
    asked = {"key": "mine", "kind": "CLOSE"}
    scene = Scene().comes("ACT_REQUESTED", A, M, P, **asked).moves("EXECUTE", act=A).closed("CLOSED")
    assert scene.words() == []
    assert scene.closed("CLOSED", "P-other").words(), "of the same mission"
    failed = Scene().comes("ACT_REQUESTED", A, M, P, **asked).moves("REJECT", act=A).closed("CLOSED")
    assert len(failed.words()) == 1, "somebody else has"
    target = Scene().comes("ACT_REQUESTED", A, M, P, **asked).closed("TARGET")
    assert len(target.words()) == 1, "it was quicker"
    order = Scene().comes("ACT_REQUESTED", A, M, key="mine", kind="CANCEL").moves("CANCEL")
    assert order.words() == []


def test_guards_and_agents_that_act() -> None:
    scene = Scene().comes("GUARD_TRIPPED").comes("GUARD_ACTED").comes("AGENT_ACT_BEGUN").comes("GUARD_WARNED")
    assert scene.words() == [("GUARD_TRIPPED", "error"), ("GUARD_ACTED", "warning"), ("AGENT_ACT_BEGUN", "warning")]


def test_a_flood_is_one_notice_now_and_then() -> None:
    scene = Scene()
    for number in range(EACH + 3):
        scene.closed("STOP", f"P-{number}")
    scene.comes("GUARD_TRIPPED")
    assert scene.words() == [("6 positions closed, 1 guards TRIPPED: the Tail has each", "error")]
    assert scene.closed("STOP").words(GAP_S / 2) == []
    assert len(scene.words(GAP_S / 2)) == 1


def test_what_was_before_the_screens_is_not_said_and_yet_followed() -> None:
    scene = Scene()
    scene.seq = BEGAN - 3
    scene.moves("ROUTE", "WORK").closed("STOP")
    assert scene.words() == []
    assert scene.moves("FILL").words() == [(f"{F} FILL", "information")]


def test_nothing_is_said_before_it_is_known_what_was_before_and_another_journal_begins_anew() -> None:
    scene = Scene().closed("STOP")
    scene.words()
    scene.view, scene.seq = step(scene.view, Another(1.0)), 0
    scene.closed("STOP")
    assert scene.words() == []
    scene.view = step(scene.view, Answered(Ask.of("now"), 2.0, as_view({"seq": 1})))
    assert scene.words() == []
    assert len(scene.closed("STOP").words()) == 1


def test_what_is_kept_is_bounded() -> None:
    scene = Scene()
    for number in range(FOLLOWED + 10):
        scene.comes("ACT_REQUESTED", f"A-{number}", M, f"P-{number}", key="mine", kind="CLOSE")
        scene.moves("WORK", act=f"F-{number}")
        scene.words()
    kept = scene.happenings
    assert len(kept._moves) == len(kept._awaited) == len(kept._about) == FOLLOWED


def test_it_is_a_notice_and_stays_among_what_was_said(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        text = f"{P} closed TARGET at 1.1: 33.02 USD, +0.50 R"
        await tui.told(pilot, tui.event(8, kind="POSITION_CLOSED", text=text, ids=[P], facts={"reason": "TARGET"}))
        assert text in tui.text()
        await pilot.press("M")
        await pilot.pause()
        assert text in tui.text()

    tui.play(scene)
