"""The words that stand on the screens, and what each means: what `?` tells of the pane one is on.

Owns the glossary: one line a word, in the words of the manual, and which of them stand on which pane.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hydrad.wire.codes import Finding, Reason

_MEANING = {
    # --- the line at the top ---
    "PAPER": "a simulated broker: nobody's money",
    "DEMO": "a broker's practice account: nobody's money",
    "LIVE": "real money",
    "ACTIVE": "authority: fires may open; of a terminal: it takes them",
    "REDUCING": "authority: only what reduces; nothing opens",
    "HALTED": "nothing but closes, cancels and tighter stops",
    "was ACTIVE": "as told last; whether it still holds is not known",
    "resume": "ends HALTED or REDUCING; needs a commander",
    "UNKNOWN": "sent, and nobody knows what came of it: counts as risk, never sent again",
    "heard": "when the daemon answered last",
    "market (10x)": "the market's clock, and how fast it goes; real quotes go as the machine's clock does",
    "machine": "the daemon's own clock, UTC",
    "OLD": "not of now: of so long ago, and no newer answer came",
    "NO DAEMON": "nobody answers; stops stand at the broker, agents run plans and cancel what rests after 10 s",
    "RECORDS ARE LATE": "the daemon answers, its journal does not come: what happened since may be missing",
    # --- ids, and what they stand for ---
    "ID": "M- mission, F- fire, A- other act, P- position, O- order, L- alarm",
    "mission": "a proposal to open: side, entry, stop, target, expiry",
    "fire": "the act that opens, on one account",
    "act": "what is sent to a broker: fire, close, part, modify, cancel, a plan's step",
    "account": "where positions, limits and authority belong; reached through its terminals",
    "terminal": "one MetaTrader 5, logged in to one account, with its agent",
    "agent": "the program beside a terminal: talks to the daemon, keeps its ledger",
    # --- a mission ---
    "KIND": "RAPID_ASSAULT or SNIPER_OPS; of an account PAPER, DEMO or LIVE",
    "RAPID_ASSAULT": "minutes long, with the smaller reward to risk",
    "SNIPER_OPS": "rarer and longer, with the larger reward to risk",
    "ENTRY": "the price that it was proposed at",
    "STOP": "closes at a loss from here on, at the broker",
    "TARGET": "closes with a gain from here on, at the broker",
    "collar": "+/- beside the entry: further away than that no fire is sent",
    "ENTRY NOW": "in reach: within the collar; missed by: so many points beyond it, no fire is sent",
    "QUOTE": "how old the quote is that says so",
    "R": "result over the risk of the fire; of a mission: way to the target over way to the stop",
    "TCS": "Tactical Confidence Score: the chance in % that the target comes before the stop",
    "needs": "the chance at which it would just earn its costs: with less it loses over many",
    "not calibrated": "its chance is not known: nothing was measured that holds for it; it may be fired",
    "edge": "TCS above what it needs",
    "LEFT": "market time in which it takes fires; <: at most; of a close: lots that stay open",
    "horizon": "when its outcome is judged, and the plan's time stop closes",
    "FIRES": "how many fires it has had, by what became of them",
    "PASSED": "you let it go by; others may still fire it",
    "pass": "you let it go by: it is marked as passed for you, and others may still fire it",
    "withdraw": "it is taken back for everybody, and takes no more fires; what was fired goes on",
    "OUTCOME": "TARGET, STOP or TIMEOUT: how it ended by the market, fired or not",
    "PROPOSED": "takes fires; nobody has fired it yet",
    "ENGAGED": "fired, and takes fires of other accounts yet",
    "CLOSED_TO_FIRES": "takes no more fires; what was fired goes on",
    "EXPIRED": "its time ran out; of a mission: unfired",
    "WITHDRAWN": "taken back by a person, for everybody",
    "DONE": "of a mission: all of it is over; of an act: carried out",
    # --- a fire and its checks ---
    "VERDICT": "what would become of it, or became",
    "DENIED": "we said no: a check failed, and nothing was sent",
    "REJECTED": "the broker said no: nothing was done",
    "NOT_EXECUTED": "it is proved that nothing was done; may be fired anew",
    "QUEUED": "waits for its turn in its account's lane",
    "AWAITING_APPROVAL": "waits for a second person",
    "ROUTED": "on its way to a terminal: from here it may be done",
    "ACKED": "in the agent's ledger: about to be done",
    "WORKING": "its order rests at the broker",
    "FILLED": "done, with the broker's ticket",
    "CLOSING": "its close is on its way",
    "CLOSED": "its position is closed",
    "CANCELLED": "its order was taken back at the broker",
    "QUARANTINED": "what is known contradicts itself: a person decides; of a terminal: it opens nothing",
    "checks": "the risk gate: what must hold for a fire, each with its limit",
    "spread limit": "how far bid and ask may be apart, in points or as a share of the stop's distance",
    "basis": "how far this account's prices are from the mission's source; a fire's levels move by it",
    "BASIS": "how far this account's prices are from the mission's source; a fire's levels move by it",
    "TICKET": "the broker's own number for it",
    "BY": "who asked for it",
    "break-even": "the price from which it gains, costs counted",
    "night": "swap: what it costs or gains to hold it over the broker's midnight",
    "point": "the last digit of a price",
    "lot": "the unit of VOLUME; the symbol's contract says what is in one",
    "E S T N C H": "letters beside the chart: Entry, Stop, Target, Now, Channel high, cHannel low; A: stAle",
    "session": "ASIA, LONDON, OVERLAP or NEW_YORK, by the time there",
    # --- positions and orders ---
    "MARK": "what to know first: FOREIGN, NOT REACHABLE, NO STOP; empty: nothing",
    "FOREIGN": "opened by somebody else: counts as exposure, is never touched unasked",
    "OURS": "opened by a fire of ours, or FOREIGN",
    "NOT REACHABLE": "no terminal of its account is connected: no close can be sent",
    "P&L": "profit or loss now, with swap, in the account's currency",
    "AS OF": "how old that is",
    "day": "the trading day's result on equity, without deposits; the bar: lost of the day's limit",
    "open risk": "what all stops together would cost, of how much",
    "STOP TO TARGET": "where the price stands: o the open, the arrow now",
    "PLAN": "what happens by itself: break-even, trail, parts, time stop; it only reduces",
    "TYPE": "LIMIT or STOP: on which side of the price it rests",
    "rests": "an order at the broker that opens when its price comes",
    "FIRE": "the fire that it is of",
    "CANCEL": "the newest cancel that was asked of it, and its state",
    "AT BROKER": "whether the broker's own list has it",
    "flatten": "closes all of ours, and cancels what rests",
    "hedging": "an account may hold both sides of a symbol; netting: it holds their sum",
    # --- an act's sheet ---
    "X": "the account's multiplier in its group: its size times so much",
    "RISK": "what its stop would cost, in the account's currency",
    "LIMIT": "what must hold for the check to pass",
    "ACT": "what would be sent",
    "PRICE NOW": "at what it would be closed now",
    "MONEY NOW": "what that would bring",
    "RISK AFTER": "what the stop costs then",
    "VERIFIED": "its agent has answered that it holds the latch: it opens nothing",
    "exit code": "what the shell's command would end with: 0 done, 6 denied, 12 unknown",
    # --- terminals ---
    "LINK": "ABSENT, GREETING, RECONCILING (its books are read), READY, DEGRADED, LOST",
    "ABSENT": "it has not connected since the daemon started",
    "GREETING": "it says who it is",
    "RECONCILING": "its books are read and compared; nothing opens yet",
    "READY": "connected, and its books agree",
    "DEGRADED": "connected, but its beats come late",
    "LOST": "nothing was heard for too long",
    "DUTY": "ACTIVE, DRAINING, QUARANTINED or HALTED: what it is used for",
    "DRAINING": "takes no new fires; DRAINED: and nothing is open there any more",
    "LANE": "opens: fires of its account go through it; no: why they cannot now; feeds: quotes alone",
    "HEARTBEAT": "how long ago its agent was heard",
    "CLOCK": "how far its clock is from the daemon's, and how surely that is known",
    "ROUND TRIP": "there and back to its agent: the best of the last minute",
    "IN HAND": "acts that its agent is doing now",
    "HOLDS": "acts and open positions that need it",
    "SHED": "ticks that were left out because too many came",
    "epoch": "counts the daemons that held this journal; an agent obeys the newest alone",
    "ledger": "the agent's own durable list of what it was told to do, and did",
    "source": "missions are made of its quotes",
    "failover": "new fires of its account go to another terminal; an act on its way does not",
    "drain": "it takes no new fires; what is open there goes on to its end",
    "activate": "it takes fires again: ends DRAINING and QUARANTINED",
    "quarantine": "it opens nothing until it is activated again; closes and tighter stops pass",
    "books complete": "its positions, orders and deals were read whole and agree with the journal: all is well",
    # --- feeds and APEX ---
    "LAST TICK": "how long ago the last quote came",
    "PER S": "quotes a second",
    "STALE": "too old to decide by: nothing is proposed or fired of it",
    "APEX": "what makes signals of the market's bars; a signal becomes a mission",
    "profile": "which symbols APEX watches, with what, and M5: on bars of five minutes",
    "DETECTOR": "what it looks for; sees: it has bars and ticks enough",
    "BARS": "how many it has, of how many it needs",
    "LAST BAR": "when its newest bar began",
    "SEEN": "setups today",
    "SUPPRESSED": "seen, and not proposed, with the reason",
    "THIS HOUR": "signals of this hour, of at most so many",
    "LAST SIGNAL": "how long ago its last signal was, by the market's clock",
    "OF TODAY": "its share of today's",
    "MEASURED THEN": "the numbers that it was suppressed for, the last time",
    "MEASURED": "what was found, and what the limit is",
    "BECAME": "PROPOSED: its mission stands beside; else SUPPRESSED, and why",
    "FEATURES": "the numbers that the detector looked at",
    "atr_points": "average true range: how far the price goes in a bar, as a rule; in points",
    "channel_high": "the highest bid of the bars before; channel_low: the lowest",
    "stop_points": "from entry to stop",
    "spread_points": "bid to ask then; spread_mean_points: on average",
    "bar_ticks": "quotes in the bar that broke out",
    # Why a setup was not proposed.
    "HOURS": "the market's first minutes, the roll-over, or closed",
    "SESSION": "in no session of the profile",
    "HORIZON": "its time stop would come after the day's limit, or in the weekend",
    "STOP_WIDE": "it needs a wider stop than the profile allows",
    "SPREAD": "the spread takes too much of the stop's distance",
    "DUPLICATE": "the same symbol and side was proposed a short while ago",
    "RATE": "this hour's number of signals is used up",
    # --- the journal ---
    "journal": "all that happened, in order; it is the truth, and proves itself",
    "finding": "what was found amiss, and what to do about it",
    "drift": "FUNDS_DRIFTED: a balance that the account's deals do not explain",
    "#": "a record's number in the journal",
    "actor": "who or what did it",
    "surface": "where it was asked: shell, tui, hud, bot, agent, daemon",
    "ghosted": "a mission that expired unfired; its outcome is followed all the same",
    "recheck": "asks the terminals again; sends no order",
    # --- services and alarms ---
    "toc": "Tactical Operations Center: checks, assigns, routes and reconciles",
    "bridge": "the daemon's side of all agents",
    "hud": "the pages for browsers and phones",
    "CHECK": "what is measured to know that all is well",
    "JOB": "what is done at set times",
    "commit": "how long the last write to the disk took",
    "lag": "how late the daemon's loop was: late means busy",
    "inbox": "what waits to be handled by the daemon",
    "SEVERITY": "ALARM wakes people, and is told again until somebody is on it; WARNING waits",
    "CODE": "which alarm it is: the runbook below is of it",
    "SUBJECT": "what it is about",
    "OWNER": "who is told first: who asked for it, else who is on call",
    "TOLD": "how often it was said to people",
    "acknowledge": "to take it on: it is not told again, and stands until its cause is gone",
    "NOW": "the first thing to do",
}  # fmt: skip
_EVERYWHERE = (
    "PAPER", "DEMO", "LIVE", "ACTIVE", "REDUCING", "HALTED", "was ACTIVE", "resume", "UNKNOWN", "heard",
    "market (10x)", "machine", "OLD", "NO DAEMON", "RECORDS ARE LATE",
)  # fmt: skip
_PRICES = ("ENTRY", "STOP", "TARGET")
_SCORE = ("R", "TCS", "needs", "not calibrated")
_FEATURES = ("atr_points", "channel_high", "stop_points", "spread_points", "bar_ticks")
# What a word means on one pane alone.
_HERE: Mapping[tuple[str, str], str] = {
    ("mission", "R"): "way to the target over way to the stop; of a fire: its result over what it risked",
    ("positions", "R"): "its result over what its fire risked: +1.00 has won as much, -1.00 is the stop",
    ("board", "R"): "of a mission: way to target over way to stop; of a position: result over risk",
}  # fmt: skip
_MISSION_STATES = ("PROPOSED", "ENGAGED", "CLOSED_TO_FIRES", "EXPIRED", "WITHDRAWN", "DONE")
_ACT_STATES = (
    "DENIED", "REJECTED", "NOT_EXECUTED", "QUEUED", "AWAITING_APPROVAL", "ROUTED", "ACKED", "WORKING", "FILLED",
    "CLOSING", "CLOSED", "CANCELLED", "EXPIRED", "DONE", "QUARANTINED",
)  # fmt: skip
_LINKS = ("ABSENT", "GREETING", "RECONCILING", "READY", "DEGRADED", "LOST")
SHEET = "sheet"  # no pane: what stands over one
# Those of each pane, from its top down; what stands above all panes comes last.
_ON = {
    "board": (
        "day", "ID", "mission", *_MISSION_STATES, "LEFT", *_PRICES, "ENTRY NOW", "QUOTE", *_SCORE, "FIRES", "MARK",
        "FOREIGN",
        "NOT REACHABLE", "P&L", "AS OF", "rests", "LAST TICK", "PER S", "STALE", "journal", "finding", "drift",
    ),
    "mission": (
        "ID", "mission", *_SCORE, "edge", *_MISSION_STATES, "KIND", "RAPID_ASSAULT", "SNIPER_OPS", "LEFT", *_PRICES,
        "collar", "ENTRY NOW", "QUOTE", "horizon", "FIRES", "OUTCOME", "PASSED", "pass", "withdraw", "fire", "VERDICT",
        "checks", "spread limit", "basis", "STALE", "break-even", "night", "point", "lot", "session", "E S T N C H",
        "DETECTOR", *_FEATURES, "PLAN", *_ACT_STATES, "TICKET", "BY",
    ),
    "positions": (
        "account", "open risk", "ID", "MARK", "FOREIGN", "NOT REACHABLE", "P&L", "R", "STOP", "TARGET",
        "STOP TO TARGET", "PLAN", "AS OF", "TICKET", "break-even", "night", "hedging", "rests", "OURS", "TYPE",
        "WORKING", "FIRE", "BY", "CANCEL", "AT BROKER", "flatten", "lot", *(w for w in _ACT_STATES if w != "WORKING"),
    ),
    "terminals": (
        "terminal", "agent", "KIND", "LINK", *_LINKS, "DUTY", "DRAINING", "QUARANTINED", "LANE", "HEARTBEAT", "CLOCK",
        "ROUND TRIP", "IN HAND", "HOLDS", "SHED", "STALE", "source", "ledger", "epoch", "books complete", "failover",
        "drain", "activate", "quarantine",
    ),
    "tail": (
        "journal", "ID", "actor", "surface", "#", "mission", "act", *_MISSION_STATES, *_ACT_STATES, *_LINKS,
        "SUPPRESSED", "ghosted", "finding", "drift", "ledger", "epoch", "R", "TCS",
    ),
    "trace": (
        "ID", "act", "checks", "spread limit", "basis", *_MISSION_STATES, *_ACT_STATES, "finding", "actor", "surface",
        "recheck", "ledger", "R", "TCS",
    ),
    "apex": (
        "APEX", "profile", "DETECTOR", "BARS", "LAST BAR", "LAST TICK", "STALE", "SEEN", "PROPOSED", "SUPPRESSED",
        "THIS HOUR", "LAST SIGNAL", "OF TODAY", "HOURS", "SESSION", "HORIZON", "STOP_WIDE", "SPREAD", "DUPLICATE",
        "RATE", "MEASURED THEN", "BECAME", "MEASURED", "FEATURES", *_FEATURES, "point",
    ),
    "services": (
        "toc", "bridge", "APEX", "hud", "CHECK", "MEASURED", "JOB", "commit", "lag", "inbox", "epoch", "journal",
        "STALE", *_LINKS, "QUARANTINED",
    ),
    SHEET: (
        "account", "KIND", "X", "RISK", "BASIS", "VERDICT", *_ACT_STATES, "checks", "LIMIT", "spread limit",
        "ACT", "LEFT", "PRICE NOW", "MONEY NOW", "RISK AFTER", "ID", "lot", "point", "collar", "R", "PLAN",
        "break-even", "FIRE", "VERIFIED", "exit code",
    ),
    "alarms": (
        "ID", "SEVERITY", "CODE", "SUBJECT", "OWNER", "TOLD", "acknowledge", "NOW", "finding", "drift", "QUARANTINED",
        "LOST", "STALE",
    ),
}  # fmt: skip


# Whose codes may stand on a pane.
_CODES: Mapping[str, tuple[type[Reason] | type[Finding], ...]] = {
    "board": (Finding,), "mission": (Reason,), SHEET: (Reason,), "trace": (Reason, Finding), "alarms": (Finding,),
}  # fmt: skip


def codes_in(pane: str, text: str) -> Mapping[str, str]:
    """Of the codes that may stand on a pane those that stand in the text, in its order, each with its sentence."""
    known = {code.name: str(code.value) for table in _CODES.get(pane, ()) for code in table}
    return {code: known[code] for code in re.findall(r"[A-Z][A-Z_]+", text) if code in known}


def words_of(pane: str) -> Mapping[str, str]:
    """The words that stand on a pane, each with its meaning; what stands above every pane last."""
    return {word: _HERE.get((pane, word), _MEANING[word]) for word in dict.fromkeys((*_ON[pane], *_EVERYWHERE))}
