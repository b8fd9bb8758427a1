"""How the view comes to know: three threads, each with a client of its own, that post messages.

One follows `tail`, so that a lost daemon is seen when it is lost. Another asks the queries that the shown screen
wants, each when it is due, and at once where an event may have changed the answer. The third asks what is made of the
recording, which may take seconds: nothing else waits for it, and a daemon that is slow with it is not lost. Nothing
here waits for an act, and nothing of Textual's loop waits for anything here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydractl.client import Client
from hydractl.diagnostics import Failure
from hydractl.places import Places
from hydractl.tui.store import (
    EVENTS_KEPT,
    QUERIES,
    STREAM,
    Another,
    Answered,
    Ask,
    Heard,
    Lost,
    Message,
    Problem,
    Recorded,
    Unanswered,
)

ANSWER_S = 3.0  # a daemon that takes longer is lost, as for `status --watch`
PAST_S = 20.0  # what is made of the recording may take longer
PAST = ("bars",)
RETRY_S = 1.0
GAP_S = 0.5  # an answer that events have made old is not asked for more often
_AWAY = ("UNREACHABLE", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Want:
    """A query that a screen needs: asked every `every_s`, and with `stirred` soon after any event too, or where `about`
    names ids, after one that names any of those."""

    ask: Ask
    every_s: float
    stirred: bool = False
    about: frozenset[str] = frozenset()


class Feed:
    """The three threads. `post` is called on them, with each message; it must not block."""

    def __init__(self, places: Places, post: Callable[[Message], None], timeout_s: float | None = None) -> None:
        self._places = places
        self._post = post
        self._timeout_s = timeout_s or ANSWER_S
        self._changed = threading.Condition()
        self._wants: tuple[Want, ...] = ()
        self._asked_s: dict[Ask, float] = {}
        self._stirred_s: dict[Ask, float] = {}
        self._seen: int | None = None  # the newest event that was told
        self._ends = False
        self._broke = False  # a way was lost, and no query answered since

    def start(self) -> None:
        for run in (self._follow, self._ask_now, self._ask_past):
            threading.Thread(target=run, name=f"hydractl-tui{run.__name__}", daemon=True).start()

    def stop(self) -> None:
        """Ends the asking; a thread that waits for the daemon ends with the process."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()

    def want(self, wants: Sequence[Want]) -> None:
        """What is asked from now on; one that is new is asked at once."""
        with self._changed:
            if tuple(wants) == self._wants:
                return
            self._wants = tuple(wants)
            known = {want.ask for want in wants}
            self._asked_s = {ask: at_s for ask, at_s in self._asked_s.items() if ask in known}
            self._stirred_s = {ask: at_s for ask, at_s in self._stirred_s.items() if ask in known}
            self._changed.notify_all()

    def again(self) -> None:
        """Everything is asked now."""
        with self._changed:
            self._asked_s.clear()
            self._changed.notify_all()

    # --- the queries ---

    def _ask_now(self) -> None:
        self._ask_on(self._client(), False)

    def _ask_past(self) -> None:
        self._ask_on(Client(self._places, max(self._timeout_s, PAST_S), surface="tui"), True)

    def _ask_on(self, client: Client, past: bool) -> None:
        while (ask := self._next(past)) is not None:
            at_s = time.monotonic()
            try:
                answer = client.query(ask.verb, **dict(ask.fields))
            except Failure as failure:
                client.close()
                self._failed(ask, at_s, failure)
                continue
            error = answer.error
            problem = Problem(error.code, error.message, error.hint) if error is not None else None
            if self._broke:
                self._broke = False
                self.again()
            self._post(Answered(ask, at_s, answer.data, problem, answer.daemon))

    def _failed(self, ask: Ask, at_s: float, failure: Failure) -> None:
        self._post(Unanswered(ask, at_s, Problem(failure.code, failure.message, failure.hint)))
        if ask.verb not in PAST and (failure.code in _AWAY or failure.code in ("PROTOCOL", "FORBIDDEN")):
            self._lost(QUERIES, failure.message)
            self._pause()

    def _next(self, past: bool) -> Ask | None:
        """Waits until a query, of the past or of now, is due, the longest overdue first; None at the end."""
        with self._changed:
            while not self._ends:
                now_s = time.monotonic()
                mine = ((at, want) for at, want in enumerate(self._wants) if (want.ask.verb in PAST) == past)
                due = min(((self._due_s(want), at) for at, want in mine), default=None)
                if due is not None and due[0] <= now_s:
                    ask = self._wants[due[1]].ask
                    self._asked_s[ask] = now_s
                    return ask
                self._changed.wait(None if due is None else due[0] - now_s)
            return None

    def _due_s(self, want: Want) -> float:
        asked_s = self._asked_s.get(want.ask)
        if asked_s is None:
            return 0.0
        if want.stirred and self._stirred_s.get(want.ask, 0.0) > asked_s:
            return min(asked_s + GAP_S, asked_s + want.every_s)
        return asked_s + want.every_s

    def _lost(self, way: str, why: str) -> None:
        """Whoever answers next may be another daemon: it is asked everything."""
        self._broke = True
        self._post(Lost(way, time.monotonic(), why))

    # --- the stream ---

    def _follow(self) -> None:
        while not self._ends:
            client = self._client()
            try:
                self._follow_once(client)
            except Failure as failure:
                if failure.code == "DIFFERENCES":
                    self._begin_anew()
                else:
                    self._lost(STREAM, failure.message)
            client.close()
            self._pause()

    def _follow_once(self, client: Client) -> None:
        """Goes on behind what was told, so that no way of being lost leaves a gap."""
        if self._seen is not None and client.journal_seq() < self._seen:
            self._begin_anew()
        fields = {"last": EVENTS_KEPT} if self._seen is None else {"after_seq": self._seen}
        for event in client.events(True, self._stream_lost, self._silent, self._stream_heard, **fields):
            self._seen = event.seq
            self._post(Recorded(event))
            self._stir(event)

    def _begin_anew(self) -> None:
        """What was told belongs to another journal."""
        self._seen = None
        self._post(Another(time.monotonic()))
        self.again()

    def _stream_lost(self, _: int) -> None:
        self._lost(STREAM, "the daemon went away")
        self.again()

    def _stream_heard(self) -> None:
        self._post(Heard(STREAM, time.monotonic()))

    def _silent(self, silent_s: float) -> None:
        at_s = time.monotonic()
        if silent_s:
            self._lost(STREAM, f"no sign of life for {silent_s:g} s: it hangs or is stopped")
        else:
            self._post(Heard(STREAM, at_s))

    def _stir(self, event: Any) -> None:
        with self._changed:
            now_s = time.monotonic()
            stirred = {want.ask for want in self._wants if want.stirred and _concerns(event, want.about)}
            self._stirred_s.update(dict.fromkeys(stirred, now_s))
            if stirred:
                self._changed.notify_all()

    def _pause(self) -> None:
        with self._changed:
            if not self._ends:
                self._changed.wait(RETRY_S)

    def _client(self) -> Client:
        return Client(self._places, self._timeout_s, surface="tui")


def _concerns(event: Any, about: frozenset[str]) -> bool:
    return not about or not about.isdisjoint(event.ids or ())
