"""People: who they are, what they may do, and the end of that. Deny is the default everywhere."""

from __future__ import annotations

import re
from typing import Any

from hydrad.domain import money
from hydrad.domain.accounts import AccountKind, HomeMode
from hydrad.domain.actors import SHELLS, Role
from hydrad.domain.instants import MINUTE, ns_text
from hydrad.toc import approvers, changes, crew, views_crew
from hydrad.toc import records as r
from hydrad.toc.desk.changing import pending
from hydrad.toc.desk.refusals import Refused, is_plain, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.state import Invite, Operator, Policy
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.people import InviteData
from hydrad.wire.codes import ErrorCode

INVITE_FOR_NS = 15 * MINUTE
INVITES_MAX = 20
OPERATORS_MAX = 200
IDENTITIES_MAX = 16  # of one operator
POLICIES_MAX = 100
Waits = r.OperatorAdded | r.OperatorRoleSet | r.OperatorRemoved | r.OperatorLinked
DECIDES = Role.APPROVER  # from this role on a person is the second one of somebody
_IDENTITY = re.compile(r"uid:[0-9]{1,10}|telegram:-?[0-9]{1,20}|hud:[A-Za-z0-9_-]{1,64}")
OPERATOR_SCHEMA = "hydra.operator/v1"


def _add(turn: Turn, asked: Requested, verb: calls.OperatorAdd) -> None:
    _new_name(turn, verb.name)
    _free_identity(turn, verb.identity)
    role, accounts = _role_named(verb.role), _accounts_named(turn, verb.accounts)
    _policy_named(turn, verb.policy)
    added = r.OperatorAdded(verb.name, role, verb.policy, (verb.identity,), accounts)
    if turn.state.mode is HomeMode.REAL:
        if role >= DECIDES:
            text = f"{verb.name} ({verb.identity}) joins as {role.name.lower()}"
            return _let_wait(turn, asked, added, text, 0, "people who decide")
        if _beyond_starter(turn, verb.policy):
            text = f"{verb.name} ({verb.identity}) joins as {role.name.lower()} under policy {verb.policy}"
            return _let_wait(turn, asked, added, text, changes.LOOSEN_AFTER_NS, "looser limits")
    turn.emit(added)
    return _tell(turn, asked, verb.name)


def _beyond_starter(turn: Turn, policy: str) -> bool:
    """Whether a policy allows more than what everybody begins with: else leaving and joining again would go round the
    wait for a looser one."""
    return _is_looser(crew.BUILT_IN[crew.STARTER], _policy_named(turn, policy))


def _invite(turn: Turn, asked: Requested, verb: calls.OperatorInvite) -> None:
    """The code was drawn at the edge, which adds it to the answer; here it is known by its digest only."""
    _new_name(turn, verb.name)
    role, accounts = _role_named(verb.role), _accounts_named(turn, verb.accounts)
    if role >= Role.APPROVER:
        raise usage("an invitation makes viewers and traders; a higher role is given afterwards, by name")
    _policy_named(turn, verb.policy)
    if turn.state.mode is HomeMode.REAL and _beyond_starter(turn, verb.policy):
        raise usage("here an invited person begins under starter or a tighter policy; another is given afterwards")
    standing = {i.name for i in turn.state.invites.values() if i.expires_ns > turn.now_ns}
    if len(standing) >= INVITES_MAX and verb.name not in standing:
        raise Refused(ErrorCode.CONFLICT, f"{INVITES_MAX} invitations stand already")
    expires_ns = turn.now_ns + INVITE_FOR_NS
    turn.emit(r.OperatorInvited(verb.name, role, verb.policy, accounts, bytes.fromhex(asked.extra), expires_ns))
    data = InviteData(verb.name, role.name.lower(), verb.policy, "", ns_text(expires_ns))
    turn.reply(asked.request, "hydra.invite/v1", data)


