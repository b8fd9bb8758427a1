"""What people ask about their own work: alarms, findings, what would stop a fire, what came of it. As `queries`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hydrad.domain import ids
from hydrad.domain.actors import Actor
from hydrad.domain.ids import IdKind
from hydrad.surface.daemon import Daemon
from hydrad.surface.queries import NotFound
from hydrad.toc import alarm_views, digest, oncall_views, preflight, reports
from hydrad.toc.desk.refusals import usage
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.alarms import AlarmShow, FindingRow
from hydrad.wire.answers.comparing import PreflightData
from hydrad.wire.answers.oncall import ChannelsData
from hydrad.wire.answers.reports import DigestData, ReportData
from hydrad.wire.calls.base import Verb

DIGEST_BACK_MAX = 366
LATEST_MS = 253_402_300_800_000  # the year 10000


def alarm_show(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.AlarmShow) -> AlarmShow:
    _, number = ids.parse(verb.alarm, IdKind.ALARM)
    known = {alarm.number: alarm for alarm in (*turn.state.alarms_past, *turn.state.alarms.values())}
    if number not in known:
        raise NotFound(f"no alarm {verb.alarm}; the newest that were cleared are kept, older ones are in the journal")
    return alarm_views.alarm_show(turn.state, turn.now_ns, known[number])


def findings(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Findings) -> list[FindingRow]:
    """Newest first, of the newest that the state remembers; older ones: `tail --kind FINDING`."""
    rows: list[FindingRow] = []
    for seq in reversed(turn.state.findings):
        if len(rows) >= verb.limit:
            break
        read = daemon.read(seq - 1, 1)
        if not read:
            continue  # stepped, and not committed yet
        if verb.since_ns is not None and read[0].at_ns < verb.since_ns:
            break
        row = alarm_views.finding_row(read[0])
        if verb.code is None or row.code == verb.code.upper():
            rows.append(row)
    return rows


def preflight_data(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Preflight) -> PreflightData:
    accounts = tuple(turn.state.traded())
    if verb.account is not None:
        if verb.account not in turn.state.accounts:
            raise NotFound(f"no account {verb.account}")
        accounts = (turn.state.accounts[verb.account],)
    return preflight.made(turn, actor.identity, accounts, verb.symbol)


def report(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Report) -> ReportData:
    if verb.by is not None and verb.by not in reports.BY:
        raise NotFound(f"nothing is grouped by '{verb.by}'; known are {', '.join(reports.BY)}")
    for named in (verb.since_ms, verb.until_ms, verb.ago_ms):
        if named is not None and not 0 <= named < LATEST_MS:
            raise usage("a time of a report is between 1970 and 9999")
    since_ms = verb.since_ms if verb.since_ms is not None else 0
    if verb.ago_ms is not None:
        since_ms = max(turn.market_ms - verb.ago_ms, 0)
    until_ms = verb.until_ms if verb.until_ms is not None else reports.MAX_MS
    return reports.made(turn.state, verb.by, since_ms, until_ms)


def channels(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Channels) -> ChannelsData:
    return oncall_views.channels(turn)


def digest_data(daemon: Daemon, turn: Turn, actor: Actor, verb: calls.Digest) -> DigestData:
    operator = turn.state.operator(actor.identity)
    if operator is None or not 0 <= verb.back <= DIGEST_BACK_MAX:
        raise NotFound(f"a day of the last {DIGEST_BACK_MAX}, for an operator")
    return digest.made(turn, operator, verb.back)


QUERIES: dict[type[Verb], tuple[str, Callable[[Daemon, Turn, Actor, Any], object]]] = {
    calls.AlarmShow: ("hydra.alarm/v1", alarm_show),
    calls.Findings: ("hydra.findings/v1", findings),
    calls.Preflight: ("hydra.preflight/v1", preflight_data),
    calls.Report: ("hydra.report/v1", report),
    calls.Digest: ("hydra.digest/v1", digest_data),
    calls.Channels: ("hydra.channels/v1", channels),
}
