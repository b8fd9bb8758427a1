"""Maps of symbols: what a broker calls what a mission names."""

from __future__ import annotations

from hydrad.domain.actors import Role
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import records as r
from hydrad.toc import risk, views_symbols
from hydrad.toc.desk.refusals import Refused, account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Account
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode

MAPS_MAX = 200
NAME_MAX = 32


def _map(turn: Turn, asked: Requested, verb: calls.SymbolMap) -> None:
    """Set and take away; nothing of it when one of them cannot be."""
    account = account_named(turn, verb.account)
    if not verb.values and not verb.clear:
        raise usage("no symbol is named")
    known = dict(turn.state.symbol_maps.get(account.name, {}))
    terms: dict[str, SymbolTerms] = {}
    for symbol in verb.clear:
        if known.pop(symbol, None) is None:
            raise Refused(ErrorCode.NOT_FOUND, f"{account.name} has no map for {symbol}")
    for symbol, own in verb.values.items():
        terms[symbol] = _fits(turn, account, symbol, own)
        known[symbol] = own
    if len(known) > MAPS_MAX:
        raise Refused(ErrorCode.CONFLICT, f"an account has at most {MAPS_MAX} maps")
    turn.emit(r.SymbolsMapped(account.name, known, terms))
    turn.reply(asked.request, "hydra.symbols/v1", views_symbols.symbol_rows(turn, account.name))


def _fits(turn: Turn, account: Account, symbol: str, own: str) -> SymbolTerms:
    """The broker must have the symbol, and where the other is known it must be of the same currencies."""
    if not 0 < len(symbol) <= NAME_MAX or not 0 < len(own) <= NAME_MAX:
        raise usage(f"a symbol has 1 to {NAME_MAX} characters")
    terms = _terms(turn, account.name, own)
    if terms is None:
        known = ", ".join(sorted(_names(turn, account.name))) or "none: its terminal is not READY"
        raise Refused(ErrorCode.NOT_FOUND, f"{account.name}'s broker has no symbol {own}", f"symbols known: {known}")
    for other in turn.state.accounts:
        same = _terms(turn, other, symbol)
        if same is not None and _pair(same) != _pair(terms):
            told = f"{symbol} is {'/'.join(_pair(same))} at {other}, {own} is {'/'.join(_pair(terms))}"
            raise Refused(ErrorCode.CONFLICT, f"not the same thing: {told}")
    return terms


def _pair(terms: SymbolTerms) -> tuple[str, str]:
    return terms.currency_base, terms.currency_profit


def _terms(turn: Turn, account: str, symbol: str) -> SymbolTerms | None:
    terminal = risk.lane_holder(turn.state, turn.live, account)
    return turn.live.link(terminal.name).terms.get(symbol) if terminal else None


def _names(turn: Turn, account: str) -> set[str]:
    terminal = risk.lane_holder(turn.state, turn.live, account)
    return set(turn.live.link(terminal.name).terms) if terminal else set()


VERBS: Table = {calls.SymbolMap: (Role.COMMANDER, _map)}
