"""Whatever a broker, a person or a server has written into a field, the bot's words keep their form: no line of its own, no
character that steers, no command and no link but ours where everybody can tap it."""

from __future__ import annotations

import inspect
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from hydrad.bot import addressing, words
from hydrad.bot import letters as bot_letters
from hydrad.channels import letters as channel_letters
from hydrad.domain.ids import IdKind, show
from hydrad.link import frames as f
from hydrad.outbox.letter import Channel, Letter, Priority
from hydrad.toc import digest
from hydrad.toc import inputs as i
from hydrad.toc.limits import Timing
from hydrad.toc.service import ServiceState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from tests.toc.conftest import Core

BENIGN, HOSTILE = "name", "x\n\r\x0bALARM: /halt \x1b[2J\u202e\u2028<b>*_[`"
# Fields that the daemon fills by itself: ids, numbers, words of its own tables. Any other text is somebody's.
OWN = frozenset(
    {
        *("id", "side", "kind", "state", "link", "duty", "mode", "role", "authority", "code", "speed", "session"),
        *("entry", "stop", "target", "r", "outcome", "outcome_r", "tcs_text", "needs_percent", "of_base_percent"),
        *(
            "volume",
            "open_price",
            "pnl",
            "bid",
            "ask",
            "at_stop",
            "at_target",
            "commission",
            "amount",
            "equity",
            "day_pnl",
        ),
        *("expires_at", "market", "latched_at", "on_the_wire", "withheld"),
    }
)
# Functions of no answer.
OURS = {"clock", "span", "needs", "listed", "line"}
FUNCTIONS = {
    name: function
    for name, function in inspect.getmembers(words, inspect.isfunction)
    if function.__module__ == words.__name__ and not name.startswith("_") and name not in OURS
}


def made(kind: Any, text: str) -> Any:
    """Something of this type with `text` in every field that may hold one."""
    if get_origin(kind) is not None and type(None) in get_args(kind):
        return made(next(each for each in get_args(kind) if each is not type(None)), text)
    if get_origin(kind) in (tuple, list) or str(get_origin(kind)).endswith("Sequence'>"):
        return (made(get_args(kind)[0], text),) * 2
    if get_origin(kind) is dict:
        return {"failed": [text, text], text: text}
    if kind is Any:
        return text
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return kind(
            **{field.name: _field(field.name, hints[field.name], text) for field in msgspec.structs.fields(kind)}
        )
    return {str: text, int: 1, float: 1.0, bool: False}.get(kind, text)


def _field(name: str, kind: Any, text: str) -> Any:
    number = {"r": "2.00", "volume": "0.10"}.get(name)
    return number if number is not None else made(kind, BENIGN if name in OWN else text)


def told(function: Any, text: str, group: bool) -> str:
    hints = get_type_hints(function)
    given = {}
    for name in inspect.signature(function).parameters:
        given[name] = group if name == "for_group" else made(hints[name], text)
    said = function(**given)
    return "\n".join(said) if isinstance(said, list) else said


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_words_keep_their_form(name: str, group: bool) -> None:
    plain, hostile = (told(FUNCTIONS[name], text, group) for text in (BENIGN, HOSTILE))
    assert hostile.count("\n") == plain.count("\n"), hostile
    assert all(character.isprintable() or character == "\n" for character in hostile), ascii(hostile)


def test_there_are_words_to_look_at() -> None:
    assert {"status", "problem", "position", "ask_fire", "halted"} <= set(FUNCTIONS)


# --- letters ----------------------------------------------------------------------------------------------


def letters(text: str) -> list[Letter]:
    """A mission fired and closed, a terminal lost, an alarm taken on, a halt; where others write there is `text`."""
    core = Core(on_call=("ann", "bob"), channels=("email", "webhook"), timing=Timing(feed_silent_ms=86_400_000))
    for name, who in (("ann", "telegram:7"), ("bob", "uid:1002")):
        assert core.ask(calls.OperatorAdd(name, "trader", who, "full", ("*",))).problem is None
        assert core.ask(calls.OperatorContact(name, "email", f"{name}@example.org")).problem is None
    core.restart()
    for service in ("bot", "channels"):
        core.step(i.ServiceReported(service, ServiceState.RUNNING, "it serves"))
    core.connect()
    act = core.fire(core.mission())
    core.done(act)
    position = core.position_row(act, comment=text)
    core.up(f.Positions((position,), core.market_ms, True, True))
    core.state.accounts["alpha"].server = text
    core.state.missions[1].signal = msgspec.structs.replace(core.state.missions[1].signal, symbol=text)
    core.state.positions[act.position].symbol = text
    core.state.operators["bob"].name = text
    seen = len(core.records)
    core.wait(140_000, every_ms=1_000, beat=())
    for alarm in list(core.state.alarms.values()):
        alarm.text = text
        core.send(calls.Ack(show(IdKind.ALARM, alarm.number), "seen"), "uid:1002")
        alarm.ack_note = text
    core.send(calls.Halt(reason=text))
    core.deals(core.deal_row(7, position.position_id, comment=text))
    turn = Turn(core.state, core.engine.live, core.now_ns, 0)
    setup = addressing.Setup((-100_500,), "hud.example.org")
    made = []
    for record in core.records[seen:]:
        made += [*bot_letters.composed(turn, setup, record), *channel_letters.composed(turn, record)]
    text = digest.made(turn, core.state.operators["ann"]).text
    return [*made, Letter(key="d", channel=Channel.EMAIL, to="a@example.org", priority=Priority.DIGEST, text=text)]


def test_letters_keep_their_form_by_every_way() -> None:
    plain, hostile = letters(BENIGN), letters(HOSTILE)
    assert len(plain) == len(hostile) and {each.channel for each in plain} == {
        Channel.TELEGRAM,
        Channel.EMAIL,
        Channel.WEBHOOK,
    }
    for was, now in zip(plain, hostile, strict=True):
        assert now.text.count("\n") == was.text.count("\n"), now.text
        assert all(character.isprintable() or character == "\n" for character in now.text), ascii(now.text)
