"""Reconcile and statement: asked now, compared row by row, answered by what was read after the question."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind, show
from hydrad.link import frames as f
from hydrad.toc import effects as e
from hydrad.toc import statements
from hydrad.toc.histories import ASKINGS_MAX
from hydrad.toc.state import Act, Position
from hydrad.wire import calls
from tests.toc.conftest import ACCOUNT, MARKET_MS, Core

DEPOSIT = Decimal(10_000)
TWO = (("t1", "alpha", 5001), ("t2", "bravo", 5002))


def cash(ticket: int = 1, amount: Decimal = DEPOSIT, at_ms: int = MARKET_MS - 1_000, kind: int = 2) -> f.DealRow:
    zero = Decimal(0)
    return f.DealRow(ticket, 0, 0, "", kind, 0, 0, 0, 0, 0, at_ms, amount, zero, zero, zero, "deposit")


def opening(core: Core, act: Act) -> f.DealRow:
    position = held(core, act)
    return core.deal_row(
        act.deal_ticket, position.position_id, entry=0, deal_type=0, magic=act.act_id, price_points=110_010,
        volume_steps=position.opened_steps,
    )  # fmt: skip


def held(core: Core, act: Act) -> Position:
    return core.state.positions[act.position]


class Books:
    """What the broker's side tells when it is asked."""

    def __init__(self, core: Core, terminal: str = "t1") -> None:
        self.core, self.terminal = core, terminal
        self.deals: list[f.DealRow] = [cash()]
        self.positions: list[f.PositionRow] = []
        self.balance = DEPOSIT

    def history(self, last: bool = True) -> None:
        query = self.core.sent(f.QueryHistory, self.terminal)[-1]
        self.core.up(f.Deals(tuple(self.deals), last, query.query_id), self.terminal)

    def reports(self) -> None:
        self.core.now_ns += 1_000_000
        self.core.up(f.Positions(tuple(self.positions), self.core.market_ms, True, True), self.terminal)
        figures = msgspec.structs.replace(ACCOUNT, balance=self.balance, equity=self.balance)
        self.core.up(figures, self.terminal)

    def tell(self) -> None:
        self.history()
        self.reports()


def asked(core: Core, verb: Any, *books: Books) -> e.Reply:
    number = core.send(verb)
    for one in books:
        one.tell()
    return core.replies[number]


def kinds(reply: e.Reply) -> list[str]:
    return [row.kind for row in reply.data.differences]  # type: ignore[union-attr]


def traded(core: Core) -> tuple[Books, Act]:
    """One position of ours, in both books."""
    act = core.filled()
    books = Books(core)
    books.deals.append(opening(core, act))
    books.positions = [core.position_row(act)]
    core.deals(books.deals[-1])
    return books, act


# --- reconcile ------------------------------------------------------------------------------------------


def test_books_that_agree(core: Core) -> None:
    books, _ = traded(core)
    reply = asked(core, calls.Reconcile(), books)
    assert reply.problem is None and reply.schema == "hydra.reconcile/v1"
    (row,) = reply.data.terminals  # type: ignore[union-attr]
    assert (row.answered, row.positions, row.deals) == (True, 1, 2)
    assert reply.data.differences == ()  # type: ignore[union-attr]


def test_what_was_read_before_the_question_is_no_answer(core: Core) -> None:
    books, _ = traded(core)
    books.reports()
    number = core.send(calls.Reconcile(wait_s=5))
    books.reports()
    assert number not in core.replies, "older than the history"
    books.history(last=False)
    assert number not in core.replies
    books.history()
    assert number not in core.replies, "positions and figures come after the deals"
    books.reports()
    assert core.replies[number].problem is None


def test_a_terminal_that_does_not_answer(core: Core) -> None:
    number = core.send(calls.Reconcile(wait_s=2))
    core.wait(1_500)
    assert number not in core.replies
    core.wait(1_000)
    reply = core.replies[number]
    assert reply.problem is not None and reply.problem.code == "PARTLY"
    assert reply.data.terminals[0].answered is False  # type: ignore[union-attr]
    Books(core).tell()
    assert core.engine.live.askings == [], "a late answer disturbs nothing"


def test_a_terminal_that_is_not_there_is_named_at_once(make: Callable[..., Core]) -> None:
    core = make(terminals=TWO)
    core.connect("t1")
    reply = asked(core, calls.Reconcile(), Books(core))
    assert reply.problem is not None and reply.problem.code == "PARTLY" and "t2" in reply.problem.message
    alone = asked(core, calls.Reconcile("alpha"), Books(core))
    assert alone.problem is None


def test_a_session_that_ends_meanwhile_is_no_answer(core: Core) -> None:
    number = core.send(calls.Reconcile(wait_s=1))
    core.hello()
    core.books()
    core.wait(1_500)
    reply = core.replies[number]
    assert reply.problem is not None and reply.problem.code == "PARTLY"


