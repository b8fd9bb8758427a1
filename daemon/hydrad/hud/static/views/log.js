// The journal as it happens, with filters.

import { fill, h } from "../dom.js";
import { when } from "../format.js";
import { again, listen } from "../live.js";

const SHOWN_MAX = 300;
const BACK = 200; // records before now that the page begins with

export function make({ main }) {
  const events = [];
  let paused = false;
  const text = h("input", { id: "find", type: "search", placeholder: "text, kind, id", oninput: () => draw() });
  const pause = h("button", { type: "button", class: "plain", onclick: () => {
    paused = !paused;
    fill(pause, paused ? "Go on" : "Pause");
    draw();
  } }, "Pause");
  const list = h("ul", { class: "rows" });
  const log = h("div", { role: "log", "aria-live": "off", "aria-label": "Records, newest first" }, list);
  fill(main, h("h1", null, "Log"), h("div", { class: "row" }, h("span", null, h("label", { for: "find" }, "Find "), text), pause), log);

  const end = listen((kind, record) => {
    if (kind !== "record") return;
    events.unshift(record);
    events.length = Math.min(events.length, 2000);
    if (!paused) draw();
  });

  function draw() {
    const wanted = text.value.trim().toLowerCase();
    const rows = events.filter((row) => !wanted || `${row.kind} ${row.text} ${row.actor} ${row.ids.join(" ")}`.toLowerCase().includes(wanted)).slice(0, SHOWN_MAX);
    fill(list, rows.length ? rows.map((row) => h("li", null, h("small", null, `${row.seq} ${when(row.at)} ${row.actor} `), h("b", null, row.kind), ` ${row.text}`))
      : h("li", { class: "empty" }, events.length ? "Nothing of it matches." : "Nothing has happened since this page was opened."));
  }

  again(BACK);
  return { load: async () => ({ ok: true }), show: draw, end, concerns: () => false };
}
