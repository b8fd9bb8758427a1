"""A home: made once, opened at every start. Owns how journal, inputs, keys and places come together.

Making a home and starting a daemon run the same core: `create` is a daemon that enrols and stops again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from hydrad import __version__
from hydrad.apex import profile as profiles
from hydrad.apex.watch import Watch
from hydrad.config import Config, words
from hydrad.domain import calendar
from hydrad.domain.accounts import HomeMode
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.instants import MS, parse_ms
from hydrad.driver import Driver
from hydrad.home import paper_days
from hydrad.host import entropy, keys, tcp_ports
from hydrad.host.clock import SystemClock
from hydrad.host.news_file import NewsFile
from hydrad.host.places import Places
from hydrad.host.secrets import CREDENTIALS, BadSecret, Secret, read_text, revealed
from hydrad.journal import snapshot
from hydrad.journal.inputs import InputLog
from hydrad.journal.sqlite import SqliteJournal
from hydrad.link.frames import DownFrame
from hydrad.market.recorder import RECORDED as RECORDINGS
from hydrad.terminal import bundle as bundles
from hydrad.terminal.broker.config import RECORDED, RECORDING, SAMPLE, AccountConfig, BrokerConfig
from hydrad.terminal.broker.followed import LAG_MS
from hydrad.toc import approvers, codec, fold
from hydrad.toc import inputs as i
from hydrad.toc.effects import RatesSought, RatesTold, Reply, TicksTaken
from hydrad.toc.engine import Engine
from hydrad.toc.live import NEWS_FILE, NEWS_OFF
from hydrad.toc.oncall import Channel
from hydrad.toc.record import Record
from hydrad.toc.state import State
from hydrad.wire import calls

PAPER_SERVER = "HydraX-Paper"
PAPER_LOGIN_FIRST = 100001
PAPER_PASSWORD = Secret("paper")  # of the simulated broker alone, which listens on a socket in a private folder
PAPER_NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
SERVER_OFFSET_S = 10_800
HOUR_MS = 3_600_000
# How late a broker's records may be. The simulated one books before it answers.
SIMULATED_SETTLE_S = 2
REAL_SETTLE_S = 60


class NoHome(Exception):
    """There is no home here, or it is not of the kind that was asked for."""


class Misfit(NoHome):
    """The configuration asks for what this home does not have; nothing was started."""


@dataclass(slots=True)
class Opened:
    """An open home: everything that a driver needs but its bridge and its outlet."""

    places: Places
    config: Config
    journal: SqliteJournal
    input_log: InputLog
    engine: Engine
    watch: Watch
    clock: SystemClock
    next_input: int
    notes: list[tuple[str, str]]

    def close(self) -> None:
        self.input_log.close()
        self.journal.close()


def daemon_key(places: Places, config: Config, environ: Mapping[str, str] = os.environ) -> keys.KeyPair:
    """The daemon's key pair, from wherever it is kept; raises BadSecret, and FileNotFoundError where there is none."""
    named = config.secrets.daemon_key_file
    if named:
        try:
            return keys.read_keypair(Path(named))
        except FileNotFoundError:
            raise BadSecret(f"secrets.daemon_key_file: {named} does not exist") from None
    credential = Path(environ.get(CREDENTIALS, "/nonexistent")) / places.daemon_key.name
    if credential.exists():
        return keys.parse_keypair(read_text(credential, private=False), str(credential))
    return keys.read_keypair(places.daemon_key)


def broker_socket(places: Places) -> str:
    return str(places.run_dir / "broker.sock")


def broker_control(places: Places) -> str:
    return str(places.run_dir / "broker-control.sock")


def broker_config(places: Places) -> str:
    return str(places.broker_dir / "broker.toml")


def paper_name(number: int) -> str:
    """Names of paper accounts: alpha, bravo, ... then paper9, paper10."""
    return PAPER_NAMES[number] if number < len(PAPER_NAMES) else f"paper{number + 1}"


# --- open -----------------------------------------------------------------------------------------------


