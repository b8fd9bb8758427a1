"""Telegram's word: the published vector, and everything that is not it."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.instants import SECOND
from hydrad.hud.initdata import AHEAD_S, BYTES_MAX, FULL_S, READ_ONLY_S, Refused, proven

# https://docs.telegram-mini-apps.com/packages/tma-js-init-data/validating
# Theirs opens nothing; it stands in two parts, so that whoever looks for tokens finds none here.
PUBLISHED_TOKEN = ":".join(("5768337691", "AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"))
PUBLISHED = (
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22"
    "%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D"
    "&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
)
PUBLISHED_S = 1_662_771_648
TOKEN = "1234567:canary-bot-token"
NOW_S = 1_900_000_000
NOW = NOW_S * SECOND


def signed(fields: dict[str, str], token: str = TOKEN) -> str:
    """As Telegram makes it: by the documentation, and not by the code that is tested."""
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()}, quote_via=quote)


def fields(user: object = 42, at_s: int = NOW_S, **more: str) -> dict[str, str]:
    return {"user": json.dumps({"id": user, "first_name": "Ann"}), "auth_date": str(at_s), "query_id": "Q", **more}


def test_the_published_vector() -> None:
    told = proven(PUBLISHED, PUBLISHED_TOKEN, PUBLISHED_S * SECOND)
    assert told.user == 279058397 and told.full
    assert told.hash.hex() == dict(parse_qsl(PUBLISHED))["hash"]


def test_our_own_signing_makes_the_published_vector() -> None:
    own = dict(parse_qsl(PUBLISHED))
    del own["hash"]
    assert dict(parse_qsl(signed(own, PUBLISHED_TOKEN))) == dict(parse_qsl(PUBLISHED))


@pytest.mark.parametrize("at", range(0, len(PUBLISHED), 7))
def test_any_other_character_is_another_word(at: int) -> None:
    other = PUBLISHED[:at] + ("0" if PUBLISHED[at] != "0" else "1") + PUBLISHED[at + 1 :]
    with pytest.raises(Refused):
        proven(other, PUBLISHED_TOKEN, PUBLISHED_S * SECOND)


@pytest.mark.parametrize(
    ("age_s", "full"),
    [(0, True), (FULL_S, True), (FULL_S + 1, False), (READ_ONLY_S, False), (-AHEAD_S, True)],
)
def test_its_age_says_what_it_buys(age_s: int, full: bool) -> None:
    assert proven(signed(fields(at_s=NOW_S - age_s)), TOKEN, NOW).full is full


@pytest.mark.parametrize("age_s", [READ_ONLY_S + 1, -AHEAD_S - 1, -READ_ONLY_S])
def test_old_or_from_the_future_buys_nothing(age_s: int) -> None:
    with pytest.raises(Refused, match=r"old|future"):
        proven(signed(fields(at_s=NOW_S - age_s)), TOKEN, NOW)


def test_it_is_remembered_until_it_buys_nothing_any_more() -> None:
    told = proven(signed(fields()), TOKEN, NOW)
    assert told.ends_ns > (NOW_S + READ_ONLY_S) * SECOND


def test_the_order_of_fields_changes_nothing_and_it_is_the_same_word() -> None:
    pairs = signed(fields(start_param="M-1")).split("&")
    assert proven("&".join(reversed(pairs)), TOKEN, NOW) == proven("&".join(pairs), TOKEN, NOW)


def test_signature_is_one_of_the_signed_fields() -> None:
    whole = signed(fields(signature="s" * 86))
    assert proven(whole, TOKEN, NOW).user == 42
    with pytest.raises(Refused, match="signature"):
        proven("&".join(pair for pair in whole.split("&") if not pair.startswith("signature=")), TOKEN, NOW)


def test_values_are_decoded_once_and_not_written_anew() -> None:
    """Escaped slashes, plus signs and other scripts stay as Telegram wrote them."""
    user = '{"id":42,"first_name":"\\u0410nn+\\/ 😀","photo_url":"https:\\/\\/t.me\\/x.svg","x":"%2B"}'
    assert proven(signed({"user": user, "auth_date": str(NOW_S)}), TOKEN, NOW).user == 42


def hashed_again(raw: str) -> str:
    return raw.partition("&hash=")[0]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "hash=",
        "&&&",
        "user",
        "a" * (BYTES_MAX + 1),
        signed(fields()) + "&x=" + "y" * BYTES_MAX,
        signed(fields()) + "&user=%7B%22id%22%3A1%7D",
        signed(fields()) + "&auth_date=1",
        signed(fields()) + "&hash=00",
        hashed_again(signed(fields())),
        hashed_again(signed(fields())) + "&hash=",
        signed(fields()).upper(),
        signed(fields(), TOKEN + "x"),
        signed(fields(), ""),
        signed({"auth_date": str(NOW_S)}),
        signed({"user": '{"id":42}'}),
        signed(fields(at_s=0) | {"auth_date": "٣"}),
        signed(fields() | {"auth_date": "-1"}),
        signed(fields() | {"auth_date": "1e9"}),
        signed(fields() | {"auth_date": "9" * 40}),
        signed(fields() | {"user": "null"}),
        signed(fields() | {"user": '{"id":"42"}'}),
        signed(fields() | {"user": '{"id":true}'}),
        signed(fields() | {"user": '{"id":42.5}'}),
        signed(fields() | {"user": '{"id":0}'}),
        signed(fields() | {"user": '{"id":-1}'}),
        signed(fields() | {"user": '{"id":4503599627370496}'}),
        signed(fields()) + "&%ff=%fe",
        signed({f"f{n}": "x" for n in range(60)} | fields()),
    ],
    ids=lambda raw: raw[:40],
)
def test_anything_else_is_refused(raw: str) -> None:
    with pytest.raises(Refused) as refused:
        proven(raw, TOKEN, NOW)
    assert "canary" not in str(refused.value) and len(str(refused.value)) < 80


@given(st.text(max_size=400))
def test_no_text_crashes_it(raw: str) -> None:
    with pytest.raises(Refused):
        proven(raw, TOKEN, NOW)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=6))
def test_what_is_signed_with_another_token_is_refused_whatever_it_says(more: dict[str, str]) -> None:
    raw = signed({**more, **fields()} | {"auth_date": str(NOW_S)}, "1:other")
    with pytest.raises(Refused):
        proven(raw, TOKEN, NOW)
