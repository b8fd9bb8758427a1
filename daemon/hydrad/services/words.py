"""What the daemon says by itself at certain times: that all is well, and what a day came to. Owns to whom each goes.

Each is a job of the scheduler. A letter's key is its time, so that a job which runs again tells nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from hydrad.config import Config, parse_times
from hydrad.domain import calendar
from hydrad.domain.instants import DAY_MS, HOUR, MINUTE, MS, ms_text, parse_ms
from hydrad.outbox import chart
from hydrad.outbox.letter import CAPTION_MAX, TEXT_MAX, Channel, Letter, Priority, clipped
from hydrad.outbox.outbox import Closed
from hydrad.ports import Daily, Every
from hydrad.services.daemon import Daemon
from hydrad.services.jobs import JobFailed, Spec, latest_slot_ns
from hydrad.services.letters import Letters
from hydrad.toc import all_well, crew, digest, hearing, oncall
from hydrad.toc.hearing import About, Heard, Kind
from hydrad.toc.oncall import Way
from hydrad.toc.state import Operator, State
from hydrad.toc.turn import Turn
from hydrad.wire.answers.reports import DigestData

TIMEOUT_S = 60.0
ALL_WELL_FOR_NS = 6 * HOUR
DIGEST_EVERY_S = 900
DIGEST_WITHIN_MS = 6 * 3_600_000
DIGEST_FOR_NS = 12 * HOUR


def specs(daemon: Daemon, outgoing: Letters, config: Config) -> tuple[Spec, ...]:
    """The jobs; what they send leaves by the channels that are set up."""
    times = tuple(_all_well(daemon, outgoing, Daily(*time)) for time in parse_times(config.oncall.all_well_at))
    return (*times, Spec("digest", Every(DIGEST_EVERY_S), lambda: _say_digests(daemon, outgoing), TIMEOUT_S))


# --- all well ---------------------------------------------------------------------------------------------


def _all_well(daemon: Daemon, outgoing: Letters, when: Daily) -> Spec:
    return Spec(
        f"all-well {when.hour:02}:{when.minute:02}", when, lambda: _say_all_well(daemon, outgoing, when), TIMEOUT_S
    )


async def _say_all_well(daemon: Daemon, outgoing: Letters, when: Daily) -> str:
    """Raises JobFailed where nobody can be told."""
    if not outgoing.channels:
        return "no channel is set up"
    seq, head = daemon.journal_head
    checks = daemon.health().checks
    measured = all_well.Measured(
        daemon.loaded.config.daemon.name, checks, outgoing.outbox.waiting, seq, head, daemon.market_stands_ms()
    )
    said = all_well.told(daemon.glance(), measured)
    ways = _watch(daemon.state, outgoing.channels)
    if not ways:
        raise JobFailed("nobody on call is reached by any channel: hydractl channels")
    now_ns = daemon.now_ns()
    slot_ns = latest_slot_ns(when, now_ns)
    letters = [
        Letter(
            key=f"all-well/{slot_ns // MINUTE}/{way.channel.value}/{way.to}",
            channel=Channel(way.channel.value),
            to=way.to,
            priority=Priority.RESULT if said.ok else Priority.ALARM,
            text=clipped(said.text),
            silent=said.ok,
            expires_ns=now_ns + ALL_WELL_FOR_NS,
        )
        for way in ways
    ]
    await put(outgoing, letters)
    return f"{said.text.splitlines()[0]}; told by {len(ways)} ways"


def _watch(state: State, channels: set[Channel]) -> list[Way]:
    """Every way to everybody on call; to the commanders where nobody is."""
    people = crew.on_call(state) or crew.active_commanders(state)
    ways = [way for operator in people for way in oncall.ways(state, operator, 1)]
    return [way for way in dict.fromkeys(ways) if Channel(way.channel.value) in channels]


# --- the day's digest -------------------------------------------------------------------------------------


async def _say_digests(daemon: Daemon, outgoing: Letters) -> str:
    """To everybody whose day has ended in the last hours: by the letter's key once, however often this runs."""
    if not outgoing.channels:
        return "no channel is set up"
    turn = daemon.glance()
    back = 1 if turn.state.machine_time else 0  # a replayed market's day does not end with ours
    letters = []
    for operator in turn.state.operators.values():
        ways = [way for way in oncall.ways(turn.state, operator, 0) if Channel(way.channel.value) in outgoing.channels]
        if ways and not operator.suspended and _day_has_ended(operator, turn.now_ns) and turn.market_ms:
            letters += await _digests(turn, operator, ways, back)
    await put(outgoing, letters)
    return f"{len(letters)} digests are told, or were"


def _day_has_ended(operator: Operator, now_ns: int) -> bool:
    return calendar.local_ms(now_ns // MS, operator.hears.zone) % DAY_MS < DIGEST_WITHIN_MS


async def _digests(turn: Turn, operator: Operator, ways: Sequence[Way], back: int) -> list[Letter]:
    data = digest.made(turn, operator, back)
    if not data.eventful:
        return []
    image = await asyncio.to_thread(picture, data) if data.curve or data.let_go else b""
    quiet = hearing.heard(operator, turn.now_ns, About(Kind.DIGEST)) is not Heard.TOLD
    return [
        Letter(
            key=f"digest/{data.day}/{operator.name}/{way.channel.value}/{way.to}",
            channel=Channel(way.channel.value),
            to=way.to,
            priority=Priority.DIGEST,
            text=clipped(data.text, CAPTION_MAX if image else TEXT_MAX),
            image=image,
            silent=quiet,
            expires_ns=turn.now_ns + DIGEST_FOR_NS,
        )
        for way in ways
    ]


def picture(data: DigestData) -> bytes:
    """R of what was fired beside what was let go, and the money of what was fired."""
    since_ms, until_ms = parse_ms(data.since), parse_ms(data.until)
    clock = [ms_text(calendar.local_ms(ms, data.zone))[11:16] for ms in (since_ms, (since_ms + until_ms) // 2)]
    fired, let_go = (tuple((p.at_ms, p.r_milli) for p in curve) for curve in (data.curve, data.let_go))
    panels = [chart.Panel("R", fired, lambda milli: f"{milli / 1000:+z.1f}", let_go)]
    if data.currency is not None:
        money = tuple((p.at_ms, int(Decimal(p.amount) * 100)) for p in data.money)
        panels.append(chart.Panel(data.currency, money, lambda cents: f"{Decimal(cents) / 100:+z.0f}"))
    heading = (
        (f"FIRED {len(fired)}{_r(fired)}", chart.tone(fired)),
        (f"LET GO {len(let_go)}{_r(let_go)}", chart.BESIDE),
        (f"DENIED {data.denied}", chart.INK),
    )
    return chart.png(chart.Picture(heading, tuple(panels), since_ms, until_ms, (*clock, "24:00")))


def _r(curve: Sequence[chart.Point]) -> str:
    return f" {curve[-1][1] / 1000:+z.2f}R" if curve else ""


async def put(outgoing: Letters, letters: list[Letter]) -> None:
    """Raises JobFailed where letters cannot be kept now."""
    try:
        await outgoing.outbox.put(letters)
    except Closed as closed:
        raise JobFailed(str(closed)) from None
