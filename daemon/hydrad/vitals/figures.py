"""What `/metrics` shows: read from memory when it is scraped. Names are `hydra_*`; base units, times and no ages.

No label names an account, a terminal, a person, a ticket or a chat.
"""

from __future__ import annotations

import platform
from collections import Counter

from hydrad.domain.accounts import Authority
from hydrad.domain.instants import SECOND
from hydrad.hud.metrics import Figure, one
from hydrad.toc import service
from hydrad.toc.act import IN_FLIGHT, ActState
from hydrad.toc.service import ServiceState
from hydrad.toc.terminal import LinkState
from hydrad.vitals import vitals
from hydrad.vitals.daemon import Daemon
from hydrad.wire.calls import PROTOCOL

MS_PER_SECOND = 1_000


def measured(daemon: Daemon) -> list[Figure]:
    """All of them."""
    return [*_daemon(daemon), *_books(daemon), *_market(daemon), *_services(daemon), *_letters(daemon)]


def _daemon(daemon: Daemon) -> list[Figure]:
    glance = vitals.public(daemon)
    loop = daemon.loop
    build = (daemon.version, str(PROTOCOL), platform.python_version())
    return [
        Figure("hydra_build_info", "What runs.", ((build, 1.0),), ("version", "protocol", "python")),
        Figure("hydra_mode_info", "Paper or real.", (((glance.mode,), 1.0),), ("mode",)),
        one("hydra_up", "The loop turns and its lag is bearable.", glance.live),
        one("hydra_ready", "It can take acts that reach a terminal.", glance.ready),
        one("hydra_healthy", "Every health check passes.", glance.healthy),
        one("hydra_start_time_seconds", "When the daemon started.", daemon.state.started_ns / SECOND),
        one("hydra_epoch", "The fencing number of this daemon.", daemon.state.epoch),
        one("hydra_event_loop_lag_seconds", "How late the last turn of the clock was.", loop.lag_s),
        one("hydra_db_write_seconds", "How long the last commit took.", loop.commit_s),
        one("hydra_db_size_bytes", "The journal's size.", daemon.journal_bytes),
        one("hydra_journal_records", "Records in the journal.", daemon.journal_seq, "counter"),
        one("hydra_inbox_depth", "Inputs that wait.", len(loop.inbox)),
        one(
            "hydra_ticks_shed",
            "Ticks that were left out since too many waited.",
            loop.inbox.ticks_shed,
            "counter",
        ),
        one("hydra_hud_watchers", "Pages that follow the stream.", daemon.pages.watchers),
        _checks(daemon),
    ]


def _checks(daemon: Daemon) -> Figure:
    samples = tuple(((check.check,), float(check.ok)) for check in vitals.public(daemon).checks)
    return Figure("hydra_health_check", "1 where the check passes.", samples, ("check",))


def _books(daemon: Daemon) -> list[Figure]:
    state = daemon.state
    open_acts = [state.acts[number].state for number in state.acts_open]
    found = (state.acts[number] for number in state.acts_open)
    standing = Counter((act.kind.name.lower(), act.state.value.lower()) for act in found)
    alarms = Counter(alarm.severity.lower() for alarm in state.alarms.values() if not alarm.acked_by)
    severities = tuple(((word,), float(alarms[word])) for word in ("alarm", "warning"))
    return [
        one("hydra_kill_switch_engaged", "Authority is HALTED, everywhere.", state.authority is Authority.HALTED),
        one("hydra_positions_open", "Positions that are open.", len(state.positions_open)),
        one("hydra_acts_unknown", "Acts whose outcome is not known.", open_acts.count(ActState.UNKNOWN)),
        one("hydra_acts_in_flight", "Acts that have left and have no verdict.", sum(s in IN_FLIGHT for s in open_acts)),
        Figure(
            "hydra_acts_open",
            "Acts that have not come to their end, by what they are and where they stand.",
            tuple((key, float(count)) for key, count in sorted(standing.items())),
            ("kind", "state"),
        ),
        Figure("hydra_alarms", "Alarms that stand and that nobody has taken.", severities, ("severity",)),
    ]


def _market(daemon: Daemon) -> list[Figure]:
    newest: dict[str, int] = {}
    links = daemon.links_live()
    for link in links:
        for symbol, quote in link.quotes.items():
            newest[symbol] = max(newest.get(symbol, 0), quote.time_ms)
    return [
        one("hydra_terminals", "Terminals that are enrolled.", len(links)),
        one("hydra_terminals_ready", "Those that are READY.", sum(link.state is LinkState.READY for link in links)),
        Figure(
            "hydra_last_tick_timestamp_seconds",
            "Market time of a symbol's newest quote.",
            tuple(((symbol,), at_ms / MS_PER_SECOND) for symbol, at_ms in sorted(newest.items())),
            ("symbol",),
        ),
    ]


def _services(daemon: Daemon) -> list[Figure]:
    rows = [row for row in vitals.service_rows(daemon) if row.name in service.NAMES]
    running = tuple(((row.name,), float(row.state == ServiceState.RUNNING.value)) for row in rows)
    restarts = tuple(((row.name,), float(row.restarts)) for row in rows)
    runs = tuple(((name,), job.ended_ns / SECOND) for name, job in sorted(daemon.last_runs().items()) if job.ok)
    return [
        Figure("hydra_service_running", "1 where a service serves.", running, ("service",)),
        Figure("hydra_service_restarts", "How often it was begun again.", restarts, ("service",), "counter"),
        Figure("hydra_scheduler_last_success_timestamp_seconds", "When a job last ended well.", runs, ("job",)),
    ]


def _letters(daemon: Daemon) -> list[Figure]:
    """Of the outbox, and of the bot; none where no channel is configured."""
    if not daemon.letters.channels:
        return []
    counts = tuple(((word,), float(count)) for word, count in sorted(daemon.letters.outbox.counts.items()))
    return [
        one("hydra_letters_waiting", "Letters to people that have not left.", daemon.letters.outbox.waiting),
        Figure("hydra_letters", "What became of letters.", counts, ("outcome",), "counter"),
        *daemon.bot.figures(),
    ]
