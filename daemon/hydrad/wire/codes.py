"""Stable codes that people and scripts see: of risk checks, refusals, findings and errors.

Each has one sentence; the reference page is generated from here.
"""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """Why an act was denied by us. Order is the order of the checks."""

    AUTHORITY = "Authority is REDUCING or HALTED, globally or for this account: nothing may open."
    SERVICE_STOPPED = "TOC is not accepting acts."
    ROLE = "The operator's role does not allow this."
    ASSIGNMENT = "The account was not given to this operator."
    POLICY = "The operator's policy does not allow this: kind of account, open positions, fires of the day or risk."
    MISSION_STATE = "The mission no longer accepts fires."
    MISSION_EXPIRED = "The mission's expiry has passed."
    DUPLICATE = "This mission already has a live or executed fire on this account."
    LOOKS_REPEATED = "By hand: the same actor fired this symbol and side on this account within 60 s."
    ACCOUNT_UNKNOWN = "The account's balance, equity or currency has not been reported in this session."
    TERMS_UNKNOWN = "The symbol's terms at this account have not been reported in this session."
    TERMINAL_LINK = "The account's terminal is not READY."
    TERMINAL_DUTY = "The account's terminal takes no new fires."
    CLOCK_OFFSET = "Agent's and daemon's clocks differ too much, or the measurement is old or missing."
    BROKER_CLOCK = "The broker's clock offset is unknown."
    TRADING_OFF = "The terminal is disconnected from its trade server, or trading is switched off."
    SYMBOL_TRADE_MODE = "The broker does not allow this symbol to be opened on this side."
    MARKET_HOURS = "The market is closed, opening, or rolling over."
    NEWS = "High-impact news of one of the symbol's currencies is near, or the news file is missing or old."
    TICK_AGE = "The account's last quote of this symbol is too old, or there is none."
    SPREAD = "The spread is above its limit, or too large a share of the stop's distance."
    BASIS = "The basis to the mission's source is unknown, unstable, or too large a share of the stop's distance."
    ENTRY_MISSED = "The price has left the collar around the mission's entry, or reached where an order should rest."
    PRICE_SIDE = "Stop and target are not on their sides of the price."
    STOP_PRESENT = "A stop is compulsory."
    STOPS_LEVEL = "Stop, target or a resting order's entry is closer to the price than the broker allows."
    ORDER_TYPE = "The broker does not take such an order in this symbol, or none that ends by itself."
    SIZE = "The volume for the allowed risk is below the symbol's minimum."
    VOLUME_LIMITS = "The volume is outside the symbol's minimum, maximum, step or limit."
    OPEN_POSITIONS = "Too many open positions."
    RESTING_ORDERS = "Too many orders of this account rest, or none may."
    SYMBOL_POSITIONS = "Too many open positions in this symbol."
    OPERATOR_POSITIONS = "Too many open positions of this operator, on all accounts together."
    OPPOSITE_POSITION = "A position on the other side of this symbol is held or in flight."
    FIRES_PER_MINUTE = "Too many fires within a minute."
    FIRES_PER_DAY = "Too many fires in the account's trading day."
    COOL_DOWN = "The account's last loss is too fresh."
    RISK_PER_TRADE = "The trade risks more than one trade may."
    OPEN_RISK = "Open risk with what is in flight would exceed its limit."
    CURRENCY_EXPOSURE = "The account's net in one currency would exceed its limit."
    CORRELATED_EXPOSURE = "The account's net in one bloc of what moves together would exceed its limit."
    DAY_LOSS = "The account's loss of the day, on equity, is at its limit."
    DRAWDOWN = "The account's equity is too far below its peak."
    MARGIN = "Too little free margin would remain."
    NETTING_SYMBOL_BUSY = "On a netting account this symbol already has a live act or a foreign position."
    LANE_FULL = "Eight opening acts already wait on this account."
    LANE_WAIT = "The act's own deadline passed while it waited in the lane."
    PLAN = "The plan is not known any more, or one of its times has passed."
    FIRST_FIRES = "A live account's first fires use the least volume, and this one names more."
    APPROVAL = "Above a threshold a second person must say yes, and nobody has."
    LIMIT_UNSET = "A limit that a live account must have is not set, or the live account is not armed."
    APPROVALS_FULL = "Eight fires already wait on this account for a second person."
    APPROVAL_VOID = "What the second person was asked about is not as it was: limits, terms, people or the order."
    NOT_APPROVED = "It was refused, or taken back, while it waited for a second person."
    POSITION_STATE = "The position is not open, or another act on it is in flight."
    NOT_TIGHTER = "While halted a stop may only be tightened."

    @property
    def text(self) -> str:
        return str(self.value)


