"""The ways to people as people's surfaces show them."""

from __future__ import annotations

from hydrad.domain.instants import SECOND, duration_text, ns_text
from hydrad.toc import crew, housekeeping, oncall, service
from hydrad.toc.oncall import Channel
from hydrad.toc.service import ServiceState
from hydrad.toc.state import Operator
from hydrad.toc.turn import Turn
from hydrad.wire.answers.oncall import ChannelRow, ChannelsData, OnCallRow


def channels(turn: Turn) -> ChannelsData:
    people = [*crew.on_call(turn.state)]
    people += [o for o in turn.state.operators.values() if o not in people and not o.suspended]
    return ChannelsData(tuple(_row(turn, channel) for channel in Channel), tuple(person(turn, o) for o in people))


def _row(turn: Turn, channel: Channel) -> ChannelRow:
    tested = turn.state.channel_tests.get(channel)
    state, detail = _state(turn, channel)
    return ChannelRow(
        name=channel.value,
        state=state,
        detail=detail,
        tested_at=ns_text(tested.at_ns) if tested else None,
        tested_by=tested.name if tested else None,
        tested_to=tested.to if tested else None,
        tested_age_s=round((turn.now_ns - tested.at_ns) / SECOND, 3) if tested else None,
    )


def _state(turn: Turn, channel: Channel) -> tuple[str, str]:
    """OFF, UP or DOWN, and why."""
    if channel is not Channel.TELEGRAM and channel not in turn.state.channels:
        return "OFF", f"[{channel.value}] is not set up"
    name = service.BOT if channel is Channel.TELEGRAM else service.CHANNELS
    carried = housekeeping.service_of(turn.state, name).state
    if carried is not ServiceState.RUNNING:
        return "OFF" if carried is ServiceState.OFF else "DOWN", f"the service {name} is {carried.value}"
    since_ns, why = turn.live.channels_failing.get(channel, (0, ""))
    if not why:
        return "UP", "nothing has failed since the last letter"
    return "DOWN", f"fails since {duration_text(turn.now_ns - since_ns)}: {why}"


def _way(turn: Turn, way: oncall.Way) -> str:
    dead = " (takes no letters: hydractl alarms)" if oncall.is_dead(turn.state, way) else ""
    return f"{way.channel.value} {way.to}{dead}"


def person(turn: Turn, operator: Operator) -> OnCallRow:
    hears, on_call = operator.hears, [o.name for o in crew.on_call(turn.state)]
    only = [", ".join(names) for names in (hears.kinds, hears.symbols, hears.accounts) if names]
    only += [f"TCS from {hears.tcs_min}%"] if hears.tcs_min is not None else []
    standing = [(what, until) for what, until in operator.mutes.items() if until > turn.now_ns]
    return OnCallRow(
        name=operator.name,
        position=on_call.index(operator.name) + 1 if operator.name in on_call else None,
        ways=tuple(_way(turn, way) for way in oncall.all_ways(turn.state, operator)),
        quiet=f"{hears.quiet} {hears.zone}" if hears.quiet else None,
        hears="; ".join(only) or "everything",
        muted=tuple(f"{what or 'all'} until {ns_text(until, 0)}" for what, until in standing),
    )
