"""What only a paper home's simulated market takes."""

from __future__ import annotations

from hydrad.wire.calls.base import Verb


class MarketStep(Verb, frozen=True, tag="market.step"):
    """Paper homes with `paper.conductor = "client"`: ask the simulated broker for `minutes` of market time and
    answer when every agent has said `through` and all of it has been stepped."""

    minutes: int = 1


class PaperFault(Verb, frozen=True, tag="paper.fault"):
    """Paper homes: the simulated broker misbehaves at the next `count` orders, or for `ms`."""

    kind: str
    account: str | None = None
    count: int = 1
    ms: int = 0


class PaperCash(Verb, frozen=True, tag="paper.cash"):
    """Paper homes: money in, or out where `amount` is below zero."""

    account: str
    amount: str
    kind: str = "balance"
    comment: str = ""


class PaperTrade(Verb, frozen=True, tag="paper.trade"):
    """Paper homes: the account's owner trades by hand. With `ticket` a position is closed, else one is opened."""

    account: str
    symbol: str = ""
    side: str = ""
    volume: str = ""
    stop: str = ""
    ticket: int = 0
