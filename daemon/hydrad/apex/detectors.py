"""Setups: what the last closed bar says. Owns the break-out rule, and which kind of signal a setup is."""

from __future__ import annotations

import msgspec

from hydrad.apex.bars import Bar
from hydrad.apex.features import Window
from hydrad.apex.profile import Profile
from hydrad.domain.money import price_text
from hydrad.domain.orders import Side
from hydrad.domain.signals import SignalKind

BREAK_OUT = "break_out"
DETECTORS = (BREAK_OUT,)
# From either of these on, a setup is SNIPER_OPS; below both it is RAPID_ASSAULT.
SNIPER_HORIZON_MIN = 180
SNIPER_R_MILLI = 2000


class Setup(msgspec.Struct, frozen=True, array_like=True):
    """A setup at the close of a bar, before the governor. Prices and distances in points."""

    symbol: str
    detector: str
    side: Side
    at_ms: int
    last_tick_ms: int
    entry_points: int
    stop_points: int
    target_points: int
    spread_points: int
    atr_milli: int
    features: tuple[tuple[str, str], ...]

    @property
    def stop_distance(self) -> int:
        """Points from entry to stop, above zero."""
        return abs(self.entry_points - self.stop_points)

    @property
    def r_milli(self) -> int:
        """Reward to risk from entry, to the nearest thousandth."""
        reward = abs(self.target_points - self.entry_points)
        return (reward * 2000 + self.stop_distance) // (2 * self.stop_distance)


def kind_of(horizon_min: int, r_milli: int) -> SignalKind:
    """The kind that follows from a setup's horizon and reward to risk."""
    if horizon_min >= SNIPER_HORIZON_MIN or r_milli >= SNIPER_R_MILLI:
        return SignalKind.SNIPER_OPS
    return SignalKind.RAPID_ASSAULT


def break_out(profile: Profile, symbol: str, digits: int, window: Window, bar: Bar) -> Setup | None:
    """A close beyond the channel of the bars before it, with the stop beyond their swing.

    `window` holds the bars before `bar`, so that the bar that breaks out is not part of its own measure. BUY:
    the bid closes above the highest bid of `channel_bars` by a share of ATR; entry at the ask; the stop, met
    by the bid, lies a point below the lowest bid of the last `swing_bars` (this bar included) or
    `stop_atr_permille_min` below the bid, whichever is further. SELL mirrors it: entry at the bid, the stop
    met by the ask.
    """
    if not window.ready:
        return None
    atr_milli = window.atr_milli()
    channel = list(window.last(profile.channel_bars))
    high = max(past.bid_high for past in channel)
    low = min(past.bid_low for past in channel)
    beyond_milli = atr_milli * profile.break_atr_permille // 1000
    if (bar.bid_close - high) * 1000 > beyond_milli:
        side = Side.BUY
    elif (low - bar.bid_close) * 1000 > beyond_milli:
        side = Side.SELL
    else:
        return None
    entry = bar.ask_close if side is Side.BUY else bar.bid_close
    stop = _stop(profile, side, window, bar, atr_milli)
    reward = (abs(entry - stop) * profile.r_milli + 500) // 1000
    return Setup(
        symbol,
        BREAK_OUT,
        side,
        bar.end_ms,
        bar.last_ms,
        entry,
        stop,
        entry + side.sign * reward,
        bar.spread_close,
        atr_milli,
        (
            ("atr_points", price_text(atr_milli, 3)),
            ("channel_high", price_text(high, digits)),
            ("channel_low", price_text(low, digits)),
            ("spread_points", str(bar.spread_close)),
            ("spread_mean_points", price_text(window.spread_mean_milli(profile.channel_bars), 3)),
            ("stop_points", str(abs(entry - stop))),
            ("bar_ticks", str(bar.ticks)),
        ),
    )


def _stop(profile: Profile, side: Side, window: Window, bar: Bar, atr_milli: int) -> int:
    """The stop's price in points."""
    swing = [*window.last(profile.swing_bars - 1), bar] if profile.swing_bars > 1 else [bar]
    floor = atr_milli * profile.stop_atr_permille_min // 1_000_000
    if side is Side.BUY:
        return min(min(past.bid_low for past in swing) - 1, bar.bid_close - floor)
    return max(max(past.ask_high for past in swing) + 1, bar.ask_close + floor)
