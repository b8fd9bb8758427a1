"""The log's filters: those of `tail`, in the address, so that what is looked at can be kept and sent on."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from paper import HYDRACTL
from screens import BOSS


def kinds(shown: Any) -> set[str]:
    return set(shown.page.locator("[role=log] li b").all_inner_texts())


def numbers(shown: Any) -> list[int]:
    return sorted(int(line.split()[0]) for line in shown.page.locator("[role=log] li small").all_inner_texts())


def only(shown: Any, kind: str) -> None:
    """Waits until nothing else is listed."""
    shown.page.wait_for_function(
        "kind => { const all = [...document.querySelectorAll('[role=log] li b')]; return all.length && all.every((one) => one.innerText === kind); }",
        arg=kind,
    )


def test_what_is_filtered_is_what_tail_filters_and_stays_in_the_address(shown: Any) -> None:
    crew = shown.crew
    mission = crew.mission()
    crew.ctl("note", mission, "first of all")
    crew.ctl("note", crew.mission("EURUSD"), "of another one")
    shown.go("/log")
    shown.see("of another one", "[role=log]")
    shown.page.get_by_label("Kind").fill("note")
    shown.page.get_by_label("Mission").fill(mission)
    shown.page.get_by_label("Mission").press("Enter")
    only(shown, "NOTE")
    assert shown.page.url.endswith(f"/log?kind=note&mission={mission}")
    shown.page.reload()
    only(shown, "NOTE")
    assert "first of all" in shown.text("[role=log]") and "of another one" not in shown.text("[role=log]")
    assert numbers(shown) == tailed(crew, "--kind", "NOTE", "--mission", mission)
    crew.ctl("note", mission, "and while it is looked at")
    shown.see("and while it is looked at", "[role=log]")
    assert shown.wide() <= 0


def tailed(crew: Any, *filters: str) -> list[int]:
    """The numbers that `hydractl tail` gives under the same filters."""
    argv = [*HYDRACTL, "tail", "-n", "500", *filters, "-o", "json"]
    done = subprocess.run(argv, env=crew.environ, capture_output=True, check=True, timeout=60)
    return [json.loads(line)["seq"] for line in done.stdout.splitlines()]


def test_since_until_account_and_words(shown: Any) -> None:
    crew = shown.crew
    crew.ctl("halt", "--account", "bravo", "--reason", "a look")
    shown.go("/log?account=bravo")
    shown.see("AUTHORITY_SET", "[role=log]")
    assert "MISSION_PROPOSED" not in kinds(shown) and "HOME_CREATED" not in kinds(shown)
    shown.go("/log?account=alpha&text=a look")
    shown.see("Nothing of it matches.")
    shown.go("/log?since=10m")
    shown.see("HOME_CREATED", "[role=log]")
    assert numbers(shown)[0] == 1
    shown.go("/log?until=10m")
    shown.see("Nothing of it matches.")
    shown.page.get_by_label("Until").fill("tomorrow")
    shown.see("until: a time is 90s", "[role=status]")
    shown.page.get_by_label("Until").fill("")
    shown.page.get_by_label("Since").fill("0s")
    shown.page.get_by_label("Since").press("Enter")
    shown.see("since: a time is 90s", "main [role=status]")
    shown.see(re.compile("^live"), "#link")


@pytest.mark.telegram
def test_in_telegrams_frame_the_filters_are_kept_too(screen: Callable[..., Any], crew: Any) -> None:
    shown = screen().log_in_by_telegram(BOSS)
    shown.page.get_by_role("link", name="Log", exact=True).click()
    shown.page.get_by_label("Mission").fill(crew.mission())
    shown.page.get_by_label("Mission").press("Enter")
    shown.see("MISSION_PROPOSED", "[role=log]")
    shown.page.reload()
    shown.see("MISSION_PROPOSED", "[role=log]")
    assert shown.page.get_by_label("Mission").input_value() == crew.mission()
