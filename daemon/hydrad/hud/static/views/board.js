// The board: what needs a person first, then everything at a glance.

import { goodness, holdButton, isPressed, perform } from "../act.js";
import { get } from "../api.js";
import { facts, fill, h, table, told } from "../dom.js";
import { clock, entryNow, signed, span, tone, when } from "../format.js";
import { aged, isOld, live } from "../live.js";
import { brief } from "../plan.js";
import * as waits from "./waits.js";

export function make({ main, me, reload }) {
  const part = Object.fromEntries(["urgent", "positions", "missions", "accounts", "feed", "terminals"].map((name) => [name, h("section", { class: `card ${name}` })]));
  for (const name of ["urgent", "positions"]) part[name].classList.add("wide");
  fill(main, h("h1", { class: "sr" }, "Board"), h("div", { class: "grid" }, Object.values(part)));
  let data = null;

  async function load() {
    const [home, missions, positions, fires, waiting] = await Promise.all([get("/status"), get("/missions"), get("/positions"), get("/fires?limit=50"), waits.load()]);
    const all = [home, missions, positions, fires];
    return all.find((answer) => answer.status === 401) ?? (home.ok ? { home, missions, positions, fires, waiting } : home);
  }

  function show(found) {
    data = found.home ? found : null;
    if (!data) {
      for (const one of Object.values(part)) fill(one);
      fill(part.urgent, h("p", { class: "bad" }, found.error.message));
      return;
    }
    urgent();
    accounts();
    terminals();
    now();
  }

  function now() {
    if (!data) return;
    missions();
    positions();
    feed();
  }

  function urgent() {
    if (isPressed(part.urgent)) return;
    const status = data.home.data;
    const alarms = status.alarms.filter((row) => !row.acknowledged_by);
    const { waiting } = data;
    const unknown = (data.fires.data ?? []).filter((row) => row.state === "UNKNOWN" || row.state === "QUARANTINED");
    const failing = status.health.filter((row) => !row.ok);
    const calm = data.fires.ok && !alarms.length && !waiting.failed && !waiting.fires.length && !waiting.changes.length && !unknown.length && !failing.length && status.authority === "ACTIVE";
    fill(part.urgent, h("h2", null, "Needs you"),
      calm && h("p", { class: "good" }, `Nothing. ${status.health.length} checks pass, measured ${clock(data.home.ts)}.`),
      told(data.fires, () => null),
      waiting.failed && told(waiting.failed, () => null),
      status.authority !== "ACTIVE" && h("p", { class: "bad big" }, `${status.authority} since ${when(status.since)}: nothing opens. Resume at a shell: hydractl resume`),
      h("ul", { class: "rows" },
        unknown.map((row) => h("li", { class: "bad" }, `${row.state} ${row.id} ${row.side} ${row.volume} ${row.symbol} on ${row.account}: ${row.verdict}`)),
        waits.rows(waiting, me, reload),
        alarms.map((row) => h("li", null, h("b", { class: "bad" }, `${row.severity} ${row.code}`), ` ${row.text} `, h("small", null, `${row.id}, ${when(row.since)}`),
          me.may.includes("ack") && h("button", { type: "button", class: "plain", "data-focus": row.id, onclick: () => ack(row) }, `Acknowledge ${row.id}`))),
        failing.map((row) => h("li", { class: "bad" }, `FAILS ${row.check}: ${row.detail}`))));
  }

  function ack(row) {
    perform({ title: `Acknowledge ${row.id}`, lines: [row.text], path: `/alarms/${row.id}/ack`, body: {}, shown: () => h("p", { class: "good" }, "Acknowledged: it is yours now.") })
      .addEventListener("close", () => reload());
  }

  function missions() {
    const market = Date.parse(live.now?.market ?? data.home.data.clocks.market ?? 0);
    const open = (row) => ["PROPOSED", "ENGAGED"].includes(row.state);
    fill(part.missions, h("h2", null, "Missions"), told(data.missions, (all) => table([
      ["Mission", (row) => h("a", { href: `/hud?mission=${row.id}` }, `${row.symbol} ${row.side}`)],
      ["Kind", (row) => row.kind.replace("_", " ")], ["TCS", (row) => row.tcs_text], ["R", (row) => row.r ?? "–", "num"],
      ["Left", (row) => span((Date.parse(row.expires_at) - market) / 1000), "num"], ["Entry now", (row) => entryNow(row, data.missions.ts, live.now?.ts)], ["State", (row) => `${row.state}${row.passed ? ", passed" : ""}`],
    ], all.filter(open), "No mission can be fired now.", "Missions that take fires")));
  }

  function positions() {
    const moved = new Map((live.now?.positions ?? []).map((row) => [row.id, row]));
    const of = (row) => moved.get(row.id) ?? row;
    fill(part.positions, h("h2", null, "Positions"), told(data.positions, (rows) => table([
      ["Position", (row) => row.foreign ? `${row.id} FOREIGN` : h("a", { href: `/positions?position=${row.id}` }, row.id)],
      ["What", (row) => `${row.side} ${row.volume} ${row.symbol}`], ["Account", (row) => row.account],
      ["Stop", (row) => row.stop ?? h("b", { class: "bad" }, "NONE"), "num"],
      ["Plan", brief], ["P&L", (row) => h("b", { class: tone(of(row).pnl) }, signed(of(row).pnl, row.currency)), "num"], ["R", (row) => of(row).r ?? "–", "num"],
      ["As of", (row) => of(row).reachable ? `${span(aged(of(row).as_of_age_s))} ago` : h("b", { class: "bad" }, `UNREACHABLE, ${span(aged(of(row).as_of_age_s))} ago`), "num"],
    ], rows, "Nothing is open.", "Open positions")));
  }

  function accounts() {
    fill(part.accounts, h("h2", null, "Accounts"), data.home.data.accounts.map((row) => h("div", null,
      h("p", null, h("b", null, row.name), ` ${row.kind.toUpperCase()} `, h("span", { class: row.authority === "ACTIVE" ? "good" : "bad" }, row.authority)),
      facts([["Equity", row.equity ? `${row.equity} ${row.currency}` : "not told yet"],
        ["Day", row.day_pnl === null ? null : `${signed(row.day_pnl, row.currency)}${row.day_limit ? ` of ${row.day_limit}` : ""}`, tone(row.day_pnl)],
        ["Open risk", row.open_risk === null ? null : `${row.open_risk}${row.open_risk_limit ? ` of ${row.open_risk_limit}` : ""}`],
        ["As of", row.as_of_age_s === null ? "not told in this session" : `${span(aged(row.as_of_age_s))} ago`, row.as_of_age_s === null ? "bad" : ""]]),
      used(row))));
  }

  function used(row) {
    if (row.day_pnl === null || !row.day_limit) return null;
    const share = Math.min(1, Math.max(0, Number(row.day_pnl) / Number(row.day_limit)));
    return h("meter", { min: 0, max: 1, low: 0.5, high: 0.8, optimum: 0, value: share, "aria-label": `${Math.round(share * 100)} percent of the day's loss limit of ${row.name} is used` });
  }

  function feed() {
    const rows = live.now?.quotes ?? [];
    fill(part.feed, h("h2", null, "Feed"), table([
      ["Symbol", (row) => row.symbol], ["Bid", (row) => h("span", { class: isOld(row) ? "old" : "" }, row.bid), "num"], ["Ask", (row) => h("span", { class: isOld(row) ? "old" : "" }, row.ask), "num"],
      ["Spread", (row) => row.spread_points, "num"], ["Age", (row) => isOld(row) ? h("b", { class: "bad" }, `${row.stale ? "STALE" : "NOT LIVE"}, ${span(aged(row.age_s))}`) : span(row.age_s), "num"], ["From", (row) => row.terminal],
    ], rows, "No terminal has told a quote.", "Quotes of each symbol's source"));
  }

  function terminals() {
    fill(part.terminals, h("h2", null, "Terminals"), h("ul", { class: "verdicts" }, data.home.data.terminals.map((row) =>
      h("li", { class: row.link === "READY" && row.duty === "ACTIVE" ? "good" : goodness("") }, `${row.name} ${row.link} ${row.duty} `,
        h("small", null, `heard ${span(aged(row.heartbeat_age_s))} ago`)))));
  }

  const concerns = (record) => !["LEDGER_BOOKED", "DEALS_READ", "EQUITY_PEAK"].includes(record.kind);
  return { load, show, now, concerns, every_ms: 5000 };
}
