"""`/api/v1`: a request becomes a verb, its answer the envelope. It only maps: what may be, the core says.

An act needs an `Idempotency-Key`, drawn when the person was asked to confirm: the same key gets the same answer, so
that a second tap and a retry do nothing twice. Fires, approvals and what touches a position or an order need the PIN.
"""

from __future__ import annotations

import re
from typing import Any, get_origin, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hydrad.hud import openapi
from hydrad.hud.doors import Doors, Visit
from hydrad.hud.login import Login
from hydrad.hud.packing import packed
from hydrad.hud.replies import Handler, by_method, envelope
from hydrad.hud.table import ACTS, PICKS, PREFIX, QUERIES, Act, Pick, Query
from hydrad.toc import sight
from hydrad.wire import calls
from hydrad.wire.calls.base import Verb
from hydrad.wire.codes import ErrorCode

_KEY = re.compile(r"[!-~]{1,64}")
WAIT_MAX_S = 30.0
LIMIT_MAX = 1_000
ID_CHARACTERS_MAX = 64


class Api:
    """The routes of the table."""

    def __init__(self, doors: Doors, login: Login) -> None:
        self._doors, self._login = doors, login
        self._refusals = doors.refusals
        self._description = openapi.described()
        self.routes = [Route(f"{PREFIX}/openapi.json", self._openapi, methods=["GET"])]
        handlers: dict[str, dict[str, Handler]] = {}
        for query in QUERIES:
            handlers.setdefault(query.path, {})["GET"] = self._query(query)
        for pick in PICKS:
            handlers.setdefault(pick.path, {})["GET"] = self._pick(pick)
        for act in ACTS:
            handlers.setdefault(act.path, {})["POST"] = self._act(act)
        self.routes += [by_method(PREFIX + path, found) for path, found in handlers.items()]

    async def _openapi(self, request: Request) -> Response:
        headers = {"cache-control": "no-cache"}
        return packed(request, Response(self._description, media_type="application/json", headers=headers))

    def _query(self, query: Query) -> Handler:
        async def handle(request: Request) -> Response:
            visit = self._doors.visit(request)
            if not isinstance(visit, Visit):
                return visit
            verb = query_verb(query, request)
            if isinstance(verb, str):
                return self._refusals.usage(verb)
            answer = await self._doors.world.ask(visit.actor, verb)  # type: ignore[arg-type]
            return packed(request, envelope(sight.narrowed(visit.person, verb, answer)))

        return handle

    def _pick(self, pick: Pick) -> Handler:
        async def handle(request: Request) -> Response:
            visit = self._doors.visit(request)
            if not isinstance(visit, Visit):
                return visit
            if request.query_params:
                return self._refusals.usage("there are no parameters")
            for verb in pick.verbs:
                answer = await self._doors.world.ask(visit.actor, verb)  # type: ignore[arg-type]
                answer = sight.narrowed(visit.person, verb, answer)
                if answer.error is not None:
                    return envelope(answer)
                for row in answer.data or ():
                    if getattr(row, pick.key) == request.path_params["id"]:
                        return packed(request, envelope(msgspec.structs.replace(answer, schema=pick.schema, data=row)))
            return self._refusals.problem(404, ErrorCode.NOT_FOUND, "there is none of this name")

        return handle

    def _act(self, act: Act) -> Handler:
        always = act.verb is calls.Halt

        async def handle(request: Request) -> Response:
            visit = self._doors.visit(request, always)
            if not isinstance(visit, Visit):
                return visit
            verb = act_verb(act, request, await request.body())
            if isinstance(verb, str):
                return self._refusals.usage(verb)
            if visit.session.ended:  # while the body came
                return self._refusals.no_session()
            dry_run = bool(getattr(verb, "dry_run", False))
            refusal = self._act_refusal(act, visit, request, dry_run)
            if refusal is not None:
                return refusal
            key = request.headers.get("idempotency-key", "")
            answer = await self._doors.world.ask(visit.actor, verb, key)  # type: ignore[arg-type]
            reads = dry_run or isinstance(verb, calls.Reconcile | calls.Halt)  # an act's own verdict is told whole
            return envelope(sight.narrowed(visit.person, verb, answer) if reads else answer)

        return handle

    def _act_refusal(self, act: Act, visit: Visit, request: Request, dry_run: bool) -> Response | None:
        key = request.headers.get("idempotency-key")
        if dry_run and key is None:
            return None
        if not (dry_run or visit.session.full or act.read_only):
            hint = "press the button for acting that the bot sends; /halt works here"
            return self._refusals.forbidden(
                "this session only looks: Telegram's word for it is old", hint, needs="elevation"
            )
        if not _KEY.fullmatch(key or ""):
            return self._refusals.usage("an act needs an Idempotency-Key of 1 to 64 characters, no spaces")
        if act.confirm and not dry_run and not self._doors.is_confirmed(visit):
            return self._login.needs_pin(visit)
        return None


# --- from a request to a verb -------------------------------------------------------------------------------


def query_verb(query: Query, request: Request) -> Verb | str:
    """The verb, or in words why there is none."""
    hints = get_type_hints(query.verb)
    fields: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in query.hidden or name == query.as_ or name not in hints:
            return f"there is no parameter '{name[:ID_CHARACTERS_MAX]}'"
        if value == "null":
            return f"'{name}' is left out, not null"
        if get_origin(hints[name]) is tuple:
            fields.setdefault(name, []).append(value)
        elif name in fields:
            return f"'{name}' is there twice"
        else:
            fields[name] = value
    return _verb(query.verb, {**fields, **_named(query.as_, request)}, strict=False)


def act_verb(act: Act, request: Request, body: bytes) -> Verb | str:
    """As `query_verb`, from the JSON body."""
    try:
        fields = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "the body is not JSON"
    if not isinstance(fields, dict):
        return "the body is not an object"
    if act.as_ in fields or "verb" in fields or request.query_params:
        return "what the path says is not said again, and there are no parameters"
    return _verb(act.verb, {**fields, **_named(act.as_, request)}, strict=True)


def _named(field: str, request: Request) -> dict[str, str]:
    return {field: request.path_params["id"]} if field else {}


def _verb(form: type[Verb], fields: dict[str, Any], strict: bool) -> Verb | str:
    try:
        verb = msgspec.convert({**fields, "verb": form.__struct_config__.tag}, form, strict=strict)
    except (msgspec.ValidationError, OverflowError) as error:
        return str(error)
    if not 0 <= getattr(verb, "wait_s", 0.0) <= WAIT_MAX_S:
        return f"wait_s is 0 to {WAIT_MAX_S:g}"
    if not 1 <= getattr(verb, "limit", 1) <= LIMIT_MAX:
        return f"limit is 1 to {LIMIT_MAX}"
    return verb
