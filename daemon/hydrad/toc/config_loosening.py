"""The rule of `loosening` for `[timing]`, `[plans]` and `news.mode`: what tightens holds at once, what loosens waits.

Of a time the shorter one is the tighter: sooner UNKNOWN, sooner an alarm, an earlier deadline. Only `settle_ms`, after
which a broker's silence proves that nothing was done, is tighter when it is longer. A named plan that reads otherwise
than before has no order, and counts as loosened, also where the name was gone in between; a new name, and one that is
gone, do not: nobody is bound to a plan, since any fire may take `none`. `off` is looser than a news file.
"""

from __future__ import annotations

from hydrad.toc import changes
from hydrad.toc import records as r
from hydrad.toc.limits import Timing
from hydrad.toc.news import stricter as stricter_news
from hydrad.toc.state import Change, State
from hydrad.toc.turn import Turn

TIMING, PLANS, NEWS = "timing of everything", "named plans", "news"
Waiting = r.TimingChanged | r.PlansChanged | r.NewsModeSet
_LONGER_IS_TIGHTER = frozenset({"settle_ms"})


def tighter_timing(old: Timing, new: Timing) -> Timing:
    """The tighter value of each field: what a change from `old` to `new` makes true at once."""

    def choose(name: str) -> int:
        among: tuple[int, int] = getattr(old, name), getattr(new, name)
        return max(among) if name in _LONGER_IS_TIGHTER else min(among)

    return Timing(**{name: choose(name) for name in Timing.__struct_fields__})


def tighter_plans(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """The names of `new`, each with the text that it last had. `old`: all that there ever were."""
    return {name: old.get(name, text) for name, text in new.items()}


def timing_at_start(state: State, wanted: Timing) -> Timing:
    """What a start's configuration makes true at once: all of it in a new home."""
    return tighter_timing(state.timing, wanted) if state.epoch else wanted


def plans_at_start(state: State, wanted: dict[str, str]) -> dict[str, str]:
    return tighter_plans(state.plans_ever, wanted) if state.epoch else wanted


def news_at_start(state: State, wanted: str) -> str:
    return stricter_news(state.news_mode, wanted) if state.epoch else wanted


def let_timing_wait(turn: Turn, wanted: Timing) -> None:
    now = turn.state.timing
    steps = [
        f"{name} {getattr(now, name)} -> {getattr(wanted, name)}"
        for name in Timing.__struct_fields__
        if getattr(now, name) != getattr(wanted, name)
    ]
    _let_wait(turn, TIMING, r.TimingChanged(wanted, "waited"), steps)


def let_plans_wait(turn: Turn, wanted: dict[str, str]) -> None:
    now = turn.state.plans
    steps = [f"{name} '{now.get(name, '')}' -> '{text}'" for name, text in wanted.items() if now.get(name) != text]
    _let_wait(turn, PLANS, r.PlansChanged(wanted, "waited"), steps)


def let_news_wait(turn: Turn, wanted: str) -> None:
    now = turn.state.news_mode
    _let_wait(turn, NEWS, r.NewsModeSet(wanted, "waited"), [f"mode {now} -> {wanted}"] if wanted != now else [])


def _let_wait(turn: Turn, subject: str, body: Waiting, steps: list[str]) -> None:
    """The one change of this subject that waits. The same one goes on waiting from when it began."""
    waiting = pending(turn.state, subject)
    if not steps:
        changes.void(turn, subject, "the configuration does not ask for it any more")
    elif waiting is None or waiting.body != r.encode(body):
        changes.ask(turn, subject, body, f"{subject}: {', '.join(steps)}", changes.LOOSEN_AFTER_NS)


def pending(state: State, subject: str) -> Change | None:
    return next((change for change in state.changes.values() if change.subject == subject), None)
