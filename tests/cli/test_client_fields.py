"""What the client's own arguments are called is no field of any verb: they would never reach the daemon."""

from __future__ import annotations

import inspect
from typing import get_args

from hydractl.client import Client
from hydrad.wire.calls import AnyVerb


def test_no_field_of_a_verb_is_taken_for_the_client_s_own() -> None:
    """`close --part 0.01` once closed all of a position, since `part` was a number of the client's."""
    fields = {field for verb in get_args(AnyVerb) for field in verb.__struct_fields__} - {"wait_s"}
    assert "part" in fields
    for method in (Client.request, Client.query):
        own = {name for name, one in inspect.signature(method).parameters.items() if one.kind is one.KEYWORD_ONLY}
        assert not own & fields, own & fields
