"""What the daemon tells the core about itself: services that came and went, jobs that ran, a configuration read again.

All of it becomes records, so that `tail` shows it and a replay gives it again.
"""

from __future__ import annotations

from hydrad.domain.actors import Role, Surface
from hydrad.toc import alarms, approvers, changes, config_loosening, loosening, oncall, service
from hydrad.toc import inputs as i
from hydrad.toc import records as r
from hydrad.toc.limits import Limits
from hydrad.toc.service import Service, ServiceState
from hydrad.toc.state import Change, State
from hydrad.toc.turn import Turn
from hydrad.wire.answers import Problem
from hydrad.wire.answers.daemon import ReloadData
from hydrad.wire.codes import ErrorCode, Finding

JOB_ALARM = "JOB_FAILED"
SERVICE_ALARM = "SERVICE_FATAL"
WHY_RESTARTED = "the daemon was started"
# Of the change of these limits, however often they are asked for.
SUBJECT = "limits of everything"


def service_of(state: State, name: str) -> Service:
    """As the journal has it; one that it does not have yet is wanted."""
    return state.services.get(name) or Service(name)


def toc_running(state: State) -> tuple[bool, str, str]:
    """Whether a new act may be judged, what was measured, what is wanted. A stopped TOC takes no act of a person,
    a close included: 4-contracts."""
    wanted = service_of(state, service.TOC).wanted
    return wanted, "running" if wanted else "toc is stopped: hydractl start toc", "running"


def move(turn: Turn, name: str, to: ServiceState, why: str, wanted: bool = True, restarts: int | None = None) -> None:
    """Journal a change of a service, and the alarm that stands while it is FATAL."""
    now = service_of(turn.state, name)
    count = now.restarts if restarts is None else restarts
    if (now.state, now.wanted, now.restarts) == (to, wanted, count):
        return
    turn.emit(r.ServiceChanged(name, to, why, count, wanted))
    if to is ServiceState.FATAL:
        turn.alarm(SERVICE_ALARM, name, f"{name} was given up: {why}")
    else:
        turn.clear_alarm(SERVICE_ALARM, name, to.value)


def started(turn: Turn, apex_enabled: bool) -> None:
    """A daemon began: what a person stopped stays stopped where that is the safe thing."""
    for name in service.NAMES:
        now = service_of(turn.state, name)
        keep = not now.wanted and name in service.STOPS_OUTLIVE_RESTART
        if keep:
            continue
        if name == service.APEX and not apex_enabled:
            move(turn, name, ServiceState.OFF, "apex.enabled is false", restarts=0)
        elif name in service.CORE_FLAGS:
            move(turn, name, ServiceState.RUNNING, WHY_RESTARTED, restarts=0)
        else:  # said anew at every start: the daemon follows the record
            turn.clear_alarm(SERVICE_ALARM, name, WHY_RESTARTED)
            turn.emit(r.ServiceChanged(name, ServiceState.STARTING, WHY_RESTARTED))


def reported(turn: Turn, body: i.ServiceReported) -> None:
    """The daemon's word on a service that it supervises. A report that a person's word has overtaken is dropped."""
    now = service_of(turn.state, body.name)
    stopping = body.state is ServiceState.STOPPED
    if stopping is now.wanted or not service.allows(now.state, body.state):
        return
    again = body.state is ServiceState.BACKING_OFF
    move(turn, body.name, body.state, body.why, now.wanted, now.restarts + again)


def job_ran(turn: Turn, body: i.JobReported) -> None:
    turn.emit(r.JobRan(body.name, body.scheduled_ns, body.began_ns, body.ended_ns, body.ok, body.detail, body.missed))
    if body.ok:
        turn.clear_alarm(JOB_ALARM, body.name, "it ran well again")
    else:
        turn.alarm(JOB_ALARM, body.name, f"job {body.name} failed: {body.detail}")


