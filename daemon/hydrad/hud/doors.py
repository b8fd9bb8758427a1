"""Who comes in: from a request to a session, from a session to a person whom the core knows now.

Owns the sessions, the PINs and the thread that writes both down. What a login or a confirmation changes is durable
before it is answered; when a session was last seen may be lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from hydrad.domain.actors import Actor, Surface
from hydrad.host.entropy import draw_token
from hydrad.host.rates import Buckets, Rate
from hydrad.hud import pins
from hydrad.hud.guard import is_secure
from hydrad.hud.pins import Pin
from hydrad.hud.replies import Refusals
from hydrad.hud.sessions import Limits, Session, Sessions
from hydrad.hud.store import Store
from hydrad.hud.stream import Over
from hydrad.hud.world import Setup, World
from hydrad.toc.audience import Audience
from hydrad.toc.people import Person

log = logging.getLogger("hydrad.hud")
T = TypeVar("T")

SESSION_RATE = Rate(per_s=50.0, burst=300)
BEARER = "bearer "
AUTOMATIC = "hx-auto"
LOOKS = frozenset({"GET", "HEAD"})


class Visit(NamedTuple):
    """A request that somebody known has sent."""

    session: Session
    person: Person

    @property
    def actor(self) -> Actor:
        return Actor(self.session.identity, Surface.HUD)


class Doors:
    """Made and used on the loop's thread; `store` is touched by its own thread alone."""

    def __init__(self, world: World, setup: Setup, limits: Limits, store: Store) -> None:
        self.world, self.setup, self.store = world, setup, store
        self.refusals = Refusals(world)
        self.sessions = Sessions(limits, draw_token, store.sessions())
        self.pins = store.pins()
        self._rates = Buckets(SESSION_RATE)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hud")

    # --- who asks -------------------------------------------------------------------------------------

    def visit(self, request: Request, always: bool = False) -> Visit | Response:
        """Who has sent this request, or what to answer instead. A request with the header `hx-auto: 1` was sent by the
        page on its own, and keeps no session alive. `always`: it is never too often."""
        token = self._token(request)
        now_ns = self.world.now_ns()
        session = self.sessions.find(token, now_ns) if token else None
        if session is None and token and request.method in LOOKS:
            session = self.sessions.find_former(token, now_ns)
        if session is None:
            return self.refusals.no_session()
        if not always and (wait_s := self._rates.take(session.key, now_ns)):
            return self.refusals.too_often(wait_s)
        person = self._holder(session)
        if person is None:
            self.sessions.end(session)
            self.keep_soon()
            return self.refusals.no_session("who logged in here has no role any more, or was suspended since")
        if request.headers.get(AUTOMATIC) != "1":
            self.sessions.seen(session, now_ns)
        self.keep_soon()
        return Visit(session, person)

    def audience(self, visit: Visit) -> Audience:
        """What a session that is held on to may be shown now. Not counted as asking. Raises Over."""
        over = visit.session.is_over(self.sessions.limits, self.world.now_ns())
        person = None if over else self._holder(visit.session)
        if person is None:
            raise Over
        return person.audience

    def _holder(self, session: Session) -> Person | None:
        """Whose it is; nobody's, where they were suspended or removed since it began, though they may be back."""
        person = self.world.person(session.identity)
        return person if person is not None and session.created_ns > person.void_ns else None

    def is_confirmed(self, visit: Visit) -> bool:
        return visit.session.is_confirmed(self.sessions.limits, self.world.now_ns())

    def end_of_client(self, request: Request) -> None:
        """A login takes the place of the session that this client still had."""
        token = self._token(request)
        session = self.sessions.find(token, self.world.now_ns()) if token else None
        if session is not None:
            self.sessions.end(session)

    def is_bearer(self, request: Request) -> bool:
        """Whether its session came in the header, not in a cookie."""
        return request.headers.get("authorization", "").lower().startswith(BEARER)

    def _token(self, request: Request) -> str | None:
        if self.is_bearer(request):
            return request.headers["authorization"][len(BEARER) :].strip()
        return request.cookies.get(self.cookie_name(request))

    def cookie_name(self, request: Request) -> str:
        """`__Host-hx` where there is TLS; else one a port, since a browser's cookies do not tell ports apart."""
        return "__Host-hx" if is_secure(request, self.setup) else f"hx-{self.setup.port}"

    # --- PINs -----------------------------------------------------------------------------------------

    def pin_of(self, person: Person) -> Pin | None:
        """None too for the PIN of somebody before them who had their name."""
        pin = self.pins.get(person.name)
        return pin if pin is not None and pin.since_ns == person.since_ns else None

    async def set_pin(self, person: Person, text: str) -> None:
        """Durable on return. Acts ask for it from then on, whatever was confirmed before."""
        pin = await self.apart(lambda: pins.made(text, os.urandom(pins.SALT_BYTES), person.since_ns))
        self.pins[person.name] = pin
        self.sessions.unconfirm(person.identities)
        await self.apart(lambda: self.store.keep_pin(person.name, pin))
        await self.keep()

    async def count_try(self, person: Person) -> None:
        """One more since a right one, over all sessions; counted at once, and durable on return."""
        await self._keep_tries(person, lambda wrong: wrong + 1)

    async def forget_tries(self, person: Person) -> None:
        """A right one."""
        await self._keep_tries(person, lambda wrong: 0)

    async def _keep_tries(self, person: Person, to: Callable[[int], int]) -> None:
        pin = self.pin_of(person)
        if pin is not None:
            pin = self.pins[person.name] = msgspec.structs.replace(pin, wrong=to(pin.wrong))
            await self.apart(lambda: self.store.keep_pin(person.name, pin))

    # --- the file -------------------------------------------------------------------------------------

    async def apart(self, work: Callable[[], T]) -> T:
        """Done by the HUD's own thread: what waits for a disk or hashes for long."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def keep(self) -> None:
        """What has changed is durable on return."""
        if changed := self.sessions.take_changed():
            await self.apart(lambda: self.store.keep(changed))

    def keep_soon(self) -> None:
        """What has changed will be written; nobody waits for it."""
        if changed := self.sessions.take_changed():
            self._pool.submit(self._keep, changed)

    def _keep(self, changed: dict[bytes, Session | None]) -> None:
        try:
            self.store.keep(changed)
        except Exception:  # the edge of a thread that nobody waits for: a session seen is no reason to stop
            log.exception("sessions were not written down")

    def close(self) -> None:
        """Write what has changed, end the thread, close the file."""
        self.keep_soon()
        self._pool.submit(self.store.close)
        self._pool.shutdown()
