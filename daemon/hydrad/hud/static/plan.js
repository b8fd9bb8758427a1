// Plans in words: which one runs, and how far it is. Owns no figure of it: each step's text and state is the daemon's.

import { h } from "./dom.js";
import { when } from "./format.js";

const QUIET = new Set(["waiting", "not reached", null]); // nothing has become of it
const OVER = new Set(["done", "skipped"]);
const GOOD = new Set(["done", "trailing", "running"]);

const word = (step) => step.kind.toLowerCase().replaceAll("_", " ");

/** One line for a table: the plan's name and what of it is still to come. */
export function brief(row) {
  if (row.foreign) return "–";
  if (!row.plan.length) return "none";
  const lost = row.plan.some((step) => step.state === "LOST");
  const left = row.plan.filter((step) => !OVER.has(step.state)).map((step) => `${word(step)}${QUIET.has(step.state) ? "" : ` ${step.state}`}`);
  return h("span", { class: lost ? "bad" : "" }, `${row.plan_name ?? "plan"}: ${left.join(", ") || "all done"}`);
}

/** What a step does, its time in the zone of the page. */
export function does(step) {
  return step.at ? step.text.replace(step.at, when(step.at)) : step.text;
}

/** Each step, with what became of it. */
export function steps(rows) {
  if (!rows.length) return h("p", { class: "empty" }, "None: its stop and target stand alone.");
  return h("ul", { class: "rows" }, rows.map((step) => h("li", null, h("b", null, word(step)), ` ${does(step)} `,
    h("span", { class: GOOD.has(step.state) ? "good" : QUIET.has(step.state) || OVER.has(step.state) ? "dim" : "bad" }, [step.state, step.detail].filter(Boolean).join(", ")))));
}
