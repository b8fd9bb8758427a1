"""Authority, and the guards that lower it."""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.toc.records.base import Body


class GuardWarned(Body, frozen=True):
    """`position`: a position's number where the guard is about that one alone, else 0."""

    account: str
    measure: str
    position: int
    measured: str
    level: str


class GuardTripped(Body, frozen=True):
    """`action`: what follows, by this record, once."""

    account: str
    measure: str
    position: int
    measured: str
    limit: str
    action: str


class GuardActed(Body, frozen=True):
    """A tripped guard closes position `number` by this act."""

    account: str
    measure: str
    position: int
    number: int
    act_id: int


class GuardCleared(Body, frozen=True):
    """Armed again."""

    account: str
    measure: str
    position: int
    why: str


class AuthoritySet(Body, frozen=True):
    """`account` empty: global."""

    account: str
    level: Authority
    reason: str
