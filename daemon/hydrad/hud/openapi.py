"""The OpenAPI 3.1 description of the API, made from its table and the types of `wire`; no part is kept by hand."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec

from hydrad import __version__
from hydrad.hud.login import SessionData
from hydrad.hud.table import ACTS, PICKS, PREFIX, QUERIES, Act, Query
from hydrad.wire.answers import DaemonInfo, Problem

_REF = "#/components/schemas/{name}"
_ERRORS = ("400", "401", "403", "404", "405", "408", "409", "413", "415", "421", "422", "429", "500", "503", "504")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "drawn when the person was asked to confirm; the same key gets the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def described() -> bytes:
    """As JSON."""
    kinds = [query.data for query in QUERIES] + [pick.data for pick in PICKS] + [act.data for act in ACTS]
    kinds += [DaemonInfo, Problem, SessionData]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    of_data = {str(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for query in QUERIES:
        paths.setdefault(PREFIX + query.path, {})["get"] = _query(query, of_data[str(query.data)])
    for pick in PICKS:
        name = pick.schema.removeprefix("hydra.").removesuffix("/v1")
        made = _operation(f"{name}.one", f"One of {pick.path.split('/')[1]}.", of_data[str(pick.data)])
        paths.setdefault(PREFIX + pick.path, {})["get"] = {**made, "parameters": [_ID]}
    for act in ACTS:
        paths.setdefault(PREFIX + act.path, {})["post"] = _act(act, of_data[str(act.data)])
    paths |= _session(of_data[str(SessionData)])
    components["Failure"] = _envelope({})
    document = {
        "openapi": "3.1.0",
        "info": {"title": "HydraX HUD", "version": __version__},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    }
    return msgspec.json.encode(document)


def _session(data: dict[str, Any]) -> dict[str, Any]:
    """Logging in and out, which no verb stands for."""
    login = {"oneOf": [_texts("code"), _texts("init_data")]}
    return {
        "/session": {
            "get": _operation("session", "This session: who, until when, and what it may.", data),
            "post": {**_posted("session.begin", "Log in.", data, login), "security": []},
        },
        "/session/elevate": {
            "post": _posted("session.elevate", "Act from a session that only looks.", data, _texts("code"))
        },
        "/session/confirm": {"post": _posted("session.confirm", "The PIN, before an act.", data, _texts("pin"))},
        "/session/end": {"post": _posted("session.end", "Log out here.", data, _texts())},
        "/session/end-all": {"post": _posted("session.end-all", "Log out everywhere.", data, _texts())},
    }


def _posted(name: str, text: str, data: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {**_operation(name, text, data), "requestBody": {"content": _content(body), "required": True}}


def _texts(*names: str) -> dict[str, Any]:
    fields = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": fields, "required": list(names), "additionalProperties": False}


def _query(query: Query, data: dict[str, Any]) -> dict[str, Any]:
    made = _operation(name_of(query.verb), _first_line(query.verb), data)
    made["parameters"] = ([_ID] if query.as_ else []) + _parameters(query)
    return made


def _parameters(query: Query) -> list[dict[str, Any]]:
    schemas = _field_schemas(query.verb)
    shown = [name for name in schemas if name != query.as_ and name not in query.hidden]
    return [{"name": name, "in": "query", "required": False, "schema": _flat(schemas[name])} for name in shown]


def _act(act: Act, data: dict[str, Any]) -> dict[str, Any]:
    made = _posted(f"act.{act.name}", _first_line(act.verb), data, _body(act))
    looks = "dry_run" in act.verb.__struct_fields__
    key = {**_KEY, "required": False, "description": f"{_KEY['description']}; a dry run needs none"} if looks else _KEY
    return {**made, "parameters": ([_ID] if act.as_ else []) + [key]}


def _body(act: Act) -> dict[str, Any]:
    schemas = {name: schema for name, schema in _field_schemas(act.verb).items() if name != act.as_}
    required = [f.name for f in msgspec.structs.fields(act.verb) if f.required and f.name != act.as_]
    return {"type": "object", "properties": schemas, "required": required, "additionalProperties": False}


def _field_schemas(verb: type[Any]) -> dict[str, dict[str, Any]]:
    hints = get_type_hints(verb)
    made = {}
    for field in msgspec.structs.fields(verb):
        schema = msgspec.json.schema(hints[field.name])
        if field.name == "limit":
            schema |= {"minimum": 1, "maximum": 1_000}
        if field.name == "wait_s":
            schema |= {"minimum": 0, "maximum": 30}
        made[field.name] = schema
    return made


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not there is how null is said."""
    if "anyOf" not in schema:
        return schema
    rest = [part for part in schema["anyOf"] if part != {"type": "null"}]
    return dict(rest[0]) if len(rest) == 1 else {"anyOf": rest}


def _operation(name: str, text: str, data: dict[str, Any]) -> dict[str, Any]:
    failure = {"description": "not done; `error` says why", "content": _content({"$ref": _REF.format(name="Failure")})}
    good = {"description": "done or answered", "content": _content(_envelope(data))}
    return {
        "operationId": name,
        "summary": text,
        "responses": {"200": good, **dict.fromkeys(_ERRORS, failure)},
    }


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    """The same around every answer; `data` is null where there is none."""
    problem = {"anyOf": [{"$ref": _REF.format(name="Problem")}, {"type": "null"}]}
    fields = {
        "schema": {"type": "string"},
        "ok": {"type": "boolean"},
        "ts": {"type": "string", "format": "date-time"},
        "daemon": {"$ref": _REF.format(name="DaemonInfo")},
        "data": {"anyOf": [data, {"type": "null"}]} if data else {},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "error": problem,
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def name_of(verb: type[Any]) -> str:
    return str(verb.__struct_config__.tag)


def _first_line(kind: type[Any]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]
