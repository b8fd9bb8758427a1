"""What is the same on every pane: write mode, help, palette, filter, jump mode, keys of one's own, ASCII, sizes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.text import Text

from hydractl.tui import back, writing
from hydractl.tui.store import QUERIES, STREAM, Another, Heard, Lost
from hydractl.tui.widgets import Lines


def test_read_only_at_first_and_write_mode_names_the_accounts(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert "read-only: press W" in tui.text() and not tui.fake.bodies("fire")
        await pilot.press("W")
        assert "WRITE MODE  paper-1 PAPER" in tui.text()
        await pilot.press("W")
        assert "WRITE MODE" not in tui.text()

    tui.play(scene)


def test_write_mode_ends_without_a_key(tui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        assert tui.app.writing
        await tui.told(pilot)
        assert tui.app.writing, "a key was pressed just now"
        monkeypatch.setattr(writing, "IDLE_S", 0.0)
        await tui.told(pilot)
        assert not tui.app.writing and "read-only again" in tui.text()

    tui.play(scene)


def test_without_an_account_there_is_nothing_to_write_to(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await pilot.press("W")
        await pilot.pause()
        assert not tui.app.writing and "no account is known yet" in tui.text()

    tui.play(scene)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
def test_help_tells_the_keys_of_the_pane_and_how_acts_are_guarded(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        text = tui.text()
        assert "Keys here" in text and "board.fire" in text
        await pilot.press("G")
        await pilot.pause()
        assert "Read-only at first" in tui.text()
        await pilot.press("escape")
        assert "Keys here" not in tui.text()

    tui.play(scene, size=size)


def test_the_palette_has_the_panes_and_the_acts(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("colon", *"halt")
        await tui.until(pilot, "HALT (H)")
        await pilot.press("escape")

    tui.play(scene)


def test_a_filter_hides_rows_and_says_so(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("slash", *"GBP")
        await pilot.pause()
        assert "passes the filter 'GBP'" in tui.text()
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert "passes the filter" not in tui.text()

    tui.play(scene)


def test_a_key_of_the_lowest_line_can_be_clicked(tui: Any) -> None:
    """Also one whose action has a parameter: drain."""

    async def scene(pilot: Any) -> None:
        tui.app.open_pane("terminals")
        await tui.fed(pilot)
        await pilot.press("W")
        await tui.until(pilot, "D drain")
        line = next(row for row in tui.lines() if "D drain" in row)
        await pilot.click(offset=(line.index("D drain") + 3, tui.lines().index(line)))
        await tui.until(pilot, "DRAIN sim-1")

    tui.play(scene)


def test_left_and_right_go_to_the_box_beside_and_stay_at_the_edge(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert tui.app.screen.focused.id == "board-missions"
        await pilot.press("left")
        assert tui.app.screen.focused.id == "board-missions"
        await pilot.press("right", "right")
        assert tui.app.screen.focused.id in ("board-positions", "board-feed", "board-tail")
        await pilot.press("left")
        assert tui.app.screen.focused.id == "board-missions"
        await pilot.resize_terminal(80, 24)
        await tui.told(pilot)
        await pilot.press("right", "left")
        assert tui.app.screen.focused.id == "board-missions", "nothing stands beside it"

    tui.play(scene)


@pytest.mark.parametrize(("keys", "at"), [("end home", 0), ("pagedown", 1), ("end pageup", 0), ("end", 29)])
def test_every_list_moves_by_page_and_to_its_ends(tui: Any, wire: Any, keys: str, at: int) -> None:
    rows = tuple(msgspec.structs.replace(wire.TERMINAL, name=f"sim-{number:02}") for number in range(30))
    tui.fake.script = lambda call: wire.answer(call, **({"data": rows} if wire.verb_of(call) == "terminals" else {}))

    async def scene(pilot: Any) -> None:
        tui.app.open_pane("terminals")
        await tui.fed(pilot)
        await pilot.press(*keys.split())
        key = tui.app.query_one("#rack").key
        found = int(key.removeprefix("sim-"))
        assert found == at or ("page" in keys and 0 < found < 29)

    tui.play(scene, size=(80, 24))


def test_jump_mode_letters_lead_to_boxes(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("o")
        await pilot.pause()
        letter = next(line for line in tui.lines() if ") Positions" in line).split(") Positions")[0][-1]
        await pilot.press(letter)
        await pilot.pause()
        assert tui.app.focused.id == "board-positions" and ") Positions" not in tui.text()

    tui.play(scene)


def test_keys_of_ones_own(tui: Any, home: Path) -> None:
    (home / "tui.toml").write_text('[keys]\nwrite = "w"\n')

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        assert not tui.app.writing
        await pilot.press("f")
        await pilot.pause()
        assert "read-only: press w" in tui.text()
        await pilot.press("w")
        assert tui.app.writing

    tui.play(scene)


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (40, 12), (20, 5)])
def test_in_ascii_nothing_else_is_drawn_whatever_the_size(tui: Any, size: tuple[int, int]) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for keys in (
            ("W",),
            ("H",),
            ("escape",),
            ("question_mark",),
            ("escape",),
            ("colon",),
            ("h", "a", "l"),
            ("escape",),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            assert tui.written().isascii() and "??" not in tui.written(), tui.written()

    tui.play(scene, size=size, ascii_only=True)


def test_a_resize_harms_nothing(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        for size in ((80, 24), (20, 5), (200, 60), (1, 1), (160, 50)):
            await pilot.resize_terminal(*size)
            await tui.fed(pilot)
        assert "paper-1" in tui.text()

    tui.play(scene)


def test_copying_takes_the_id_under_the_cursor(tui: Any, wire: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("y")
        assert tui.app.clipboard == wire.M

    tui.play(scene)


def test_an_act_on_its_way_is_not_left_without_a_word(tui: Any, wire: Any) -> None:
    def script(call: Any) -> Any:
        hangs = wire.verb_of(call) == "halt"
        return None if hangs else wire.answer(call)

    tui.fake.script = script

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        await pilot.press("right", "enter")
        await tui.until(pilot, lambda: bool(tui.fake.bodies("halt")))
        await pilot.press("escape", "q")
        await tui.until(pilot, "HALT: sent, and no verdict was seen here")
        assert tui.app.is_running and [act.title for act in tui.app.on_their_way] == ["HALT"]
        await pilot.press("q")
        await tui.until(pilot, lambda: not tui.app.is_running)

    tui.play(scene)


def test_a_notice_is_text_whatever_is_in_it(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        tui.app.notify("left [/b] over\x1b[2J")
        await tui.until(pilot, "left [/b] over?[2J")

    tui.play(scene)


def test_what_a_line_is_made_of_moves_no_cursor(tui: Any) -> None:
    """Whatever a broker calls a currency: on the screen, and in what is copied from it."""

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        box = tui.app.query_one("#accounts", Lines)
        box.show([Text("US\x1b[2JD\u202e\tend\nmore")])
        await pilot.pause()
        assert box.text == "US?[2JD? end?more"
        assert "\x1b" not in tui.text() and "US?[2JD? end?more" in tui.text()

    tui.play(scene)


def test_a_theme_of_ones_own_paints_and_without_one_the_terminals_colours_are_used(tui: Any, home: Path) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        assert tui.app.native_ansi_color
        tui.app.theme = "nord"
        await pilot.pause()
        assert not tui.app.native_ansi_color and not tui.app.screen.background_colors[1].ansi

    tui.play(scene)
    (home / "tui.toml").write_text('theme = "nord"\n')

    async def painted(pilot: Any) -> None:
        await tui.fed(pilot)
        assert tui.app.theme == "nord" and "paper-1" in tui.text()

    tui.play(painted)


def test_a_screenshot_says_where_it_is_or_why_there_is_none(
    tui: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("s")
        await tui.until(pilot, "screenshot in ")
        assert len(list(tmp_path.glob("*.svg"))) == 1
        tui.app.deliver_screenshot(path="/proc/nowhere")
        await tui.until(pilot, "no screenshot: ")

    tui.play(scene)


def test_help_names_the_palette(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("question_mark")
        await tui.until(pilot, "a pane or an act by its name")

    tui.play(scene)


def test_without_colours_the_terminals_own_are_used(tui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever NO_COLOR is set to: attributes stay, and no text is written in the colour of what is behind it."""
    monkeypatch.setenv("NO_COLOR", "1")
    colours: set[str] = set()

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("H")
        await tui.until(pilot, "halt everything?")
        for strip in tui.app.screen._compositor.render_strips():
            for line_filter in tui.app.get_line_filters():
                strip = strip.apply_filter(line_filter, tui.app.screen.background_colors[1])
            styles = [segment.style for segment in strip if segment.style]
            colours.update(each.name for style in styles for each in (style.color, style.bgcolor) if each)

    tui.play(scene)
    assert colours == {"default"}


