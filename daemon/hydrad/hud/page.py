"""The status page: one plain document, every value escaped. Nobody has logged in, so nothing on it names an account,
a terminal or a sum of money."""

from __future__ import annotations

from html import escape

import msgspec


class Check(msgspec.Struct, frozen=True):
    check: str
    ok: bool
    detail: str


class Glance(msgspec.Struct, frozen=True):
    """What anybody at this machine may see. `at`: when it was measured, UTC."""

    mode: str
    authority: str
    instance: str
    at: str
    live: bool
    ready: bool
    healthy: bool
    checks: tuple[Check, ...]


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
:root { color-scheme: light dark; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
.mode { font-weight: bold; border: 2px solid; padding: 0 .5rem; }
.bad { font-weight: bold; color: #c22; }
"""


def html(glance: Glance) -> str:
    """The page. What fails stands first and says so in words, not by colour alone."""
    failing = sum(not check.ok for check in glance.checks)
    verdict = f"{failing} of {len(glance.checks)} checks FAIL" if failing else f"{len(glance.checks)} checks pass"
    rows = "".join(_row(check) for check in sorted(glance.checks, key=lambda check: check.ok))
    word = escape(glance.mode.upper())
    authority = escape(glance.authority)
    bad = "" if glance.authority == "ACTIVE" else ' class="bad"'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{word} HydraX {authority}</title><style>{_STYLE}</style></head><body>"
        f'<h1><span class="mode">{word}</span> HydraX</h1>'
        f"<p>Authority <span{bad}>{authority}</span>. {escape(verdict)}.</p>"
        f"<p>Measured at {escape(glance.at)} by {escape(glance.instance)}; this page does not renew itself.</p>"
        f"<table><tr><th>Check</th><th></th><th>Measured</th></tr>{rows}</table>"
        "</body></html>"
    )


def _row(check: Check) -> str:
    word = "ok" if check.ok else '<span class="bad">FAILS</span>'
    return f"<tr><td>{escape(check.check)}</td><td>{word}</td><td>{escape(check.detail)}</td></tr>"
