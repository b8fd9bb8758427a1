"""What is the same around every pane: the line at the top, the line for a daemon that is not heard, the panes' keys.

Owns what an operator must know wherever they are: which home this is, whether it is halted, whether somebody is needed,
whether acts may be begun and on which accounts, and whether anything is heard at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from hydractl.output import age
from hydractl.plain import plain
from hydractl.tui.frame import OLD_S, Frame, line
from hydractl.tui.store import STREAM, Kept

NAMED_MAX = 4
ENDS = ("halt", "explain")  # what the line of the keys begins and ends with, however narrow
WIDE = 140
IMPORTANT = 5  # parts of the top line that go before the clocks: mode, authority, alarms, UNKNOWN, write mode, heard
SPEED_WIDE = 120


def top_line(frame: Frame) -> Text:
    """Mode, authority, what is wrong, whether acts may be begun, and when the daemon was heard: one line, the same on
    every pane."""
    view = frame.view
    status = view.data("status")
    if status is None:
        return line(("HydraX", "bold"), _none(frame))
    newest, now = _newest(frame)
    authority = now.authority if now is not None else status.authority
    mode = status.mode.upper()
    unread = now.unread if now is not None else len(status.alarms)
    unknown = now.unknown if now is not None else status.acts.unknown
    good = "green" if authority == "ACTIVE" else "bold red"
    old = frame.old(newest)
    market = clock(frame, now.market if now is not None else status.clocks.market)
    return _whole(
        frame,
        (mode, "bold yellow" if mode == "PAPER" else "bold red"),
        (
            f"was {authority}" if old else authority if authority == "ACTIVE" else f"*** {authority} ***",
            "dim" if old else good,
        ),
        (
            f"{unread} unread alarm{'s' * (unread > 1)}" if unread else "no unread alarm",
            "bold red" if unread else "dim",
        ),
        (f"{unknown} UNKNOWN" if unknown else "", "bold red"),
        ("WRITE" if frame.writing else "read-only", "bold" if frame.writing else "dim"),
        heard(frame),
        (f"market {market} ({pace(frame)})", ""),
        (f"machine {clock(frame, status.clocks.machine)}" if frame.width >= WIDE and not frame.calm else "", ""),
        (plain(view.daemon.instance) if view.daemon and frame.width >= 100 else "", "dim"),
    )


def _whole(frame: Frame, *parts: tuple[str, str]) -> Text:
    """A line of the parts that there is room for, each whole: mode and authority, then those that are not dim."""
    room = frame.width - 2 * frame.writing
    kept: set[int] = set()
    for at in sorted(range(len(parts)), key=lambda at: at > 1 and (parts[at][1] == "dim" or at > IMPORTANT)):
        if line(*(parts[each] for each in sorted((*kept, at)))).cell_len <= room:
            kept.add(at)
    return line(*(parts[at] for at in sorted(kept)))


def state_line(frame: Frame, room: int) -> Text:
    """What must be in sight over a sheet too: that nothing is heard; else mode and authority, who is halted by himself,
    alarms, UNKNOWN. Of what is well only the first two; nothing in it ticks."""
    if frame.view.lost is not None:
        what = "RECORDS ARE LATE" if list(frame.view.away) == [STREAM] else "NO DAEMON: all below is old"
        return Text(f" {what} "[:room], "bold white on red", no_wrap=True, end="")
    status = frame.view.data("status")
    if status is None:
        return Text()
    newest, now = _newest(frame)
    authority = now.authority if now is not None else status.authority
    unread = now.unread if now is not None else len(status.alarms)
    unknown = now.unknown if now is not None else status.acts.unknown
    halted = [f"{plain(row.name)} {row.authority}" for row in status.accounts if row.authority != "ACTIVE"]
    words = f"was {authority}" if frame.old(newest) else authority
    parts = [
        (status.mode.upper(), "bold yellow" if status.mode.upper() == "PAPER" else "bold red"),
        (words, "green" if words == "ACTIVE" else "bold red"),
        (", ".join(halted) if authority == "ACTIVE" else "", "bold red"),
        (f"{unknown} UNKNOWN" if unknown else "", "bold red"),
        (f"{unread} unread alarm{'s' * (unread > 1)}" if unread else "", "bold red"),
    ]
    shown = [part for part in parts if part[0]]
    while len(shown) > 1 and line(*shown).cell_len + 2 > room:
        shown.pop()
    return Text.assemble(" ", line(*shown), " ", no_wrap=True, end="")


def _none(frame: Frame) -> str:
    """Why nothing is known of the daemon."""
    kept = frame.view.kept("status")
    if kept is None or kept.problem is None:
        return "no answer from a daemon yet"
    return f"{kept.problem.code}: {kept.problem.message}"


def _newest(frame: Frame) -> tuple[Kept | None, Any]:
    """Which of two answers tells authority, alarms and the market's time: `now`, unless a status is newer and `now`
    does not come any more. Its data, None where it is the status."""
    status, now = frame.view.kept("status"), frame.view.kept("now")
    if now is None or now.data is None:
        return status, None
    if status is not None and status.at_s > now.at_s and frame.old(now):
        return status, None
    return now, now.data


def heard(frame: Frame) -> tuple[str, str]:
    """How long ago the daemon was heard; where bytes are dear, only when that is long."""
    ago_s = frame.view.clock_s - (frame.view.heard_s or 0.0)
    if ago_s <= OLD_S:
        return ("heard now" if frame.calm else f"heard {ago_s:.0f} s ago", "dim")
    return (f"HEARD {age(float(round(ago_s)))} AGO", "bold yellow")


def clock(frame: Frame, iso: str | None) -> str:
    """A clock time that ticks; where bytes are dear it has no seconds."""
    text = frame.out.clock(iso)
    return text[:5] if frame.calm else text


def pace(frame: Frame) -> str:
    """How fast the market's time goes; where there is room, what that means."""
    text: str = frame.view.data("status").clocks.speed
    known = frame.pace and frame.speed is not None and frame.width >= SPEED_WIDE
    return f"{text}: {frame.speed:g} s a second" if known else text