class Finding(enum.Enum):
    """What reconciliation or a check found, for a person to look at."""

    LEDGER_LOST = "The agent's ledger is another or shorter than the one last seen whole."
    CLOCK_OFF = "The clock of a terminal's host is off by more than a minute."
    EPOCH_AHEAD = "The agent has stored a higher epoch than this journal's: a backup was restored, or two daemons run."
    ALIEN_POSITION = "A position carries our tag, but no fire of this journal opened it."
    ALIEN_ORDER = "A resting order carries our tag, but no act of this journal placed it."
    FOREIGN_POSITION = "A position that is not ours: it counts as exposure and is never touched unasked."
    LATE_EXECUTION = "Executed after we had proof of the contrary."
    VOLUME_MISMATCH = "The broker's volume differs from the journal's."
    STOP_MISSING = "An open position has no stop at the broker."
    MISSING_POSITION = "An open position is gone and its closing deal was not found yet."
    IDENTITY = "The terminal is not the account that was enrolled."
    CONFLICT = "Same act id, other order hash."
    DEAL_MISMATCH = "A deal differs from the act that it belongs to."
    SEQUENCE_GAP = "Frames were lost inside a session; a new hand-shake was demanded."
    SECOND_SESSION = "A second agent used the same terminal's key."
    INPUTS_SHORT = "The log of inputs ends before the journal does."
    SNAPSHOT_STALE = "The snapshot could not be used; the whole journal was folded."
    LINK_VERSION = "The terminal's agent and this daemon speak different versions of the link."
    SYMBOL_TERMS = "A symbol's terms changed at the broker."
    BALANCE_DRIFT = "The balance differs from what the deals explain."
    AGENT_WARNING = "The agent reported something a person should know."
    RISK_AFTER_FILL = "A fill risks more than 1.25 times the money that was approved."
    MARKET_HOURS = "The table of market hours and the broker disagree."
    RECORDING_LOST = "Ticks are not recorded: what is missing shows in the recording."
    RECORDING_DIFFERS = "The recorded minute bars and the terminal's own differ; those minutes are not used."
    DISK_LOW = "The home's disk is nearly full; when it is full the daemon ends."
    OUTBOX_NEW = "The file of letters to people is new, or was long unused: what happened before is not told."
    OUTBOX_FULL = "Too many letters wait: the least important are dropped."
    LETTER_REFUSED = "A letter to people could not be made, or its channel refused it."
    CHAT_GONE = "A person takes no letters any more."
    ADDRESS_REJECTED = "A person's e-mail address is rejected by its server."
    RECORDING_DAMAGED = "A recording of ticks was damaged or cut; what is left is whole."

    @property
    def text(self) -> str:
        return str(self.value)


class ErrorCode(enum.StrEnum):
    """The `error.code` of an answer; each maps to one exit code of the shell. Their sentences are in `ERROR_TEXTS`."""

    USAGE = "USAGE"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    DENIED = "DENIED"
    REJECTED = "REJECTED"
    NOT_EXECUTED = "NOT_EXECUTED"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"
    PENDING = "PENDING"
    PARTLY = "PARTLY"
    CONFLICT = "CONFLICT"
    DIFFERENCES = "DIFFERENCES"
    UNHEALTHY = "UNHEALTHY"
    PROTOCOL = "PROTOCOL"
    TIMED_OUT = "TIMED_OUT"
    UNREACHABLE = "UNREACHABLE"
    FAILED = "FAILED"


ERROR_TEXTS: dict[ErrorCode, str] = {
    ErrorCode.USAGE: "The request cannot be read as it stands, or needs a confirmation.",
    ErrorCode.FORBIDDEN: "The caller's role does not allow this, or it is not ours to touch.",
    ErrorCode.NOT_FOUND: "What the request names is not there.",
    ErrorCode.DENIED: "Denied by TOC: the reasons say which checks failed.",
    ErrorCode.REJECTED: "Rejected by the broker, with its return code.",
    ErrorCode.NOT_EXECUTED: "Provably not executed.",
    ErrorCode.UNKNOWN_OUTCOME: "No verdict in time: the act may have been executed, and its exposure stays reserved.",
    ErrorCode.PENDING: "Waits for another person's approval.",
    ErrorCode.PARTLY: "Some of it was done, some was not.",
    ErrorCode.CONFLICT: "Contradicts what stands: another key's parameters, another state.",
    ErrorCode.DIFFERENCES: "Two books that should agree do not.",
    ErrorCode.UNHEALTHY: "A health check fails.",
    ErrorCode.PROTOCOL: "Client and daemon speak different versions.",
    ErrorCode.TIMED_OUT: "The time was over with nothing routed.",
    ErrorCode.UNREACHABLE: "No daemon answers.",
    ErrorCode.FAILED: "It failed; the message says where.",
}
