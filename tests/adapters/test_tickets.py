"""One-time codes: once, for one purpose, for five minutes, and nothing of them is kept but a digest."""

from __future__ import annotations

from hydrad.host.tickets import FOR_NS, OF_ONE_MAX, TICKETS_MAX, Purpose, Tickets


class Clock:
    now_ns = 1_900_000_000_000_000_000


def made() -> tuple[Tickets, Clock]:
    clock = Clock()
    return Tickets(lambda: clock.now_ns), clock


def test_a_code_is_used_up_by_its_first_use() -> None:
    tickets, clock = made()
    code, ends_ns = tickets.draw(Purpose.LOGIN, "uid:1000")
    assert len(code) == 43 and ends_ns == clock.now_ns + FOR_NS
    assert tickets.take(code, Purpose.LOGIN) == "uid:1000"
    assert tickets.take(code, Purpose.LOGIN) is None


def test_it_ends_by_itself() -> None:
    tickets, clock = made()
    code, _ = tickets.draw(Purpose.LOGIN, "uid:1000")
    clock.now_ns += FOR_NS
    assert tickets.take(code, Purpose.LOGIN) is None


def test_a_code_for_one_thing_is_none_for_another_and_is_not_burnt_by_the_try() -> None:
    tickets, _ = made()
    code, _ = tickets.draw(Purpose.ELEVATE, "telegram:42")
    assert tickets.take(code, Purpose.LOGIN) is None
    assert tickets.take(code, Purpose.ELEVATE) == "telegram:42"


def test_so_many_are_out_at_once_and_the_oldest_goes() -> None:
    tickets, _ = made()
    codes = [tickets.draw(Purpose.LOGIN, f"uid:{number}")[0] for number in range(TICKETS_MAX + 2)]
    assert [tickets.take(code, Purpose.LOGIN) for code in codes[:3]] == [None, None, "uid:2"]


def test_nobodys_codes_push_out_another_persons() -> None:
    tickets, _ = made()
    first, _ = tickets.draw(Purpose.LOGIN, "uid:1")
    many = [tickets.draw(Purpose.ELEVATE, "telegram:7")[0] for _ in range(TICKETS_MAX * 2)]
    assert [tickets.take(code, Purpose.ELEVATE) is None for code in many[-OF_ONE_MAX - 1 :]] == [True] + [
        False
    ] * OF_ONE_MAX
    assert tickets.take(first, Purpose.LOGIN) == "uid:1"


def test_what_is_no_code_is_nobodys() -> None:
    tickets, _ = made()
    tickets.draw(Purpose.LOGIN, "uid:1000")
    for text in ("", "x", "x" * 10_000, "\udcff"[:0]):
        assert tickets.take(text, Purpose.LOGIN) is None


def test_nothing_of_a_code_is_kept() -> None:
    tickets, _ = made()
    code, _ = tickets.draw(Purpose.LOGIN, "uid:1000")
    assert code not in repr(vars(tickets))
