"""What to do when it rings: one entry for every code that an alarm or a finding can have.

Owns how serious a code is and what the person who is woken does. The first line says what to do *now*; the lines
after it say what it means and how it ends. A test holds the table against every Finding and every alarm of the core.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Severity(enum.StrEnum):
    """ALARM: repeated and escalated until somebody acknowledges. WARNING: told once, to be read in working hours."""

    ALARM = "ALARM"
    WARNING = "WARNING"


class Runbook(NamedTuple):
    severity: Severity
    lines: tuple[str, ...]


def _alarm(*lines: str) -> Runbook:
    return Runbook(Severity.ALARM, lines)


def _warning(*lines: str) -> Runbook:
    return Runbook(Severity.WARNING, lines)


RUNBOOKS: dict[str, Runbook] = {
    # --- acts, positions, books ---
    "ACT_UNKNOWN": _alarm(
        "Do not fire again: look with `hydractl trace ID --recheck`, and in the broker's own app for the order.",
        "The order may have been executed. It is asked about by itself; its exposure stays reserved and its account's",
        "lane stays closed until the terminal's ledger or the broker's records answer.",
        "If the terminal will not come back: `hydractl resolve ID --as filled --ticket N` or `--as not-executed`,",
        "with a reason, after the broker has said in its app or by phone which of the two it was.",
    ),
    "RESTING_UNCANCELLED": _alarm(
        "Delete the order in the broker's own app, or `hydractl cancel ID --yes`: it may still be filled.",
        "An opening order of ours rests though it must not: its account is latched, its mission withdrawn, its",
        "operator suspended, or its expiration has passed; and its cancel was refused, or no terminal is in reach. Or",
        "a cancel of it has no verdict. One alarm for an order; its text says what the last cancel came to.",
        "It is cancelled again by itself: after 5 s, then ever later, up to every 15 minutes; soon after a terminal or",
        "its broker is back. It clears when the broker's records show its end, and no cancel is without a verdict.",
    ),
    "UNPROTECTED": _alarm(
        "Set a stop now: `hydractl modify ID --stop PRICE`, or close it: `hydractl close ID`.",
        "The broker holds this position without a stop for longer than timing.stop_missing_ms allows.",
        "If neither passes, set the stop in the broker's own app. It clears when the broker reports a stop.",
    ),
    "STOP_MISSING": _alarm(
        "Set the stop again: `hydractl modify ID --stop PRICE`; if that is refused, in the broker's own app.",
        "The broker reports an open position of ours without its stop: dropped by the broker, or removed by hand.",
        "It clears when the broker reports a stop, or when the position is closed.",
    ),
    "MISSING_POSITION": _alarm(
        "Look in the broker's app whether the position is open; then `hydractl reconcile --account ACCOUNT`.",
        "A position that we hold as open is no longer reported, and no closing deal was found for it yet.",
        "It clears when the deal is found or the position is reported again. Until then its risk stays counted.",
    ),
    "VOLUME_MISMATCH": _alarm(
        "Compare: `hydractl reconcile --account ACCOUNT`; fire nothing on this symbol until you know why.",
        "The broker's volume of a position is another than the journal's: a part close by hand, or a lost deal.",
    ),
    "ALIEN_POSITION": _alarm(
        "Halt the account: `hydractl halt --account ACCOUNT`, then find who opened it (`hydractl reconcile`).",
        "A position carries this home's tag and no fire of its journal opened it: a restored backup, a second daemon,",
        "or a fire executed twice. It is counted as exposure and never touched by itself.",
        "Close it in the broker's app, or `hydractl adopt TICKET --stop PRICE`, once you know.",
    ),
    "ALIEN_ORDER": _alarm(
        "Halt the account: `hydractl halt --account ACCOUNT`, then look at its orders in the broker's app.",
        "A terminal speaks of an act with this home's tag that the journal does not have, or that was sent elsewhere.",
    ),
    "FOREIGN_POSITION": _warning(
        "Ask the account's owner whether they opened it; nothing of ours touches it.",
        "It counts as exposure. Without a stop it makes the open risk unknown, and opens are denied.",
    ),
    "LATE_EXECUTION": _alarm(
        "Look at the position now (`hydractl positions`): it is open, though we had proof that it would not be.",
        "The act is QUARANTINED and its account opens nothing. Decide with `hydractl resolve ID`, with a reason.",
    ),
    "DEAL_MISMATCH": _alarm(
        "Compare the act with the broker's deal: `hydractl trace ID`, `hydractl reconcile --account ACCOUNT`.",
        "A deal has another volume than the act that it belongs to. The act is QUARANTINED; a person resolves it.",
    ),
    "RISK_AFTER_FILL": _alarm(
        "Look at the position (`hydractl positions`): close a part (`hydractl close ID --part 50%`) or all of it.",
        "It was filled at a price that puts more at risk than was approved. The policy's own action has been taken.",
    ),
    "BALANCE_DRIFT": _alarm(
        "Compare: `hydractl reconcile --account ACCOUNT`, then `hydractl statement ACCOUNT --month YYYY-MM`.",
        "The broker's balance is not what its deals explain: a deal is missing, or the broker corrected something.",
    ),
    "GUARD_WARNED": _warning(
        "Look at what is open (`hydractl positions`) before the limit itself acts.",
        "A guard's measure has passed its warning level.",
    ),
    "GUARD_TRIPPED": _alarm(
        "Do not resume before you know why: `hydractl positions`, `hydractl accounts`, `hydractl trace ID`.",
        "A guard's limit was passed and its action was taken.",
    ),
    "GUARD_UNCLOSED": _alarm(
        "Close it now: `hydractl close ID`; if that is refused, in the broker's own app.",
        "A guard asked for a position to be closed, and it is still open.",
    ),
    "AGENT_HALTED": _alarm(
        "Find out who halted it at its host; `hydractl resume --local --account ACCOUNT` ends it, once you know.",
        "The agent holds a latch of its own (a person on its host, its equity floor): nothing opens at this terminal. "
        "Closes pass. A `resume` without `--local` leaves it closed.",
    ),
    "CONFLICT": _alarm(
        "Do not fire at this terminal; read `hydractl trace ID`: two orders were made under one id.",
        "Nothing was sent. The usual cause is a restored backup or a copied home. The terminal is QUARANTINED.",
    ),
    # --- terminals, feeds, clocks ---
    "TERMINAL_LOST": _alarm(
        "Look at the terminal's host: is it up, is the network up, does the agent run?",
        "No frame came for bridge.lost_after_ms. Stops and targets stand at the broker; plans run on at the agent if",
        "it lives. Positions of this account can be closed in the broker's own app.",
        "It clears by itself when the hand-shake is complete.",
    ),
    "TERMINAL_UNFIT": _alarm(
        "Look at the terminal: `hydractl terminal show NAME` says what: no trade server, trading off, no worker.",
        "The agent is there, but could not trade for bridge.lost_after_ms while the market is open. Closes may fail",
        "too: use the broker's own app for what is urgent.",
    ),
    "FEED_SILENT": _alarm(
        "Look at the terminal's chart: does the price move there? If so restart its agent; if not, call the broker.",
        "The market is open and no tick came from this terminal for timing.feed_silent_ms. What it shows is old: no",
        "signal is made from it and no fire on it passes TICK_AGE. Stops at the broker still work.",
        "It clears with the next tick, and when the market closes.",
    ),
    "CLOCK_UNKNOWN": _alarm(
        "Check the host's time service (w32tm, chrony); then wait for live ticks after a change of daylight saving.",
        "The agent's clock was not measured for a minute, is too far off, or the broker's offset is not known: nothing",
        "opens at this terminal until it is. Closes pass.",
    ),
    "LEDGER_LOST": _alarm(
        "Do not resolve anything yet: wait for the settle window, then read `hydractl fires --unknown`.",
        "The agent's ledger is another or shorter than before (a new disk, a restored one, a copied agent). Its",
        "tombstones prove nothing about older acts; only the broker's history does. The terminal is QUARANTINED:",
        "closes pass, nothing opens, until a commander has looked: `hydractl terminal activate NAME --reason WHY`.",
    ),
    "PLAN_STRANDED": _alarm(
        "Bring the terminal's host back, or close the position: `hydractl close ID`. Its stop stands at the broker.",
        "Its plan shall run at another agent, and the one that has it cannot be asked to give it up: it may run there",
        "or nowhere. It moves by itself when that agent answers. If the host is gone for ever:",
        "`hydractl terminal remove NAME --force`, then `hydractl plan set ID PLAN`.",
    ),
    "PLAN_LOST": _alarm(
        "Look with `hydractl plan show ID`; then set a plan (`hydractl plan set ID PLAN`) or watch it yourself.",
        "A plan could not be moved between two agents, or a step has made all the moves that one makes. What the",
        "text names holds: it is at none, still at the old, or rests. Set anew, it begins again.",
    ),
    "CLOCK_OFF": _alarm(
        "Set the host's clock (w32tm /resync, chronyc makestep); then `hydractl terminal activate NAME --reason WHY`.",
        "The terminal is QUARANTINED: closes, cancels and tighter stops pass, nothing opens. What its host has dated",
        "meanwhile (plans, expiries) went by a wrong clock: read them.",
    ),
    "EPOCH_AHEAD": _alarm(
        "Stop this daemon (`hydractl down`) unless you know that no other one runs for these terminals.",
        "An agent has obeyed a later daemon than this one: a backup was restored, or two daemons run.",
    ),
    "IDENTITY": _alarm(
        "Do not trade this terminal: someone logged it in to another account. Log it in to the enrolled one.",
        "Login, server, kind, currency or mode differ from the enrolment; the terminal is QUARANTINED, and nothing is",
        "sent there, closes included, until a commander ends it. Another terminal of the account still closes.",
    ),
    "SECOND_SESSION": _alarm(
        "Find the second agent with this terminal's bundle and stop it; if it is not yours, the key was stolen.",
        "Two live agents used one key; the terminal is QUARANTINED. Enrol it anew if the key may be in other hands.",
    ),
    "LINK_VERSION": _alarm(
        "Install the same release on both hosts: the daemon's, and the terminal's `hydra-terminal`.",
        "The agent speaks another version of the link; nothing can be sent there, closes included. Stops stand at the",
        "broker, and the agent goes on running the plans it has. It clears when the terminal is READY.",
    ),
    "SYMBOL_TERMS": _alarm(
        "Compare the symbol's digits, contract size and step with the broker's page before anything is fired.",
        "The broker changed a symbol's terms, or told some beyond reason. The terminal is QUARANTINED for opens.",
    ),
    "SEQUENCE_GAP": _warning(
        "Nothing to do if it is rare; often: look at the network between the daemon and the terminal.",
        "Frames were lost; a new hand-shake was demanded and the books were read again.",
    ),
    "AGENT_WARNING": _warning(
        "Read it; most often it names something on the terminal's host.",
        "The agent reported something that a person should know.",
    ),
    "MARKET_HOURS": _warning(
        "Compare the table of market hours with the broker's page for this symbol.",
        "The broker refused for a closed market when the table said open, or sent ticks when it said closed.",
    ),
    "RECORDING_LOST": _alarm(
        "Look at the disk of state/market: full, read-only, failing? Trading goes on without the recording.",
        "Ticks could not be written, or came faster than they are written. The recording says where something is",
        "missing; bars of those minutes are not used. It clears with the next tick that is written.",
    ),
    "DISK_LOW": _alarm(
        "Free some space now: `hydractl data ls`, `df -h`; set market.keep_days or market.keep_mib for the recordings.",
        "Less is free on the home's file system than market.disk_free_min_mib. A full disk ends the daemon: nothing is",
        "shown as done that is not durable. It clears when a tenth more than the limit is free.",
    ),
    "RECORDING_DIFFERS": _warning(
        "Look at the terminal's feed: `hydractl ticks -w SYMBOL`; rare ones are late or lost ticks.",
        "Some recorded minutes have other prices than the terminal's own bars of them. They are marked, and",
        "no bar of the recording uses them. Many in a row: the agent does not see all ticks.",
    ),
    "RECORDING_DAMAGED": _warning(
        "Nothing to do after a crash; without one: look at the disk.",
        "A torn end was cut off at the start, or a block inside a file is damaged and left out. What is read is whole.",
    ),
    # --- letters to people ---
    "OUTBOX_NEW": _warning(
        "Nothing to do for a first bot or channel; else look at what happened since the last letter: `hydractl tail`.",
        "state/outbox.db was made anew, belongs to another journal, or nobody was told for over a day. What had not",
        "been sent is not told.",
    ),
    "OUTBOX_FULL": _alarm(
        "Look why letters do not leave: `hydractl health`, `hydractl status`. Trading goes on.",
        "The outbox holds 10,000 letters or 32 MiB; of these the least urgent and oldest are dropped, halts and",
        "unknowns last. It clears when a tenth of the room is free.",
    ),
    "LETTER_REFUSED": _warning(
        "Look at what it was about with `hydractl tail`, and report it: a letter should never be refused.",
        "A letter was dropped, since its channel would never take it as it is. The finding has the text's hash.",
    ),
    "CHAT_GONE": _alarm(
        "Reach this person by other means; they must write /start to the bot. Has left: `hydractl operator remove`.",
        "They blocked the bot, deleted the chat or never began it. Letters to them are dropped until they are heard",
        "of; who is on call must be somebody else meanwhile.",
    ),
    "ADDRESS_REJECTED": _alarm(
        "Correct it: `hydractl operator contact NAME email ADDRESS`, then `hydractl channel test email`.",
        "The mail server says that it never takes letters for this address; its words are in the alarm. Others get",
        "theirs. It is tried every five minutes; a letter that is a day old is dropped, a halt too. It clears when a",
        "letter is taken, when the address is another one, or when nothing waits for it any more.",
    ),
    # --- the home itself ---
    "CHANNEL_DOWN": _alarm(
        "Look at `hydractl channels` for why; until it is up you are told by the other channels only.",
        "For a minute nothing has left by this channel. What waits is kept, and sent when it works again. Telegram: a",
        "409 names a second poller with the same token; the network, or a token that was revoked. E-mail: the server's",
        "name, its password file, its certificate. Webhook: the receiver and its certificate.",
    ),
    "ON_CALL_UNKNOWN": _warning(
        "Correct oncall.order in the configuration, then `hydractl reload`; `hydractl operators` has the names.",
        "Somebody on call is no operator of this home: they are passed over, and the next is told at their turn.",
    ),
    "SERVICE_FATAL": _alarm(
        "Read why: `hydractl logs SERVICE`; then `hydractl restart SERVICE`.",
        "A service failed too often and was given up. What it does is not done until it is started again.",
    ),
    "JOB_FAILED": _alarm(
        "Read why: `hydractl logs scheduler`; run it by hand if it matters today (a backup, the news).",
        "A scheduled job ended with an error.",
    ),
    "INPUTS_SHORT": _warning(
        "Nothing to do now: the journal is whole. The last second before a power cut cannot be replayed.",
        "The log of inputs ends before the journal does.",
    ),
    "SNAPSHOT_STALE": _warning(
        "Nothing to do: the whole journal was folded instead, the start took longer.",
        "The snapshot was of another version, or could not be read.",
    ),
    "SIGNALS_SILENT": _warning(
        "Look at `hydractl apex show`: does it run, has it bars and fresh ticks, and what was it silent about?",
        "The market has been open for timing.signals_silent_ms without a signal, proposed or suppressed.",
    ),
    "ALARMS_FULL": _alarm(
        "Read `hydractl alarms` from the top and end the causes: more alarms would stand than are kept.",
        "Further alarms are held back while this one stands; findings are journaled all the same",
        "(`hydractl findings`), and acts without a verdict always raise theirs.",
    ),
}
NO_RUNBOOK = _alarm("Read `hydractl trace` of its subject: no runbook is written for this code.")


def runbook(code: str) -> Runbook:
    """The entry of a code; a code of an older journal that is not in the table any more has none of its own."""
    return RUNBOOKS.get(code, NO_RUNBOOK)


def page() -> str:
    """`docs/runbooks.md`: the whole table, to be read where no daemon answers."""
    parts = [
        "# Runbooks",
        "",
        "Made from `hydrad.wire.runbooks`; a test holds it current. `hydractl alarm show ID` says the same beside the",
        "alarm itself. An ALARM is repeated and escalated until somebody acknowledges it; a WARNING is told once.",
    ]
    for code, entry in sorted(RUNBOOKS.items()):
        now, *more = entry.lines
        parts += ["", f"## {code}", "", f"{entry.severity.value}. **Now: {now}**"]
        parts += ["", *more] if more else []
    return "\n".join(parts) + "\n"
