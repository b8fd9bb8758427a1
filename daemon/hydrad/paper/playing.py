"""The broker's part in a paper home, for a person who learns or tries: its moods, the owner's trades, money in and out.

Asked of the simulated broker's own control socket and of nothing else, so that the daemon learns of it as it would of a
real broker: through its agents. A real home has none of this.
"""

from __future__ import annotations

from collections.abc import Mapping

from hydrad.home import paper_broker
from hydrad.host.places import Places
from hydrad.paper.broker_control import BrokerControl
from hydrad.toc.state import State
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb

PLAYED = (calls.PaperFault, calls.PaperCash, calls.PaperTrade)


class CannotPlay(Exception):
    """What the broker or the home has against it."""


async def play(places: Places, state: State, verb: Verb) -> dict[str, object]:
    """Ask the broker; its answer's fields. Raises CannotPlay."""
    control = BrokerControl(paper_broker.broker_control(places))
    try:
        answer = await control.say(**_request(state, verb))
    finally:
        control.close()
    if answer is None:
        raise CannotPlay("the simulated broker cannot be reached")
    if not answer.pop("ok"):
        raise CannotPlay(str(answer["error"]))
    return answer


def _request(state: State, verb: Verb) -> Mapping[str, object]:
    match verb:
        case calls.PaperFault():
            login = _login(state, verb.account) if verb.account else None
            return {"op": "fault", "kind": verb.kind, "login": login, "count": verb.count, "ms": verb.ms}
        case calls.PaperCash():
            login = _login(state, verb.account)
            return {"op": "cash", "login": login, "amount": verb.amount, "kind": verb.kind, "comment": verb.comment}
        case calls.PaperTrade():
            asked: dict[str, object] = {"op": "manual", "login": _login(state, verb.account), "volume": verb.volume}
            if verb.ticket:
                return {**asked, "action": "close", "position": verb.ticket}
            return {**asked, "action": "open", "symbol": verb.symbol, "side": verb.side.upper(), "stop": verb.stop}
    raise AssertionError(f"{type(verb).__name__} is not the broker's")


def _login(state: State, name: str) -> int:
    account = state.accounts.get(name)
    if account is None:
        raise CannotPlay(f"no account {name}")
    return account.login
