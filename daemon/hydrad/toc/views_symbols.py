"""Symbols as each account's broker has them."""

from __future__ import annotations

from hydrad.domain.money import money_text, price_text, volume_text
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc.live import Link
from hydrad.toc.mapping import stands_for
from hydrad.toc.turn import Turn
from hydrad.wire.answers.market import SymbolRow

# ENUM_SYMBOL_TRADE_MODE
TRADE_MODES = ("disabled", "long only", "short only", "close only", "full")


def symbol_rows(turn: Turn, account: str | None) -> list[SymbolRow]:
    """All terms known in this session, by account and symbol."""
    rows = []
    for terminal in turn.state.terminals.values():
        if account is not None and terminal.account != account:
            continue
        link = turn.live.link(terminal.name)
        currency = turn.state.accounts[terminal.account].currency
        rows += [_row(turn, link, terminal.account, currency, link.terms[symbol]) for symbol in sorted(link.terms)]
    return rows


def _row(turn: Turn, link: Link, account: str, currency: str, terms: SymbolTerms) -> SymbolRow:
    quote = link.quotes.get(terms.symbol)
    mode = TRADE_MODES[terms.trade_mode] if 0 <= terms.trade_mode < len(TRADE_MODES) else str(terms.trade_mode)
    return SymbolRow(
        symbol=terms.symbol,
        account=account,
        terminal=link.terminal,
        digits=terms.digits,
        contract_size=f"{terms.contract_size.normalize():f}",
        volume_min=volume_text(terms.volume_min_steps, terms.volume_step),
        volume_step=volume_text(1, terms.volume_step),
        volume_max=volume_text(terms.volume_max_steps, terms.volume_step),
        point_value=f"{terms.tick_value_loss:.6g}",
        currency=currency,
        stops_level_points=terms.stops_level_points,
        freeze_level_points=terms.freeze_level_points,
        margin_buy=money_text(terms.margin_buy),
        margin_sell=money_text(terms.margin_sell),
        trade_mode=mode,
        bid=price_text(quote.bid_points, terms.digits) if quote else None,
        quote_age_s=(turn.market_ms - quote.time_ms) / 1000 if quote else None,
        stands_for=stands_for(turn.state, account, terms.symbol),
    )