def test_levels_and_volume_that_differ_are_rows(core: Core) -> None:
    books, act = traded(core)
    row = core.position_row(act)
    books.positions = [msgspec.structs.replace(row, volume_steps=row.volume_steps - 1)]
    reply = asked(core, calls.Reconcile(), books)
    assert reply.problem is not None and reply.problem.code == "DIFFERENCES"
    (found,) = reply.data.differences  # type: ignore[union-attr]
    assert (found.kind, found.settled, found.subject) == ("volume", False, show(IdKind.POSITION, act.position))
    assert (found.journal, found.broker) == ("0.22", "0.21")


def test_a_stop_moved_by_hand_is_settled_by_the_reading_and_told(core: Core) -> None:
    books, act = traded(core)
    books.positions = [core.position_row(act, stop_points=109_700)]
    reply = asked(core, calls.Reconcile(), books)
    (found,) = reply.data.differences  # type: ignore[union-attr]
    assert (found.kind, found.settled) == ("position", True)
    assert "stop 1.09810" in found.journal and "stop 1.09700" in found.broker
    assert asked(core, calls.Reconcile(), books).problem is None


def test_a_position_that_is_gone_without_its_deal(core: Core) -> None:
    books, act = traded(core)
    books.positions = []
    reply = asked(core, calls.Reconcile(), books)
    assert [(row.kind, row.broker) for row in reply.data.differences] == [("position", "not open")]  # type: ignore[union-attr]
    assert held(core, act).open


def test_a_close_by_hand_that_was_booked_meanwhile(core: Core) -> None:
    books, act = traded(core)
    position = held(core, act)
    close = core.deal_row(9_000, position.position_id, reason=0, volume_steps=position.volume_steps)
    number = core.send(calls.Reconcile())
    core.deals(close)
    books.deals.append(close)
    books.positions = []
    books.balance = DEPOSIT + close.profit
    books.tell()
    reply = core.replies[number]
    (found,) = reply.data.differences  # type: ignore[union-attr]
    assert found.settled and "closed OWNER" in found.broker


def test_deals_on_one_side_only_and_other_money(core: Core) -> None:
    books, act = traded(core)
    position = held(core, act)
    extra = core.deal_row(9_000, position.position_id, volume_steps=1, profit=Decimal(-5))
    books.deals.append(extra)
    books.balance -= 5
    reply = asked(core, calls.Reconcile(), books)
    (found,) = reply.data.differences  # type: ignore[union-attr]
    assert (found.kind, found.journal) == ("deal", "not booked") and "deal 9000 out 0.01" in found.broker
    books.deals = [cash()]
    books.balance = DEPOSIT
    gone = asked(core, calls.Reconcile(), books)
    assert [(row.kind, row.broker) for row in gone.data.differences] == [("deal", "not in its history")]  # type: ignore[union-attr]
    books.deals = [cash(), msgspec.structs.replace(opening(core, act), commission=Decimal("-0.70"))]
    books.balance = DEPOSIT - Decimal("0.70")
    money = asked(core, calls.Reconcile(), books)
    assert [(r.kind, r.journal, r.broker) for r in money.data.differences] == [("profit", "0.00", "-0.70")]  # type: ignore[union-attr]


def test_foreign_positions_strange_deals_and_the_balance(core: Core) -> None:
    books, act = traded(core)
    books.positions.append(core.position_row(act, ticket=77, position_id=77, magic=0, side=1))
    books.deals.append(core.deal_row(8_000, 4_711, magic=(77 << 38) + 999, profit=Decimal(0)))
    books.balance += Decimal("0.01")
    reply = asked(core, calls.Reconcile(), books)
    assert sorted(kinds(reply)) == ["balance", "deal", "foreign"]
    by_kind = {row.kind: row for row in reply.data.differences}  # type: ignore[union-attr]
    assert by_kind["foreign"].subject == show(IdKind.POSITION, core.state.foreign[("alpha", 77)])
    assert by_kind["balance"].broker == "10000.01"
    assert "SELL 0.22, ticket 77" in by_kind["foreign"].broker


def test_a_credit_is_no_balance(core: Core) -> None:
    books = Books(core)
    books.deals.append(cash(2, Decimal(500), kind=3))
    assert asked(core, calls.Reconcile(), books).problem is None


def test_an_answer_to_a_history_books_nothing(core: Core) -> None:
    """An interval may begin after deals that are not read yet: their turn comes with the poll."""
    books = Books(core)
    books.deals.append(cash(50, Decimal(5)))
    before = core.state.accounts["alpha"].deals_after
    asked(core, calls.Reconcile(), books)
    assert core.state.accounts["alpha"].deals_after == before


def test_an_act_in_flight_is_named(core: Core) -> None:
    act = core.fire()
    reply = asked(core, calls.Reconcile(), Books(core))
    assert reply.data.in_flight == (show(IdKind.FIRE, act.act_id & ((1 << 38) - 1)),)  # type: ignore[union-attr]


