"""The rule of `loosening` for `[guards]`: a restart tightens at once, and what it loosens waits for a day.

A level of 0 is off, and looser than any. Of actions the one that does more is the stricter; `halted` and `flatten` do
different things, so that a change from one to the other waits. They are read at a start alone, so that nobody knows
whose hand it was and nobody can approve.
"""

from __future__ import annotations

from typing import Any

from hydrad.toc import changes
from hydrad.toc import records as r
from hydrad.toc.guard_limits import Guards
from hydrad.toc.state import Change, State
from hydrad.toc.turn import Turn

SUBJECT = "guards of everything"
# Of these measures a higher level acts earlier.
FALLING = ("margin_level_", "weekend_")
_STRICTNESS = {"alarm": 0, "cancel": 1, "reducing": 2, "halted": 3, "flatten": 3}


def tighter(old: Guards, new: Guards) -> Guards:
    """The tighter value of each field: what a change from `old` to `new` makes true at once."""
    return Guards(**{name: _tighter(name, getattr(old, name), getattr(new, name)) for name in Guards.__struct_fields__})


def loosened(old: Guards, new: Guards) -> tuple[str, ...]:
    """The fields whose new value may let pass what the old one did not."""
    now = tighter(old, new)
    return tuple(name for name in Guards.__struct_fields__ if getattr(now, name) != getattr(new, name))


def _tighter(name: str, before: Any, after: Any) -> Any:
    if name.endswith("_action"):
        return after if _STRICTNESS[after] > _STRICTNESS[before] else before
    choose = max if name.startswith(FALLING) else min
    return choose((level for level in (before, after) if level), default=before)


def at_start(state: State, wanted: Guards | None) -> Guards | None:
    """What a start's configuration makes true at once: all of it where there were no guards yet."""
    return tighter(state.guards, wanted) if state.guards is not None and wanted is not None else wanted


def let_wait(turn: Turn, wanted: Guards | None) -> None:
    """The one change of the guards that waits. One for the same guards goes on waiting from when it began."""
    now = turn.state.guards
    if wanted is None or now is None or wanted == now:
        changes.void(turn, SUBJECT, "the configuration does not ask for it any more")
        return
    body, waiting = r.GuardsChanged(wanted, "waited"), pending(turn.state)
    if waiting is not None and waiting.body == r.encode(body):
        return
    steps = [f"{name} {getattr(now, name)} -> {getattr(wanted, name)}" for name in loosened(now, wanted)]
    changes.ask(turn, SUBJECT, body, f"{SUBJECT}: {', '.join(steps)}", changes.LOOSEN_AFTER_NS)


def pending(state: State) -> Change | None:
    return next((change for change in state.changes.values() if change.subject == SUBJECT), None)


def pending_guards(change: Change) -> Guards:
    """What the guards will be once it is made."""
    body = r.decode(change.type, change.body)
    assert isinstance(body, r.GuardsChanged)
    return body.guards
