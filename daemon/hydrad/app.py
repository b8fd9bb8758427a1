"""The composition root: the one place where adapters meet the core. Owns what is started in which order, and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hydrad import __version__
from hydrad.apex.watch import Watch
from hydrad.config import Loaded
from hydrad.control.server import ControlServer
from hydrad.domain import news
from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import Actor, Surface
from hydrad.domain.instants import MS
from hydrad.driver import Driver
from hydrad.home import bundles, cards, endpoints, opening
from hydrad.home.daemon_key import daemon_key
from hydrad.host import entropy, systemd
from hydrad.host.keys import KeyPair
from hydrad.host.lock import FileLock
from hydrad.host.logs import Levels
from hydrad.host.places import Places
from hydrad.host.tickets import Tickets
from hydrad.hud.glance import Glance
from hydrad.hud.metrics import Figure
from hydrad.hud.stream import Stream
from hydrad.link import frames as f
from hydrad.loop.loop import Loop
from hydrad.market.recorder import Note, Recorder
from hydrad.market.room import Room
from hydrad.market.series import Batch
from hydrad.paper.conductor import Conductor
from hydrad.paper.family import Family
from hydrad.services import scheduler, words
from hydrad.services.bot import BotService
from hydrad.services.bridge import Binding, BridgeService, Links
from hydrad.services.channels import ChannelsService
from hydrad.services.comparing import Comparison
from hydrad.services.hud import HudService
from hydrad.services.letters import Letters
from hydrad.services.scheduler import SchedulerService
from hydrad.services.snapshots import Snapshots
from hydrad.services.supervisor import Supervisor
from hydrad.surface.surface import ControlSurface
from hydrad.surface.watched import Watched
from hydrad.toc import drilling, newsview
from hydrad.toc import effects as e
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.live import NEWS_FILE, Link
from hydrad.toc.record import Record
from hydrad.toc.state import Job, State
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn
from hydrad.vitals import figures, vitals
from hydrad.wire import calls
from hydrad.wire.answers.market import NewsView
from hydrad.wire.answers.status import HealthData

log = logging.getLogger("hydrad")

CLOCK_S = 0.1
# How long the loop may keep the interpreter from the thread that commits. That asks for it several times a commit, and
# under a flood of ticks would wait Python's own 5 ms each time.
SWITCH_S = 0.0005
SYNC_S = 1.0
EXIT_FENCED = 75


class App:
    """One daemon of one home. `run` gives the exit code."""

    def __init__(self, places: Places, loaded: Loaded, lock: FileLock) -> None:
        self.places = places
        self.loaded = loaded
        self.version = __version__
        self.pid = os.getpid()
        self._lock = lock
        self._manager = systemd.take(os.environ)
        self._opened = opening.open_home(places, loaded.config)
        self.loop = Loop(self.boot_ns)
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="keeper")  # what no commit waits for
        self.snapshots = Snapshots(self._opened, self.loop, self._keeper)
        self.surface = ControlSurface(self)
        self.watched = Watched(self)
        self.pages = Stream(self.watched)
        room = Room(places.state_dir, loaded.config.market.disk_free_min_mib << 20)
        self.recorder = Recorder(places.market, self._recording_noted, room=room)
        self.comparison = Comparison(self.submit, lambda note: self.submit(i.RecordingNoted(*note)))
        self.family: Family | None = None
        self.conductor: Conductor | None = None
        self.news = opening.news_file(places, loaded.config, self.state.mode)
        self.levels = Levels()
        self.tickets = Tickets(self.now_ns)
        self.hud = HudService(self, loaded.config)
        self.letters = Letters(self)
        keeping = scheduler.specs(self, self.comparison, self.snapshots, loaded.config)
        said = words.specs(self, self.letters, loaded.config)
        self.scheduler = SchedulerService(self, keeping + said)
        self.bot = BotService(self, self.letters, loaded.config)
        self.channels = ChannelsService(self, self.letters, loaded.config)
        self._links = Links()
        self._binding = Binding(self, self._frame, self._bad)
        bridge = BridgeService(self, self._links, self._binding)
        hosted = (bridge, self.bot, self.channels, self.hud, self.scheduler)
        self.supervisor = Supervisor(hosted, self.submit)

    # --- what surfaces ask of it ----------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._opened.engine.state

    @property
    def journal_head(self) -> tuple[int, bytes]:
        return self._opened.journal.head()

    @property
    def journal_seq(self) -> int:
        return self._opened.journal.head()[0]

    @property
    def journal_bytes(self) -> int:
        return self._opened.journal.size_bytes()

    def read(self, after_seq: int, limit: int) -> list[Record]:
        return self._opened.journal.read(after_seq, limit)

    def now_ns(self) -> int:
        return self._opened.clock.machine_ns()

    def boot_ns(self) -> int:
        """A clock that counts suspend and never steps."""
        return self._opened.clock.boot_ns()

    def glance(self) -> Turn:
        """A turn to look with: it emits nothing."""
        return Turn(self.state, self._opened.engine.live, self.now_ns(), 0)

    @property
    def watch(self) -> Watch:
        """The engine of signals, to look at."""
        return self._opened.watch

    def submit(self, body: i.AnyInput, urgent: bool = False) -> None:
        """Put an input into the inbox; the urgent lane is drained first."""
        self.loop.submit(body, urgent)

    async def stop_family(self) -> tuple[list[str], list[str]]:
        """End the simulated broker and the agents; for `down` alone. Those that ended, and those that would not."""
        family, self.family = self.family, None
        return await asyncio.to_thread(family.stop) if family else ([], [])

    def enrolled(self, verb: calls.TerminalEnroll, pair: KeyPair) -> str:
        """A terminal was added to the journal: write its bundle, and in a paper home run its agent."""
        server_key = daemon_key(self.places, self.loaded.config).public
        path = bundles.write_bundle(self.places, verb, pair, self.endpoint, server_key)
        cards.write_all(self.places, self.state)
        if self.family is not None and not verb.feed_only:
            self.family.add(verb.name)
        return path

    def removed(self, verb: calls.TerminalRemove) -> None:
        """A terminal left the journal: in a paper home end its agent, and do not start it again."""
        if self.family is not None:
            child = self.family.take(verb.terminal)
            if child is not None:
                asyncio.get_running_loop().run_in_executor(None, child.end)

    def news_view(self, turn: Turn) -> NewsView:
        return newsview.view(turn, str(self.news.path), self.loaded.config.news.mode is not None)

    def write_news(self, verb: calls.NewsImport | calls.NewsAdd, actor: Actor) -> None:
        """What the core has judged: write the file, and tell the core by whom. Raises OSError, ValueError."""
        if isinstance(verb, calls.NewsImport):
            self.news.replace(news.parse(verb.text))
        else:
            self.news.add(news.event(verb.time_utc, verb.currency, verb.impact, verb.title, actor.identity))
        self.submit(self.news.told(actor))

    def reloaded(self, loaded: Loaded) -> None:
        """The core has taken limits and timing by itself; the rest of what a reload may change is changed here."""
        self.loaded = loaded
        self.levels.set_root(loaded.config.daemon.log_level)

    @property
    def endpoint(self) -> str:
        """Where agents reach it; empty before the bridge was bound."""
        return self._binding.endpoint

    def note_endpoint(self, name: str, address: str | None) -> None:
        """Write where a service listens, for people; None: nowhere any more."""
        endpoints.note_endpoint(self.places, name, address)

    def last_runs(self) -> dict[str, Job]:
        return self.state.jobs

    def links_live(self) -> list[Link]:
        return [self._opened.engine.live.link(name) for name in self.state.terminals]

    # --- what it measures of itself -------------------------------------------------------------------

    def health(self) -> HealthData:
        """Every check there is."""
        return vitals.health(self)

    def market_stands_ms(self) -> int:
        """For how long a paper home's market has not gone though it should; 0 while it goes."""
        return self.conductor.standing_ms(asyncio.get_running_loop().time()) if self.conductor else 0

    def figures(self) -> list[Figure]:
        """What /metrics shows."""
        return figures.measured(self)

    def public(self) -> Glance:
        """What anybody at this machine may see."""
        return vitals.public(self)

    # --- Outlet of the driver -------------------------------------------------------------------------

    def reply(self, reply: e.Reply) -> None:
        if reply.request:
            self.surface.reply(reply)

    def admit(self) -> None:
        self._links.allow({t.public_key: t.name for t in self.state.terminals.values()})

    def step_down(self, reason: str) -> None:
        log.error("stepping down: %s", reason)
        self.loop.stop(f"fenced: {reason}", EXIT_FENCED)

    def ticks(self, taken: e.TicksTaken) -> None:
        now_ms = self.now_ns() // MS
        for batch, digits in zip(taken.batches, taken.digits, strict=True):
            of_link = (taken.terminal, taken.session)
            self.recorder.take(Batch(*of_link, batch.symbol, digits, batch.ticks, taken.read_ms, taken.history, now_ms))

    def rates(self, said: e.RatesSought | e.RatesTold) -> None:
        self.comparison.said(said)

    def _recording_noted(self, note: Note) -> None:
        """Called on the recorder's thread."""
        self._events.call_soon_threadsafe(self.submit, i.RecordingNoted(*note))

    def published(self, records: Sequence[Record]) -> None:
        if any(record.type == "AUTHORITY_SET" and _opens_all(record) for record in records):
            self.places.halt_file.unlink(missing_ok=True)
        cards.published(self.places, self.state, records)
        self.supervisor.published(records)
        self.surface.followers.published(records[-1].seq)
        self.pages.published(records)
        self.letters.published()

    # --- its life -------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Start everything, turn until told to stop, end everything in the reverse order."""
        sys.setswitchinterval(SWITCH_S)
        events = self._events = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            events.add_signal_handler(number, self.loop.stop, f"signal {number.name}")
        config = self.loaded.config
        self._links.bridge = self._binding.first()
        opened = self._opened
        self.loop.driver = Driver(
            opened.engine, opened.journal, opened.input_log, self._links, self, opened.clock, opened.next_input
        )
        server = ControlServer(self.places.socket, self.surface)
        tasks: list[asyncio.Task[None]] = []
        try:
            self.submit(opening.started(opened, entropy.draw_instance()))
            self.recorder.start()
            self._look_at_news()
            await self.loop.drain()
            cards.write_all(self.places, self.state)
            if self.state.mode is HomeMode.PAPER:
                own = [t.name for t in self.state.terminals.values() if not t.feed_only]
                self.family = Family(self.places, own)
                tasks.append(events.create_task(self._watch_family()))
            if not self.state.machine_time:
                self.conductor = Conductor(self.places, config, opened.engine, lambda: self.loop.idle)
                tasks.append(events.create_task(self.conductor.run()))
            await server.start()
            tasks.append(events.create_task(self._ticker()))
            tasks.append(events.create_task(self.letters.run()))
            self._manager.ready(self.status_line())
            log.info("ready: %s, epoch %d, %s", self.places.state_dir, self.state.epoch, self.endpoint)
            await self.loop.pump(tasks)
        finally:
            self._manager.stopping(f"stopping: {self.loop.stopping or 'after an error'}")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.levels.close()
            await self.supervisor.close()
            await server.close()
            self._links.close()
            await asyncio.to_thread(self.recorder.close)
        self.loop.driver.turn([*self.loop.inbox.take_urgent(), i.Stopping(self.loop.stopping or "stopped")])
        opening.write_snapshot(self.places, opening.snapshot_of(opened))
        self._keeper.shutdown()
        opened.close()
        self.loop.close()
        self._lock.release()
        return self.loop.exit_code

    async def _ticker(self) -> None:
        events = asyncio.get_running_loop()
        synced_s = events.time()
        watchdog = systemd.Watchdog(self._manager.watchdog_s, synced_s)
        while True:
            due = events.time() + CLOCK_S
            await asyncio.sleep(CLOCK_S)
            self.loop.lag_s = max(events.time() - due, 0.0)
            self.submit(i.Clock())
            await self._feed(watchdog)
            if events.time() - synced_s >= SYNC_S:
                synced_s = events.time()
                self._manager.status(self.status_line())
                self.surface.followers.keep_alive()
                self.pages.beat()
                await events.run_in_executor(self._keeper, self._idle_work, self._opened.input_log.sync_handle())
                self._look_for_halt_file()
                self._look_at_news()
                await self.snapshots.if_due()

    async def _feed(self, watchdog: systemd.Watchdog) -> None:
        """A sign of life for the service manager, if the loop keeps time and the journal's disk has just worked."""
        now_s = asyncio.get_running_loop().time
        if watchdog.needs_ping(now_s(), self.loop.durable_s):
            await self.loop.on_writer(partial(systemd.ping, self.places.ping_file, f"{self.pid}\n"))
        if watchdog.feed(now_s(), self.loop.lag_s, self.loop.durable_s):
            self._manager.alive()

    def status_line(self) -> str:
        """One line for `systemctl status`, measured now."""
        ready = sum(self._opened.engine.live.link(name).state is LinkState.READY for name in self.state.terminals)
        return (
            f"{self.state.mode.value} {self.state.authority.name}, {ready} of {len(self.state.terminals)} terminals "
            f"READY, record {self.journal_seq}, last commit {self.loop.commit_s * 1000:.1f} ms, loop lag "
            f"{self.loop.lag_s * 1000:.1f} ms"
        )

    def _look_at_news(self) -> None:
        """The file is an input: at the start, and whenever it is another one; also while switching it off waits."""
        if NEWS_FILE in (self.news.mode, self.state.news_mode) and self.news.changed():
            self.submit(self.news.told())

    def _look_for_halt_file(self) -> None:
        """A shell that could not reach this daemon wrote HALT: obeyed as if it had been asked."""
        if self.places.halt_file.exists() and self.state.authority is not Authority.HALTED:
            self.loop.driver.close_latch()
            actor = Actor("halt-file", Surface.DAEMON)
            self.submit(i.Requested(0, actor, "", calls.Halt(reason="the HALT file was written", wait_s=0.0)), True)

    def _idle_work(self, inputs_fd: int | None) -> None:
        """Make inputs durable, keep the write-ahead log short; beside the commits, which wait for neither."""
        if inputs_fd is not None:
            try:
                os.fdatasync(inputs_fd)
            finally:
                os.close(inputs_fd)
        if self._opened.journal.checkpoint_due:
            self._opened.journal.checkpoint()

    async def _watch_family(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if self.family is not None:
                self.family.look(loop.time(), self.now_ns())
            await asyncio.sleep(0.2)

    # --- edges ----------------------------------------------------------------------------------------

    def _frame(self, terminal: str, connection: int, frame: f.UpFrame) -> None:
        self.loop.frame(i.FrameIn(terminal, connection, frame))

    def _bad(self, kind: str, detail: str, terminal: str) -> None:
        if kind == "version":
            self.submit(i.VersionHeard(terminal, int(detail)))
        self.submit(i.Strangers("bridge", f"{kind} {terminal}".strip(), 1))


def _opens_all(record: Record) -> bool:
    body = r.decode(record.type, record.body)
    if not isinstance(body, r.AuthoritySet) or body.account or body.level is not Authority.ACTIVE:
        return False
    return body.reason != drilling.OVER  # what a drill takes back is no word about a file that somebody has written
