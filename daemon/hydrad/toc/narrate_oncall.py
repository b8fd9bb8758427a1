"""Records about who is told, as one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain.instants import ns_text
from hydrad.toc import records as r
from hydrad.toc.records.base import Body
from hydrad.toc.state import State

Told = tuple[str, tuple[str, ...], str]


def _on_call(state: State, b: r.OnCallSet) -> Told:
    ways = ", ".join(b.channels) or "none"
    return f"on call: {', then '.join(b.order) or 'nobody is named'}; channels beside the bot: {ways}", b.order, ""


def _contact(state: State, b: r.ContactSet) -> Told:
    return f"{b.name} is reached by {b.channel} at {b.address or 'no address any more'}", (b.name,), ""


def _hears(state: State, b: r.HearsSet) -> Told:
    only = [f"only {', '.join(names)}" for names in (b.kinds, b.symbols, b.accounts) if names] + (
        [f"TCS from {b.tcs_min}%"] if b.tcs_min is not None else []
    )
    quiet = f"quiet {b.quiet} {b.zone}" if b.quiet else "no quiet hours"
    return f"{b.name} hears: {quiet}; {'; '.join(only) or 'everything'}", (b.name,), ""


def _muted(state: State, b: r.Muted) -> Told:
    until = f"muted until {ns_text(b.until_ns, 0)}" if b.until_ns else "heard again"
    return f"{b.what or 'everything but alarms'} {until} for {b.name}", (b.name,), ""


def _asked(state: State, b: r.ChannelAsked) -> Told:
    return f"a test letter goes to {b.name} by {b.channel}", (b.name,), ""


def _tested(state: State, b: r.ChannelTested) -> Told:
    return f"{b.channel} was tested: {b.name} has read what was sent to {b.to}", (b.name,), ""


TELLERS: dict[type[Body], Callable[[State, Any], Told]] = {
    r.OnCallSet: _on_call,
    r.ContactSet: _contact,
    r.HearsSet: _hears,
    r.Muted: _muted,
    r.ChannelAsked: _asked,
    r.ChannelTested: _tested,
}