def open_home(places: Places, config: Config) -> Opened:
    """Open the journal and fold it. The caller holds the home's lock. Raises Misfit, and what the journal raises."""
    places.make()
    journal = SqliteJournal(places.journal)
    input_log = InputLog(places.inputs)
    notes: list[tuple[str, str]] = []
    state, last_input = _fold(places, journal, notes)
    if input_log.last_number < last_input:
        notes.append(("INPUTS_SHORT", f"inputs end at {input_log.last_number}, records name {last_input}"))
    if state.created and (why_not := approvers.short_of_people(state, config.risk)):
        input_log.close()
        journal.close()
        raise Misfit(why_not)
    watch = _watch(config, state)
    clock = SystemClock()
    return Opened(
        places,
        config,
        journal,
        input_log,
        Engine(state, watch),
        watch,
        clock,
        max(input_log.last_number, last_input) + 1,
        notes,
    )


def _fold(places: Places, journal: SqliteJournal, notes: list[tuple[str, str]]) -> tuple[State, int]:
    """The state after the journal's last record: from a good snapshot and what follows it, else from the start."""
    state, after = State(), 0
    found = snapshot.load(places.snapshot, fold.FOLD_VERSION)
    if isinstance(found, snapshot.Snapshot) and _fits(journal, found):
        state, after = codec.decode_state(found.data), found.seq
    elif isinstance(found, snapshot.Snapshot) or "there is none" not in found.reason:
        reason = "of another journal" if isinstance(found, snapshot.Snapshot) else found.reason
        notes.append(("SNAPSHOT_STALE", reason))
    last_input = 0
    if after:
        last_input = journal.read(after - 1, 1)[0].input_no
    for record in journal.replay(after):
        fold.apply(state, record)
        last_input = record.input_no
    return state, last_input


def _fits(journal: SqliteJournal, found: snapshot.Snapshot) -> bool:
    seq, _ = journal.head()
    return 0 < found.seq <= seq and journal.hash_of(found.seq) == found.head


def snapshot_of(opened: Opened) -> snapshot.Snapshot:
    """The state with the head that it was folded to: every record of it is durable (AssertionError)."""
    seq, head = opened.journal.head()
    assert seq == opened.engine.state.seq, "a snapshot is taken between commits"
    return snapshot.Snapshot(fold.FOLD_VERSION, seq, head, codec.encode_state(opened.engine.state))


def write_snapshot(places: Places, found: snapshot.Snapshot) -> None:
    """Write the cache for the next start; the journal alone is the truth."""
    if found.seq:
        snapshot.save(places.snapshot, found)


def _watch(config: Config, state: State) -> Watch:
    profile = None
    if config.apex.enabled:
        try:
            profile = profiles.BUILT_IN[config.apex.profile]
        except KeyError:
            known = ", ".join(profiles.BUILT_IN)
            raise NoHome(f"apex.profile '{config.apex.profile}' is not one of {known}") from None
    earlier = [m.signal for m in state.missions.values() if m.origin == "apex"]
    unended = [(number, state.missions[number].signal) for number in sorted(state.missions_unended)]
    return Watch(profile, earlier, unended)


def started(opened: Opened, instance: str, birth: i.HomeBirth | None = None) -> i.Started:
    """The first input of a daemon's life."""
    config = opened.config
    return i.Started(
        instance=instance,
        code_version=__version__,
        tzdata_version=calendar.tzdata_version(),
        limits=config.risk,
        timing=config.timing,
        halt_file=opened.places.halt_file.exists(),
        symbols=opened.watch.symbols,
        profile=config.apex.profile if config.apex.enabled else "",
        degraded_after_ms=config.bridge.degraded_after_ms,
        lost_after_ms=config.bridge.lost_after_ms,
        notes=tuple(opened.notes),
        birth=birth,
        news_mode=news_mode(config, birth.mode if birth else opened.engine.state.mode),
        guards=config.guards,
        plans=dict(config.plans),
        phone_may=words(config.hud.phone_may),
        on_call=words(config.oncall.order),
        channels=channels_of(config),
    )


