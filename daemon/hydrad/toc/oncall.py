"""By which ways those on call are reached, and what stands in the way. Owns when a channel counts as down.

A person's ways are the bot (an identity `telegram:N`), e-mail (`operator contact`), the home's webhook and its other
services, in this order. At step 0 of an alarm the first way is used that is not down and takes letters for this person;
from step 1 on all of them are.

A channel whose letters do not leave for `DOWN_AFTER_NS` is an alarm, which goes by the others.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from hydrad.domain.instants import SECOND
from hydrad.toc import records as r
from hydrad.toc import service
from hydrad.toc.service import Service, ServiceState
from hydrad.toc.state import Operator, State

if TYPE_CHECKING:
    from hydrad.toc import inputs as i
    from hydrad.toc.turn import Turn

DOWN_AFTER_NS = 60 * SECOND
DOWN_ALARM = "CHANNEL_DOWN"
UNKNOWN_ALARM = "ON_CALL_UNKNOWN"
# Of one person's way, by `subject_of`: nothing arrives there, whoever else the channel reaches.
_GROUP = "telegram:-"
DEAD_ALARMS = ("CHAT_GONE", "ADDRESS_REJECTED")


class Channel(enum.StrEnum):
    TELEGRAM = "telegram"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


OF_THE_HOME = (Channel.WEBHOOK, Channel.APPRISE)
BESIDE_THE_BOT = (Channel.EMAIL, *OF_THE_HOME)


class Way(NamedTuple):
    """`to`: the channel's own address."""

    channel: Channel
    to: str


# --- people ---------------------------------------------------------------------------------------------


def ways(state: State, operator: Operator, step: int) -> tuple[Way, ...]:
    """By which ways a person is told of an alarm at this step; none where there is no way to them."""
    every = tuple(way for way in all_ways(state, operator))
    if step:
        return every
    standing = [way for way in every if not is_down(state, way.channel) and not is_dead(state, way)]
    return tuple(standing[:1] or every[:1])


def all_ways(state: State, operator: Operator) -> list[Way]:
    numbers = [name.removeprefix("telegram:") for name in operator.identities if name.startswith("telegram:")]
    found = [Way(Channel.TELEGRAM, number) for number in numbers]
    address = operator.contacts.get(Channel.EMAIL)
    if address and Channel.EMAIL in state.channels:
        found.append(Way(Channel.EMAIL, address))
    return found + [Way(channel, channel.value) for channel in OF_THE_HOME if channel in state.channels]


# --- channels -------------------------------------------------------------------------------------------


def is_down(state: State, channel: Channel) -> bool:
    """Whether nothing is expected to leave there now."""
    standing = any((alarm.code, alarm.subject) == (DOWN_ALARM, channel.value) for alarm in state.alarms.values())
    name = service.BOT if channel is Channel.TELEGRAM else service.CHANNELS
    return standing or (state.services.get(name) or Service(name)).state is not ServiceState.RUNNING


def is_dead(state: State, way: Way) -> bool:
    """Whether it is known that this one takes no letters."""
    return any(a.code in DEAD_ALARMS and a.subject == subject_of(way) for a in state.alarms.values())


def subject_of(way: Way) -> str:
    return f"{way.channel.value}:{way.to}"


def whose(state: State, subject: str) -> str:
    """A way by its subject, with the names of those whose it is."""
    names = [o.name for o in state.operators.values() if any(subject_of(way) == subject for way in all_ways(state, o))]
    return f"{', '.join(names) or 'nobody any more'} ({subject})"


def _look_at_ways(turn: Turn) -> None:
    """What was said of an address that is nobody's any more has ended. A group's chat is no person's."""
    known = {subject_of(way) for operator in turn.state.operators.values() for way in all_ways(turn.state, operator)}
    for alarm in list(turn.state.alarms.values()):
        if alarm.code in DEAD_ALARMS and alarm.subject not in known and not alarm.subject.startswith(_GROUP):
            turn.clear_alarm(alarm.code, alarm.subject, "it is nobody's any more")


def reported(turn: Turn, body: i.ChannelReported) -> None:
    """An edge's word: a channel fails, or works again. It is down when it goes on failing."""
    if not body.why:
        turn.live.channels_failing.pop(body.channel, None)
        turn.clear_alarm(DOWN_ALARM, body.channel, "letters leave again")
        return
    since_ns, _ = turn.live.channels_failing.get(body.channel, (turn.now_ns, ""))
    turn.live.channels_failing[body.channel] = since_ns, body.why


def clock(turn: Turn) -> None:
    for channel, (since_ns, why) in sorted(turn.live.channels_failing.items()):
        if turn.now_ns - since_ns >= DOWN_AFTER_NS:
            turn.alarm(DOWN_ALARM, channel, f"nothing leaves by {channel}: {why}")
    _look_at_names(turn)
    _look_at_ways(turn)


def _look_at_names(turn: Turn) -> None:
    """Names on call that are nobody's: a rota that reaches fewer people than it says."""
    unknown = [name for name in turn.state.on_call if name not in turn.state.operators]
    if unknown:
        turn.alarm_now(UNKNOWN_ALARM, "home", f"oncall.order names nobody: {', '.join(unknown)}")
    else:
        turn.clear_alarm(UNKNOWN_ALARM, "home", "every name on call is an operator's")


def configured(turn: Turn, on_call: tuple[str, ...], channels: tuple[str, ...]) -> None:
    """What a start or a reload has read. A channel that is not set up any more cannot be down."""
    if (on_call, channels) != (turn.state.on_call, turn.state.channels):
        turn.emit(r.OnCallSet(on_call, channels))
    for channel in BESIDE_THE_BOT:
        if channel not in channels:
            turn.live.channels_failing.pop(channel, None)
            turn.clear_alarm(DOWN_ALARM, channel, "it is not set up any more")
