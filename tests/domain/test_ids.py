"""Ids: the check character catches every single error and every swap; what is no id says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrad.domain.ids import (
    ALPHABET,
    SEQUENCE_MAX,
    TAG_MAX,
    BadId,
    IdKind,
    act_id,
    parse,
    sequence_of,
    show,
    tag_of,
)

SEQUENCES = st.integers(1, SEQUENCE_MAX)
SAMPLES = [1, 2, 31, 32, 1023, 0x155555555, 0x2AAAAAAAA, 987_654_321, SEQUENCE_MAX - 1, SEQUENCE_MAX]


@given(st.sampled_from(IdKind), SEQUENCES)
def test_shown_ids_come_back(kind: IdKind, sequence: int) -> None:
    text = show(kind, sequence)
    assert parse(text) == parse(text.lower()) == parse(text.replace("-", "")) == (kind, sequence)
    assert len(text) == 10


@pytest.mark.parametrize("kind", IdKind)
@pytest.mark.parametrize("sequence", SAMPLES)
def test_every_single_wrong_character_is_caught(kind: IdKind, sequence: int) -> None:
    text = show(kind, sequence)
    for place in range(len(text)):
        if place == 1:
            continue
        for letter in ALPHABET:
            if letter == text[place]:
                continue
            with pytest.raises(BadId):
                parse(text[:place] + letter + text[place + 1 :])


@pytest.mark.parametrize("kind", IdKind)
@pytest.mark.parametrize("sequence", SAMPLES)
def test_every_swap_of_two_characters_is_caught(kind: IdKind, sequence: int) -> None:
    plain = show(kind, sequence).replace("-", "")
    for i in range(len(plain)):
        for j in range(i + 1, len(plain)):
            if plain[i] == plain[j]:
                continue
            swapped = list(plain)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            with pytest.raises(BadId):
                parse("".join(swapped))


@given(st.sampled_from(IdKind), SEQUENCES, st.integers(0, 8), st.integers(0, 31))
def test_single_errors_are_caught_on_any_id(kind: IdKind, sequence: int, place: int, letter: int) -> None:
    plain = show(kind, sequence).replace("-", "")
    if plain[place] != ALPHABET[letter]:
        with pytest.raises(BadId):
            parse(plain[:place] + ALPHABET[letter] + plain[place + 1 :])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a letter, seven digits"),
        ("M-000000", "a letter, seven digits"),
        ("M--0000001X", "a letter, seven digits"),
        ("X-0000001X", "begins with 'X'"),
        ("M-000000U1", "'U' is not in its alphabet"),
        ("M-00000001", "wrong check character"),
    ],
)
def test_what_is_no_id_says_why(text: str, words: str) -> None:
    with pytest.raises(BadId, match=words):
        parse(text)


@pytest.mark.parametrize("kind", IdKind)
def test_number_zero_does_not_exist(kind: IdKind) -> None:
    for check in ALPHABET:
        with pytest.raises(BadId):
            parse(f"{kind.value}-0000000{check}")


def test_another_kind_is_named() -> None:
    text = show(IdKind.MISSION, 1)
    assert parse(text, IdKind.FIRE, IdKind.MISSION) == (IdKind.MISSION, 1)
    with pytest.raises(BadId, match="id of a mission; fire or act is expected"):
        parse(text, IdKind.FIRE, IdKind.ACT)
    with pytest.raises(BadId, match="id of an order"):
        parse(show(IdKind.ORDER, 1), IdKind.FIRE)


@given(st.integers(0, TAG_MAX), SEQUENCES)
def test_act_ids_hold_both_parts_and_survive_a_double(tag: int, sequence: int) -> None:
    act = act_id(tag, sequence)
    assert (tag_of(act), sequence_of(act)) == (tag, sequence)
    assert act < 1 << 53
    assert int(float(act)) == act


@pytest.mark.parametrize(("tag", "sequence"), [(-1, 1), (TAG_MAX + 1, 1), (0, 0), (0, SEQUENCE_MAX + 1)])
def test_numbers_outside_the_range_are_errors(tag: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        act_id(tag, sequence)


@pytest.mark.parametrize("sequence", [0, -1, SEQUENCE_MAX + 1])
def test_sequences_outside_the_range_are_not_shown(sequence: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        show(IdKind.FIRE, sequence)


def test_an_id_is_what_it_was() -> None:
    assert show(IdKind.MISSION, 1).startswith("M-0000001")
    assert [parse(show(kind, 42)) for kind in IdKind] == [(kind, 42) for kind in IdKind]
