"""What became of one sending, as a channel says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """It is there. `message`: the channel's own name of it, by which it can be edited; empty where there is none."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Nothing was sent: ask this recipient again after so many seconds. `everyone`: all of them."""

    retry_after_s: float
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """This recipient takes nothing any more: blocked, deleted, never there."""

    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The far side says that it never takes anything for this recipient. A person can put that right: ask again after
    so many seconds, until the letter is too old (`store.REJECTED_MAX_NS`)."""

    why: str
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Not sent, and it never would be as it is."""

    why: str


@dataclass(frozen=True, slots=True)
class Uneditable:
    """The message that should change is too old, or was deleted: it has to be sent anew."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer, or one that says nothing. `reached`: it may have been sent; False where it provably was not."""

    why: str
    reached: bool = True


Outcome = Sent | Throttled | Gone | Rejected | Refused | Uneditable | Lost
