"""A record of the journal, and the chain that proves it.

The body's bytes are kept as they were written and never re-encoded. The hash of a record is
SHA-256(previous hash + header + body), where the header is the msgpack array of all other fields; the first
record's previous hash is 32 zero bytes. So a changed, removed, added or moved record breaks the chain.
"""

from __future__ import annotations

import hashlib

import msgspec

GENESIS = bytes(32)


class Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`seq` counts from 1 without holes. `at_ns`: machine time; `market_ms`: market time, 0 before it is known.
    `input_no`: the input that caused it. `type` and `version` name the body's Struct."""

    seq: int
    epoch: int
    at_ns: int
    market_ms: int
    input_no: int
    actor: str
    surface: str
    type: str
    version: int
    body: bytes


_ENCODER = msgspec.msgpack.Encoder()


def header(record: Record) -> bytes:
    """Everything but the body, as it is hashed."""
    return _ENCODER.encode(
        (
            record.seq,
            record.epoch,
            record.at_ns,
            record.market_ms,
            record.input_no,
            record.actor,
            record.surface,
            record.type,
            record.version,
        )
    )


def chain(previous: bytes, record: Record) -> bytes:
    """The record's hash, 32 bytes."""
    return hashlib.sha256(previous + header(record) + record.body).digest()
