"""The broker's part in a paper home: faults, money in and out, the owner's own trades. A real home has none of it."""

from __future__ import annotations

from hydractl.session import Session
from hydractl.verbs import argument, option, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hydrad.wire.answers import Answer

_ACCOUNT = argument("account", "The account's name.")


_NEXT = (
    "requote, reject, no_money, latency, lost_reply, timeout_executed, timeout_not_executed, partial_fill, "
    "executed_late, executed_late_market, history_late, owner_trade, stop_dropped, terms_changed, symbol_gone, hang"
)
_LASTING = "disconnect, trade_disabled, autotrading_off, api_disabled, neighbour, other_server"


def _show(session: Session, answer: Answer) -> int:
    def people(data: Any) -> None:
        session.heading(answer)
        session.out.line("the simulated broker: " + data.text)

    return session.present(answer, people)


@verb(
    "paper fault",
    "paper",
    argument("kind", f"{_NEXT}; or lasting: {_LASTING}."),
    option("--account", "On this account only.", metavar="NAME"),
    option("--count", "So many of the next orders.", form=int, default=1, metavar="N"),
    option("--ms", "How long it lasts or holds an answer (0: till a restart).", form=int, default=0, metavar="N"),
)
def fault(session: Session, kind: str, account: str | None, count: int, ms: int) -> int:
    """Make the simulated broker misbehave: at the next orders, or for a while."""
    return _show(session, session.client.request("paper.fault", kind=kind, account=account, count=count, ms=ms))


@verb(
    "paper cash",
    "paper",
    _ACCOUNT,
    option("--deposit", "Money in.", metavar="AMOUNT"),
    option("--withdraw", "Money out.", metavar="AMOUNT"),
    option("--comment", "What the broker writes beside it.", default="", metavar="TEXT"),
)
def cash(session: Session, account: str, deposit: str | None, withdraw: str | None, comment: str) -> int:
    """Money into or out of a paper account, as its owner would at the broker."""
    from hydractl.diagnostics import Failure

    if (deposit is None) == (withdraw is None):
        raise Failure("USAGE", "name one of --deposit and --withdraw")
    amount = deposit if deposit is not None else f"-{withdraw}"
    return _show(session, session.client.request("paper.cash", account=account, amount=amount, comment=comment))


@verb(
    "paper trade",
    "paper",
    _ACCOUNT,
    option("--symbol", "Open: the symbol.", default="", metavar="S"),
    option("--side", "Open: the side.", default="", choices=("buy", "sell", "")),
    option("--volume", "Lots.", default="", metavar="LOTS"),
    option("--stop", "Open: the stop's price.", default="", metavar="P"),
    option("--ticket", "Close this position instead.", form=int, default=0, metavar="N"),
)
def trade(session: Session, account: str, **fields: Any) -> int:
    """Trade by hand in the terminal, as the account's owner: FOREIGN to HydraX."""
    return _show(session, session.client.request("paper.trade", account=account, **fields))
