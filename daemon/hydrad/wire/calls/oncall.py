"""Who is told and by which way: addresses, what one hears, mutes, tests of channels."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class OperatorContact(Verb, frozen=True, tag="operator.contact"):
    """Where somebody is reached by a channel, such as `email`; an empty address is nowhere."""

    name: str
    channel: str
    address: str


class OperatorHears(Verb, frozen=True, tag="operator.hears"):
    """What somebody hears of beside alarms and halts, all of it anew. `quiet`: `HH:MM-HH:MM` in `zone`, or empty."""

    name: str
    quiet: str = ""
    zone: str = "UTC"
    kinds: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tcs_min: int | None = None


class Mute(Verb, frozen=True, tag="mute"):
    """Hear nothing of `what` (a symbol, a signal's kind, or empty for all) for so many seconds; 0 ends it. Alarms and
    halts come all the same."""

    for_s: float
    what: str = ""


class ChannelTest(Verb, frozen=True, tag="channel.test"):
    """Send the asker a letter with a code by this channel."""

    channel: str


class ChannelConfirm(Verb, frozen=True, tag="channel.confirm"):
    """The code has arrived."""

    code: str


class Digest(Verb, frozen=True, tag="digest"):
    """What a day came to for whoever asks: today so far, or so many days before, by the clock of their zone."""

    back: int = 0


class Channels(Verb, frozen=True, tag="channels"):
    """The ways out, what each is worth now, and who is on call."""
