"""What is said in passing: in a line of its own, over nothing, and none of it lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydractl.diagnostics import ExitCode
from hydractl.tui.carry import Said
from hydractl.tui.notices import KEPT, SEEN_S, SHOWN_S, Notice, Notices
from hydractl.tui.on_their_way import in_words
from hydractl.tui.store import STREAM, Lost

# --- which one is shown, and how long ---


def said(*texts: str, severity: Any = "information", at_s: float = 0.0) -> Notices:
    notices = Notices()
    for by, text in enumerate(texts):
        notices.say(Notice(text, severity, at_s + by))
    return notices


def texts(notices: Notices, now_s: float) -> list[str]:
    """Those that keys bring into sight, one after the other."""
    found = []
    while (notice := notices.now(now_s)) is not None:
        found.append(notice.text)
        now_s += SEEN_S
        notices.pressed(now_s)
    return found


def test_the_newest_is_shown_and_each_of_the_others_has_its_turn() -> None:
    notices = said("a", "b", "c")
    assert notices.now(3.0).text == "c" and notices.more == 2
    assert notices.now(3.0 + SHOWN_S - 0.1).text == "c"
    assert notices.now(3.0 + SHOWN_S).text == "b" and notices.more == 1
    assert texts(notices, 4.0 + SHOWN_S) == ["b", "a"] and notices.now(99.0) is None


def test_errors_come_first_in_their_order_and_stay_until_a_key() -> None:
    notices = said("first", "second", severity="error")
    notices.say(Notice("copied", "information", 9.0))
    assert notices.now(10.0).text == notices.now(1e6).text == "first" and notices.more == 2
    assert texts(notices, 1e6) == ["first", "second", "copied"]


def test_a_key_that_was_meant_for_something_else_takes_no_error_away() -> None:
    notices = said("refused", severity="error")
    notices.now(10.0)
    assert not notices.pressed(10.0 + SEEN_S / 2) and notices.now(11.0).text == "refused"
    assert notices.pressed(10.0 + SEEN_S) and notices.now(11.0) is None


def test_a_key_takes_nothing_that_was_not_in_sight() -> None:
    notices = said("a")
    assert not notices.pressed(1.0) and notices.now(1.0).text == "a"


def test_no_time_passes_while_its_place_is_not_in_sight() -> None:
    notices = said("a")
    assert notices.now(1e3, in_sight=False).text == notices.now(2e3, in_sight=False).text == "a"
    assert not notices.pressed(2e3), "what was not in sight is not taken away"
    assert notices.now(3e3).text == notices.now(3e3 + SHOWN_S - 0.1).text == "a"
    assert notices.now(3e3 + SHOWN_S) is None


def test_the_same_once_more_is_shown_once_and_longer() -> None:
    notices = said("a", "b", "a")
    assert texts(notices, 5.0) == ["a", "b"] and [one.text for one in notices.said] == ["a", "b", "a"]


def test_what_it_was_about_is_over() -> None:
    notices = said("a")
    notices.say(Notice("press W", "warning", 1.0, about="write mode"))
    assert notices.now(1.0).text == "press W"
    notices.over("write mode")
    assert notices.now(1.0).text == "a"


@given(st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["error", "warning", "information"])), max_size=70))
def test_none_is_lost_and_no_error_waits_for_another(spoken: list[tuple[str, Any]]) -> None:
    notices = Notices()
    for at_s, (text, severity) in enumerate(spoken):
        notices.say(Notice(text, severity, float(at_s)))
    shown, now_s = [], 100.0
    while (notice := notices.now(now_s)) is not None:
        shown.append((notice.text, notice.severity))
        now_s += SEEN_S
        notices.pressed(now_s)
    assert len(notices.said) == min(len(spoken), KEPT) and len(shown) == len(set(shown))
    assert set(shown) == set(spoken) if len(set(spoken)) <= KEPT else len(shown) == KEPT
    assert [severity == "error" for _, severity in shown] == sorted((one[1] == "error" for one in shown), reverse=True)


# --- on the screen ---


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (40, 20)])
@pytest.mark.parametrize("writing", [False, True])
def test_a_notice_stands_in_the_line_of_the_keys_and_changes_no_other(
    tui: Any, clock: Any, size: tuple[int, int], writing: bool
) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        if writing:
            await pilot.press("W")
            await tui.told(pilot)
        before = tui.lines()
        at = next(at for at, row in enumerate(before) if "HALT" in row)
        tui.app.notify("the broker is slow", severity="warning")
        await pilot.pause()
        changed = [number for number, row in enumerate(tui.lines()) if row != before[number]]
        assert changed == [at] and "warning: the broker is slow" in tui.lines()[at]
        clock.now_s += SHOWN_S
        await tui.told(pilot)
        assert "HALT" in tui.lines()[at] and "slow" not in tui.text()

    tui.play(scene, size=size)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_one_that_is_too_long_for_a_line_has_more_of_them_and_gives_them_back(
    tui: Any, clock: Any, ascii_only: bool
) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.notify("no account is known yet: nothing can be written", severity="error")
        await pilot.pause()
        await pilot.pause()
        assert tui.written().isascii() or not ascii_only
        rows = [row.strip() for row in tui.lines()[-2:]]
        assert rows == ["ERROR: no account is known yet: nothing", "can be written"]
        clock.now_s += 1000.0
        await tui.told(pilot)
        assert tui.lines()[-1].strip() == "can be written", "an error stays"
        await pilot.press("j")
        await tui.until(pilot, lambda: "HALT" in tui.lines()[-1])
        await pilot.pause()
        assert "ERROR" not in tui.text()

    tui.play(scene, size=(40, 20), ascii_only=ascii_only)


def test_its_severity_is_a_word_also_without_colours(tui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for severity, word in (("information", "note: "), ("warning", "warning: "), ("error", "ERROR: ")):
            tui.app.notices = Notices()
            tui.app.notify("so it is", severity=severity)
            await pilot.pause()
            assert f"{word}so it is" in tui.written()

    tui.play(scene)


def test_messages_are_all_there_again(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("M")
        await tui.until(pilot, "nothing was said yet")
        await pilot.press("escape")
        for number in range(KEPT + 1):
            tui.app.notify(f"number {number}.", severity="error" if number == KEPT else "information")
        await pilot.pause()
        assert f"ERROR +{KEPT - 1} more, M: number {KEPT}." in tui.text()
        await pilot.press("M")
        await tui.until(pilot, "Messages")
        assert "ERROR    number 50." in tui.text()
        await pilot.press("G")
        await tui.until(pilot, "number 1.")
        assert "number 0." not in tui.text()
        await pilot.press("escape", "colon", *"messages")
        await tui.until(pilot, "messages: what was said (M)")

    tui.play(scene)


def test_one_that_comes_under_another_screen_is_there_when_that_is_closed(tui: Any, clock: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("question_mark")
        tui.app.notify("unseen")
        await tui.told(pilot)
        clock.now_s += 1000.0
        await pilot.press("j")
        await tui.told(pilot)
        await pilot.press("escape")
        await tui.told(pilot)
        assert "note: unseen" in tui.text()

    tui.play(scene, size=(80, 24))


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
@pytest.mark.parametrize("writing", [False, True])
def test_a_sheet_leaves_it_in_sight(tui: Any, size: tuple[int, int], writing: bool) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        if writing:
            await pilot.press("W")
        tui.app.notify(f"the verdict of another: {'REJECTED ' * 40}", severity="error")
        await pilot.press(*("2", "b") if writing else "H")
        await pilot.pause()
        await tui.until(pilot, "ERROR: the verdict of another")
        buttons = next(at for at, row in enumerate(tui.lines()) if "Cancel" in row)
        assert buttons < next(at for at, row in enumerate(tui.lines()) if "the verdict" in row)

    tui.play(scene, size=size)


def test_press_w_goes_as_soon_as_write_mode_begins(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("f")
        await tui.until(pilot, "read-only: press W")
        tui.app.notify("something else, which the key takes away")
        await pilot.pause()
        await pilot.press("W")
        await pilot.pause()
        assert "WRITE MODE" in tui.text() and "press W" not in tui.text()
        await tui.told(pilot)
        assert "press W" not in tui.text()

    tui.play(scene)


def test_when_nobody_is_heard_it_is_still_said(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await tui.told(pilot, Lost(STREAM, 1.0, "gone"))
        tui.app.notify("and this")
        await tui.until(pilot, "note: and this")

    tui.play(scene)


def test_what_a_close_brought_is_part_of_its_notice() -> None:
    lines = (
        "PAPER",
        "DONE  A-1  CLOSE  DONE at 1.1",
        "realised +3.10 USD, +0.16 R, of 0.10 lots; the position is",
        "order",
    )
    words = "DONE  DONE  A-1  CLOSE  DONE at 1.1; realised +3.10 USD, +0.16 R, of 0.10 lots"
    assert in_words(Said(lines, ExitCode.DONE)) == words
