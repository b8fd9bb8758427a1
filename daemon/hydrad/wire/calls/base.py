"""The base of all verbs."""

from __future__ import annotations

import msgspec


class Verb(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag=str.lower):
    """Base of all calls' bodies."""
