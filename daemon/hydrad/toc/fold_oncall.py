"""The fold's part that concerns who is told: the order on call, addresses, what a person hears, tests of channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.toc import records as r
from hydrad.toc.record import Record
from hydrad.toc.records.base import Body
from hydrad.toc.state import ChannelTest, Hears, State


def _on_call(state: State, record: Record, body: r.OnCallSet) -> None:
    state.on_call, state.channels = body.order, body.channels


def _contact(state: State, record: Record, body: r.ContactSet) -> None:
    contacts = state.operators[body.name].contacts
    if body.address:
        contacts[body.channel] = body.address
    else:
        contacts.pop(body.channel, None)


def _hears(state: State, record: Record, body: r.HearsSet) -> None:
    hears = Hears(body.quiet, body.zone, body.kinds, body.symbols, body.accounts, body.tcs_min)
    state.operators[body.name].hears = hears


def _muted(state: State, record: Record, body: r.Muted) -> None:
    """What is over is forgotten with it."""
    operator = state.operators[body.name]
    operator.mutes = {what: until for what, until in operator.mutes.items() if until > record.at_ns}
    operator.mutes.pop(body.what, None)
    if body.until_ns:
        operator.mutes[body.what] = body.until_ns


def _asked(state: State, record: Record, body: r.ChannelAsked) -> None:
    state.channels_asked[body.channel] = ChannelTest(body.name, body.to, body.expires_ns, body.digest)


def _tested(state: State, record: Record, body: r.ChannelTested) -> None:
    state.channels_asked.pop(body.channel, None)
    state.channel_tests[body.channel] = ChannelTest(body.name, body.to, record.at_ns)


HANDLERS: dict[type[Body], Callable[[State, Record, Any], None]] = {
    r.OnCallSet: _on_call,
    r.ContactSet: _contact,
    r.HearsSet: _hears,
    r.Muted: _muted,
    r.ChannelAsked: _asked,
    r.ChannelTested: _tested,
}
