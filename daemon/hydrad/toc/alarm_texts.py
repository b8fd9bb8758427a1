"""An alarm as a person reads it, whatever brings it: what is known, what to do now, and of a terminal that is lost with
positions all that somebody needs who has only a phone.
"""

from __future__ import annotations

from hydrad.domain.ids import IdKind, show
from hydrad.domain.instants import ns_text
from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.toc import crew, exposure, position_views, sizing
from hydrad.toc.live import Link
from hydrad.toc.state import Alarm, Position, State
from hydrad.toc.terminal import REDUCES_IN
from hydrad.toc.texts import line, position_id_text
from hydrad.toc.turn import Turn
from hydrad.wire.runbooks import runbook

LOST = "TERMINAL_LOST"


def alarm_text(turn: Turn, alarm: Alarm) -> str:
    """The newest word on it first, then what to do now."""
    again = f" (told {alarm.repeats + 1} times)" if alarm.repeats else ""
    lines = [f"{alarm.severity} {alarm.code} {show(IdKind.ALARM, alarm.number)}{again}", line(alarm.text)]
    if alarm.cleared_ns:
        lines.append(f"CLEARED: {line(alarm.cleared_why)}")
    else:
        lines.append(f"Now: {runbook(alarm.code).lines[0]}")
        if alarm.code == LOST and alarm.subject in turn.state.terminals:
            lines += lost(turn, alarm.subject)
    if alarm.acked_by:
        note = f": {line(alarm.ack_note)}" if alarm.ack_note else ""
        lines.append(f"acknowledged by {line(crew.name_of(turn.state, alarm.acked_by))}{note}")
    return "\n".join(lines)


# --- a terminal that is lost ------------------------------------------------------------------------------


def lost(turn: Turn, terminal: str) -> list[str]:
    """What stands at the broker of the account, position by position, and how else it is closed."""
    state, account = turn.state, turn.state.terminals[terminal].account
    held = exposure.open_positions(state, account)
    if not held:
        return ["No position of ours is open on its account."]
    link = exposure.reporter(state, turn.live, account)
    return (
        [f"{len(held)} open on {line(account)}:"]
        + [_standing(state, link, p) for p in held]
        + [_other_way(turn, account)]
    )


def _standing(state: State, link: Link | None, position: Position) -> str:
    """Stop and target as the broker last said, and when; without a word of this session, as the journal has them."""
    rows = link.positions.values() if link else ()
    told = next((row for row in rows if row.position_id == position.position_id), None)
    stop, target = (told.stop_points, told.target_points) if told else (position.stop_points, position.target_points)
    when = f"confirmed {ns_text(link.positions_ns, 0)}" if told and link else "not confirmed in this session"
    stop_text = f"stop {price_text(stop, position.digits)}" if stop else "NO STOP"
    target_text = f"target {price_text(target, position.digits)}" if target else "no target"
    volume = volume_text(position.volume_steps, position.volume_step)
    return (
        f"- {position_id_text(position.number)} ticket {told.ticket if told else position.position_id}, "
        f"{line(position.symbol)} {position.side.name} {volume}: {stop_text}, {target_text}, {when}; "
        f"{_worst(state, link, position, stop)}"
    )


def _worst(state: State, link: Link | None, position: Position, stop_points: int) -> str:
    currency = state.accounts[position.account].currency
    if not stop_points:
        return "the loss has no bound"
    terms = link.terms.get(position.symbol) if link else None
    if terms is None:
        risked = state.acts[position.fire_id].risk_money
        return f"approved to lose {money_text(risked)} {currency} at the stop"
    distance = (position.open_points - stop_points) * position.side.sign
    loss = -sizing.money_at_stop(distance, position.volume_steps, terms) if distance >= 0 else None
    return f"at the stop {money_text(loss)} {currency}" if loss is not None else "at the stop no loss"


def _other_way(turn: Turn, account: str) -> str:
    """Another terminal of the account that closes now, else the broker's phone and its own app."""
    others = [t.name for t in turn.state.terminals.values() if t.account == account and t.reduces]
    able = [name for name in others if turn.live.link(name).state in REDUCES_IN]
    if able and position_views.reachable(turn.state, turn.live, account):
        return f"Closes still go, through {line(able[0])}: /positions"
    of = turn.state.accounts[account]
    phone = line(of.phone) or f"not known (hydractl account phone {line(account)} NUMBER)"
    return (
        f"No other terminal of the account closes now. By the broker's own app or phone: phone {phone}, "
        f"server {line(of.server)}, login {of.login}."
    )
