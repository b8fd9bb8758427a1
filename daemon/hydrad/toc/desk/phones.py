"""What may be asked from a phone: from the HUD and the bot, whose holder nobody sees. All other requests need a shell.

Raising authority, arming, roles, policies, limits, terminals' enrolment and the daemon itself are not here. The
configuration (`hud.phone_may`) adds verbs by their names on the wire; a change that waits is approved there only with
`approve` among them, since what it lets through is mostly of that kind. A fire that waits is, as it is fired there.
"""

from __future__ import annotations

from collections.abc import Collection

from hydrad.domain.actors import Surface
from hydrad.domain.ids import IdKind
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb

SURFACES = frozenset({Surface.HUD, Surface.BOT})
MAY: frozenset[type[Verb]] = frozenset(
    {
        calls.Fire,
        calls.FireSymbol,
        calls.Approve,
        calls.Pass,
        calls.Withdraw,
        calls.Close,
        calls.Cancel,
        calls.Modify,
        calls.Flatten,
        calls.PlanSet,
        calls.Halt,
        calls.Ack,
        calls.Note,
        calls.Reconcile,
        calls.ChangeDrop,
        calls.AccountDisarm,
        calls.OperatorClaim,
        calls.OperatorSuspend,
        calls.OperatorHears,
        calls.Mute,
        calls.ChannelConfirm,
    }
)


def barred(surface: Surface, verb: Verb, added: Collection[str]) -> str:
    """Why this request is not taken from there; empty where it is. `added`: verbs that the configuration allows."""
    if surface not in SURFACES or name_of(type(verb)) in added:
        return ""
    of_change = isinstance(verb, calls.Approve) and is_of_change(verb.id)
    if type(verb) in MAY and not of_change:
        return ""
    return f"{name_of(type(verb))} {'of a change ' if of_change else ''}is not taken from a phone"


def is_of_change(text: str) -> bool:
    """However an id may be written (`ids.parse` forgives blanks, case and the dash)."""
    return text.strip().upper().startswith(IdKind.CHANGE.value)


def name_of(verb: type[Verb]) -> str:
    """The verb's name on the wire, such as `account.arm`."""
    return str(verb.__struct_config__.tag)
