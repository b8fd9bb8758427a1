"""What a request is refused with, and what requests name: accounts, terms, volumes, percentages, positions."""

from __future__ import annotations

from decimal import Decimal

from hydrad.domain import ids, money
from hydrad.domain.ids import IdKind
from hydrad.domain.symbols import SymbolTerms
from hydrad.toc import crew, planning, risk
from hydrad.toc.mapping import own_symbol
from hydrad.toc.records.acts import Check
from hydrad.toc.state import Account, Position
from hydrad.toc.turn import Turn
from hydrad.wire.answers import Problem
from hydrad.wire.codes import ErrorCode, Reason


class Refused(Exception):
    """A request that cannot be carried out as it stands; becomes the answer's problem."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.problem = Problem(code.value, message, hint, dict(facts))


def usage(message: str, hint: str | None = None) -> Refused:
    return Refused(ErrorCode.USAGE, message, hint)


def account_named(turn: Turn, name: str | None) -> Account:
    """The named account, else the operator's primary one."""
    if name is None:
        if not turn.state.accounts:
            raise Refused(ErrorCode.NOT_FOUND, "no account is enrolled", "hydractl terminal enroll")
        primary = crew.primary_of(turn.state, turn.state.operator(turn.actor))
        if primary is None:
            raise Refused(
                ErrorCode.NOT_FOUND, "no account was given to you", "hydractl terminal assign, by a commander"
            )
        return turn.state.accounts[primary]
    account = turn.state.accounts.get(name)
    if account is None:
        known = ", ".join(turn.state.accounts) or "none"
        raise Refused(ErrorCode.NOT_FOUND, f"no account {name}", f"known accounts: {known}")
    return account


def terms_of(turn: Turn, account: Account, symbol: str) -> SymbolTerms:
    terminal = risk.lane_holder(turn.state, turn.live, account.name)
    own = own_symbol(turn.state, account.name, symbol)
    terms = turn.live.link(terminal.name).terms.get(own) if terminal else None
    if terms is None:
        raise Refused(
            ErrorCode.DENIED,
            f"the terms of {symbol} at {account.name} are not known in this session",
            None,
            codes=[Reason.TERMS_UNKNOWN.name],
        )
    return terms


def volume_of(turn: Turn, account: Account, symbol: str, text: str | None) -> int:
    if text is None:
        return 0
    return money.volume_steps(text, terms_of(turn, account, symbol).volume_step)


def percent_of(text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not text.endswith("%"):
        raise usage(f"risk '{text}' is not a percentage such as 0.5%")
    percent = money.decimal(text[:-1], "risk")
    if not 0 < percent <= 100:
        raise usage(f"risk {text} is not above 0 and at most 100 %")
    return percent


def plan_named(turn: Turn, name: str) -> str:
    known = planning.known(turn.state)
    if name not in known:
        raise usage(f"no plan '{name}'; known are {', '.join(known)}")
    return name


def positions_named(turn: Turn, text: str) -> list[Position]:
    """Open positions meant by a shown id: one position, a fire's, or all of a mission."""
    kind, number = ids.parse(text, IdKind.POSITION, IdKind.FIRE, IdKind.MISSION)
    if kind is IdKind.MISSION:
        mission = turn.state.missions.get(number)
        if mission is None:
            raise Refused(ErrorCode.NOT_FOUND, f"no mission {text}")
        fires = set(mission.acts)
        found = [p for p in turn.state.positions.values() if p.fire_id in fires and p.open]
        if not found:
            raise Refused(ErrorCode.NOT_FOUND, f"mission {text} has no open position")
        return found
    position = turn.state.positions.get(number)
    if position is None:
        if number in turn.state.foreign.values():
            raise Refused(ErrorCode.FORBIDDEN, f"{text} is FOREIGN: not ours, never touched unasked")
        raise Refused(ErrorCode.NOT_FOUND, f"no position {text}")
    return [position]


def denied(codes: tuple[str, ...], checks: tuple[Check, ...]) -> Problem:
    failed = [f"{c.code}: {c.measured}, limit {c.limit}" for c in checks if not c.ok]
    return Problem(
        ErrorCode.DENIED.value, "denied: " + ", ".join(codes), None, {"codes": list(codes), "failed": failed}
    )


def is_plain(name: str) -> bool:
    return 0 < len(name) <= 32 and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
