"""Owns how a configuration becomes a market: symbols, terms, and where the ticks come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hydrad.domain.instants import DAY_MS
from hydrad.terminal.broker.catalogue import CATALOGUE, NATURES
from hydrad.terminal.broker.config import GENERATED, RECORDED, RECORDING, BadConfig, BrokerConfig
from hydrad.terminal.broker.factors import FIRST_WEEK, LAST_WEEK, week_start_ms
from hydrad.terminal.broker.feed import Feed, Ticks, feed_named, feeds_of
from hydrad.terminal.broker.followed import Followed
from hydrad.terminal.broker.generator import Generator, Nature
from hydrad.terminal.broker.market import Market
from hydrad.terminal.broker.recorded import DaysFeed
from hydrad.terminal.broker.tracks import Generated
from hydrad.venue.contract import CONTRACTS, Contract

HISTORY_MS = 10 * 366 * DAY_MS  # of the generated market, before its start


def market_of(config: BrokerConfig, now_ms: int, start_ms: int) -> Market:
    """The market at a clock; `start_ms`: when its books were new. Raises BadConfig and BadFeed."""
    if config.feed == GENERATED and not config.feeds:
        offered = _offered(config, CATALOGUE)
        contracts = {symbol: _terms(config, CATALOGUE[symbol]) for symbol in offered}
        ticks: Mapping[str, Ticks | Generated | Followed] = _generated(config, contracts, start_ms)
    elif config.feed == RECORDING and not config.feeds:
        contracts = {symbol: _terms(config, CATALOGUE[symbol]) for symbol in _offered(config, CATALOGUE)}
        ticks = _followed(config, contracts, now_ms)
    else:
        known = {symbol: _terms(config, contract) for symbol, contract in {**CATALOGUE, **CONTRACTS}.items()}
        found = _feed(config, known).load()
        ticks = {symbol: found[symbol] for symbol in _offered(config, found)}
        contracts = {symbol: known[symbol] for symbol in ticks if symbol in known}
    named = {symbol + config.suffix: one for symbol, one in ticks.items()}
    terms = {c.symbol + config.suffix: replace(c, symbol=c.symbol + config.suffix) for c in contracts.values()}
    return Market(named, config.history_from_ms, now_ms, terms, config.suffix)


def _feed(config: BrokerConfig, known: Mapping[str, Contract]) -> Feed:
    if config.feeds:
        return feeds_of(config.feeds, known)
    if config.feed == RECORDED:
        return DaysFeed(Path(config.recording), config.days, known, config.suffix)
    return feed_named(config.feed)


def _followed(config: BrokerConfig, contracts: Mapping[str, Contract], now_ms: int) -> dict[str, Followed]:
    folder, from_ms = Path(config.recording), config.history_from_ms
    return {symbol: Followed(folder, symbol, one.digits, from_ms, now_ms) for symbol, one in contracts.items()}


def visible(config: BrokerConfig, market: Market) -> frozenset[str]:
    """The symbols in the Market Watch at first; all where the configuration names none."""
    names = frozenset(symbol + config.suffix for symbol in config.visible)
    return names & frozenset(market.series) if names else frozenset(market.series)


def _offered(config: BrokerConfig, there: Mapping[str, object]) -> list[str]:
    for name in (*config.offered, *config.symbols, *config.visible):
        if name not in there:
            raise BadConfig(f"{name}: the broker has no such symbol; it has {', '.join(there)}")
    return [name for name in there if not config.offered or name in config.offered]


def _terms(config: BrokerConfig, contract: Contract) -> Contract:
    """A contract with what the configuration puts in its place; volumes stay what they are in lots."""
    if contract.symbol not in config.symbols:
        return contract
    given = config.symbols[contract.symbol].terms()
    step = given.get("volume_step", contract.volume_step)
    if not step > 0 or not given.get("contract_size", Decimal(1)) > 0:
        raise BadConfig(f"symbols.{contract.symbol}: a step and a contract size are above zero")
    kept = {
        name: int(contract.lots(getattr(contract, name)) / step) for name in _IN_STEPS if step != contract.volume_step
    }
    kept = {name: max(steps, 1) if name != "volume_limit_steps" else steps for name, steps in kept.items()}
    return replace(contract, **{**kept, **given})


_IN_STEPS = ("volume_min_steps", "volume_max_steps", "volume_limit_steps")


def _generated(config: BrokerConfig, contracts: Mapping[str, Contract], start_ms: int) -> dict[str, Generated]:
    natures = {symbol: _nature(config, contract) for symbol, contract in contracts.items()}
    generator = Generator(config.seed, natures)
    first_ms = max(start_ms - HISTORY_MS, week_start_ms(FIRST_WEEK))
    last_ms = week_start_ms(LAST_WEEK)
    if not first_ms < start_ms < last_ms:
        raise BadConfig("start: the generated market goes from 2000 to 2095")
    return {symbol: Generated(generator, symbol, one.digits, first_ms, last_ms) for symbol, one in natures.items()}


def _nature(config: BrokerConfig, contract: Contract) -> Nature:
    """How a symbol is quoted; more digits than usual mean more points of the same spread."""
    nature, given = NATURES[contract.symbol], config.symbols.get(contract.symbol)
    spread = nature.spread_points * 10.0 ** (contract.digits - nature.digits)
    ticks = nature.ticks_a_minute
    if given is not None:
        spread = given.spread_points if given.spread_points is not None else spread
        ticks = given.ticks_a_minute if given.ticks_a_minute is not None else ticks
    return replace(
        nature,
        digits=contract.digits,
        spread_points=max(round(spread), 1),
        ticks_a_minute=ticks,
        trading_hours=contract.trading_hours,
    )
