"""`account correct`: what an account's losses are counted from, set right by a person where a report was wrong.

A lower figure forgives a loss, and is looser: it waits for another commander, or a day. A higher one holds at once.
"""

from __future__ import annotations

from hydrad.domain import money
from hydrad.domain.actors import Role
from hydrad.domain.money import money_text
from hydrad.toc import changes, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import Refused, account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.records.accounts import Base
from hydrad.toc.state import Account
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode


def _correct(turn: Turn, asked: Requested, verb: calls.AccountCorrect) -> None:
    account = account_named(turn, verb.account)
    if not verb.reason.strip():
        raise usage("a correction has a reason")
    wanted = _wanted(account, verb)
    tighter = tuple(base for base in wanted if base.equity > base.was)
    looser = tuple(base for base in wanted if base.equity < base.was)
    if tighter:
        turn.emit(r.BasesCorrected(account.name, tighter, verb.reason))
    subject, problem = f"bases {account.name}", None
    changes.void(turn, subject, "the account was corrected anew")
    if looser:
        text = f"{account.name}: {', '.join(_step(base) for base in looser)}: {verb.reason}"
        body = r.BasesCorrected(account.name, looser, verb.reason)
        change = changes.ask(turn, subject, body, text, changes.LOOSEN_AFTER_NS)
        problem = pending(turn, change, "lower figures")
    data = views_crew.account_show(turn.state, turn.live, turn.now_ns, account)
    turn.reply(asked.request, "hydra.account/v1", data, problem)


def _wanted(account: Account, verb: calls.AccountCorrect) -> tuple[Base, ...]:
    named = {"peak": verb.peak, "start": verb.start, "day": verb.day}
    found = tuple(_base(account, name, text) for name, text in named.items() if text is not None)
    if not found:
        raise usage("nothing is named", "--peak, --start or --day")
    return found


def _base(account: Account, name: str, text: str) -> Base:
    equity, was = money.decimal(text, name), account.base(name)
    if equity <= 0:
        raise usage(f"{name} {text} is not above 0")
    if was is None:
        raise Refused(ErrorCode.CONFLICT, f"{account.name} has no {name} yet", "its terminal's reports make one")
    return Base(name, was, equity)


def _step(base: Base) -> str:
    return f"{base.name} {money_text(base.was)} -> {money_text(base.equity)}"


VERBS: Table = {calls.AccountCorrect: (Role.COMMANDER, _correct)}