def _claim(turn: Turn, asked: Requested, verb: calls.OperatorClaim) -> None:
    """A stranger with a code that stands becomes that operator; every other one stays a stranger. The edge has put the
    code's digest in its place."""
    digest = bytes.fromhex(verb.code)
    invite = next((i for i in turn.state.invites.values() if i.digest == digest), None)
    if invite is None or turn.now_ns > invite.expires_ns or not _still_invites(turn, invite):
        raise Refused(ErrorCode.FORBIDDEN, "this code is not known, was used, or is over", "ask for a new invitation")
    _free_identity(turn, turn.actor)
    turn.emit(r.OperatorAdded(invite.name, invite.role, invite.policy, (turn.actor,), invite.accounts))
    _tell(turn, asked, invite.name)


def _still_invites(turn: Turn, invite: Invite) -> bool:
    """Whether who asked is a commander still: a word of one who was suspended, demoted or removed lets nobody in."""
    return not invite.by or turn.state.role(invite.by) >= Role.COMMANDER


def _set_role(turn: Turn, asked: Requested, verb: calls.OperatorRole) -> None:
    operator, role = _named(turn, verb.name), _role_named(verb.role)
    if role is not Role.COMMANDER:
        _not_the_last(turn, operator)
    if role is operator.role:
        return _tell(turn, asked, operator.name)
    if role < DECIDES:
        _still_enough(turn, operator)
    changed = r.OperatorRoleSet(operator.name, role, verb.reason)
    raised = role > operator.role and role >= DECIDES
    if turn.state.mode is HomeMode.REAL and (raised or operator.role is Role.COMMANDER):
        text = f"{operator.name} ({', '.join(operator.identities)}) becomes {role.name.lower()}"
        delay_ns = 0 if raised else changes.LOOSEN_AFTER_NS
        return _let_wait(turn, asked, changed, text, delay_ns, "people who decide")
    if role is not Role.COMMANDER:
        changes.void_of(turn, operator, f"{operator.name} is {role.name.lower()}")
    turn.emit(changed)
    return _tell(turn, asked, operator.name)


def _set_policy(turn: Turn, asked: Requested, verb: calls.OperatorPolicy) -> None:
    """In a real home a looser one waits, as does loosening the policy itself: else a new one would go round that."""
    operator, policy = _named(turn, verb.name), _policy_named(turn, verb.policy)
    subject, changed = changes.of_persons_policy(operator.name), r.OperatorPolicySet(operator.name, verb.policy)
    changes.void(turn, subject, "a policy was given anew")
    if operator.policy != verb.policy:
        if turn.state.mode is HomeMode.REAL and _is_looser(crew.policy_named(turn.state, operator.policy), policy):
            text = f"{operator.name} trades under policy {verb.policy}, not {operator.policy}"
            change = changes.ask(turn, subject, changed, text, changes.LOOSEN_AFTER_NS)
            data = views_crew.change_row(turn.state, change)
            return turn.reply(asked.request, "hydra.change/v1", data, pending(turn, change, "looser limits"))
        turn.emit(changed)
    return _tell(turn, asked, operator.name)


def _link(turn: Turn, asked: Requested, verb: calls.OperatorLink) -> None:
    """One's own holds at once. In a real home an identity of somebody else who decides waits for another commander:
    else one person could be two. A role that waits is of the person as they were shown."""
    operator = _named(turn, verb.name)
    if verb.identity not in operator.identities:
        _free_identity(turn, verb.identity)
        if len(operator.identities) >= IDENTITIES_MAX:
            raise Refused(ErrorCode.CONFLICT, f"{operator.name} has {IDENTITIES_MAX} identities already")
        linked = r.OperatorLinked(operator.name, verb.identity)
        is_own = turn.actor in operator.identities
        if turn.state.mode is HomeMode.REAL and operator.role >= DECIDES and not is_own:
            text = f"{verb.identity} is {operator.name}, {operator.role.name.lower()}"
            return _let_wait(turn, asked, linked, text, 0, "people who decide")
        changes.void(turn, changes.of_person(operator.name), f"{operator.name} is known by {verb.identity} too")
        turn.emit(linked)
    return _tell(turn, asked, operator.name)


def _suspend(turn: Turn, asked: Requested, verb: calls.OperatorSuspend) -> None:
    """Any trader, anyone, at once: also the last commander, who is then restored by whoever owns the host."""
    operator = _named(turn, verb.name)
    if not operator.suspended:
        turn.emit(r.OperatorSuspended(operator.name, verb.reason))
        changes.void_of(turn, operator, f"{operator.name} is suspended")
    _tell(turn, asked, operator.name)


