"""An open home: journal, inputs and configuration, folded to one state. Owns what a daemon starts from."""

from __future__ import annotations

from dataclasses import dataclass

from hydrad import __version__
from hydrad.apex import profile as profiles
from hydrad.apex.watch import Watch
from hydrad.config import Config, words
from hydrad.domain import calendar
from hydrad.domain.accounts import HomeMode
from hydrad.host.clock import SystemClock
from hydrad.host.news_file import NewsFile
from hydrad.host.places import Places
from hydrad.journal import snapshot
from hydrad.journal.inputs import InputLog
from hydrad.journal.sqlite import SqliteJournal
from hydrad.toc import approvers, codec, fold
from hydrad.toc import inputs as i
from hydrad.toc.engine import Engine
from hydrad.toc.live import NEWS_FILE, NEWS_OFF
from hydrad.toc.oncall import Channel
from hydrad.toc.state import State


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
