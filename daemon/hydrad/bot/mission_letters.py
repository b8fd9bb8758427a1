"""A mission's alert, and the same message through its life: fired by whom, filled, closed, expired, withdrawn. Pure.

Two lines that are read in two seconds, then what happened. A group sees no size, no money, no price of a fill and no
account; nobody sees the fires of accounts that they do not reach.
"""

from __future__ import annotations

from typing import Any

from hydrad.bot import links
from hydrad.bot.addressing import Chat, Desk, traders
from hydrad.bot.buttons import Action, Rows, wish
from hydrad.bot.confirming import LABELS
from hydrad.bot.words import clock, needs
from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import MS, ms_text
from hydrad.domain.money import money_text, price_text
from hydrad.domain.orders import ActKind
from hydrad.outbox.letter import Letter, Priority
from hydrad.toc import crew, multiple, position_views
from hydrad.toc import records as r
from hydrad.toc.act import ActEvent
from hydrad.toc.act_views import verdict_line
from hydrad.toc.audience import sees
from hydrad.toc.hearing import About, Heard, Kind, heard
from hydrad.toc.mission import ACCEPTS_FIRES, MissionState
from hydrad.toc.mission_views import NOT_CALIBRATED
from hydrad.toc.state import Act, Mission, Position, State
from hydrad.toc.texts import act_id_text, line, position_id_text

# Steps between a request and its verdict that last milliseconds.
_QUIET = frozenset({ActEvent.ACK, ActEvent.QUEUE})
_ENDS = {
    MissionState.EXPIRED: "expired, nobody fired",
    MissionState.WITHDRAWN: "withdrawn",
    MissionState.CLOSED_TO_FIRES: "takes no more fires",
    MissionState.DONE: "done",
}


def proposed(desk: Desk, body: r.MissionProposed) -> list[Letter]:
    mission = desk.state.missions[body.number]
    left_ms = max(mission.signal.expires_ms - desk.record.market_ms, 0)
    more: dict[str, Any] = {"topic": shown(mission), "expires_ns": desk.record.at_ns + left_ms * MS}
    return _told(desk, mission, Priority.MISSION, more, heard_by=_about(mission))


def moved(desk: Desk, number: int) -> list[Letter]:
    """The message as it is now, where it was sent."""
    mission = desk.state.missions[number]
    return _told(desk, mission, Priority.RESULT, {"topic": shown(mission), "edits_only": True, "silent": True})


def act_moved(desk: Desk, body: r.ActMoved) -> list[Letter]:
    act = desk.state.acts[body.act_id]
    is_ours = act.kind is ActKind.FIRE and act.mission and body.event not in _QUIET
    return moved(desk, act.mission) if is_ours else []


def position_closed(desk: Desk, body: r.PositionClosed) -> list[Letter]:
    act = desk.state.acts[desk.state.positions[body.number].fire_id]
    return moved(desk, act.mission) if act.mission else []


def _about(mission: Mission) -> About:
    s = mission.signal
    return About(Kind.MISSION, s.symbol, s.kind.value, tcs=s.tcs)


def _told(
    desk: Desk, mission: Mission, priority: Priority, more: dict[str, Any], heard_by: About | None = None
) -> list[Letter]:
    """`heard_by`: what those hear of it who want to hear of such."""
    state, at_ns = desk.state, desk.record.at_ns
    private = traders(state, mission.signal.symbol)
    if heard_by is not None:
        private = [chat for chat in private if heard(chat.operator, at_ns, heard_by) is not Heard.LEFT]
    letters = [
        desk.letter(chat.to, priority, text(state, mission, chat), _buttons(desk, mission, chat), **more)
        for chat in private
    ]
    host = desk.setup.public_host
    opens = (links.opened(host, True, mission=shown(mission)),)
    return letters + desk.to_groups(priority, text(state, mission, None), opens, **more)


def _buttons(desk: Desk, mission: Mission, chat: Chat) -> Rows:
    """Open always; Fire and Pass while it can be fired, for who may and has not passed."""
    name = shown(mission)
    opens = links.opened(desk.setup.public_host, False, mission=name)
    passed = any(identity in mission.passed_by for identity in chat.operator.identities)
    if mission.state not in ACCEPTS_FIRES or passed or not chat.may_act:
        return (opens,)
    left_ms = max(mission.signal.expires_ms - desk.record.market_ms, 0)
    ends_ns = desk.record.at_ns + left_ms * MS
    acts = tuple(wish(LABELS[action], action, name, ends_ns) for action in (Action.ASK_FIRE, Action.PASS))
    return ((*opens, *acts),)


# --- what it says -----------------------------------------------------------------------------------------


def shown(mission: Mission) -> str:
    return show(IdKind.MISSION, mission.number)


def alert(mission: Mission) -> str:
    """`EURUSD BUY 38% (needs 34%)` and where it goes; the percentage never without what it needs."""
    s = mission.signal
    tcs = NOT_CALIBRATED if s.tcs is None else f"{s.tcs}%"
    r_text = f"{s.r_milli / 1000:.2f}" if s.r_milli else None
    target = f", target {price_text(s.target_points, s.digits)}, R {r_text}" if s.target_points else ""
    levels = f"at {price_text(s.entry_points, s.digits)}, stop {price_text(s.stop_points, s.digits)}{target}"
    until = clock(ms_text(s.expires_ms, 0))
    return f"{line(s.symbol)} {s.side.name} {tcs} {needs(r_text)}\n{shown(mission)} {levels}, until {until}"


def text(state: State, mission: Mission, chat: Chat | None) -> str:
    """`chat` None: for a group."""
    lines = [alert(mission)]
    fires = [state.acts[number] for number in mission.acts if state.acts[number].kind is ActKind.FIRE]
    for act in fires:
        if chat is None:
            lines.append(_for_group(state, act))
        elif sees(chat.shown, act.account):
            lines += _for_operator(state, act)
    if mission.state in _ENDS:
        lines.append(_ENDS[mission.state])
    if chat is not None and any(identity in mission.passed_by for identity in chat.operator.identities):
        lines.append("you let it go")
    if mission.outcome:
        lines.append(f"by the market it ended {mission.outcome}, {mission.outcome_r_milli / 1000:+z.2f} R")
    return "\n".join(lines)


def _for_operator(state: State, act: Act) -> list[str]:
    who = line(crew.name_of(state, act.actor))
    position = _position(state, act)
    said = f"{act_id_text(act)} by {who} on {line(act.account)}: {line(verdict_line(act))}"
    return [said] if position is None or position.open else [said, closed_line(state, position)]


def _for_group(state: State, act: Act) -> str:
    position = _position(state, act)
    r_text = multiple.text(act, position, position.profit) if position is not None and not position.open else None
    end = f", {r_text} R" if r_text else ""
    return f"fired by {line(crew.name_of(state, act.actor))}: {act.state.value}{end}"


def _position(state: State, act: Act) -> Position | None:
    return state.positions.get(act.position) if act.position else None


def closed_line(state: State, position: Position) -> str:
    currency = state.accounts[position.account].currency
    last, mean = price_text(position.close_points, position.digits), position_views.close_average(position)
    price = last if mean in (None, last) else f"{mean} avg"
    r_text = multiple.text(state.acts[position.fire_id], position, position.profit)
    money = f"{money_text(position.profit)} {currency}{f', {r_text} R' if r_text else ''}"
    return f"{position_id_text(position.number)} closed {position.close_reason} at {price}: {money}"
