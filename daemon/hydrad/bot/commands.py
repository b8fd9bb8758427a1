"""What a person may type, and what comes of it. Owns the table of commands.

Each is a verb put to the daemon as the shell puts it, with the person's Telegram identity; who may, and what a phone
may not, the core says. Groups read: nothing is done from one, and no answer there has a size, money or an account.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from hydrad.bot import hints, links, words
from hydrad.bot.confirming import Confirming
from hydrad.bot.world import Caller, Mouth, Rows, World
from hydrad.domain.actors import Role
from hydrad.domain.ids import IdKind
from hydrad.domain.instants import SECOND, BadInstant, parse_duration_ns
from hydrad.outbox.letter import Button, clipped
from hydrad.toc import sight
from hydrad.wire import calls
from hydrad.wire.answers import Answer
from hydrad.wire.answers.acts import FireAnswer
from hydrad.wire.codes import ErrorCode

WAIT_S = 8.0
CODE_LENGTH = 12
REASON_MAX = 200
LISTED_MAX = 8
MUTED_S = 3_600.0
RESUME_HOW = 'At a shell: hydractl resume. A home takes it from phones only with hud.phone_may = "resume".'
APPROVE_HOW = 'At a shell: hydractl approve ID. A home takes it from phones with hud.phone_may = "approve".'
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
Handler = Callable[["Commands", Caller, tuple[str, ...]], Awaitable[None]]


class Entry(NamedTuple):
    """`group`: may be asked in a group. `listed`: in Telegram's own menu of commands."""

    handler: Handler
    role: Role
    usage: str
    does: str
    group: bool = False


