"""The table of the API: which path asks which verb, and what it answers. Routes, the OpenAPI description and what a
session is offered are made from it.

A query is `GET /api/v1` + path, its parameters are the verb's fields; an act is a POST whose JSON body has them. `as_`:
the field that the path's `{id}` fills.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hydrad.domain.actors import Role
from hydrad.toc import desk
from hydrad.toc.desk import phones
from hydrad.wire import calls, market
from hydrad.wire.answers import (
    accounts,
    acts,
    alarms,
    authority,
    comparing,
    missions,
    oncall,
    people,
    positions,
    reports,
)
from hydrad.wire.answers.apex import ApexData
from hydrad.wire.answers.briefing import Briefing
from hydrad.wire.answers.journal import TraceData
from hydrad.wire.answers.market import NewsData, QuoteRow, SymbolDiffData, SymbolRow
from hydrad.wire.answers.status import HealthData, StatusData
from hydrad.wire.answers.terminals import TerminalRow
from hydrad.wire.calls.base import Verb

PREFIX = "/api/v1"


class Query(NamedTuple):
    """`data`: the type of the answer's data. `hidden`: fields that are not asked for here."""

    path: str
    verb: type[Verb]
    data: Any
    as_: str = ""
    hidden: tuple[str, ...] = ()


class Pick(NamedTuple):
    """One row of the answers to `verbs`, the first whose `key` is the path's id; `schema`: of the row by itself."""

    path: str
    verbs: tuple[Verb, ...]
    data: Any
    key: str
    schema: str


class Act(NamedTuple):
    """`confirm`: a PIN is asked for. `read_only`: sessions that may not act may do this. `needs`: the role, where it is
    not that of the verb. `named`: taken from phones only where the configuration names the verb."""

    name: str
    path: str
    verb: type[Verb]
    data: Any
    as_: str = ""
    confirm: bool = False
    read_only: bool = False
    needs: Role | None = None
    named: bool = False


QUERIES: tuple[Query, ...] = (
    Query("/status", calls.Status, StatusData),
    Query("/health", calls.Health, HealthData),
    Query("/missions", calls.Missions, tuple[missions.MissionRow, ...]),
    Query("/missions/{id}", calls.MissionShow, missions.MissionShow, "mission"),
    Query("/missions/{id}/brief", calls.Brief, Briefing, "mission"),
    Query("/positions", calls.Positions, tuple[positions.PositionRow, ...]),
    Query("/positions/{id}/plan", calls.PlanShow, positions.PlanData, "id"),
    Query("/fires", calls.Fires, tuple[acts.ActRow, ...]),
    Query("/fires/{id}", calls.FireShow, acts.ActShow, "act"),
    Query("/asked/{id}", calls.Asked, acts.AskedData, "key"),
    Query("/orders", calls.Orders, tuple[positions.OrderRow, ...]),
    Query("/plans", calls.Plans, tuple[positions.NamedPlan, ...]),
    Query("/accounts", calls.Accounts, tuple[accounts.AccountRow, ...]),
    Query("/accounts/{id}", calls.AccountShow, accounts.AccountShow, "account"),
    Query("/terminals", calls.Terminals, tuple[TerminalRow, ...]),
    Query("/symbols", calls.Symbols, tuple[SymbolRow, ...]),
    Query("/symbols/diff", calls.SymbolDiff, SymbolDiffData),
    Query("/ticks", calls.Ticks, tuple[QuoteRow, ...]),
    Query("/ticks/{id}", calls.TickHistory, market.TickHistory, "symbol"),
    Query("/bars/{id}", calls.Bars, tuple[market.BarRow, ...], "symbol"),
    Query("/apex", calls.ApexShow, ApexData),
    Query("/alarms", calls.Alarms, tuple[alarms.AlarmRow, ...]),
    Query("/alarms/{id}", calls.AlarmShow, alarms.AlarmShow, "alarm"),
    Query("/findings", calls.Findings, tuple[alarms.FindingRow, ...]),
    Query("/news", calls.NewsToday, NewsData),
    Query("/preflight", calls.Preflight, comparing.PreflightData),
    Query("/digest", calls.Digest, reports.DigestData),
    Query("/report", calls.Report, reports.ReportData),
    Query("/trace/{id}", calls.Trace, TraceData, "id", ("recheck",)),
    Query("/operators", calls.Operators, tuple[people.OperatorRow, ...]),
    Query("/policies", calls.Policies, tuple[people.PolicyRow, ...]),
    Query("/groups", calls.Groups, tuple[accounts.GroupRow, ...]),
    Query("/pools", calls.Pools, tuple[accounts.PoolRow, ...]),
    Query("/changes", calls.Changes, tuple[people.ChangeRow, ...]),
    Query("/channels", calls.Channels, oncall.ChannelsData),
)