def channels_of(config: Config) -> tuple[str, ...]:
    """Those that the configuration sets up beside the bot."""
    found = (
        (Channel.EMAIL, config.email.host),
        (Channel.WEBHOOK, config.webhook.url),
        (Channel.APPRISE, config.apprise.urls_file),
    )
    return tuple(channel.value for channel, where in found if where)


def news_mode(config: Config, mode: HomeMode) -> str:
    """Where the configuration is silent: off in a paper home, which a recorded day needs; file in a real one."""
    return config.news.mode or (NEWS_OFF if mode is HomeMode.PAPER else NEWS_FILE)


def news_file(places: Places, config: Config, mode: HomeMode) -> NewsFile:
    return NewsFile(places.config_file.parent / config.news.file, news_mode(config, mode))


# --- create ---------------------------------------------------------------------------------------------


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


def endpoint_at(address: str) -> str:
    """The configured address if its port is free now, else the same host with a free port (paper homes)."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    preferred = int(port) if port.isdigit() else None
    return f"tcp://{host}:{tcp_ports.free_port(preferred, host)}"


def last_endpoint(places: Places, default: str) -> str:
    """Where the last daemon listened: agents that survived it look there."""
    try:
        found = msgspec.json.decode(places.endpoints_file.read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return default
    return found.get("bridge", default)


def write_endpoint(places: Places, address: str) -> None:
    """Note the bridge's address for people and for the next start."""
    places.endpoints_file.write_bytes(msgspec.json.encode({"bridge": address}) + b"\n")


def endpoints(places: Places) -> dict[str, str]:
    """Where the daemon's services listen, as it noted; raises FileNotFoundError."""
    return msgspec.json.decode(places.endpoints_file.read_bytes(), type=dict[str, str])


def note_endpoint(places: Places, name: str, address: str | None) -> None:
    """Note where another service listens beside the bridge; None: nowhere."""
    found = endpoints(places)
    found.pop(name, None)
    if address is not None:
        found[name] = address
    places.endpoints_file.write_bytes(msgspec.json.encode(found) + b"\n")


def move_bundles(places: Places, terminals: Iterable[str], address: str) -> None:
    """The bridge listens elsewhere now: tell the bundles of this host."""
    for name in terminals:
        path = places.bundle(name)
        if path.exists():
            bundle = bundles.load(path)
            daemons = [bundles.DaemonAddress(address, bundle.daemons[0].server_key)]
            bundles.save(path, msgspec.structs.replace(bundle, daemons=daemons))


def write_bundle(places: Places, verb: calls.TerminalEnroll, pair: keys.KeyPair, address: str, server_key: str) -> str:
    """Write what the terminal's agent starts from, mode 0600; its path. `server_key`: the daemon's public one."""
    path = places.bundle(verb.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    simulated = verb.kind == "paper"
    bundles.save(
        path,
        bundles.Bundle(
            name=verb.name,
            account=verb.account,
            login=verb.login,
            server=verb.server,
            password=PAPER_PASSWORD if simulated else Secret(""),
            kind=verb.kind,
            currency=verb.currency,
            hedging=verb.hedging,
            module="simulated" if simulated else "metatrader5",
            sim_socket=broker_socket(places) if simulated else "",
            symbols=list(verb.symbols),
            caps=bundles.Caps(max_lots=Decimal(0), opens_per_minute=0) if verb.feed_only else bundles.Caps(),
            curve_public=pair.public,
            curve_secret=pair.secret,
            daemons=[bundles.DaemonAddress(address, server_key)],
            # A real terminal is on another host: its files lie beside its bundle there.
            ledger=str(path.parent / "ledger.db") if simulated else "ledger.db",
            lock=str(places.process_lock(verb.name)) if simulated else f"{verb.name}.lock",
            settle_s=SIMULATED_SETTLE_S if simulated else REAL_SETTLE_S,
        ),
    )
    return str(path)