class Commands:
    """Carries commands out and says what came of it."""

    def __init__(self, world: World, mouth: Mouth) -> None:
        self.world, self.mouth = world, mouth
        self.confirming = Confirming(world, mouth)

    async def run(self, caller: Caller, name: str, given: tuple[str, ...]) -> None:
        entry = TABLE.get(name)
        if entry is None:
            near = hints.nearest(name, (each.upper() for each in TABLE)).lower().replace("mean ", "mean /")
            await self.say(caller, f"there is no command /{words.line(name)}. {near or '/help lists them'}")
        elif caller.group and not entry.group:
            await self.say(caller, "groups only read: say it to me in our own chat")
        else:
            await entry.handler(self, caller, given)

    # --- reading --------------------------------------------------------------------------------------

    async def start(self, caller: Caller, given: tuple[str, ...]) -> None:
        """With a payload: a mission's id. An invitation's code is taken before anybody is known (`listening`)."""
        if given and hints.is_id(given[0], IdKind.MISSION):
            await self.mission(caller, given[:1])
            return
        text = f"{words.line(caller.person.name)}, {caller.person.role.name.lower()}. /help lists what I take."
        await self.say(caller, text, _rows(links.opened(self.world.public_host, caller.group)))

    async def help(self, caller: Caller, given: tuple[str, ...]) -> None:
        shown = [e for e in TABLE.values() if e.role <= caller.person.role and (e.group or not caller.group)]
        await self.say(caller, "\n".join(f"{entry.usage} - {entry.does}" for entry in shown))

    async def status(self, caller: Caller, given: tuple[str, ...]) -> None:
        answer = await self.look(caller, calls.Status())
        if answer.error:
            await self.say(caller, words.problem(answer.error))
            return
        may = caller.person.role >= Role.TRADER and not caller.group
        keys = await self.confirming.halting(caller.actor.identity) if may else ()
        await self.say(caller, words.status(answer.data, caller.group), keys)

    async def missions(self, caller: Caller, given: tuple[str, ...]) -> None:
        answer = await self.look(caller, calls.Missions(limit=50))
        rows = [] if answer.error else [row for row in answer.data if row.state in ("PROPOSED", "ENGAGED")]
        lines = [words.mission_line(row) for row in rows]
        await self.say(caller, words.problem(answer.error) if answer.error else words.listed(lines, "no open mission"))

    async def mission(self, caller: Caller, given: tuple[str, ...]) -> None:
        if len(given) != 1:
            await self._usage(caller, "mission")
            return
        answer = await self.look(caller, calls.MissionShow(given[0]))
        if answer.error:
            await self._wrong(caller, "mission", given[0], answer)
            return
        row = answer.data.mission
        keys = links.opened(self.world.public_host, caller.group, mission=row.id)
        if not caller.group and row.state in ("PROPOSED", "ENGAGED") and caller.person.role >= Role.TRADER:
            keys += await self.confirming.acting(caller.actor.identity, row.id, row.expires_in_s)
        await self.say(caller, words.mission_show(answer.data, caller.group), _rows(keys))

    async def positions(self, caller: Caller, given: tuple[str, ...]) -> None:
        answer = await self.look(caller, calls.Positions())
        if answer.error:
            await self.say(caller, words.problem(answer.error))
            return
        own = [row.id for row in answer.data if not row.foreign][:LISTED_MAX]
        keys = await self.confirming.closing(caller.actor.identity, own) if caller.person.role >= Role.TRADER else ()
        await self.say(caller, words.listed([words.position(row) for row in answer.data], "nothing is open"), keys)

    async def terminals(self, caller: Caller, given: tuple[str, ...]) -> None:
        await self._told(
            caller, calls.Terminals(), lambda rows: words.listed([words.terminal(row) for row in rows], "no terminal")
        )

    async def report(self, caller: Caller, given: tuple[str, ...]) -> None:
        """Words in any order: what to count by, and how far back."""
        by, ago_ms = None, None
        for word in given[:2]:
            try:
                ago_ms = parse_duration_ns(word) // 1_000_000
            except BadInstant:
                by = word
        await self._told(caller, calls.Report(by=by, ago_ms=ago_ms), words.report)

    async def me(self, caller: Caller, given: tuple[str, ...]) -> None:
        answer = await self.look(caller, calls.Operators())
        if answer.error:
            await self.say(caller, words.problem(answer.error))
            return
        row = next(row for row in answer.data if row.name == caller.person.name)
        told = await self.look(caller, calls.Report(by="operator"))
        groups = told.data.groups if told.error is None else ()
        await self.say(caller, words.me(row, next((g for g in groups if g.group == row.name), None)))

    # --- acting ---------------------------------------------------------------------------------------

    async def fire(self, caller: Caller, given: tuple[str, ...]) -> None:
        """Only asks: the confirmation's button fires."""
        if not given or len(given) > 3:
            await self._usage(caller, "fire")
            return
        account, volume, risk = None, None, None
        for word in given[1:]:
            if word.endswith("%"):
                risk = word
            elif _NUMBER.fullmatch(word):
                volume = word
            else:
                account = word
        answer = await self.confirming.fire(caller, calls.Brief(given[0], account, volume, risk))
        if answer is not None:
            await self._wrong(caller, "fire", given[0], answer)

    async def pass_(self, caller: Caller, given: tuple[str, ...]) -> None:
        if not given:
            await self._usage(caller, "pass")
            return
        answer = await self.act(caller, calls.Pass(given[0], _reason(given[1:])))
        if answer.error:
            await self._wrong(caller, "pass", given[0], answer)
        else:
            await self.say(caller, f"{given[0].upper()}: you let it go; others may still fire it")

    async def approve(self, caller: Caller, given: tuple[str, ...]) -> None:
        if len(given) != 1:
            await self._usage(caller, "approve")
            return
        answer = await self.act(caller, calls.Approve(given[0], wait_s=WAIT_S))
        await self.say(caller, approved(given[0], answer))

    async def close(self, caller: Caller, given: tuple[str, ...]) -> None:
        """Only asks, as `fire` does."""
        if not 1 <= len(given) <= 2:
            await self._usage(caller, "close")
            return
        answer = await self.confirming.close(caller, given[0], given[1] if len(given) == 2 else "")
        if answer is not None:
            await self._wrong(caller, "close", given[0], answer)

    async def halt(self, caller: Caller, given: tuple[str, ...]) -> None:
        """One deliberate command: never asks. A first word that is no account is the reason, and everything halts."""
        account = given[0] if given and given[0] in await self._accounts(caller) else None
        verb = calls.Halt(account, reason=_reason(given[1:] if account else given))
        await self.say(caller, halted(await self.act(caller, verb)))

    async def resume(self, caller: Caller, given: tuple[str, ...]) -> None:
        answer = await self.act(caller, calls.Resume(given[0] if given else None))
        await self.say(caller, resumed(answer))

    async def mute(self, caller: Caller, given: tuple[str, ...]) -> None:
        """`/mute`, `/mute EURUSD 2h`, `/mute off`."""
        for_s, what = MUTED_S, ""
        for word in given[:2]:
            try:
                for_s = 0.0 if word.lower() == "off" else parse_duration_ns(word) / SECOND
            except BadInstant:
                what = word.upper()
        answer = await self.act(caller, calls.Mute(for_s, what))
        told = f"nothing of {what or 'missions'} for {words.span(for_s)}" if for_s else f"{what or 'all'} is told again"
        text = words.problem(answer.error) if answer.error else f"{told}; alarms and halts come all the same"
        await self.say(caller, text)

    async def lockme(self, caller: Caller, given: tuple[str, ...]) -> None:
        verb = calls.OperatorSuspend(caller.person.name, "asked for it by /lockme")
        answer = await self.act(caller, verb)
        if answer.error:
            await self.say(caller, words.problem(answer.error))
        else:
            await self.say(caller, "You are suspended: your sessions and buttons are void. A commander restores you.")

    # --- asking and saying ----------------------------------------------------------------------------

    async def look(self, caller: Caller, verb: Any) -> Answer:
        """A query, as this person may see it."""
        return sight.narrowed(caller.person, verb, await self.world.ask(caller.actor, verb))

    async def act(self, caller: Caller, verb: Any) -> Answer:
        return sight.latched(caller.person, verb, await self.world.ask(caller.actor, verb, caller.key))

    async def say(self, caller: Caller, text: str, buttons: Rows = ()) -> None:
        await self.mouth.say(caller.chat, clipped(text), buttons, caller.message if caller.group else 0)

    async def _told(self, caller: Caller, verb: Any, tell: Callable[[Any], str]) -> None:
        answer = await self.look(caller, verb)
        await self.say(caller, words.problem(answer.error) if answer.error else tell(answer.data))

    async def _usage(self, caller: Caller, name: str) -> None:
        await self.say(caller, f"usage: {TABLE[name].usage}")

    async def _wrong(self, caller: Caller, name: str, text: str, answer: Answer) -> None:
        """The problem; of an id that is none, how it is typed and what was near."""
        assert answer.error is not None
        lines = [words.problem(answer.error)]
        if answer.error.code in (ErrorCode.USAGE.value, ErrorCode.NOT_FOUND.value):
            near = hints.nearest(text, await self._near(caller, name))
            lines.append(f"usage: {TABLE[name].usage}" + (f"; {near}" if near else ""))
        await self.say(caller, "\n".join(lines))

    async def _accounts(self, caller: Caller) -> list[str]:
        answer = await self.look(caller, calls.Accounts())
        return [] if answer.error else [row.name for row in answer.data]

    async def _near(self, caller: Caller, name: str) -> list[str]:
        verb: Any = calls.Positions() if name == "close" else calls.Missions(limit=50)
        answer = await self.look(caller, verb)
        return [] if answer.error else [row.id for row in answer.data]


