"""`/metrics`: figures that are measured when they are asked for, in Prometheus's text form.

A registry of our own, so that nothing else in the process shows. No account, ticket, terminal or person is a label.
prometheus-client is imported at the first scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figure(msgspec.Struct, frozen=True):
    """One metric. `name` without `_total` for a counter; `samples`: values of the labels, in the order of their names,
    with what was measured."""

    name: str
    help: str
    samples: tuple[tuple[tuple[str, ...], float], ...]
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"


def one(name: str, text: str, value: float, kind: Literal["gauge", "counter"] = "gauge") -> Figure:
    return Figure(name, text, (((), value),), kind=kind)


class Exposition:
    """The text of all figures, made anew at each call."""

    def __init__(self, figures: Callable[[], list[Figure]]) -> None:
        from prometheus_client.registry import CollectorRegistry

        self._figures = figures
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        from prometheus_client.exposition import generate_latest

        return generate_latest(self._registry)

    def collect(self) -> Iterator[Any]:
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        for figure in self._figures():
            family = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}[figure.kind]
            made = family(figure.name, figure.help, labels=figure.labels)
            for values, value in figure.samples:
                made.add_metric(values, value)
            yield made

    def describe(self) -> list[Any]:
        return []
