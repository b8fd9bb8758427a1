"""Who is told, by which way, and when not: order on call, addresses, what a person hears, mutes, tests of channels."""

from __future__ import annotations

from hydrad.toc.records.base import Body


class OnCallSet(Body, frozen=True):
    """What the configuration says. `order`: names, the first is told first. `channels`: those it sets up beside the
    bot, such as `email` and `webhook`."""

    order: tuple[str, ...]
    channels: tuple[str, ...]


class ContactSet(Body, frozen=True):
    """Where a person is reached by a channel; empty: nowhere."""

    name: str
    channel: str
    address: str


class HearsSet(Body, frozen=True):
    """What a person wants to hear of, alarms and halts aside. `quiet`: `HH:MM-HH:MM` in `zone`; empty lists: all."""

    name: str
    quiet: str
    zone: str
    kinds: tuple[str, ...]
    symbols: tuple[str, ...]
    accounts: tuple[str, ...]
    tcs_min: int | None


class Muted(Body, frozen=True):
    """`what`: a symbol, a signal's kind, or empty for all. `until_ns`: machine time; 0 ends it."""

    name: str
    what: str
    until_ns: int


class ChannelAsked(Body, frozen=True):
    """A test letter with a code goes to `to`. `digest`: SHA-256 of the code, which no record has."""

    channel: str
    name: str
    to: str
    digest: bytes
    expires_ns: int


class ChannelTested(Body, frozen=True):
    """A person had the code: what is sent there arrives."""

    channel: str
    name: str
    to: str
