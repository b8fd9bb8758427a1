"""What the daemon is told of the terminal, and when: at once for what changed, now and then for what did not."""

from __future__ import annotations

import msgspec

from hydrad.agent import calls, paging
from hydrad.agent.alone import Alone
from hydrad.domain.instants import SECOND
from hydrad.link import frames
from hydrad.link.frames import PositionRow, RowState

SHOW_EVERY_NS = SECOND
CONFIRM_EVERY_NS = 5 * SECOND


class Telling(Alone):
    """A layer of the core; see `state`."""

    def _tell_ledger(self, welcome: frames.Welcome) -> None:
        ours = welcome.ledger_id == self._ledger_id and welcome.ledger_known <= len(self._ledger)
        known = welcome.ledger_known if ours else 0
        if "handshake_without_ledger" in self._mutants:
            known = len(self._ledger)
        pages = paging.pages(self._ledger.after(known))
        for number, page in enumerate(pages, 1):
            self._send(frames.Ledger(self._ledger_id, page, number == len(pages)))

    def _tell_positions(self, rows: tuple[PositionRow, ...]) -> None:
        self._positions_shown, self._positions_shown_ns = rows, self._now_ns
        pages = paging.pages(rows)
        for number, page in enumerate(pages, 1):
            self._send(frames.Positions(page, self._market_ms, number == 1, number == len(pages)))

    def _positions_differ(self, rows: tuple[PositionRow, ...]) -> bool:
        """At once for what a person did or the broker did; profit alone at most once a second; what was read again
        and found the same is told now and then, so that its age at the daemon stays that of the last look."""
        if self._positions_shown is None:
            return True
        shown_for_ns = self._now_ns - self._positions_shown_ns
        if rows == self._positions_shown:
            return shown_for_ns >= CONFIRM_EVERY_NS
        shown = [_without_profit(row) for row in self._positions_shown]
        return shown_for_ns >= SHOW_EVERY_NS or [_without_profit(row) for row in rows] != shown

    def _tell_orders(self, market_ms: int) -> None:
        self._resting.told(self._now_ns)
        pages = paging.pages(tuple(self._resting.rows.values()))
        for number, page in enumerate(pages, 1):
            self._send(frames.Orders(page, market_ms, number == 1, number == len(pages)))

    def _tell_deals(self, rows: tuple[frames.DealRow, ...]) -> None:
        pages = paging.pages(rows)
        for number, page in enumerate(pages, 1):
            self._send(frames.Deals(page, number == len(pages)))

    def _tell_new_deals(self, rows: tuple[frames.DealRow, ...]) -> None:
        if not rows:
            return
        self._tell_deals(rows)
        self._deals_after, self._deals_from_ms = rows[-1].ticket, rows[-1].time_ms
        for deal in rows:
            known = self._ledger.newest((deal.magic, 0))
            if known is not None and known.state in (RowState.NOT_EXECUTED, RowState.TOMBSTONED, RowState.REFUSED):
                self._send(frames.Warn("LATE_EXECUTION", f"deal {deal.ticket} of act {deal.magic}"))

    def _tell_account(self, account: frames.Account) -> None:
        self._account_shown, self._account_shown_ns = account, self._now_ns
        self._send(account)

    def _account_differs(self, account: frames.Account) -> bool:
        """At once for a changed figure, and now and then for the same ones."""
        shown = self._account_shown
        if shown is None or self._now_ns - self._account_shown_ns >= CONFIRM_EVERY_NS:
            return True
        return msgspec.structs.replace(account, market_ms=shown.market_ms) != shown

    def _tell_ticks(self, seen: calls.Polled) -> None:
        """Ticks, and how far everything was read: said only when no act is in hand and nothing was left out, terms
        that are due included, so that a stepped market is at the same instant for them in every run."""
        history, live = paging.split(seen.ticks, self._history_until_ms)
        for part in paging.tick_frames(history):
            self._send(frames.Ticks(self._through_ms, True, part))
        if self._outbox:
            self._ticks_shed += sum(len(batch.ticks) for batch in live)
            self._read_ms = -1
            return
        whole = seen.complete and not self.in_hand and seen.market_ms < self._terms_due_ms
        through_ms = max(seen.market_ms, self._through_ms) if whole else self._through_ms
        parts = paging.tick_frames(live) or ([()] if self._empty_wanted(through_ms) else [])
        for number, part in enumerate(parts, 1):
            said_ms = through_ms if number == len(parts) else self._through_ms
            self._send(frames.Ticks(said_ms, False, part))
        if parts:
            self._through_ms, self._through_ns = through_ms, self._now_ns
        if not whole:
            self._read_ms = -1

    def _empty_wanted(self, through_ms: int) -> bool:
        """Without ticks `through` is told at each move of a simulated clock, once a second of a live one."""
        moved = through_ms > self._through_ms
        simulated = self._identity is not None and bool(self._identity.sim_broker)
        return moved and (simulated or self._now_ns - self._through_ns >= SHOW_EVERY_NS)


def _without_profit(row: PositionRow) -> tuple[object, ...]:
    return (row.ticket, row.volume_steps, row.stop_points, row.target_points, row.magic, row.side, row.symbol)
