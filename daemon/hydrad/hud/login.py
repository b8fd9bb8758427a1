"""Logging in and out, the PIN, and what a session says of itself: the routes under `/session`.

A one-time code gives a browser a cookie. Telegram's `initData` gives the Mini App a bearer token, which it keeps in
memory: fresh and for the first time a full session, else, for a day, one that looks and halts. A login ends the session
that the same client had; ids are never taken from a client.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hydrad.domain.instants import SECOND, ns_text
from hydrad.host.rates import Buckets, Rate
from hydrad.host.tickets import Purpose
from hydrad.hud import initdata, pins
from hydrad.hud.doors import Doors, Visit
from hydrad.hud.guard import is_secure, peer_of
from hydrad.hud.replies import by_method, envelope
from hydrad.hud.sessions import WRONG_MAX, Session
from hydrad.hud.table import offered

log = logging.getLogger("hydrad.hud")

LOGIN_RATE = Rate(per_s=10 / 60, burst=10)
SCHEMA = "hydra.hud_session/v1"
_CONFIRM = "hud.confirm"


class _Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str | None = None
    init_data: str | None = None


class _Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class _PinText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin: str


class SessionData(msgspec.Struct, frozen=True):
    """`scope`: full, or read-only, which looks and halts. `ends_at`: at the latest; sooner after `idle_s` without a
    request. `confirmed_until`: acts need no PIN until then; `pin`: set, none or locked. `may`: the acts that the role
    allows here, by their operation's name. `token`: of a Mini App, told once at login, and anew whenever it changes."""

    operator: str
    role: str
    scope: str
    ends_at: str
    idle_s: int
    confirmed_until: str | None
    pin: str
    accounts: tuple[str, ...]
    may: tuple[str, ...]
    token: str | None = None


