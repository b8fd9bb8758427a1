"""The latch: halt and resume."""

from __future__ import annotations

from hydrad.domain.accounts import Authority, HomeMode
from hydrad.domain.actors import Role
from hydrad.toc import changes, drilling, halt_views, latch, remainders, resting, routing
from hydrad.toc import records as r
from hydrad.toc.desk import again
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import Refused, account_named
from hydrad.toc.desk.table import Table
from hydrad.toc.desk.waiting import await_latch, hash_of
from hydrad.toc.inputs import Requested
from hydrad.toc.live import Kept, Waiter
from hydrad.toc.state import Act
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.codes import ErrorCode

DRILL_WAIT_S = 2.0


def _halt(turn: Turn, asked: Requested, verb: calls.Halt) -> None:
    level = Authority.REDUCING if verb.reduce else Authority.HALTED
    account = account_named(turn, verb.account).name if verb.account else ""
    if verb.drill:
        return _drill(turn, asked, account)
    fires = tuple(fire.act_id for fire in _rests(turn, account))
    terminals = latch.tighten(turn, account, level, verb.reason or "")
    return await_latch(turn, asked.request, "halt", verb.wait_s, terminals, account, fires)


def _rests(turn: Turn, account: str) -> list[Act]:
    """Fires of which something rests: whole orders, and what part fills have left."""
    names = [account] if account else list(turn.state.accounts)
    left = [rest.fire for name in names for rest in remainders.standing(turn.state, turn.live, name)]
    return [*resting.standing(turn.state, turn.live, account), *left]


def _drill(turn: Turn, asked: Requested, account: str) -> None:
    in_the_way = drilling.in_the_way(turn, account)
    if in_the_way:
        named = ", ".join(in_the_way)
        raise Refused(ErrorCode.CONFLICT, f"a drill would cost something: {named}", "halt in earnest, or wait for them")
    if drilling.running(turn):
        raise Refused(ErrorCode.CONFLICT, "a drill is running")
    terminals, drill = drilling.begin(turn, account)
    await_latch(turn, asked.request, "halt", DRILL_WAIT_S, terminals, account, drill=drill)


def _resume(turn: Turn, asked: Requested, verb: calls.Resume) -> None:
    account = account_named(turn, verb.account).name if verb.account else ""
    if again.begun(turn, asked):
        return _await(turn, asked, verb, account, routing.terminals_of(turn.state, account))
    now = turn.state.accounts[account].authority if account else turn.state.authority
    raised = r.AuthoritySet(account, Authority.ACTIVE, verb.reason or "")
    if now is not Authority.ACTIVE and turn.state.mode is HomeMode.REAL:
        return _ask_to_raise(turn, asked, raised)
    if now is not Authority.ACTIVE:
        turn.emit(raised)
    return _await(turn, asked, verb, account, routing.tell_released(turn, account, local=verb.local))


def _await(turn: Turn, asked: Requested, verb: calls.Resume, account: str, terminals: tuple[str, ...]) -> None:
    kept = Kept(turn.actor, turn.surface, asked.key, hash_of(verb)) if asked.key else None
    await_latch(turn, asked.request, "resume", verb.wait_s, terminals, account, kept=kept)


def _ask_to_raise(turn: Turn, asked: Requested, raised: r.AuthoritySet) -> None:
    """In a real home a second person raises what was lowered."""
    where = raised.account or "everything"
    change = changes.ask(
        turn, latch.subject(raised.account), raised, f"resume {where}: {raised.reason or 'no reason'}", 0
    )
    data = halt_views.halt_data(turn.state, turn.live, _watcher(turn, asked, raised.account))
    turn.reply(asked.request, "hydra.halt/v1", data, pending(turn, change, "resuming"))


def _watcher(turn: Turn, asked: Requested, account: str) -> Waiter:
    """For an answer of what holds now: nobody was told anything."""
    names = routing.terminals_of(turn.state, account)
    return Waiter(asked.request, "halt", turn.now_ns, terminals=names, account=account)


VERBS: Table = {calls.Halt: (Role.TRADER, _halt), calls.Resume: (Role.COMMANDER, _resume)}