# --- answers that commands and buttons share --------------------------------------------------------------


def halted(answer: Answer) -> str:
    lines = [words.halted(answer.data)] if answer.data is not None else []
    return "\n".join(lines + ([words.problem(answer.error)] if answer.error else []))


def resumed(answer: Answer) -> str:
    if answer.error and answer.error.code == ErrorCode.FORBIDDEN.value:
        return f"{words.problem(answer.error)}\n{RESUME_HOW}"
    if answer.data is None:
        return words.problem(answer.error) if answer.error else "done"
    rows = [f"- {words.line(t.terminal)}: {words.line(t.detail)}" for t in answer.data.terminals]
    told = [words.problem(answer.error)] if answer.error else []
    return "\n".join([f"authority is {answer.data.authority}", *rows, *told])


def approved(subject: str, answer: Answer) -> str:
    """Of a change that it is made; of a fire what became of it, since a word for it is no fill."""
    if isinstance(answer.data, FireAnswer):
        return words.acted(answer)
    if answer.error is None:
        return f"{words.line(subject)} is approved"
    of_change = subject.strip().upper().startswith(IdKind.CHANGE.value)
    how = f"\n{APPROVE_HOW}" if of_change and answer.error.code == ErrorCode.FORBIDDEN.value else ""
    return words.problem(answer.error) + how


def _rows(keys: tuple[Button, ...]) -> Rows:
    return (keys,) if keys else ()


def _reason(given: tuple[str, ...]) -> str | None:
    return words.line(" ".join(given))[:REASON_MAX] or None


V, T, C = Role.VIEWER, Role.TRADER, Role.COMMANDER
TABLE: dict[str, Entry] = {
    "start": Entry(Commands.start, V, "/start", "who you are to me", True),
    "help": Entry(Commands.help, V, "/help", "this list", True),
    "status": Entry(Commands.status, V, "/status", "authority, feeds, accounts, alarms", True),
    "missions": Entry(Commands.missions, V, "/missions", "what can be fired now", True),
    "mission": Entry(Commands.mission, V, "/mission M-…", "one mission", True),
    "fire": Entry(Commands.fire, T, "/fire M-… [ACCOUNT] [VOLUME or RISK%]", "shows it, and asks before it fires"),
    "pass": Entry(Commands.pass_, T, "/pass M-… [REASON]", "you let it go"),
    "approve": Entry(
        Commands.approve, Role.APPROVER, "/approve ID", "be the second person: for a fire or a change that waits"
    ),
    "positions": Entry(Commands.positions, V, "/positions", "what is open"),
    "close": Entry(Commands.close, T, "/close P-… [PART]", "a position, a fire's or a mission's; asks first"),
    "terminals": Entry(Commands.terminals, V, "/terminals", "links and beats"),
    "report": Entry(Commands.report, V, "/report [BY] [7d]", "results, by kind, session, symbol, operator, …"),
    "halt": Entry(Commands.halt, T, "/halt [ACCOUNT] [REASON]", "nothing opens any more, at once; never asks"),
    "resume": Entry(Commands.resume, C, "/resume", "says how: a phone does not, unless the home allows it"),
    "mute": Entry(Commands.mute, V, "/mute [SYMBOL or KIND] [2h or off]", "missions that you are not told for a while"),
    "me": Entry(Commands.me, V, "/me", "your role, accounts, fires and R"),
    "lockme": Entry(Commands.lockme, V, "/lockme", "suspends you: for a phone that is not in your hands"),
}
MENU: tuple[tuple[str, str], ...] = tuple((name, entry.does) for name, entry in TABLE.items())
