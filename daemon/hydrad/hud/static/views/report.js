// The report: what was fired beside what was let go, with intervals that say how little is known.

import { get } from "../api.js";
import { fill, h, table } from "../dom.js";
import { fixed } from "../format.js";

const BY = ["", "kind", "session", "symbol", "operator", "account", "detector", "tcs", "surface", "tag"];

export function make({ main, args, reload }) {
  let by = args.by ?? "";
  const choose = h("select", { id: "by", onchange: (event) => {
    by = event.target.value;
    reload();
  } }, BY.map((name) => h("option", { value: name, selected: name === by }, name || "everything")));
  const place = h("div");
  fill(main, h("h1", null, "Report"), h("p", null, h("label", { for: "by" }, "By "), choose), place);

  const load = () => get(`/report${by ? `?by=${by}` : ""}`);
  const rate = (e) => (e.value === null ? "too few" : `${(e.value * 100).toFixed(0)}%${e.low === null ? "" : ` (${(e.low * 100).toFixed(0)}–${(e.high * 100).toFixed(0)})`}`);
  const mean = (e) => (e.value === null ? "too few" : `${fixed(e.value, 2)}${e.low === null ? "" : ` (${fixed(e.low, 2)} to ${fixed(e.high, 2)})`}`);

  function show(found) {
    if (!found.ok) {
      fill(place, h("p", { class: "bad" }, found.error.message));
      return;
    }
    const data = found.data;
    fill(place, h("section", { class: "card" }, table([
      ["Group", (row) => row.group], ["Fired", (row) => row.fired.n, "num"], ["Won", (row) => rate(row.fired.win_rate), "num"], ["Mean R", (row) => mean(row.fired.mean_r), "num"],
      ["Needed", (row) => row.fired.n_needed ?? "–", "num"], ["Ghosted", (row) => row.ghosted.n, "num"], ["Ghosted R", (row) => mean(row.ghosted.mean_r), "num"],
      ["Money", (row) => row.money.map((one) => `${one.amount} ${one.currency}`).join(", ") || "–", "num"], ["Denied", (row) => `${row.denied} of ${row.asked}`, "num"],
    ], data.groups, "Nothing was closed yet.", `In brackets the 95 % interval; ${data.open} open position(s) and ${data.unended} ghosted mission(s) are not in it`)),
    h("section", { class: "card" }, h("h2", null, "Mean R, fired beside ghosted"), plot(data.groups)));
  }

  return { load, show, concerns: (record) => ["POSITION_CLOSED", "MISSION_OUTCOME"].includes(record.kind) };
}

const SVG = "http://www.w3.org/2000/svg";

function s(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A row a group: the interval as a line, the mean as a mark; what is too few to say is written. */
function plot(groups) {
  const rows = groups.flatMap((group) => [[`${group.group}, fired`, group.fired], [`${group.group}, ghosted`, group.ghosted]]).filter(([, side]) => side.n);
  const told = rows.filter(([, side]) => side.mean_r.low !== null);
  if (!told.length) return h("p", { class: "empty" }, "Too few to draw.");
  const low = Math.min(-1, ...told.map(([, side]) => side.mean_r.low));
  const high = Math.max(1, ...told.map(([, side]) => side.mean_r.high));
  const x = (value) => 130 + ((value - low) / (high - low)) * 360;
  const made = s("svg", { viewBox: `0 0 500 ${rows.length * 26 + 26}`, role: "img", "aria-label": "Mean R with its interval, by group" });
  made.append(s("line", { x1: x(0), x2: x(0), y1: 0, y2: rows.length * 26, stroke: "currentColor", "stroke-dasharray": "3 3" }));
  rows.forEach(([name, side], place) => {
    const y = place * 26 + 14;
    const e = side.mean_r;
    made.append(s("text", { x: 0, y: y + 4, fill: "currentColor", "font-size": 11 }, `${name} (${side.n})`.slice(0, 24)));
    if (e.low === null) {
      made.append(s("text", { x: x(0) + 6, y: y + 4, fill: "currentColor", "font-size": 11 }, "too few"));
      return;
    }
    const colour = e.value < 0 ? "#dc2626" : "#16a34a";
    made.append(s("line", { x1: x(e.low), x2: x(e.high), y1: y, y2: y, stroke: colour, "stroke-width": 3 }), s("circle", { cx: x(e.value), cy: y, r: 5, fill: colour }));
  });
  made.append(s("text", { x: x(0) - 4, y: rows.length * 26 + 16, fill: "currentColor", "font-size": 11 }, "0 R"));
  return made;
}
