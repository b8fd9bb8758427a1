"""A home is made: keys, journal, and for a paper home its simulated accounts.

Making a home and starting a daemon run the same core: `create` is a daemon that enrols and stops again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from hydrad.apex import profile as profiles
from hydrad.config import Config
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.instants import MS, parse_ms
from hydrad.driver import Driver
from hydrad.home import paper_days
from hydrad.home.bundles import write_bundle
from hydrad.home.daemon_key import daemon_key
from hydrad.home.endpoints import endpoint_at, write_endpoint
from hydrad.home.opening import Misfit, NoHome, Opened, open_home, started
from hydrad.home.paper_broker import (
    PAPER_LOGIN_FIRST,
    PAPER_PASSWORD,
    PAPER_SERVER,
    broker_control,
    broker_socket,
    paper_name,
)
from hydrad.host import entropy, keys
from hydrad.host.places import Places
from hydrad.host.secrets import revealed
from hydrad.link.frames import DownFrame
from hydrad.market.recorder import RECORDED as RECORDINGS
from hydrad.terminal.broker.config import RECORDED, RECORDING, SAMPLE, AccountConfig, BrokerConfig
from hydrad.terminal.broker.followed import LAG_MS
from hydrad.toc import approvers
from hydrad.toc import inputs as i
from hydrad.toc.effects import RatesSought, RatesTold, Reply, TicksTaken
from hydrad.toc.record import Record
from hydrad.toc.state import State
from hydrad.wire import calls

SERVER_OFFSET_S = 10_800
HOUR_MS = 3_600_000


class _Nobody:
    """Bridge and outlet of a daemon that only makes its home: there is nobody to talk to yet."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    def send(self, terminal: str, connection: int, frame: DownFrame) -> bool:
        return False

    def reply(self, reply: Reply) -> None:
        self.replies.append(reply)

    def admit(self) -> None:
        return

    def step_down(self, reason: str) -> None:
        raise NoHome(reason)

    def ticks(self, taken: TicksTaken) -> None:
        return

    def rates(self, said: RatesSought | RatesTold) -> None:
        return

    def published(self, records: Sequence[Record]) -> None:
        return


def commander(config: Config) -> str:
    """Whoever creates the home, unless the configuration names somebody."""
    uid = config.operators.commander_uid
    return f"uid:{os.getuid() if uid is None else uid}"


def create(places: Places, config: Config, mode: HomeMode) -> None:
    """Make a home: keys, journal, and for a paper home its simulated accounts. The caller holds the lock."""
    if why_not := approvers.short_of_people(State(), config.risk, count=1):
        raise Misfit(f"{why_not} once the home is made")
    places.make()
    try:
        daemon_key(places, config)
    except FileNotFoundError:
        keys.write_keypair(places.daemon_key, keys.draw_keypair())
    played = _played(places, config) if mode is HomeMode.PAPER else ()
    opened = open_home(places, config)
    try:
        if opened.engine.state.created:
            raise NoHome(f"{places.journal} is a {opened.engine.state.mode.value} home already")
        nobody = _Nobody()
        driver = Driver(
            opened.engine, opened.journal, opened.input_log, nobody, nobody, opened.clock, opened.next_input
        )
        live_feed = mode is HomeMode.PAPER and config.paper.feed == "live"
        birth = i.HomeBirth(mode, entropy.draw_tag(), commander(config), live_feed)
        driver.turn([started(opened, "init", birth)])
        if mode is HomeMode.REAL:
            driver.turn([_asked(config, calls.Halt(reason="a real home starts HALTED", wait_s=0.0))])
        else:
            _paper_accounts(opened, driver, nobody, played)
        driver.turn([i.Stopping("home made")])
    finally:
        opened.close()


def _played(places: Places, config: Config) -> tuple[str, ...]:
    """The symbols of the recording that a paper home plays, copied before there is a journal. Raises NoHome."""
    profile = profiles.BUILT_IN.get(config.apex.profile) if config.apex.enabled else None
    try:
        return paper_days.copied(places, config.paper, profile.symbols if profile else ())
    except paper_days.NoDays as error:
        raise NoHome(str(error)) from None


def _asked(config: Config, verb: calls.AnyVerb, extra: str = "") -> i.Requested:
    return i.Requested(0, Actor(commander(config), Surface.SHELL), "", verb, extra)


def _paper_accounts(opened: Opened, driver: Driver, nobody: _Nobody, played: Sequence[str]) -> None:
    paper, places = opened.config.paper, opened.places
    live = opened.engine.state.live_feed
    start_ms = opened.clock.machine_ns() // MS - LAG_MS if live else parse_ms(paper.start)
    symbols = opened.watch.symbols or tuple(played) or profiles.SAMPLE.symbols
    address = endpoint_at(opened.config.bridge.address)
    write_endpoint(places, address)
    server_key = daemon_key(places, opened.config).public
    accounts, currencies = [], paper.currencies.split(",")
    for number in range(paper.accounts):
        login = PAPER_LOGIN_FIRST + number
        currency = currencies[number % len(currencies)]
        accounts.append(AccountConfig(login, PAPER_PASSWORD, PAPER_SERVER, currency, str(paper.balance)))
        pair = keys.draw_keypair()
        name = paper_name(number)
        verb = calls.TerminalEnroll(
            name,
            name,
            login,
            PAPER_SERVER,
            currency=currency,
            symbols=symbols,
        )
        driver.turn([_asked(opened.config, verb, pair.public)])
        problem = nobody.replies[-1].problem
        if problem is not None:
            raise NoHome(problem.message)
        write_bundle(places, verb, pair, address, server_key)
    broker = BrokerConfig(
        instance=entropy.draw_instance(),
        socket=broker_socket(places),
        control=broker_control(places),
        books=str(places.broker_dir / "books.db"),
        start_ms=start_ms,
        accounts=tuple(accounts),
        history_from_ms=start_ms - paper.history_hours * HOUR_MS,
        server_offset_s=SERVER_OFFSET_S,
        feed=RECORDING if live else RECORDED if played else SAMPLE,
        recording=str(paper_days.folder(places)) if played else str(places.market / RECORDINGS) if live else "",
        days=paper.days if played else "",
    )
    text = msgspec.toml.encode(broker, enc_hook=revealed).decode()
    keys.write_secret(places.broker_dir / "broker.toml", text)
