"""`flatten`: one close for each open position in its scope. Passes in every authority; FOREIGN ones only by name."""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.domain.symbols import SymbolTerms
from hydrad.link.frames import PositionRow
from hydrad.toc import closing, exposure, reducing_views
from hydrad.toc.desk import dry
from hydrad.toc.desk.refusals import Refused, account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import FIRE_SCHEMA, deadline_of, hash_of, may_open, not_flat, told_before
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Waiter
from hydrad.toc.state import Account, Position
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.acts import FireAnswer
from hydrad.wire.codes import ErrorCode


def _flatten(turn: Turn, asked: Requested, verb: calls.Flatten) -> None:
    if not verb.dry_run and told_before(turn, asked, verb):
        return None
    accounts = _scope(turn, verb)
    strangers = _strangers(turn, accounts[0], verb.symbol) if verb.foreign is not None else []
    ours = [
        position
        for account in accounts
        for position in exposure.open_positions(turn.state, account.name)
        if verb.symbol in (None, position.symbol)
    ]
    if verb.dry_run:
        return _looked_at(turn, asked, verb, ours, strangers)
    asked_for = closing.Asked(verb.reason or "flatten", asked.key, hash_of(verb))
    acts = [closing.close(turn, position, asked_for) for position in ours]
    acts += [closing.begin(turn, _judged(turn, accounts[0].name, *one), asked_for) for one in strangers]
    account, symbol = verb.account or "", verb.symbol or ""
    if acts:
        deadline_ns = deadline_of(turn, verb.wait_s)
        waiter = Waiter(asked.request, "flatten", deadline_ns, tuple(acts), account=account, symbol=symbol)
        turn.live.waiters.append(waiter)
    else:
        turn.reply(asked.request, FIRE_SCHEMA, nothing(accounts, "nothing is open"), not_flat(turn, account, symbol))
    return None


def _judged(turn: Turn, account: str, row: PositionRow, terms: SymbolTerms) -> closing.Judged:
    return closing.judge_foreign(turn, account, row, terms.digits, terms.volume_step)


def _looked_at(
    turn: Turn,
    asked: Requested,
    verb: calls.Flatten,
    ours: list[Position],
    strangers: list[tuple[PositionRow, SymbolTerms]],
) -> None:
    """One row a close, and what may open yet: a flatten cancels nothing."""
    looked: list[dry.Looked] = [
        (
            closing.judge_close(turn, position, position.volume_steps),
            reducing_views.of_position(turn, position),
            None,
        )
        for position in ours
    ]
    for row, terms in strangers:
        assert verb.account is not None, "strangers are closed on one account at a time"
        held = reducing_views.of_foreign(turn, verb.account, row)
        looked.append((_judged(turn, verb.account, row, terms), held, None))
    stays = may_open(turn, verb.account or "", verb.symbol or "")
    dry.answer(turn, asked, looked, "nothing is open", tuple(stays))


def _scope(turn: Turn, verb: calls.Flatten) -> list[Account]:
    if verb.foreign is not None:
        if verb.account is None:
            raise usage("--foreign needs --account: positions that are not ours are closed on one account at a time")
        if verb.foreign != verb.account:
            message = f"'{verb.foreign}' was typed, the account is {verb.account}: nothing was sent"
            raise Refused(ErrorCode.FORBIDDEN, message)
    return [account_named(turn, verb.account)] if verb.account else turn.state.traded()


def _strangers(turn: Turn, account: Account, symbol: str | None) -> list[tuple[PositionRow, SymbolTerms]]:
    """FOREIGN positions in scope; looked at before anything is sent, since one that cannot be closed refuses all."""
    link = exposure.reporter(turn.state, turn.live, account.name)
    found = []
    for row in exposure.foreign_rows(turn.state, turn.live, account.name):
        if symbol not in (None, row.symbol):
            continue
        terms = link.terms.get(row.symbol) if link else None
        if terms is None:
            message = f"the terms of {row.symbol} at {account.name} are not known: nothing was sent"
            hint = f"close ticket {row.ticket} in MetaTrader, or flatten without --foreign"
            raise Refused(ErrorCode.DENIED, message, hint, codes=["TERMS_UNKNOWN"])
        found.append((row, terms))
    return found


def nothing(accounts: list[Account], would: str) -> FireAnswer:
    """The answer of a request that found nothing to act on."""
    return FireAnswer(
        dry_run=False,
        would=would,
        act=None,
        acts=(),
        mission=None,
        order=None,
        checks=(),
        risk_money=None,
        currency=accounts[0].currency if accounts else "",
    )


VERBS: Table = {calls.Flatten: (Role.TRADER, _flatten)}