def _restore(turn: Turn, asked: Requested, verb: calls.OperatorRestore) -> None:
    if asked.actor.surface not in SHELLS:
        raise Refused(ErrorCode.FORBIDDEN, "a suspended operator is restored at a shell only")
    operator = _named(turn, verb.name)
    if operator.suspended:
        turn.emit(r.OperatorRestored(operator.name, verb.reason))
    _tell(turn, asked, operator.name)


def _remove(turn: Turn, asked: Requested, verb: calls.OperatorRemove) -> None:
    operator = _named(turn, verb.name)
    _not_the_last(turn, operator)
    _still_enough(turn, operator)
    row = views_crew.operator_row(turn.state, operator, turn.market_ms)
    removed = r.OperatorRemoved(operator.name, verb.reason)
    if operator.role is Role.COMMANDER and turn.state.mode is HomeMode.REAL:
        text = f"commander {operator.name} is removed"
        return _let_wait(turn, asked, removed, text, changes.LOOSEN_AFTER_NS, "people who decide")
    changes.void_of(turn, operator, f"{operator.name} is removed")
    changes.void_about(turn, operator.name, f"{operator.name} is removed")
    turn.emit(removed)
    return turn.reply(asked.request, OPERATOR_SCHEMA, row)


def _policy_set(turn: Turn, asked: Requested, verb: calls.PolicySet) -> None:
    if not is_plain(verb.name) or verb.name in crew.BUILT_IN:
        raise usage(f"a policy's name is plain and not one of {', '.join(crew.BUILT_IN)}")
    if verb.name not in turn.state.policies and len(turn.state.policies) >= POLICIES_MAX:
        raise Refused(ErrorCode.CONFLICT, f"there are {POLICIES_MAX} policies already")
    try:
        kinds = tuple(dict.fromkeys(AccountKind(kind) for kind in verb.kinds))
    except ValueError:
        raise usage("kinds are paper, demo and live") from None
    counts = [n for n in (verb.open_max, verb.fires_per_day_max) if n is not None]
    if any(n < 0 for n in counts):
        raise usage("a limit is a number from 0 up")
    text = verb.risk_per_trade_max_percent
    percent = money.decimal(text, "risk_per_trade_max_percent") if text is not None else None
    if percent is not None and not 0 < percent <= 100:
        raise usage("risk_per_trade_max_percent is above 0 and at most 100")
    wanted = r.PolicySet(verb.name, kinds, verb.open_max, verb.fires_per_day_max, percent)
    subject, problem = f"policy {verb.name}", None
    changes.void(turn, subject, "the policy was set anew")
    now = _tighter(turn.state.policies.get(verb.name), wanted)
    turn.emit(now)
    if now != wanted:
        change = changes.ask(turn, subject, wanted, f"policy {verb.name}: {_words(wanted)}", changes.LOOSEN_AFTER_NS)
        problem = pending(turn, change, "looser limits")
    row = views_crew.policy_row(turn.state, turn.state.policies[verb.name])
    turn.reply(asked.request, "hydra.policy/v1", row, problem)


def _is_looser(old: Policy | None, new: Policy) -> bool:
    wanted = r.PolicySet(new.name, new.kinds, new.open_max, new.fires_per_day_max, new.risk_per_trade_max_percent)
    return old is None or _tighter(old, wanted) != wanted


def _tighter(old: Policy | None, new: r.PolicySet) -> r.PolicySet:
    """What of a policy is true at once: all of a new one, else nothing that loosens."""
    if old is None:
        return new

    def least(*limits: Any) -> Any:
        return min((limit for limit in limits if limit is not None), default=None)

    return r.PolicySet(
        new.name,
        tuple(kind for kind in new.kinds if kind in old.kinds),
        least(old.open_max, new.open_max),
        least(old.fires_per_day_max, new.fires_per_day_max),
        least(old.risk_per_trade_max_percent, new.risk_per_trade_max_percent),
    )


def _words(policy: r.PolicySet) -> str:
    limits = {
        "open": policy.open_max,
        "fires a day": policy.fires_per_day_max,
        "risk percent": policy.risk_per_trade_max_percent,
    }
    kinds = ", ".join(kind.value for kind in policy.kinds) or "none"
    return "; ".join([f"kinds {kinds}", *(f"{name} {'any' if n is None else n}" for name, n in limits.items())])


