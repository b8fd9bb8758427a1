"""Ids: what the machine counts with, and what people read aloud.

*Act ids* are `tag << 38 | sequence`, below 2^53, so that they survive a double and fit MetaTrader's 64-bit
magic. The 15-bit tag is drawn when a journal is created or restored; tag 0 is for what an agent starts by
itself. One sequence per journal numbers missions, acts, positions, orders, alarms and changes; it never restarts.

*Shown ids* are a letter, a dash, seven digits of a 32-letter alphabet (no I, L, O, U) and a check character of
the same alphabet. The check is a weighted sum over the field GF(2^5), with the letter as the first symbol: since
all weights differ and none is zero, every single wrong character and every swap of two is caught.
"""

from __future__ import annotations

import enum

TAG_BITS = 15
SEQUENCE_BITS = 38
TAG_MAX = (1 << TAG_BITS) - 1
SHOWN_DIGITS = 7
# A shown id has 35 bits; the sequence stops there, long before the act id's 38.
SEQUENCE_MAX = (1 << (5 * SHOWN_DIGITS)) - 1
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# The letter's value in the check: its own in the alphabet, and for the two letters that it lacks one of the rest.
_LETTER_VALUE = {**_VALUE, "O": 0, "L": 1}
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9)  # letter, then the seven digits; the check character itself weighs 1
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


class IdKind(enum.StrEnum):
    """The letter of a shown id."""

    MISSION = "M"
    FIRE = "F"
    ACT = "A"
    POSITION = "P"
    ORDER = "O"
    ALARM = "L"
    CHANGE = "C"


class BadId(ValueError):
    """A text that is no id; the message says what is wrong with it."""


def act_id(tag: int, sequence: int) -> int:
    """The 53-bit id of an act. `tag` 0..2^15-1, `sequence` 1..2^35-1."""
    if not 0 <= tag <= TAG_MAX:
        raise ValueError(f"tag {tag} is outside 0..{TAG_MAX}")
    if not 1 <= sequence <= SEQUENCE_MAX:
        raise ValueError(f"sequence {sequence} is outside 1..{SEQUENCE_MAX}")
    return tag << SEQUENCE_BITS | sequence


def tag_of(act: int) -> int:
    """The journal's tag in an act id."""
    return act >> SEQUENCE_BITS


def sequence_of(act: int) -> int:
    """The sequence number in an act id."""
    return act & ((1 << SEQUENCE_BITS) - 1)


def show(kind: IdKind, sequence: int) -> str:
    """A sequence number as people see it: `show(IdKind.MISSION, 1)` is `M-0000001` and a check character."""
    if not 1 <= sequence <= SEQUENCE_MAX:
        raise ValueError(f"sequence {sequence} is outside 1..{SEQUENCE_MAX}")
    digits = "".join(ALPHABET[sequence >> shift & 31] for shift in range(5 * (SHOWN_DIGITS - 1), -1, -5))
    return f"{kind.value}-{digits}{ALPHABET[_check(kind, digits)]}"


def parse(text: str, *kinds: IdKind) -> tuple[IdKind, int]:
    """The kind and sequence of a shown id; raises BadId unless it is one of `kinds` (any, when none is named).

    The dash may be missing and lower case is taken; nothing else is forgiven.
    """
    plain = text.strip().upper().replace("-", "", 1)
    if len(plain) != SHOWN_DIGITS + 2:
        raise BadId(f"'{text}' is not an id: a letter, seven digits and a check character are expected")
    letter, digits, check = plain[0], plain[1:-1], plain[-1]
    try:
        kind = IdKind(letter)
    except ValueError:
        letters = ", ".join(k.value for k in IdKind)
        raise BadId(f"'{text}' is not an id: it begins with '{letter}', not one of {letters}") from None
    for character in digits + check:
        if character not in _VALUE:
            raise BadId(f"'{text}' is not an id: '{character}' is not in its alphabet")
    if _VALUE[check] != _check(kind, digits):
        raise BadId(f"'{text}' has a wrong check character: look at it again")
    sequence = 0
    for digit in digits:
        sequence = sequence << 5 | _VALUE[digit]
    if sequence == 0:
        raise BadId(f"'{text}' is not an id: numbers start at 1")
    if kinds and kind not in kinds:
        wanted = " or ".join(k.name.lower() for k in kinds)
        raise BadId(f"'{text}' is the id of {_article(kind)}; {wanted} is expected here")
    return kind, sequence


def _article(kind: IdKind) -> str:
    word = kind.name.lower()
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _times(a: int, b: int) -> int:
    """Multiplication in GF(2^5)."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= _FIELD_POLYNOMIAL
        b >>= 1
    return product


def _check(kind: IdKind, digits: str) -> int:
    total = 0
    values = [_LETTER_VALUE[kind.value], *(_VALUE[digit] for digit in digits)]
    for weight, value in zip(_WEIGHTS, values, strict=True):
        total ^= _times(weight, value)
    return total
