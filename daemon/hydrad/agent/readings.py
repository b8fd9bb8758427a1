"""Readings of the terminal: which is due, and what is learned from its answer; those of the hand-shake first."""

from __future__ import annotations

from collections.abc import Iterable

from hydrad.agent import calls, entries, inputs, paging
from hydrad.agent.latch import DAEMON
from hydrad.agent.session import Phase
from hydrad.agent.state import NEVER
from hydrad.agent.telling import CONFIRM_EVERY_NS, Telling
from hydrad.domain.instants import MINUTE_MS
from hydrad.domain.symbols import SymbolTerms
from hydrad.link import frames

TERMS_EVERY_MS = 15 * MINUTE_MS
TERMS_MISSING_MS = 15_000
READINGS_MAX = 256


class Readings(Telling):
    """A layer of the core; see `state`."""

    def _next_reading(self) -> calls.Call | None:
        if self._books_due is not None:
            return calls.ReadBooks(self._books_due.deals_after)
        if self._readings:
            return self._readings.popleft()
        if self._market_ms >= self._terms_due_ms or self._terms_missing():
            self._terms_due_ms = self._next_terms_ms(self._market_ms)
            return calls.ReadTerms()
        if not self._poll_due:
            return None
        self._poll_due = False
        cursors = self._cursors if self._talk.phase is Phase.READY else self._watched
        return calls.Poll(self._read_ms, cursors, self._deals_after, self._deals_from_ms)

    def _terms_missing(self) -> bool:
        """Whether a plan waits for terms that no hand-shake has read yet, and that were not asked for."""
        return self._terms_due_ms == NEVER and any(cursor.symbol not in self._terms for cursor in self._watched)

    def _next_terms_ms(self, market_ms: int) -> int:
        """A symbol that had no price yet has no terms: it is looked at again soon."""
        missing = any(symbol not in self._terms for symbol in self._config.symbols)
        return market_ms + (TERMS_MISSING_MS if missing else TERMS_EVERY_MS)

    def _welcome(self, body: frames.Welcome) -> None:
        if body.epoch > self._epoch_max:
            self._store(entries.EpochStored(body.epoch))
        if body.halted:
            self._set_latch(DAEMON, True, "daemon, at the hand-shake")
        self._talk.welcome(body, self._now_ns)
        self._resting.heard(self._now_ns)
        if body.halted:
            self._tell_latch()
        self._books_due = body

    def _books(self, books: calls.Books) -> None:
        """Everything was read: tell it page by page, then READY."""
        welcome, self._books_due = self._books_due, None
        self._market_ms = max(self._market_ms, books.market_ms)
        self._keep_terms(books.terms)
        self._positions = {row.position_id: row for row in books.positions}
        self._account = books.account
        for key in self._resting.read(books.orders, self._ledger, self._now_ns):
            self._seek(key)
        if welcome is None or self._talk.phase is not Phase.READING:
            return  # the session ended meanwhile; the next WELCOME reads again
        self._tell_ledger(welcome)
        for terms in paging.pages(books.terms):
            self._send(frames.Specs(terms, books.market_ms))
        self._tell_account(books.account)
        self._tell_positions(books.positions)
        self._tell_orders(books.market_ms)
        self._tell_deals(books.deals)
        self._talk.phase = Phase.READY
        self._send(frames.Ready())
        self._name_stand_ins()
        self._send(self._beat())  # with it the daemon knows at once whether this terminal can trade, and its clock
        self._follow(welcome, books)

    def _follow(self, welcome: frames.Welcome, books: calls.Books) -> None:
        """From here on: ticks from where the daemon wants them, deals after the last one told."""
        wanted = {want.symbol: want.from_ms for want in welcome.ticks_from}
        followed = [(symbol, wanted.get(symbol, books.market_ms)) for symbol in self._symbols]
        self._cursors = paging.cursors_from(followed)
        self._history_until_ms = books.market_ms
        self._through_ms, self._read_ms = 0, -1
        last = max(books.deals, key=lambda row: row.ticket, default=None)
        self._deals_after = last.ticket if last else welcome.deals_after
        self._deals_from_ms = last.time_ms if last else 0
        self._terms_due_ms = self._next_terms_ms(books.market_ms)

    def _name_stand_ins(self) -> None:
        """A person maps them at the daemon, which knows their terms by now."""
        for wanted, names in self._stand_ins.items():
            has = f"it has {', '.join(names)}" if names else "nor one like it"
            self._send_ready(frames.Warn("SYMBOL_MISSING", f"the broker has no {wanted}; {has}"))

    def _poll_asked(self, given: inputs.PollDue) -> None:
        self._outbox, self._poll_due = given.outbox, True

    def _polled(self, seen: calls.Polled) -> None:
        """One reading of the market: learn it, run what is due, then tell it, ticks last."""
        self._market_ms = max(self._market_ms, seen.market_ms)
        self._trade_allowed = seen.trade_allowed
        self._learn_offset(seen.offset_ms)
        if not seen.connected:
            self._connected_since_ns = None
        elif self._connected_since_ns is None:
            self._connected_since_ns = self._now_ns
        if not seen.read:
            return
        self._learn(seen)
        if seen.connected and self._identified() and self._stop_ns is None:
            self._look_at_floor(seen.market_ms)
            self._look_at_flatten()
            self._run_plans(seen)
        if self._talk.phase is Phase.READY:
            self._tell_reading(seen)
        self._poll_due = not seen.complete

    def _learn_offset(self, offset_ms: int | None) -> None:
        """The broker's clock as it is known now; the daemon hears of it with each beat. One that has moved is for a
        person to look at, though twice a year it should."""
        self._offset_ms = offset_ms
        if offset_ms is None or offset_ms == self._offset_told_ms:
            return
        if self._offset_told_ms is not None:
            moved = f"the broker's clock was {self._offset_told_ms} ms ahead of UTC, it is {offset_ms}"
            self._send_ready(frames.Warn("BROKER_CLOCK", moved))
        self._offset_told_ms = offset_ms

    def _learn(self, seen: calls.Polled) -> None:
        self._read_ms = seen.market_ms
        self._positions = {row.position_id: row for row in seen.positions}
        self._account = seen.account or self._account
        for key in self._resting.read(seen.orders, self._ledger, self._now_ns):
            self._seek(key)
        for batch in seen.ticks:
            self._quotes[batch.symbol] = batch.ticks[-1]
        read = {cursor.symbol: cursor for cursor in seen.cursors}
        fresh_ms = max(seen.market_ms - MINUTE_MS, 0)
        symbols = self._plans.symbols(self._positions)
        self._watched = tuple(read.get(symbol) or calls.Cursor(symbol, fresh_ms, 0) for symbol in symbols)

    def _tell_reading(self, seen: calls.Polled) -> None:
        assert isinstance(self._answered_call, calls.Poll)
        if self._answered_call.cursors != self._cursors:
            self._read_ms = -1  # read for an earlier session: read again for this one
            return
        self._cursors = seen.cursors
        self._tell_new_deals(seen.deals)
        if self._positions_differ(seen.positions):
            self._tell_positions(seen.positions)
        if self._resting.differ(self._now_ns, CONFIRM_EVERY_NS):
            self._tell_orders(seen.market_ms)
        if seen.account is not None and self._account_differs(seen.account):
            self._tell_account(seen.account)
        self._tell_ticks(seen)

    def _terms_read(self, answer: calls.Terms) -> None:
        gone = self._terms.keys() - {one.symbol for one in answer.terms}
        for symbol in sorted(gone):  # nothing opens in it any more; what is open is followed and closed by its ticket
            del self._terms[symbol]
            self._send_ready(frames.Warn("SYMBOL_GONE", symbol))
        changed = [t.symbol for t in answer.terms if not t.same_contract(self._terms.get(t.symbol, t))]
        self._keep_terms(answer.terms)
        for page in paging.pages(answer.terms):
            self._send_ready(frames.Specs(page, answer.market_ms))
        for symbol in changed:
            self._send_ready(frames.Warn("TERMS_CHANGED", symbol))

    def _keep_terms(self, terms: Iterable[SymbolTerms]) -> None:
        self._terms.update((one.symbol, one) for one in terms)
        self._terms_seen.update(self._terms)

    def _query_history(self, body: frames.QueryHistory) -> None:
        self._readings.append(calls.ReadDeals(body.query_id, body.from_ms, body.to_ms))

    def _deals_read(self, answer: calls.DealsRead) -> None:
        pages = paging.pages(answer.rows)
        for number, page in enumerate(pages, 1):
            self._send_ready(frames.Deals(page, number == len(pages), answer.query_id))
        # Whoever asks for the history wants to compare: all else is read again, and told though it be the same.
        self._read_ms, self._positions_shown, self._account_shown = -1, None, None
        self._resting.forget_told()

    def _query_rates(self, body: frames.QueryRates) -> None:
        if len(self._readings) >= READINGS_MAX:
            self._send_ready(frames.Rates(body.query_id, body.symbol, (), True, "too many questions wait"))
        else:
            self._readings.append(calls.ReadRates(body.query_id, body.symbol, body.from_ms, body.to_ms))

    def _rates_read(self, answer: calls.RatesRead) -> None:
        pages = paging.pages(answer.rows)
        for number, page in enumerate(pages, 1):
            last = number == len(pages)
            self._send_ready(frames.Rates(answer.query_id, answer.symbol, page, last, answer.why))
