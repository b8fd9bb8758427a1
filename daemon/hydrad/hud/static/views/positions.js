// Open positions and the newest closed ones; resting orders between them.

import { holdButton, isPressed, perform } from "../act.js";
import { get } from "../api.js";
import { fill, h, table, told } from "../dom.js";
import { closedAt, signed, span, tone, when } from "../format.js";
import { aged, live } from "../live.js";
import { brief } from "../plan.js";

export function make({ main, me, reload }) {
  let data = null;
  async function load() {
    const [open, closed, orders] = await Promise.all([get("/positions"), get("/positions?closed=true&limit=30"), get("/orders")]);
    return open.ok ? { open, closed, orders } : open;
  }
  function show(found) {
    data = found;
    now();
  }
  function now() {
    if (!data) return;
    if (!data.open) {
      fill(main, h("p", { class: "bad" }, data.error.message));
      return;
    }
    const moved = new Map((live.now?.positions ?? []).map((row) => [row.id, row]));
    const of = (row) => moved.get(row.id) ?? row;
    const link = (row) => row.foreign ? `${row.id} FOREIGN` : h("a", { href: `/positions?position=${row.id}` }, row.id);
    if (isPressed(main)) return;
    fill(main, h("h1", null, "Positions"), h("section", { class: "card" }, table([
      ["Position", link], ["What", (row) => `${row.side} ${row.volume} ${row.symbol}`], ["Account", (row) => row.account], ["Opened at", (row) => row.open_price, "num"],
      ["Stop", (row) => row.stop ?? h("b", { class: "bad" }, "NONE"), "num"], ["Target", (row) => row.target ?? "–", "num"], ["Plan", brief],
      ["P&L", (row) => h("b", { class: tone(of(row).pnl) }, signed(of(row).pnl, row.currency)), "num"], ["R", (row) => of(row).r ?? "–", "num"],
      ["As of", (row) => `${of(row).reachable ? "" : "UNREACHABLE, "}${span(aged(of(row).as_of_age_s))} ago`, "num"],
    ], data.open.data, "Nothing is open.", "Open")),
    h("section", { class: "card" }, told(data.orders, (rows) => table([
      ["Order", (row) => row.id ?? "–"], ["What", (row) => `${row.side} ${row.type} ${row.volume} ${row.symbol}`], ["Account", (row) => row.account], ["Price", (row) => row.price, "num"],
      ["State", (row) => row.state], ["Until", (row) => when(row.expires_at)],
      ["", (row) => row.id && !row.foreign && me.may.includes("cancel") ? holdButton(`Cancel ${row.id}`, () => cancel(row), "calm") : ""],
    ], rows, "No order rests.", "Resting orders"))),
    h("section", { class: "card" }, told(data.closed, (rows) => table([
      ["Position", link], ["What", (row) => `${row.side} ${row.volume} ${row.symbol}`], ["Account", (row) => row.account], ["Closed by", (row) => `${row.close_reason} at ${closedAt(row)}`],
      ["Result", (row) => h("b", { class: tone(row.pnl) }, signed(row.pnl, row.currency)), "num"], ["R", (row) => row.r ?? "–", "num"], ["When", (row) => when(row.closed_at)],
    ], rows, "Nothing was closed yet.", "Closed, newest first"))));
  }
  function cancel(row) {
    perform({ title: `Cancel ${row.id}`, path: `/orders/${row.id}/cancel`, body: {} }).addEventListener("close", () => reload());
  }
  return { load, show, now, concerns: (record) => /^(POSITION|ACT|DEAL|FOREIGN)/.test(record.kind), every_ms: 5000 };
}