@pytest.mark.parametrize("another", [False, True])
def test_what_was_lost_and_is_back_is_told_with_its_length_and_who_answers(tui: Any, wire: Any, another: bool) -> None:
    after = msgspec.structs.replace(wire.STATUS, pid=wire.STATUS.pid + another, epoch=wire.STATUS.epoch + another)

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot, tui.event(1))
        await tui.told(pilot, Lost(STREAM, time.monotonic(), "the daemon went away"))
        await tui.told(pilot, Heard(STREAM, time.monotonic()))
        assert not tui.app.notices.said, "not before it is known who answers"
        tui.fake.script = lambda call: wire.answer(call, **({"data": after} if wire.verb_of(call) == "status" else {}))
        await tui.fed(pilot)
        (said,) = tui.app.notices.said
        assert said.text.startswith("the daemon was not heard from ") and said.text.endswith(back.NO_GAP)
        assert ("another one" in said.text) is another and f"pid {after.pid}" in said.text
        await tui.fed(pilot)
        assert len(tui.app.notices.said) == 1
        await tui.told(pilot, Lost(QUERIES, time.monotonic(), "gone"), Another(time.monotonic()))
        await tui.told(pilot, Heard(QUERIES, time.monotonic()))
        await tui.fed(pilot)
        assert tui.app.notices.said[-1].text.endswith(back.ANOTHER_JOURNAL)

    tui.play(scene)


def test_ctrl_c_says_how_one_leaves_and_ends_nothing(tui: Any) -> None:
    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("ctrl+c")
        await tui.until(pilot, "ctrl+c ends nothing here: q leaves")
        assert "[b]" not in tui.text() and tui.app.is_running

    tui.play(scene)


def test_write_mode_ends_when_another_daemon_answers(tui: Any, wire: Any) -> None:
    epoch = [wire.STATUS.epoch]

    def script(call: Any) -> Any:
        if wire.verb_of(call) != "status":
            return wire.answer(call)
        return wire.answer(call, data=msgspec.structs.replace(wire.STATUS, epoch=epoch[0]))

    tui.fake.script = script

    async def scene(pilot: Any) -> None:
        await tui.fed(pilot)
        await pilot.press("W")
        await tui.fed(pilot)
        assert tui.app.writing
        epoch[0] += 1
        await tui.fed(pilot)
        assert not tui.app.writing and "another daemon answers" in tui.text()

    tui.play(scene)
