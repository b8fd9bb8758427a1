"""Reconciliation, and what stands in the way of the day's first fire."""

from __future__ import annotations

from hydrad.wire.answers import Out
from hydrad.wire.answers.alarms import Answered


class Difference(Out, frozen=True):
    """One row where two books differ. `kind`: position, volume, stop, target, deal, profit, foreign or balance.
    `settled`: the reading itself has brought the journal up to date."""

    account: str
    terminal: str
    kind: str
    subject: str
    journal: str
    broker: str
    settled: bool


class ReconcileData(Out, frozen=True):
    """`in_flight`: acts without a verdict while the books were compared; they may explain a difference."""

    terminals: tuple[Answered, ...]
    differences: tuple[Difference, ...]
    in_flight: tuple[str, ...]


class PreflightRow(Out, frozen=True):
    """`account` null: the home's. `symbol` null: the same for all symbols of the account."""

    account: str | None
    symbol: str | None
    code: str
    ok: bool
    measured: str
    limit: str


class PreflightData(Out, frozen=True):
    """`assumed`: what smallest fire the checks that need one were asked about."""

    ready: bool
    assumed: str
    rows: tuple[PreflightRow, ...]