def _let_wait(turn: Turn, asked: Requested, body: Waits, text: str, delay_ns: int, what: str) -> None:
    """In a real home nobody makes their own second person, or gets rid of the one there is: another commander lets
    somebody who decides come, and a commander who goes has a day to be heard."""
    change = changes.ask(turn, changes.of_person(body.name), body, text, delay_ns)
    data = views_crew.change_row(turn.state, change)
    turn.reply(asked.request, "hydra.change/v1", data, pending(turn, change, what))


# --- what they share --------------------------------------------------------------------------------------


def _tell(turn: Turn, asked: Requested, name: str) -> None:
    row = views_crew.operator_row(turn.state, turn.state.operators[name], turn.market_ms)
    turn.reply(asked.request, OPERATOR_SCHEMA, row)


def _named(turn: Turn, name: str) -> Operator:
    operator = turn.state.operators.get(name)
    if operator is None:
        known = ", ".join(turn.state.operators)
        raise Refused(ErrorCode.NOT_FOUND, f"no operator {name}", f"known operators: {known}")
    return operator


def _new_name(turn: Turn, name: str) -> None:
    if not is_plain(name):
        raise usage("names are 1 to 32 letters, digits, dashes or underscores")
    if name in turn.state.operators:
        raise Refused(ErrorCode.CONFLICT, f"operator {name} is there already")
    if len(turn.state.operators) >= OPERATORS_MAX:
        raise Refused(ErrorCode.CONFLICT, f"there are {OPERATORS_MAX} operators already")


def _free_identity(turn: Turn, identity: str) -> None:
    if _IDENTITY.fullmatch(identity) is None:
        raise usage(f"identity '{identity}' is not uid:NUMBER, telegram:NUMBER or hud:NAME")
    known = turn.state.operator(identity)
    if known is not None:
        raise Refused(ErrorCode.CONFLICT, f"{identity} is {known.name} already")


def _role_named(text: str) -> Role:
    roles = {role.name.lower(): role for role in Role if role is not Role.NONE}
    if text.lower() not in roles:
        raise usage(f"role '{text}' is not one of {', '.join(roles)}")
    return roles[text.lower()]


def _policy_named(turn: Turn, name: str) -> Policy:
    policy = crew.policy_named(turn.state, name)
    if policy is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no policy {name}", "known: " + ", ".join(crew.policies(turn.state)))
    return policy


def _accounts_named(turn: Turn, names: tuple[str, ...]) -> tuple[str, ...]:
    if names == (crew.ALL,):
        return names
    unknown = [name for name in names if name not in turn.state.accounts]
    if unknown:
        raise Refused(ErrorCode.NOT_FOUND, f"no account {', '.join(unknown)}")
    return tuple(dict.fromkeys(names))


def _still_enough(turn: Turn, operator: Operator) -> None:
    """Where fires wait for a second person there are two who may approve."""
    why_not = approvers.leaves_too_few(turn.state, operator)
    if why_not:
        raise Refused(ErrorCode.CONFLICT, f"{operator.name} stays an approver: {why_not}")


def _not_the_last(turn: Turn, operator: Operator) -> None:
    if crew.active_commanders(turn.state) == [operator]:
        raise Refused(ErrorCode.CONFLICT, f"{operator.name} is the last active commander")


VERBS: Table = {
    calls.OperatorAdd: (Role.COMMANDER, _add),
    calls.OperatorInvite: (Role.COMMANDER, _invite),
    calls.OperatorClaim: (Role.NONE, _claim),
    calls.OperatorRole: (Role.COMMANDER, _set_role),
    calls.OperatorPolicy: (Role.COMMANDER, _set_policy),
    calls.OperatorLink: (Role.COMMANDER, _link),
    calls.OperatorSuspend: (Role.TRADER, _suspend),
    calls.OperatorRestore: (Role.COMMANDER, _restore),
    calls.OperatorRemove: (Role.COMMANDER, _remove),
    calls.PolicySet: (Role.COMMANDER, _policy_set),
}
