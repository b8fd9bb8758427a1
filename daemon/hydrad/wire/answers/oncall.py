"""The ways to people, and what a test of one has shown."""

from __future__ import annotations

from hydrad.wire.answers import Out


class ChannelRow(Out, frozen=True):
    """`tested_at`: when a person last confirmed a letter of it. `state`: OFF, UP or DOWN."""

    name: str
    state: str
    detail: str
    tested_at: str | None
    tested_by: str | None
    tested_to: str | None
    tested_age_s: float | None


class OnCallRow(Out, frozen=True):
    """`ways`: such as `email ann@example.org`, in the order in which they are used. `muted`: what, and until when."""

    name: str
    position: int | None
    ways: tuple[str, ...]
    quiet: str | None
    hears: str
    muted: tuple[str, ...]


class ChannelsData(Out, frozen=True):
    channels: tuple[ChannelRow, ...]
    people: tuple[OnCallRow, ...]


class ChannelTestData(Out, frozen=True):
    """A letter with a code is on its way; who has it confirms."""

    channel: str
    to: str
    expires_at: str