PICKS: tuple[Pick, ...] = (
    Pick("/terminals/{id}", (calls.Terminals(),), TerminalRow, "name", "hydra.terminal/v1"),
    Pick(
        "/positions/{id}",
        (calls.Positions(limit=1_000), calls.Positions(closed=True, limit=1_000)),
        positions.PositionRow,
        "id",
        "hydra.position/v1",
    ),
)

ACTS: tuple[Act, ...] = (
    Act("fire", "/missions/{id}/fire", calls.Fire, acts.FireAnswer, "mission", confirm=True),
    Act("pass", "/missions/{id}/pass", calls.Pass, missions.MissionRow, "mission"),
    Act("withdraw", "/missions/{id}/withdraw", calls.Withdraw, missions.MissionRow, "mission"),
    Act("approve", "/approvals/{id}", calls.Approve, acts.FireAnswer, "id", confirm=True),
    Act(
        "approve.change",
        "/changes/{id}/approve",
        calls.Approve,
        people.ChangeRow,
        "id",
        confirm=True,
        needs=Role.COMMANDER,
        named=True,
    ),
    Act("close", "/positions/{id}/close", calls.Close, acts.FireAnswer, "id", confirm=True),
    Act("modify", "/positions/{id}/modify", calls.Modify, acts.FireAnswer, "id", confirm=True),
    Act("plan.set", "/positions/{id}/plan", calls.PlanSet, acts.FireAnswer, "id", confirm=True),
    Act("cancel", "/orders/{id}/cancel", calls.Cancel, acts.FireAnswer, "id", confirm=True),
    Act("flatten", "/flatten", calls.Flatten, acts.FireAnswer, confirm=True),
    Act("halt", "/halt", calls.Halt, authority.HaltData, read_only=True),
    Act("ack", "/alarms/{id}/ack", calls.Ack, alarms.AlarmShow, "alarm"),
    Act("note", "/notes", calls.Note, alarms.NoteRow),
    Act("reconcile", "/reconcile", calls.Reconcile, comparing.ReconcileData),
    Act("operator.suspend", "/operators/{id}/suspend", calls.OperatorSuspend, people.OperatorRow, "name"),
    Act("operator.hears", "/operators/{id}/hears", calls.OperatorHears, oncall.OnCallRow, "name"),
    Act("mute", "/mute", calls.Mute, oncall.OnCallRow),
    Act("channel.confirm", "/channels/confirm", calls.ChannelConfirm, oncall.ChannelsData),
)


def offered(role: Role, full: bool, phone_may: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the acts that this role may ask for in such a session. The core decides again at each."""
    return tuple(
        act.name
        for act in ACTS
        if role >= (act.needs or desk.NEEDS[act.verb]) and (full or act.read_only) and _on_phones(act, phone_may)
    )


def _on_phones(act: Act, phone_may: tuple[str, ...]) -> bool:
    return (act.verb in phones.MAY and not act.named) or phones.name_of(act.verb) in phone_may
