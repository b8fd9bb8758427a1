"""The report's plot: what was fired beside what was let go, each with its interval, or said to be too few."""

from __future__ import annotations

from typing import Any

MARKS = """() => Object.fromEntries([...document.querySelectorAll("svg circle")].map((mark) => {
  const line = mark.previousElementSibling;
  const name = line.previousElementSibling.textContent;
  return [name, ["x1", "x2"].map((end) => Number(line.getAttribute(end))).concat(Number(mark.getAttribute("cx")))];
}))"""


def side(n: int, mean: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    none = {"value": None, "low": None, "high": None}
    return {"n": n, "win_rate": none, "mean_r": {"value": mean, "low": low, "high": high}, "n_needed": 40}


def test_each_mean_lies_within_its_interval_and_few_are_said_to_be_few(shown: Any, axe: str) -> None:
    told = shown.page.evaluate("async () => (await fetch('/api/v1/report')).json()")
    one = {"money": [], "slippage_mean": None, "slippage_worst": None, "asked": 1, "denied": 0}
    told["data"]["groups"] = [
        {**one, "group": "EURUSD", "fired": side(60, 0.4, 0.1, 0.7), "ghosted": side(50, -0.3, -0.6, 0.0)},
        {**one, "group": "XAUUSD", "fired": side(3, 0.1, None, None), "ghosted": side(0, None, None, None)},
    ]
    shown.page.route("**/api/v1/report*", lambda route: route.fulfill(json=told))
    shown.go("/report")
    shown.see("EURUSD, fired (60)", "svg")
    marks = shown.page.evaluate(MARKS)
    assert set(marks) == {"EURUSD, fired (60)", "EURUSD, ghosted (50)"}
    assert all(low < middle < high for low, high, middle in marks.values())
    assert marks["EURUSD, ghosted (50)"][2] < marks["EURUSD, fired (60)"][2]
    shown.see("too few", "svg")
    assert shown.wide() <= 0 and shown.violations(axe) == []