class Login:
    """The routes. `who` are the doors."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._refusals = doors.refusals
        self._tries = Buckets(LOGIN_RATE)
        self.routes = [
            by_method("/session", {"GET": self._show, "POST": self._login}),
            Route("/session/confirm", self._confirm, methods=["POST"]),
            Route("/session/elevate", self._elevate, methods=["POST"]),
            Route("/session/end", self._end, methods=["POST"]),
            Route("/session/end-all", self._end_all, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = self._doors.visit(request)
        return self._told(visit) if isinstance(visit, Visit) else visit

    # --- in ---------------------------------------------------------------------------------------------

    async def _login(self, request: Request) -> Response:
        asked = await read(request, _Login)
        if isinstance(asked, str):
            return self._refusals.usage(asked)
        if asked.code is not None and asked.init_data is None:
            return await self._by_code(request, asked.code)
        if asked.init_data is not None and asked.code is None:
            return await self._by_telegram(request, asked.init_data)
        return self._refusals.usage("one of code and init_data")

    async def _by_code(self, request: Request, code: str) -> Response:
        identity = self._doors.world.tickets.take(code, Purpose.LOGIN)
        if identity is None:
            text = "this link was used, is older than 5 minutes, or never was"
            return self._kept_out(request, "a wrong login code", text)
        return await self._let_in(request, identity, full=True, bearer=False)

    async def _by_telegram(self, request: Request, raw: str) -> Response:
        world = self._doors.world
        if world.bot_token is None:
            return self._refusals.no_session("there is no bot here that could vouch for a Mini App")
        now_ns = self._now_ns()
        try:
            told = initdata.proven(raw, world.bot_token.reveal(), now_ns)
        except initdata.Refused as refused:
            return self._kept_out(request, f"initData: {refused}", f"Telegram's word is not taken: {refused}")
        identity = f"telegram:{told.user}"
        if world.person(identity) is None:  # anybody can have Telegram sign for them: no write for that
            return self._unknown(request)
        fresh = await self._doors.apart(lambda: self._doors.store.first_use(told.hash, told.ends_ns, now_ns))
        return await self._let_in(request, identity, full=told.full and fresh, bearer=True)

    async def _let_in(self, request: Request, identity: str, full: bool, bearer: bool) -> Response:
        doors = self._doors
        person = doors.world.person(identity)
        if person is None:
            return self._unknown(request)
        doors.end_of_client(request)
        token, session = doors.sessions.begin(identity, full, self._now_ns())
        await doors.keep()
        scope = "full" if full else "read-only"
        log.info("a %s session began for %s, %s", scope, person.name, identity)
        return self._with_id(request, Visit(session, person), token, bearer)

    def _unknown(self, request: Request) -> Response:
        return self._kept_out(request, "somebody without a role", "who this is for has no role in this home")

    def _kept_out(self, request: Request, why: str, text: str) -> Response:
        """Only what proves nothing is counted against its peer: nobody's wrong codes keep out who has a right one."""
        if wait_s := self._tries.take(peer_of(request, self._doors.setup), self._now_ns()):
            return self._refusals.too_often(wait_s)
        self._doors.world.stranger(why)
        return self._refusals.no_session(text)

    # --- the PIN, and the one-time button ---------------------------------------------------------------

    async def _confirm(self, request: Request) -> Response:
        doors, visit = self._doors, self._doors.visit(request)
        if not isinstance(visit, Visit):
            return visit
        asked = await read(request, _PinText)
        if isinstance(asked, str):
            return self._refusals.usage(asked)
        pin = doors.pin_of(visit.person)
        if pin is None or pin.locked:
            return self.needs_pin(visit)
        if visit.session.ended or not doors.sessions.count_try(visit.session):
            return self._refusals.no_session()
        await doors.count_try(visit.person)
        right = len(asked.pin) <= pins.LENGTH_MAX and await doors.apart(lambda: pins.is_right(pin, asked.pin))
        if visit.session.ended:
            return self._refusals.no_session()
        now = doors.pin_of(visit.person)  # it may have been set anew while the other one was hashed
        right = right and now is not None and now.salt == pin.salt
        return await (self._right(request, visit) if right else self._wrong(visit))

    async def _right(self, request: Request, visit: Visit) -> Response:
        doors = self._doors
        token = doors.sessions.confirm(visit.session, self._now_ns())
        await doors.forget_tries(visit.person)
        await doors.keep()
        return self._with_id(request, visit, token, doors.is_bearer(request))

    async def _wrong(self, visit: Visit) -> Response:
        doors = self._doors
        left = WRONG_MAX - visit.session.wrong
        if left > 0:
            doors.world.refused(visit.actor, _CONFIRM, "a wrong PIN")
            await doors.keep()
            return self._refusals.forbidden(f"a wrong PIN; {left} more before the session ends", needs="pin")
        doors.sessions.end(visit.session)
        doors.world.refused(visit.actor, _CONFIRM, f"{WRONG_MAX} wrong PINs: the session was ended")
        await doors.keep()
        return self._refusals.no_session("too many wrong PINs: the session was ended")

    def needs_pin(self, visit: Visit) -> Response:
        """What to answer when an act needs a confirmation, in the words of what is missing."""
        pin = self._doors.pin_of(visit.person)
        if pin is None:
            hint = "type at a shell: hydractl hud pin; halting needs none"
            return self._refusals.forbidden("acts need a PIN, and you have none", hint, needs="pin_set")
        if pin.locked:
            hint = "set it anew at a shell: hydractl hud pin; halting needs none"
            return self._refusals.forbidden("your PIN is locked after too many wrong ones", hint, needs="pin_set")
        return self._refusals.forbidden("your PIN is asked for first", None, needs="pin")

    async def _elevate(self, request: Request) -> Response:
        doors, visit = self._doors, self._doors.visit(request)
        if not isinstance(visit, Visit):
            return visit
        asked = await read(request, _Code)
        if isinstance(asked, str):
            return self._refusals.usage(asked)
        if visit.session.ended:
            return self._refusals.no_session()
        if doors.world.tickets.take(asked.code, Purpose.ELEVATE) != visit.session.identity:
            if wait_s := self._tries.take(peer_of(request, doors.setup), self._now_ns()):
                return self._refusals.too_often(wait_s)
            doors.world.refused(visit.actor, "hud.elevate", "a button of somebody else, used, or too old")
            return self._refusals.forbidden("this button was used, is too old, or is not yours", needs="elevation")
        token = doors.sessions.elevate(visit.session, self._now_ns())
        await doors.keep()
        return self._with_id(request, visit, token, doors.is_bearer(request))

    # --- out --------------------------------------------------------------------------------------------

    async def _end(self, request: Request) -> Response:
        visit = self._doors.visit(request)
        if not isinstance(visit, Visit):
            return visit
        asked = await read(request, _Nothing)
        if isinstance(asked, str):
            return self._refusals.usage(asked)
        self._doors.sessions.end(visit.session)
        return await self._gone(request)

    async def _end_all(self, request: Request) -> Response:
        visit = self._doors.visit(request)
        if not isinstance(visit, Visit):
            return visit
        asked = await read(request, _Nothing)
        if isinstance(asked, str):
            return self._refusals.usage(asked)
        self._doors.sessions.end_of(visit.person.identities)
        return await self._gone(request)

    async def _gone(self, request: Request) -> Response:
        await self._doors.keep()
        response = envelope(self._doors.world.envelope(SCHEMA, None, None))
        response.delete_cookie(self._doors.cookie_name(request), path="/", secure=self._secure(request))
        return response

    # --- what is told -----------------------------------------------------------------------------------

    def _with_id(self, request: Request, visit: Visit, token: str, bearer: bool) -> Response:
        """A new id goes where the old one came from: into the cookie, or into the Mini App's hand."""
        if bearer:
            return self._told(visit, token)
        response = self._told(visit)
        response.set_cookie(
            self._doors.cookie_name(request),
            token,
            max_age=self._doors.sessions.limits.max_s,
            path="/",
            secure=self._secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    def _secure(self, request: Request) -> bool:
        return is_secure(request, self._doors.setup)

    def _told(self, visit: Visit, token: str | None = None) -> Response:
        return envelope(self._doors.world.envelope(SCHEMA, self._data(visit, token), None))

    def _data(self, visit: Visit, token: str | None) -> SessionData:
        session, person, limits = visit.session, visit.person, self._doors.sessions.limits
        pin = self._doors.pin_of(person)
        return SessionData(
            operator=person.name,
            role=person.role.name.lower(),
            scope="full" if session.full else "read-only",
            ends_at=ns_text(session.created_ns + limits.max_s * SECOND),
            idle_s=limits.idle_s,
            confirmed_until=self._until(session),
            pin="none" if pin is None else "locked" if pin.locked else "set",
            accounts=person.accounts,
            may=offered(person.role, session.full, self._doors.world.phone_may),
            token=token,
        )

    def _until(self, session: Session) -> str | None:
        if not session.is_confirmed(self._doors.sessions.limits, self._now_ns()):
            return None
        return ns_text(session.confirmed_ns + self._doors.sessions.limits.confirm_s * SECOND)

    def _now_ns(self) -> int:
        return self._doors.world.now_ns()


async def read(request: Request, form: type[Any]) -> Any:
    """The JSON body as `form`, or in words what is wrong with it."""
    try:
        return msgspec.json.decode(await request.body(), type=form)
    except msgspec.DecodeError as error:
        return str(error)
    except (UnicodeDecodeError, RecursionError):
        return "the body is not JSON"
