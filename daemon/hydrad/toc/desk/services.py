"""Starting and stopping services. The word stands in the journal before anything is started or ended."""

from __future__ import annotations

from hydrad.domain.accounts import Authority
from hydrad.domain.actors import Role
from hydrad.toc import housekeeping, routing, service, uplink
from hydrad.toc.act import IN_FLIGHT, ActEvent, ActState
from hydrad.toc.desk.refusals import Refused
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.service import ServiceState
from hydrad.toc.terminal import LinkState
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.daemon import ServicesData
from hydrad.wire.codes import ErrorCode, Reason

SCHEMA = "hydra.services/v1"


def _start(turn: Turn, asked: Requested, verb: calls.ServiceStart) -> None:
    for name in _named(verb.names):
        if housekeeping.service_of(turn.state, name).state is not ServiceState.RUNNING:
            _begin(turn, name, verb.reason or f"by {turn.actor}")
    turn.reply(asked.request, SCHEMA, ServicesData(()))


def _stop(turn: Turn, asked: Requested, verb: calls.ServiceStop) -> None:
    names = _named(verb.names)
    _may_stop(turn, names, verb.force)
    for name in names:
        _end(turn, name, verb.reason or f"by {turn.actor}")
    turn.reply(asked.request, SCHEMA, ServicesData(()))


def _restart(turn: Turn, asked: Requested, verb: calls.ServiceRestart) -> None:
    """Stopped and started in one step: the daemon ends what runs before it begins anew."""
    names = _named(verb.names)
    _may_stop(turn, names, verb.force)
    why = verb.reason or f"restarted by {turn.actor}"
    for name in names:
        _end(turn, name, why)
        _begin(turn, name, why)
    turn.reply(asked.request, SCHEMA, ServicesData(()))


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in service.NAMES]
    if unknown or not names:
        text = f"no service {', '.join(unknown)}" if unknown else "no service is named"
        raise Refused(ErrorCode.NOT_FOUND if unknown else ErrorCode.USAGE, text, f"known: {', '.join(service.NAMES)}")
    return tuple(dict.fromkeys(names))


def _may_stop(turn: Turn, names: tuple[str, ...], force: bool) -> None:
    """All or none: what is refused for one service is refused for all that were named with it."""
    if force:
        return
    if service.TOC in names and turn.state.authority is Authority.ACTIVE:
        message = "authority is ACTIVE, and a stopped toc takes no act at all, closes included"
        raise Refused(ErrorCode.CONFLICT, message, "hydractl halt --reduce or halt first, or repeat with --yes")
    flying = [
        routing.shown(turn.state.acts[number])
        for number in sorted(turn.state.acts_pending)
        if turn.state.acts[number].state in IN_FLIGHT
    ]
    if service.BRIDGE in names and flying:
        message = f"acts without a verdict: {', '.join(flying)}"
        raise Refused(ErrorCode.CONFLICT, message, "wait for them, or repeat with --yes")


def _begin(turn: Turn, name: str, why: str) -> None:
    if name == service.APEX and not turn.live.symbols:
        housekeeping.move(turn, name, ServiceState.OFF, "apex.enabled is false", restarts=0)
    elif name in service.CORE_FLAGS:
        housekeeping.move(turn, name, ServiceState.RUNNING, why, restarts=0)
    else:
        housekeeping.move(turn, name, ServiceState.STARTING, why, restarts=0)


def _end(turn: Turn, name: str, why: str) -> None:
    housekeeping.move(turn, name, ServiceState.STOPPED, why, wanted=False)
    if name == service.TOC:
        _deny_queued(turn)
    if name == service.BRIDGE:
        _drop_links(turn)


def _deny_queued(turn: Turn) -> None:
    for number in sorted(turn.state.acts_pending):
        act = turn.state.acts[number]
        if act.state is ActState.QUEUED:
            turn.move(act, ActEvent.DENY, "gate", codes=(Reason.SERVICE_STOPPED.name,))


def _drop_links(turn: Turn) -> None:
    """Nothing can be reached from here on; that is said at once, not when the beats have been missed."""
    for terminal in turn.state.terminals:
        link = turn.live.link(terminal)
        if link.session is not None:
            uplink.drop_session(turn, link, LinkState.LOST, "the bridge was stopped")


VERBS: Table = {
    calls.ServiceStart: (Role.COMMANDER, _start),
    calls.ServiceStop: (Role.COMMANDER, _stop),
    calls.ServiceRestart: (Role.COMMANDER, _restart),
}
