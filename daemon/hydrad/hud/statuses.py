"""HTTP statuses of answers. 2xx means that `ok` is true and nothing else: what waits, or was done in part, is none.

| status | codes |
|---|---|
| 400 | cannot be read, another protocol |
| 401 | no session (`facts.needs` is `login`) |
| 403 | not permitted; `facts.needs` says what would help: `pin`, `pin_set`, `elevation` |
| 404, 405, 408, 413, 415, 431 | no such thing; no such method; too slow; too big; not JSON; too many headers |
| 409 | something else holds: a key with other parameters, a second person, a difference, a failing check, part of it |
| 422 | understood and not done, by us (DENIED), by the broker (REJECTED), or provably never (NOT_EXECUTED) |
| 429 | too often; `Retry-After` says when |
| 500 | failed |
| 503 | not reachable, or time was up with nothing routed |
| 504 | UNKNOWN_OUTCOME: it may have been done |
"""

from __future__ import annotations

from hydrad.wire.answers import Answer
from hydrad.wire.codes import ErrorCode

OF_CODE: dict[str, int] = {
    ErrorCode.USAGE.value: 400,
    ErrorCode.PROTOCOL.value: 400,
    ErrorCode.FORBIDDEN.value: 403,
    ErrorCode.NOT_FOUND.value: 404,
    ErrorCode.CONFLICT.value: 409,
    ErrorCode.PENDING.value: 409,
    ErrorCode.PARTLY.value: 409,
    ErrorCode.DIFFERENCES.value: 409,
    ErrorCode.UNHEALTHY.value: 409,
    ErrorCode.DENIED.value: 422,
    ErrorCode.REJECTED.value: 422,
    ErrorCode.NOT_EXECUTED.value: 422,
    ErrorCode.FAILED.value: 500,
    ErrorCode.UNREACHABLE.value: 503,
    ErrorCode.TIMED_OUT.value: 503,
    ErrorCode.UNKNOWN_OUTCOME.value: 504,
}


def status_of(answer: Answer) -> int:
    """A code that is not in the table is a failure of ours."""
    return 200 if answer.error is None else OF_CODE.get(answer.error.code, 500)
