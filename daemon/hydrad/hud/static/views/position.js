// One position: what it is worth, what stands around it, and what may be done to it.

import { goodness, holdButton, perform } from "../act.js";
import { get } from "../api.js";
import { facts, fill, h } from "../dom.js";
import { closedAt, signed, span, tone, when } from "../format.js";
import { aged, live } from "../live.js";
import { steps } from "../plan.js";

// The state of the act that opened it, and what that means for the position.
const STATES = { FILLED: "OPEN", CLOSING: "CLOSING" };

export function make({ main, me, args, reload }) {
  const part = Object.fromEntries(["head", "told", "close", "modify", "plan", "replan", "trace"].map((name) => [name, h("section", { class: `card ${name}` })]));
  part.trace.classList.add("wide");
  fill(main, h("div", { class: "grid" }, Object.values(part)));
  let row = null;
  let share = "100%";
  let built = false;
  let plan = null; // as the daemon tells it; and the named ones, which change with its configuration alone
  let named = null;

  async function load() {
    const [open, closed, trace, told, plans] = await Promise.all([get("/positions"), get("/positions?closed=true&limit=200"), get(`/trace/${encodeURIComponent(args.id)}`),
      get(`/positions/${encodeURIComponent(args.id)}/plan`), named ?? get("/plans")]);
    if (!open.ok) return open;
    plan = told;
    named = plans.ok ? plans : null;
    const found = [...open.data, ...(closed.data ?? [])].find((one) => one.id === args.id);
    return found || closed.ok ? { ok: true, row: found, trace } : closed;
  }

  function show(found) {
    row = found.row;
    if (!row) {
      for (const one of Object.values(part)) fill(one);
      built = false;
      fill(part.head, h("p", { class: "bad" }, found.error?.message ?? `No position ${args.id}.`), h("a", { href: "/positions" }, "All positions"));
      return;
    }
    planned();
    fill(part.trace, h("h2", null, "What happened"), h("ul", { class: "rows" }, (found.trace.data?.events ?? []).map((event) =>
      h("li", null, h("small", null, `${when(event.at)} `), h("b", null, event.kind), ` ${event.text}`))));
    now();
    if (row.closed_at) [part.close, part.modify, part.replan].forEach((one) => fill(one));
    else if (!built) buttons();
    for (const name of ["stop", "target"]) unwritten(main.querySelector(`#new-${name}`), row[name] ?? "");
  }

  function now() {
    if (!row) return;
    const moved = (live.now?.positions ?? []).find((one) => one.id === row.id);
    const open = !row.closed_at;
    const at = open && moved ? { ...row, ...moved } : row;
    fill(part.head, h("h1", null, `${row.side} ${row.volume} ${row.symbol} `, h("small", null, `${row.id} on ${row.account}`)),
      h("p", { class: `big ${tone(at.pnl)}` }, signed(at.pnl, row.currency), at.r ? ` ${at.r} R` : ""),
      h("p", { class: open ? goodness(row.state) : "dim" }, open ? STATES[row.state] ?? row.state : `CLOSED by ${row.close_reason} at ${closedAt(row)}, ${when(row.closed_at)}`),
      open && !at.reachable && h("p", { class: "bad" }, `No terminal of ${row.account} can be reached. What stands here is ${span(aged(at.as_of_age_s))} old. Close it in the broker's own app.`));
    fill(part.told, h("h2", null, "As the broker told"), facts([
      ["Opened at", row.open_price], ["When", when(row.opened_at)], ["Stop", row.stop ?? "NONE", row.stop ? "" : "bad"], ["Target", row.target ?? "none"],
      ["Break-even", row.break_even], ["Swap to date", signed(row.swap, row.currency)], ["Commission", signed(row.commission, row.currency)],
      ["Closed part", row.realised ? signed(row.realised, row.currency) : null],
      ["Next night", row.night ? `${row.night.money === null ? "not counted" : signed(row.night.money, row.currency)} at ${when(row.night.at)}${row.night.nights > 1 ? `, ${row.night.nights} nights` : ""}` : null],
      ["Ticket", row.ticket], ["As of", open ? `${span(aged(at.as_of_age_s))} ago` : null],
      row.mission && ["Mission", h("a", { href: `/hud?mission=${row.mission}` }, row.mission)],
    ]));
  }

  /** The plan that runs, who set it, and one that is on its way to the agent. */
  function planned() {
    const data = plan.data;
    const title = h("h2", null, data ? `Plan ${data.plan}` : "Plan");
    if (row.foreign || !plan.ok) {
      fill(part.plan, title, h("p", { class: row.foreign ? "empty" : "bad" }, row.foreign ? "A position that is not ours has none." : `Not told: ${plan.error.message}`));
      return;
    }
    const open = row.closed_at ? "" : `, ${data.r_now ?? "not known"} R now${data.price ? ` at ${data.price}` : ""}`;
    fill(part.plan, title, data.pending && h("p", { class: "bad" }, `Another may run already: ${data.pending}`), steps(data.steps),
      h("p", { class: "dim" }, `${data.set_by ? `Set by ${data.set_by}` : "Came with its fire"}${open}. The agent runs it without us; it only lessens risk.`));
  }

  function buttons() {
    built = true;
    if (row.closed_at || row.foreign) return;
    if (me.may.includes("close")) {
      const parts = h("select", { id: "part", onchange: (event) => (share = event.target.value) }, ["100%", "50%", "25%"].map((one) => h("option", { value: one }, one)));
      fill(part.close, h("h2", null, "Close"), h("label", { for: "part" }, "How much "), parts, holdButton("Close at the market", close));
    }
    if (me.may.includes("modify")) {
      const stop = h("input", { id: "new-stop", inputmode: "decimal", value: row.stop ?? "" });
      const target = h("input", { id: "new-target", inputmode: "decimal", value: row.target ?? "" });
      fill(part.modify, h("h2", null, "Modify"), h("div", { class: "row fields" }, h("span", null, h("label", { for: "new-stop" }, "Stop "), stop), h("span", null, h("label", { for: "new-target" }, "Target "), target)),
        holdButton("Modify stop and target", () => modify({ stop, target }), "calm"));
    }
    if (me.may.includes("plan.set") && named) replan();
  }

  /** Another plan in place of the one that runs. */
  function replan() {
    const plans = named.data;
    const text = (name) => plans.find((one) => one.name === name).text || "nothing: its stop and target stand alone";
    const said = h("p", { class: "dim", role: "status" });
    const choose = h("select", { id: "new-plan", onchange: () => fill(said, text(choose.value)) }, plans.map((one) => h("option", { value: one.name, selected: one.name === plan.data?.plan }, one.name)));
    fill(said, text(choose.value));
    fill(part.replan, h("h2", null, "Another plan"), h("label", { for: "new-plan" }, "Plan "), choose, said,
      holdButton("Set this plan", () => setPlan(choose.value, text(choose.value)), "calm"));
  }

  function setPlan(name, text) {
    perform({ title: `Plan ${name} for ${row.id}`, lines: [`${plan.data?.plan ?? "its plan"} → ${name}: ${text}`, "What is done stays done."],
      path: `/positions/${row.id}/plan`, body: { plan: name } }).addEventListener("close", () => reload());
  }

  /** An input that nobody has written in shows what stands now. */
  function unwritten(input, value) {
    if (input && input.value === input.defaultValue && input !== document.activeElement) input.value = input.defaultValue = value;
  }

  function close() {
    perform({ title: `Close ${share} of ${row.id}`, lines: [`${row.side} ${row.volume} ${row.symbol} on ${row.account}`],
      path: `/positions/${row.id}/close`, body: share === "100%" ? {} : { part: share } }).addEventListener("close", () => reload());
  }

  /** Only what the person has written: a stop that a plan has moved meanwhile is not put back. */
  function modify(inputs) {
    const body = {};
    for (const [name, input] of Object.entries(inputs)) {
      const wanted = input.value.trim();
      if (wanted && wanted !== input.defaultValue) body[name] = wanted;
    }
    perform({ title: `Modify ${row.id}`, lines: Object.entries(body).map(([name, value]) => `${name} ${row[name] ?? "none"} → ${value}`),
      path: `/positions/${row.id}/modify`, body }).addEventListener("close", () => reload());
  }

  return { load, show, now, concerns: (record) => record.ids.includes(args.id) || /^POSITION/.test(record.kind), every_ms: 5000 };
}
