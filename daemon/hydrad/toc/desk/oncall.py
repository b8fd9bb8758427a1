"""Who is told, and by which way: addresses, what one hears, mutes, tests of channels. One's own, or by a commander."""

from __future__ import annotations

import re
import zoneinfo

from hydrad.domain import calendar
from hydrad.domain.actors import Role
from hydrad.domain.instants import HOUR, MINUTE, SECOND, ns_text
from hydrad.domain.signals import SignalKind
from hydrad.toc import hearing, oncall, oncall_views
from hydrad.toc import records as r
from hydrad.toc.desk.refusals import Refused, usage
from hydrad.toc.desk.table import Table
from hydrad.toc.inputs import Requested
from hydrad.toc.oncall import BESIDE_THE_BOT, Channel
from hydrad.toc.state import Operator
from hydrad.toc.turn import Turn
from hydrad.wire import calls
from hydrad.wire.answers.oncall import ChannelTestData
from hydrad.wire.codes import ErrorCode

TEST_FOR_NS = 15 * MINUTE
MUTE_MAX_NS = 7 * 24 * HOUR
MUTES_MAX = 20
LISTED_MAX = 50
ADDRESS_MAX = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets (RFC 3696, erratum 1690)
# What mail servers take without quoting; no space, comma, quote or line's end, so that no header can be made of it.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_SYMBOL = re.compile(r"[A-Za-z0-9._#+&-]{1,32}")
PERSON_SCHEMA = "hydra.oncall_person/v1"


def _contact(turn: Turn, asked: Requested, verb: calls.OperatorContact) -> None:
    operator = _own_or_any(turn, verb.name)
    if verb.channel != Channel.EMAIL:
        raise usage(f"no person has an address by '{verb.channel[:32]}'", "known: email; telegram is `operator link`")
    if verb.address and (len(verb.address) > ADDRESS_MAX or not _ADDRESS.fullmatch(verb.address)):
        raise usage("this is no plain e-mail address", "such as ann@example.org")
    if operator.contacts.get(verb.channel, "") != verb.address:
        turn.emit(r.ContactSet(operator.name, verb.channel, verb.address))
    _tell(turn, asked, operator)


def _hears(turn: Turn, asked: Requested, verb: calls.OperatorHears) -> None:
    operator = _own_or_any(turn, verb.name)
    if verb.quiet:
        try:
            hearing.minutes_of(verb.quiet)
        except ValueError as error:
            raise usage(str(error)) from None
    try:
        calendar.zone(verb.zone)
    except zoneinfo.ZoneInfoNotFoundError:
        raise usage(f"'{verb.zone[:64]}' is no zone", "such as UTC or Europe/Prague") from None
    kinds = tuple(_kind_named(text) for text in verb.kinds)
    unknown = [name for name in verb.accounts if name not in turn.state.accounts]
    if unknown:
        raise Refused(ErrorCode.NOT_FOUND, f"no account {', '.join(unknown)[:64]}")
    if max(map(len, (verb.symbols, verb.accounts))) > LISTED_MAX or not all(map(_SYMBOL.fullmatch, verb.symbols)):
        raise usage(f"at most {LISTED_MAX} names of symbols and accounts")
    if verb.tcs_min is not None and not 0 <= verb.tcs_min <= 100:
        raise usage("a TCS is a whole percentage from 0 to 100")
    turn.emit(r.HearsSet(operator.name, verb.quiet, verb.zone, kinds, verb.symbols, verb.accounts, verb.tcs_min))
    _tell(turn, asked, operator)


def _kind_named(text: str) -> str:
    if text.upper() not in SignalKind.__members__:
        raise usage(f"kinds are {', '.join(SignalKind)}")
    return text.upper()


