"""Return codes: what each proves. A code that nobody knows proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.link import retcodes
from hydrad.link.retcodes import Verdict, name, verdict

DONE = {10009, 10010}
ACCEPTED = {10008}
AMBIGUOUS = {10011, 10012, 10023, 10028, 10031}
# MQL5 reference, "Return codes of the trade server": 10004 to 10046 without 10005 and 10037.
ALL = set(range(10004, 10047)) - {10005, 10037}


@pytest.mark.parametrize("code", range(9_990, 10_060))
def test_each_code_around_the_table(code: int) -> None:
    if code in DONE:
        expected = Verdict.DONE
    elif code in ACCEPTED:
        expected = Verdict.ACCEPTED
    elif code in ALL - AMBIGUOUS:
        expected = Verdict.REFUSED
    else:
        expected = Verdict.AMBIGUOUS
    assert verdict(code) is expected


@given(st.integers().filter(lambda code: code not in ALL))
def test_unknown_codes_prove_nothing(code: int) -> None:
    assert verdict(code) is Verdict.AMBIGUOUS
    assert name(code) == f"RETCODE_{code}"


def test_each_code_has_a_name_of_its_own() -> None:
    names = {name(code) for code in ALL}
    assert len(names) == len(ALL)
    assert not any(text.startswith("RETCODE_") for text in names)
    assert (name(retcodes.REQUOTE), name(retcodes.DONE)) == ("REQUOTE", "DONE")
    assert (name(retcodes.MARKET_CLOSED), name(retcodes.NO_CHANGES)) == ("MARKET_CLOSED", "NO_CHANGES")
