"""What the daemon measures of itself: a row a service, a row a health check, and the part that anybody may see.

Nothing is inferred from a process or a task being there: each detail counts something, or says how old it is.
"""

from __future__ import annotations

import asyncio

from hydrad.domain.instants import ns_text
from hydrad.host import disk
from hydrad.hud.glance import Check, Glance
from hydrad.loop.inbox import FRAMES_MAX
from hydrad.toc import health_views, housekeeping, mission_views, quote_views, service
from hydrad.toc.service import Service, ServiceState
from hydrad.toc.terminal import LinkState
from hydrad.vitals.daemon import Daemon
from hydrad.wire.answers.status import HealthData, HealthRow, ServiceRow

LAG_MAX_MS = 250.0
LIVE_LAG_MAX_S = 5.0
COMMIT_MAX_S = 0.25


# --- services -------------------------------------------------------------------------------------------


def service_rows(daemon: Daemon) -> tuple[ServiceRow, ...]:
    """The services inside, then the processes beside the daemon."""
    rows = [_service(daemon, housekeeping.service_of(daemon.state, name)) for name in service.NAMES]
    for child in daemon.family.children.values() if daemon.family else ():
        state = "running" if child.running else "down"
        since = ns_text(max(child.since_ns, daemon.state.started_ns))
        rows.append(ServiceRow(child.name, state, since, max(child.restarts, 0), str(child.log)))
    return tuple(rows)


def _service(daemon: Daemon, now: Service) -> ServiceRow:
    since_ns = max(now.since_ns, daemon.state.started_ns)
    state, detail = now.state.value, _detail(daemon, now.name)
    if now.state is ServiceState.STOPPED and not daemon.supervisor.ended(now.name):
        state = "stopping"
    if now.state is not ServiceState.RUNNING:
        detail = f"{now.why}; {detail}"
    return ServiceRow(now.name, state, ns_text(since_ns), now.restarts, detail)


def _detail(daemon: Daemon, name: str) -> str:
    if name == service.TOC:
        loop = daemon.loop
        return f"commit {loop.commit_s * 1000:.1f} ms, inbox {len(loop.inbox)}, loop lag {loop.lag_s * 1000:.1f} ms"
    if name == service.APEX:
        return _apex(daemon)
    return daemon.supervisor.hosted[name].detail()


def _apex(daemon: Daemon) -> str:
    turn = daemon.glance()
    ages = [feed.age_s for feed in quote_views.feed_rows(turn, daemon.market_stands_ms()) if feed.age_s is not None]
    tick = f"newest tick {min(ages):.1f} s old" if ages else "no tick in this session"
    age_s = mission_views.signals_view(daemon.state, turn.live, turn.now_ns).last_age_s
    signal = f"last signal {age_s:.0f} s ago" if age_s is not None else "no signal yet"
    return f"profile {daemon.loaded.config.apex.profile}, {tick}, {signal}, {daemon.loop.inbox.ticks_shed} ticks shed"


# --- health ---------------------------------------------------------------------------------------------


def own_health(daemon: Daemon) -> tuple[HealthRow, ...]:
    """Loop, journal, inbox, and a check a service: what a person has stopped is not healthy either."""
    healthy = (ServiceState.RUNNING.value, ServiceState.OFF.value)
    loop = daemon.loop
    lag_ms = loop.lag_s * 1000
    return (
        HealthRow("loop", lag_ms < LAG_MAX_MS, f"lag {lag_ms:.1f} ms"),
        HealthRow("journal", loop.commit_s < COMMIT_MAX_S, f"last commit {loop.commit_s * 1000:.1f} ms"),
        HealthRow("inbox", len(loop.inbox) < FRAMES_MAX, f"{len(loop.inbox)} inputs wait"),
        *_market(daemon),
        *daemon.letters.health(),
        *daemon.bot.health(),
        _recording(daemon),
        _disk(daemon),
        *(
            HealthRow(f"service {row.name}", row.state in healthy, f"{row.state}: {row.detail}")
            for row in service_rows(daemon)
            if row.name in service.NAMES
        ),
    )


def _market(daemon: Daemon) -> tuple[HealthRow, ...]:
    """A paper home's own market; a real one's ages are machine time and need no such check."""
    if daemon.conductor is None:
        return ()
    ok, detail = daemon.conductor.check(asyncio.get_running_loop().time())
    return (HealthRow("market", ok, detail),)


def _recording(daemon: Daemon) -> HealthRow:
    """Whether ticks go to disk: what was written, and what was not."""
    now = daemon.recorder.figures()
    counts = f"{now.written} ticks of {now.symbols} symbols written, {now.refused} refused, {now.shed + now.lost} lost"
    return HealthRow("recording", not now.problem, f"{now.problem}; {counts}" if now.problem else counts)


def _disk(daemon: Daemon) -> HealthRow:
    """Room where the home lies, looked at now: a full disk ends the daemon."""
    free_mib, least_mib = disk.free_bytes(daemon.places.state_dir) >> 20, daemon.loaded.config.market.disk_free_min_mib
    return HealthRow("disk", free_mib >= least_mib, f"{free_mib} MiB free, DISK_LOW below {least_mib}")


def health(daemon: Daemon) -> HealthData:
    """Every check there is."""
    checks = (*health_views.health_rows(daemon.glance(), daemon.market_stands_ms()), *own_health(daemon))
    failing = tuple(row.check for row in checks if not row.ok)
    return HealthData(not failing, failing, checks)


# --- what anybody may see -------------------------------------------------------------------------------


def _nameless(row: HealthRow) -> str:
    names = any(account in row.detail for account in row.accounts)
    return f"{len(row.accounts)} account(s)" if names else row.detail


def public(daemon: Daemon) -> Glance:
    """Counts where health has names: no terminal, account, symbol or sum."""
    state = daemon.state
    found = health(daemon).checks
    named = ("terminal", "feed", "service")
    own = (row for row in found if row.check.partition(" ")[0] not in named)
    checks = [Check(row.check, row.ok, _nameless(row)) for row in own]
    for word in named:
        rows = [row for row in found if row.check.partition(" ")[0] == word]
        good = sum(row.ok for row in rows)
        checks.append(Check(f"{word}s", good == len(rows) > 0, f"{good} of {len(rows)} pass"))
    return Glance(
        mode=state.mode.value,
        authority=max((state.account_authority(name) for name in state.accounts), default=state.authority).name,
        instance=state.instance,
        at=ns_text(daemon.now_ns()),
        live=daemon.loop.lag_s < LIVE_LAG_MAX_S,
        ready=_ready(daemon),
        healthy=all(check.ok for check in checks),
        checks=tuple(checks),
    )


def _ready(daemon: Daemon) -> bool:
    """It takes acts that reach somewhere: bridge and toc run, a terminal is READY."""
    serving = all(
        housekeeping.service_of(daemon.state, name).state is ServiceState.RUNNING
        for name in (service.TOC, service.BRIDGE)
    )
    return serving and any(link.state is LinkState.READY for link in daemon.links_live())
