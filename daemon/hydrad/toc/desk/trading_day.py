"""`account day`: when an account's trading day turns. Prop firms differ."""

from __future__ import annotations

import zoneinfo

from hydrad.domain import calendar
from hydrad.domain.actors import Role
from hydrad.toc import changes
from hydrad.toc import records as r
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import account_named, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.accounts import AccountDayData


def _day(turn: Turn, asked: Requested, verb: calls.AccountDay) -> None:
    """Another turn may begin a day anew, and a day's loss with it: once a day has begun it waits for another commander,
    or a day. It takes effect with the next turn by the new clock: the day that runs keeps its first equity."""
    account = account_named(turn, verb.account)
    minute = _minute(verb.at)
    try:
        calendar.zone(verb.zone)
    except zoneinfo.ZoneInfoNotFoundError:
        raise usage(f"'{verb.zone[:64]}' is no zone", "such as America/New_York or Europe/Prague") from None
    subject, problem = f"day {account.name}", None
    changes.void(turn, subject, "the account's day was asked for anew")
    if (verb.zone, minute) != (account.day_zone, account.day_minute):
        body = r.DaySet(account.name, verb.zone, minute, account.day)
        if account.day:
            text = f"{account.name}'s day turns at {verb.at} {verb.zone}"
            change = changes.ask(turn, subject, body, text, changes.LOOSEN_AFTER_NS)
            problem = pending(turn, change, "another day's turn")
        else:
            turn.emit(body)
    day_text = calendar.day_text(account.day) if account.day else None
    at = f"{account.day_minute // 60:02}:{account.day_minute % 60:02}"
    data = AccountDayData(account.name, account.day_zone, at, day_text)
    turn.reply(asked.request, "hydra.accountday/v1", data, problem)


def _minute(text: str) -> int:
    """Minutes of `HH:MM`."""
    hours, mark, minutes = text.partition(":")
    plain = len(hours) == len(minutes) == 2 and f"{hours}{minutes}".isascii() and f"{hours}{minutes}".isdigit()
    if not mark or not plain or int(hours) > 23 or int(minutes) > 59:
        raise usage(f"'{text}' is no time of day such as 17:00")
    return int(hours) * 60 + int(minutes)


VERBS: Table = {calls.AccountDay: (Role.COMMANDER, _day)}