_OVER = {
    Finding.RECORDING_LOST: "ticks are recorded again",
    Finding.DISK_LOW: "there is room on the disk again",
    Finding.OUTBOX_FULL: "there is room in the outbox again",
    Finding.CHAT_GONE: "they were heard of again",
    Finding.ADDRESS_REJECTED: "a letter was taken there, or none waits for it any more",
}


def noted(turn: Turn, body: i.RecordingNoted | i.OutboxNoted) -> None:
    """A finding of the recorder or of the outbox, with an alarm where something is being lost or will be; without a
    detail it has ended. That a way is dead is said at each letter: while its alarm stands that is no news."""
    code = Finding[body.code]
    if code.name in oncall.DEAD_ALARMS and body.detail and alarms.standing(turn.state, code.name, body.subject):
        return
    if body.detail:
        whose = f"{oncall.whose(turn.state, body.subject)}: " if code.name in oncall.DEAD_ALARMS else ""
        turn.finding(code, body.subject, whose + body.detail, alarm=code in _OVER)
    else:
        turn.clear_alarm(code.name, body.subject, _OVER[code])


# --- configuration --------------------------------------------------------------------------------------


def configured(turn: Turn, body: i.Configured) -> None:
    """A configuration was read again by a person's wish."""
    turn.actor, turn.surface = body.actor.identity, body.actor.surface.value
    role = turn.state.role(body.actor.identity)
    if body.actor.surface is not Surface.DAEMON and role < Role.COMMANDER:
        if turn.state.operator(body.actor.identity) is not None:
            turn.emit(r.CallRefused("Reload", Role.COMMANDER, role))
        text = f"commander is needed, {body.actor.identity} is {role.name.lower()}"
        turn.reply(body.request, "hydra.reload/v1", None, Problem(ErrorCode.FORBIDDEN.value, text))
        return
    why_not = approvers.short_of_people(turn.state, loosening.tighter(turn.state.limits, body.limits))
    if why_not:
        turn.reply(body.request, "hydra.reload/v1", None, Problem(ErrorCode.CONFLICT.value, why_not))
        return
    take_limits(turn, body.limits, "reload")
    now = config_loosening.tighter_timing(turn.state.timing, body.timing)
    if now != turn.state.timing:
        turn.emit(r.ConfigChanged(turn.state.limits, now, "reload"))
    config_loosening.let_timing_wait(turn, body.timing)
    if body.on_call is not None:
        oncall.configured(turn, body.on_call, turn.state.channels)
    turn.reply(body.request, "hydra.reload/v1", ReloadData((), (), ()))


def limits_at_start(state: State, wanted: Limits) -> Limits:
    """What a start's configuration makes true at once: all of it in a new home, else nothing that loosens."""
    return loosening.tighter(state.limits, wanted) if state.epoch else wanted


def take_limits(turn: Turn, wanted: Limits, why: str) -> None:
    """Tighten now, and let what loosens wait for a second commander or for its time."""
    state = turn.state
    now = loosening.tighter(state.limits, wanted)
    if now != state.limits:
        turn.emit(r.ConfigChanged(now, None, why))
    let_wait(turn, wanted)


def let_wait(turn: Turn, wanted: Limits) -> None:
    """The one change of these limits that waits. One for the same limits goes on waiting from when it began."""
    waiting = pending(turn.state)
    if wanted == turn.state.limits:
        changes.void(turn, SUBJECT, "the configuration does not ask for it any more")
        return
    body = r.ConfigChanged(wanted, None, "waited")
    if waiting is not None and waiting.body == r.encode(body):
        return
    now = turn.state.limits
    steps = [f"{name} {getattr(now, name)} -> {getattr(wanted, name)}" for name in loosening.loosened(now, wanted)]
    text = f"limits of everything: {', '.join(steps)}"
    changes.ask(turn, SUBJECT, body, text, changes.LOOSEN_AFTER_NS)


def pending(state: State) -> Change | None:
    return next((change for change in state.changes.values() if change.subject == SUBJECT), None)


def pending_limits(change: Change) -> Limits:
    """What the limits will be once it is made."""
    body = r.decode(change.type, change.body)
    assert isinstance(body, r.ConfigChanged)
    return body.limits
