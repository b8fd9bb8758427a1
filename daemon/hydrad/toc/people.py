"""A person as the edges may know them: looked up at each request, and kept by nobody."""

from __future__ import annotations

import msgspec

from hydrad.domain.actors import Role
from hydrad.toc import audience
from hydrad.toc.audience import Audience
from hydrad.toc.state import State


class Person(msgspec.Struct, frozen=True):
    """An operator who has a role and is not suspended. `since_ns`: when they joined. `accounts`: those that were given
    to them, `audience`: those that they see. `void_ns`: what they were given before is void (sessions, buttons)."""

    name: str
    role: Role
    identities: tuple[str, ...]
    accounts: tuple[str, ...]
    audience: Audience
    since_ns: int
    void_ns: int = 0


def person(state: State, identity: str) -> Person | None:
    """Who that is now; None for a stranger, and for who has no role or is suspended."""
    operator = state.operator(identity)
    role = state.role(identity)
    if operator is None or role is Role.NONE:
        return None
    seen = audience.of(state, identity)
    void_ns = max(operator.added_ns, operator.suspended_ns)
    identities = tuple(operator.identities)
    return Person(operator.name, role, identities, operator.accounts, seen, operator.added_ns, void_ns)