def _mute(turn: Turn, asked: Requested, verb: calls.Mute) -> None:
    operator = turn.state.operator(turn.actor)
    assert operator is not None, "who asks has a role"
    what = verb.what.upper() if verb.what.upper() in SignalKind.__members__ else verb.what
    if what and not _SYMBOL.fullmatch(what):
        raise usage("what is muted is a symbol, RAPID_ASSAULT, SNIPER_OPS, or nothing for all")
    if not 0 <= verb.for_s * SECOND <= MUTE_MAX_NS:  # no comparison with NaN holds
        raise usage("a mute lasts from 0 seconds (which ends it) to 7 days")
    standing = [known for known, until in operator.mutes.items() if until > turn.now_ns]
    if verb.for_s and what not in standing and len(standing) >= MUTES_MAX:
        raise Refused(ErrorCode.CONFLICT, f"{MUTES_MAX} things are muted already")
    if verb.for_s or what in standing:
        turn.emit(r.Muted(operator.name, what, turn.now_ns + int(verb.for_s * SECOND) if verb.for_s else 0))
    _tell(turn, asked, operator)


def _test(turn: Turn, asked: Requested, verb: calls.ChannelTest) -> None:
    """The code was drawn at the edge, which sends it once this is durable; here it is known by its digest only."""
    operator = turn.state.operator(turn.actor)
    assert operator is not None, "who asks has a role"
    if verb.channel not in BESIDE_THE_BOT:
        raise usage(f"'{verb.channel[:32]}' is not tested", f"one of {', '.join(BESIDE_THE_BOT)}")
    if verb.channel not in turn.state.channels:
        raise Refused(ErrorCode.CONFLICT, f"[{verb.channel}] is not set up", "config.toml, then hydractl restart")
    to = next((way.to for way in oncall.all_ways(turn.state, operator) if way.channel == verb.channel), "")
    if not to:
        hint = f"hydractl operator contact {operator.name} {verb.channel} ADDRESS"
        raise Refused(ErrorCode.CONFLICT, f"{operator.name} has no address for {verb.channel}", hint)
    expires_ns = turn.now_ns + TEST_FOR_NS
    turn.emit(r.ChannelAsked(verb.channel, operator.name, to, bytes.fromhex(asked.extra), expires_ns))
    turn.reply(asked.request, "hydra.channel_test/v1", ChannelTestData(verb.channel, to, ns_text(expires_ns)))


def _confirm(turn: Turn, asked: Requested, verb: calls.ChannelConfirm) -> None:
    """The edge has put the code's digest in its place. Whoever had the letter may say so: it has arrived."""
    digest = bytes.fromhex(verb.code)
    found = [(name, test) for name, test in turn.state.channels_asked.items() if test.digest == digest]
    if not found or turn.now_ns > found[0][1].at_ns or found[0][1].name not in turn.state.operators:
        raise Refused(ErrorCode.NOT_FOUND, "this code is not known, was used, or is over", "hydractl channel test NAME")
    channel, test = found[0]
    turn.emit(r.ChannelTested(channel, test.name, test.to))
    turn.reply(asked.request, "hydra.channels/v1", oncall_views.channels(turn))


# --- what they share --------------------------------------------------------------------------------------


def _own_or_any(turn: Turn, name: str) -> Operator:
    """Oneself, or for a commander anybody."""
    operator = turn.state.operators.get(name)
    if operator is None:
        raise Refused(ErrorCode.NOT_FOUND, f"no operator {name[:32]}", "hydractl operators")
    if turn.actor not in operator.identities and turn.state.role(turn.actor) < Role.COMMANDER:
        raise Refused(ErrorCode.FORBIDDEN, f"a commander is needed for what concerns {operator.name}")
    return operator


def _tell(turn: Turn, asked: Requested, operator: Operator) -> None:
    turn.reply(asked.request, PERSON_SCHEMA, oncall_views.person(turn, operator))


VERBS: Table = {
    calls.OperatorContact: (Role.TRADER, _contact),
    calls.OperatorHears: (Role.VIEWER, _hears),
    calls.Mute: (Role.VIEWER, _mute),
    calls.ChannelTest: (Role.TRADER, _test),
    calls.ChannelConfirm: (Role.TRADER, _confirm),
}
