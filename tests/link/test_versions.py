"""Versions: what was told by version 1's first release is still read, what a newer one adds is passed over, and another
version is met by words that a person can act on."""

from __future__ import annotations

import typing
from pathlib import Path

import msgspec
import pytest

from hydrad.link import frames as f
from tests.link.test_frames import DOWN, GOLDEN, UP, decode, golden_frame, tag

FIRST = sorted((GOLDEN / "1.0").glob("*.hex"))
HASHED = ("Order", "PlanStep")
ADDED = "what a later release adds"


def read(path: Path) -> f.UpFrame | f.DownFrame:
    data = bytes.fromhex(path.read_text())
    return f.decode_up(data) if path.name.startswith("up_") else f.decode_down(data)


def lengths(told: object, known: object, where: str) -> typing.Iterator[tuple[str, int, int]]:
    """Each array of a frame as it was told, beside the same one as it is written today."""
    if isinstance(told, list) and isinstance(known, list):
        yield where, len(told), len(known)
        for number, (one, other) in enumerate(zip(told, known, strict=False)):
            yield from lengths(one, other, f"{where}.{number}")


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_a_frame_of_the_first_release_is_read_and_only_its_end_may_have_grown(path: Path) -> None:
    data = bytes.fromhex(path.read_text())
    frame = read(path)
    told, known = msgspec.msgpack.decode(data), msgspec.msgpack.decode(f.encode(frame))
    for where, before, now in lengths(told, known, path.stem):
        assert before <= now, where
    assert f.encode(frame)[:1] == data[:1]


def test_no_frame_of_the_first_release_has_gone() -> None:
    names = {f"{'up' if body in UP else 'down'}_{tag(body).lower()}.hex" for body in UP + DOWN}
    assert {path.name for path in FIRST} <= names and len(FIRST) == 29


def grown(value: object, kind: object) -> object:
    """The same with one more field at the end of each struct, as a later release of this version would write it."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        assert isinstance(value, list)
        return [grown(one, args[0]) for one in value]
    if args and value is not None:
        return grown(value, next(arg for arg in args if arg is not type(None)))
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return value
    assert isinstance(value, list)
    tagged = bool(kind.__struct_config__.tag)
    hints = typing.get_type_hints(kind)
    inner = [hints[name] for name in kind.__struct_fields__]
    fields = [grown(one, hint) for one, hint in zip(value[tagged:], inner, strict=True)]
    more = [] if kind.__name__ in HASHED else [ADDED]
    return [*value[:tagged], *fields, *more]


@pytest.mark.parametrize("body", UP + DOWN, ids=lambda body: body.__name__)
def test_what_a_later_release_adds_at_the_end_is_passed_over(body: type[msgspec.Struct]) -> None:
    frame = golden_frame(body)
    plain = msgspec.msgpack.decode(f.encode(frame))
    plain[4] = grown(plain[4], body)
    assert plain[4][-1] == ADDED
    assert decode(frame, msgspec.msgpack.encode(plain)) == frame


@pytest.mark.parametrize("where", [(4, 5), (4, 5, 12, 0)], ids=HASHED)
def test_an_order_and_a_plan_step_do_not_grow(where: tuple[int, ...]) -> None:
    """Their hash covers every field: one that is passed over would be a part of the order that is not obeyed."""
    plain = msgspec.msgpack.decode(f.encode(golden_frame(f.Fire)))
    inner = plain
    for step in where:
        inner = inner[step]
    inner.append(0)
    with pytest.raises(f.BadFrame):
        f.decode_down(msgspec.msgpack.encode(plain))


@pytest.mark.parametrize("body", [["HELLO", "all is new"], ["READY"], {"even": "this"}, None], ids=str)
def test_another_version_is_known_by_its_head_whatever_its_body(body: object) -> None:
    for decoder in (f.decode_up, f.decode_down):
        with pytest.raises(f.OtherVersion) as told:
            decoder(msgspec.msgpack.encode([2, 9, 77, 5, body]))
        assert (told.value.version, told.value.session, told.value.text) == (2, 77, "")


def test_what_a_daemon_of_another_version_says_is_for_people_to_read() -> None:
    answer = f.versions_told(77, 2)
    assert (answer.version, answer.session, answer.seq) == (1, 77, 1)
    assert isinstance(answer.body, f.Versions) and "link 1" in answer.body.text
    newer = [2, 3, 77, 1, ["VERSION", 2, 3, "update\x1b[2J it" + "x" * 9_000, "more"]]
    with pytest.raises(f.OtherVersion) as told:
        f.decode_down(msgspec.msgpack.encode(newer))
    assert told.value.text.startswith("update[2J it") and len(told.value.text) < 201


@pytest.mark.parametrize(
    "head", [[0, 1, 7, 1], [-2, 1, 7, 1], [1 << 20, 1, 7, 1], [2, 1, 0, 1], [2, 1, 1 << 60, 1], [2, 1, 7]], ids=str
)
def test_a_head_that_none_of_us_would_write_is_no_version(head: list[int]) -> None:
    with pytest.raises(f.BadFrame) as told:
        f.decode_up(msgspec.msgpack.encode([*head, ["READY"]]))
    assert not isinstance(told.value, f.OtherVersion)