def test_only_so_many_questions_at_once(core: Core) -> None:
    for _ in range(ASKINGS_MAX):
        core.send(calls.Reconcile(wait_s=60))
    reply = core.ask(calls.Reconcile())
    assert reply.problem is not None and reply.problem.code == "CONFLICT"
    assert core.ask(calls.Reconcile("nobody")).problem is not None


def test_a_viewer_may_ask_and_a_stranger_may_not(core: Core) -> None:
    core.role("uid:2", Role.VIEWER)
    number = core.send(calls.Reconcile(), who="uid:2")
    Books(core).tell()
    assert core.replies[number].problem is None
    refused = core.ask(calls.Reconcile(), who="uid:3")
    assert refused.problem is not None and refused.problem.code == "FORBIDDEN"


# --- statement ------------------------------------------------------------------------------------------


def month(core: Core, name: str, books: Books) -> Any:
    return asked(core, calls.Statement("alpha", name), books)


def test_a_statement_runs_and_agrees(core: Core) -> None:
    books, act = traded(core)
    position = held(core, act)
    april = cash(1, DEPOSIT, MARKET_MS - 30 * 86_400_000)
    close = core.deal_row(9_000, position.position_id, volume_steps=22, swap=Decimal("-0.30"), fee=Decimal("-0.05"))
    owner = core.deal_row(9_001, 4_711, profit=Decimal("1.11"))
    out = cash(9_002, Decimal(-100), MARKET_MS + 2_000_000)
    books.deals = [out, april, books.deals[1], owner, close]
    books.balance = DEPOSIT + Decimal("19.80") - Decimal("0.35") + Decimal("1.11") - 100
    data = month(core, "2024-05", books).data
    assert (data.opening, data.closing, data.difference, data.agrees) == ("10000.00", "9920.56", "0.00", True)
    assert [row.balance for row in data.rows] == ["10000.00", "10019.45", "10020.56", "9920.56"]
    assert [row.owner for row in data.rows] == [
        show(IdKind.FIRE, act.position), show(IdKind.FIRE, act.position), "FOREIGN", "CASH",
    ]  # fmt: skip
    assert [row.type for row in data.rows] == ["BUY", "SELL", "SELL", "BALANCE"]
    assert (data.total_profit, data.total_swap, data.total_commission, data.total_cash) == (
        "20.91", "-0.30", "-0.05", "-100.00",
    )  # fmt: skip
    assert (data.rows[0].volume, data.rows[0].price, data.rows[3].volume) == ("0.22", "1.10010", None)


def test_a_cent_of_difference_is_named(core: Core) -> None:
    books = Books(core)
    books.balance += Decimal("0.01")
    reply = month(core, "2024-05", books)
    assert reply.problem.code == "DIFFERENCES" and "difference 0.01" in reply.problem.message
    assert reply.data.agrees is False and len(reply.data.rows) == 1


def test_months_before_and_after(core: Core) -> None:
    books = Books(core)
    assert month(core, "2024-04", books).data.closing == "0.00"
    later = month(core, "2024-06", books).data
    assert (later.opening, later.closing, later.rows) == ("10000.00", "10000.00", ())


@pytest.mark.parametrize("text", ["2024", "2024-13", "2024-00", "24-05", "2024-5", "may", "2024-05-01", "1969-01"])
def test_what_is_no_month(core: Core, text: str) -> None:
    reply = core.ask(calls.Statement("alpha", text))
    assert reply.problem is not None and reply.problem.code == "USAGE"


def test_a_month_is_the_brokers(core: Core) -> None:
    hours = 3 * 3_600_000
    first, last, _ = statements.month_of("2024-12", hours) or (0, 0, "")
    assert first == 1_733_011_200_000 - hours  # 2024-12-01T00:00:00Z
    assert last == 1_735_689_600_000 - hours - 1  # to 2025-01-01
    core.beat(offset_ms=hours)
    books = Books(core)
    books.deals = [cash(1, DEPOSIT, 1_714_521_600_000 - hours)]  # midnight of May 1st at the broker
    assert len(month(core, "2024-05", books).data.rows) == 1
    assert month(core, "2024-05", books).data.broker_offset_s == 10_800.0


def test_without_its_terminal_there_is_no_statement(make: Callable[..., Core]) -> None:
    core = make()
    reply = core.ask(calls.Statement("alpha", "2024-05"))
    assert reply.problem is not None and reply.problem.code == "PARTLY" and reply.data is None
    unknown = core.ask(calls.Statement("zulu", "2024-05"))
    assert unknown.problem is not None and unknown.problem.code == "NOT_FOUND"


def test_a_plans_step_that_was_not_told_is_no_strange_deal(core: Core) -> None:
    """Its id was drawn with the fire, and stands in the fire's plan before it is run."""
    books, act = traded(core)
    step = next(number for number, fire in core.state.plan_fires.items() if fire == act.act_id)
    books.deals.append(core.deal_row(8_000, 4_711, magic=step, profit=Decimal(0)))
    assert kinds(asked(core, calls.Reconcile(), books)) == []
