"""The outbox's tables against a model, over any history with crashes: no letter vanishes, none is told twice."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hydrad.domain.instants import SECOND
from hydrad.outbox.letter import Channel, Priority
from hydrad.outbox.outcomes import Gone, Lost, Outcome, Refused, Rejected, Sent, Throttled, Uneditable
from hydrad.outbox.store import REJECTED_MAX_NS, Row, Store
from tests.outbox.letters import START_NS, letter

TG = Channel.TELEGRAM
TO = st.sampled_from(["42", "7"])
OUTCOMES = st.sampled_from([Sent("1"), Sent("2"), Throttled(1.0), Lost("x"), Lost("x", reached=False), Refused("bad")])
REJECTED = Rejected("no such user", 300.0)


class Outboxes(RuleBasedStateMachine):
    """`put_keys`: every key that was given; `arrived`: those that were sent; `in_doubt`: numbers of letters that may have
    been."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "outbox.db", letters_max=6)
        self.now_ns, self.count, self.place = START_NS, 0, 0
        self.put_keys: set[str] = set()
        self.flying: dict[str, Row] = {}
        self.in_doubt: set[int] = set()
        self.arrived: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    # --- what happens ---------------------------------------------------------------------------------

    @rule(to=TO, priority=st.sampled_from(list(Priority)), topic=st.sampled_from(["", "M1", "M2"]), again=st.booleans())
    def put(self, to: str, priority: Priority, topic: str, again: bool) -> None:
        if not again or not self.count:
            self.count += 1
        expires = 0 if priority is Priority.HALT else self.now_ns + 20 * SECOND
        key = f"{self.count}"
        self.place += 1
        self.store.put([letter(key, to, priority, topic=topic, expires_ns=expires)], self.now_ns, self.place)
        self.put_keys.add(key)

    @rule(to=TO)
    def leave(self, to: str) -> None:
        head = next((head for head in self.store.heads(TG) if head.to == to), None)
        if head is None or to in self.flying:
            return
        for row in self.store.began([head.id], self.now_ns):
            assert row.letter.key not in self.arrived, "told twice"
            assert row.doubt_ns or row.id not in self.in_doubt, "a doubt is never forgotten"
            self.flying[to] = row

    @precondition(lambda self: self.flying)
    @rule(outcome=OUTCOMES, data=st.data())
    def settle(self, outcome: Outcome, data: st.DataObject) -> None:
        to = data.draw(st.sampled_from(sorted(self.flying)))
        row = self.flying.pop(to)
        self.store.settle(row, outcome, self.now_ns)
        if isinstance(outcome, Sent):
            self.arrived.append(row.letter.key)
        elif isinstance(outcome, Lost) and outcome.reached and row.edits is None:
            self.in_doubt.add(row.id)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def rejected_for_a_day(self, data: st.DataObject) -> None:
        """Whatever is on its way elsewhere; nothing of theirs waits then."""
        to = data.draw(st.sampled_from(sorted(self.flying)))
        self.store.settle(self.flying.pop(to), REJECTED, self.now_ns)
        self.now_ns += REJECTED_MAX_NS
        self.store.expire(self.now_ns)
        assert all(head.to != to for head in self.store.heads(TG))
        assert (TG, to) not in self.store.rejected()

    @precondition(lambda self: self.flying)
    @rule(why=st.sampled_from([Gone("blocked"), Uneditable("deleted")]), data=st.data())
    def gone_or_deleted(self, why: Outcome, data: st.DataObject) -> None:
        to = data.draw(st.sampled_from(sorted(self.flying)))
        row = self.flying[to]
        if isinstance(why, Uneditable) and row.edits is None:
            return
        del self.flying[to]
        self.store.settle(row, why, self.now_ns)
        if isinstance(why, Gone):
            assert all(head.to != to for head in self.store.heads(TG))
            self.store.back(TG, to)

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        self.now_ns += seconds * SECOND
        assert all(drop.priority is not Priority.HALT for drop in self.store.expire(self.now_ns))

    @rule()
    def crash(self) -> None:
        """The process ends; what flew may have arrived."""
        self.in_doubt |= {row.id for row in self.flying.values() if row.edits is None}
        self.flying.clear()
        self.store.close()
        self.store = Store(self.folder / "outbox.db", letters_max=6)

    # --- what holds -----------------------------------------------------------------------------------

    def waiting(self) -> dict[int, str]:
        return dict(self.store.db.execute("SELECT id, key FROM letter").fetchall())

    @invariant()
    def every_key_waits_or_was_told_and_never_both(self) -> None:
        if not hasattr(self, "store"):
            return
        waiting = set(self.waiting().values())
        told = {key for (key,) in self.store.db.execute("SELECT key FROM told")}
        assert waiting | told == self.put_keys
        assert not waiting & told
        assert len(waiting) <= 6 + len(self.flying)
        assert self.store.place() == (self.place or None)

    @invariant()
    def a_topic_waits_once_beside_the_one_that_flies(self) -> None:
        if not hasattr(self, "store"):
            return
        query = "SELECT count(*) FROM letter WHERE topic != '' GROUP BY recipient, topic"
        assert all(count <= 2 for (count,) in self.store.db.execute(query))
        flying = {row.id for row in self.flying.values()}
        query = "SELECT id, recipient || topic FROM letter WHERE topic != ''"
        still = [of for number, of in self.store.db.execute(query) if number not in flying]
        assert len(still) == len(set(still))


TestOutboxes = Outboxes.TestCase
TestOutboxes.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