def tab_pieces(frame: Frame, panes: Sequence[tuple[str, str]], shown: str) -> list[tuple[Text, str]]:
    """The panes, (name, title), and their keys, the shown one turned round; where there is no room for all titles, the
    shown one alone has its title."""
    gap = " " if frame.width >= 100 else ""
    needed = sum(len(f" {at}{gap}{title}{gap}") for at, (_, title) in enumerate(panes, 1))
    titled = needed <= frame.width - 2 * frame.writing
    return [
        (
            Text(f" {at}{gap}{title if titled or shown == name else ''}", "reverse" if shown == name else "cyan"),
            f"pane({name!r})",
        )
        for at, (name, title) in enumerate(panes, 1)
    ]


def fitting(pieces: Sequence[tuple[Text, str]], room: int) -> list[tuple[Text, str]]:
    """Of the keys, (words, action), those that there is room for, each whole, in their order; the halt and help before
    all others."""
    kept: set[int] = set()
    left = room
    for at in sorted(range(len(pieces)), key=lambda at: pieces[at][1] not in ENDS):
        if pieces[at][0].cell_len <= left:
            kept.add(at)
            left -= pieces[at][0].cell_len
    return [pieces[at] for at in sorted(kept)]


def lost_lines(frame: Frame) -> list[Text]:
    """That nobody is heard, since when, and what that means: for everything below, and where there is room for the
    money. A daemon that answers, and whose records do not come, is something else."""
    away = frame.view.lost
    assert away is not None
    late = list(frame.view.away) == [STREAM]
    since_s = away.since_s if late or frame.view.heard_s is None else frame.view.heard_s
    ago = age(max(float(round(frame.view.clock_s - since_s)), 1.0))
    if late:
        return [_banner(frame, *(form.format(ago=ago, why=plain(away.why)) for form in _LATE))]
    heard = "never heard" if frame.view.heard_s is None else f"not heard for {ago}"
    first = _banner(frame, *(form.format(heard=heard, why=plain(away.why)) for form in _NO_DAEMON))
    return [first] if frame.scant else [first, _banner(frame, *_MONEY)]


_LATE = (
    " RECORDS ARE LATE  none heard for {ago}: {why}. What stands below may be old: fills and alarms may be missing. ",
    " RECORDS ARE LATE  none heard for {ago}. What stands below may be old.",
    " RECORDS ARE LATE: all below may be old",
)
_NO_DAEMON = (
    " NO DAEMON  {heard}: {why}. What stands below is old. ",
    " NO DAEMON  {heard}: {why}. All below is old.",
    " NO DAEMON  {heard}. What stands below is old.",
    " NO DAEMON  All below is old: {heard}",
    " NO DAEMON: all below is old",
)
_MONEY = (
    " Stops and targets stand at the broker, and the agents go on with the plans of positions; nothing is watched or "
    "fired from here.",
    " Stops and targets stand at the broker, agents run plans; nothing fires here",
    " Stops stand at the broker; nothing opens",
)


def _banner(frame: Frame, *forms: str) -> Text:
    """The first form that there is room for, over the whole width."""
    room = frame.width - 2 * frame.writing
    words = next((form for form in forms if Text(form).cell_len <= room), forms[-1])
    return Text(words.ljust(frame.width), "bold white on red", no_wrap=True, end="")


def write_label(frame: Frame) -> str:
    """The accounts that an act may touch, each with its kind, LIVE ones first; "" while none is known."""
    status = frame.view.data("status")
    rows: Sequence[Any] = status.accounts if status is not None else ()
    order = {"LIVE": 0, "DEMO": 1}
    named = sorted((order.get(row.kind.upper(), 2), plain(row.name), row.kind.upper()) for row in rows)
    more = [f"and {len(named) - NAMED_MAX} more"] if len(named) > NAMED_MAX else []
    return "  ".join([*(f"{name} {kind}" for _, name, kind in named[:NAMED_MAX]), *more])
