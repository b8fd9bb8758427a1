"""Accounts and terminals as people see them. Every age is measured at the time given. Pure."""

from __future__ import annotations

from hydrad.domain.instants import MS, ms_text
from hydrad.domain.money import money_text
from hydrad.toc import exposure, leaving, risk
from hydrad.toc.limiting import limits_for
from hydrad.toc.live import Live
from hydrad.toc.state import Account, State, Terminal
from hydrad.toc.terminal import Duty, LinkState
from hydrad.toc.texts import seconds
from hydrad.wire.answers.accounts import AccountRow
from hydrad.wire.answers.terminals import TerminalRow


def account_row(state: State, live: Live, now_ns: int, account: Account) -> AccountRow:
    links = [live.link(t.name) for t in state.terminals.values() if t.account == account.name]
    told = max((link for link in links if link.account), key=lambda link: link.account_ns, default=None)
    figures = told.account if told else None
    held = exposure.open_risk(state, live, account.name)
    limits = limits_for(state, account.name)
    day_pnl = day_limit = risk_limit = None
    if figures is not None:
        base = min(figures.balance, figures.equity) - figures.credit
        risk_limit = money_text(base * limits.open_risk_max_percent / 100)
        if account.day_equity:
            day_pnl = money_text(figures.equity - account.day_equity - account.day_cash)
            day_limit = money_text(-account.day_equity * limits.day_loss_max_percent / 100)
    return AccountRow(
        name=account.name,
        kind=account.kind.value,
        login=account.login,
        server=account.server,
        currency=account.currency,
        hedging=account.hedging,
        balance=money_text(figures.balance) if figures else None,
        equity=money_text(figures.equity) if figures else None,
        margin_level=f"{figures.margin_level:.0f}" if figures and figures.margin else None,
        day_pnl=day_pnl,
        day_limit=day_limit,
        open_risk=money_text(held) if held is not None else None,
        open_risk_limit=risk_limit,
        authority=state.account_authority(account.name).name,
        positions=len(exposure.open_positions(state, account.name)),
        as_of_age_s=seconds(now_ns - told.account_ns) if told else None,
    )


def _opens(state: State, live: Live, terminal: Terminal) -> bool:
    """Whether a fire of its account would go there now."""
    able = live.link(terminal.name).state is LinkState.READY and terminal.duty is Duty.ACTIVE
    return able and risk.lane_holder(state, live, terminal.account) is terminal


def terminal_row(state: State, live: Live, now_ns: int, name: str) -> TerminalRow:
    terminal, link = state.terminals[name], live.link(name)
    measured = link.offset_ns is not None
    identity = link.hello.identity if link.hello else None
    return TerminalRow(
        name=name,
        account=terminal.account,
        link=link.state.value,
        duty=terminal.duty.value,
        why=terminal.why or link.why or None,
        heartbeat_age_s=seconds(now_ns - link.beat_ns) if link.beat_ns else None,
        clock_offset_ms=round((link.offset_ns or 0) / MS, 3) if measured else None,
        clock_uncertainty_ms=round(link.uncertainty_ns / MS, 3) if measured else None,
        epoch=link.hello.epoch_max if link.hello else None,
        halted=link.halted,
        in_hand=link.beat.in_hand if link.beat else None,
        through=ms_text(link.through_ms) if link.through_ms else None,
        ledger_entries=terminal.ledger_known,
        identity=f"{identity.login}@{identity.server} {identity.kind}" if identity else None,
        lane=_opens(state, live, terminal),
        cause=terminal.cause.value if terminal.cause else None,
        holds=leaving.holds(state, terminal),
        drained=terminal.drained,
        feed_only=terminal.feed_only,
        ticks_shed=link.ticks_shed + (link.beat.ticks_shed if link.beat else 0),
    )
