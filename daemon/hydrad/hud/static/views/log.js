// The journal as it happens, with the filters of `tail`. Owns that they stand in the address: what is looked at can be
// kept, sent on, and is there again after a reload.

import { fill, h } from "../dom.js";
import { when } from "../format.js";
import { again, listen, live } from "../live.js";

const SHOWN_MAX = 300;
const KEPT_MAX = 20_000; // what the daemon tells at most of what lies back
const BACK = 200; // records before now that the page begins with
const BACK_TO_FIND = 1000; // and those in which something is looked for
const FIELDS = [
  ["kind", "Kind", "MISSION"], ["account", "Account", "any"], ["symbol", "Symbol", "any"], ["mission", "Mission", "M-…"],
  ["since", "Since", "10m"], ["until", "Until", "5m"], ["text", "Text", "any words"],
];
const SPAN = /^(\d+(\.\d+)?(ms|s|m|h|d))+$|^\d+(\.\d+)?$/i;
const INSTANT = /T.*(Z|[+-]\d\d:?\d\d)$/i;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function make({ main, args }) {
  const events = [];
  let paused = false;
  let from = null; // with what the stream was asked
  let cut = false;
  let drawing = false;
  const inputs = Object.fromEntries(FIELDS.map(([name, , hint]) => [name,
    h("input", { id: `log-${name}`, type: "search", autocapitalize: "off", spellcheck: "false", placeholder: hint, value: args[name] ?? "", oninput: () => draw(), onchange: moved })]));
  const pause = h("button", { type: "button", class: "plain", onclick: () => {
    paused = !paused;
    fill(pause, paused ? "Go on" : "Pause");
    draw();
  } }, "Pause");
  const said = h("p", { class: "dim", role: "status" });
  const list = h("ul", { class: "rows" });
  const log = h("div", { role: "log", "aria-live": "off", "aria-label": "Records, newest first" }, list);
  fill(main, h("h1", null, "Log"), h("section", { class: "card filters" }, FIELDS.map(([name, label]) =>
    h("span", null, h("label", { for: `log-${name}` }, label), inputs[name])), pause), said, log);

  const end = listen((kind, record) => {
    if (kind === "reset" && from?.since && !events.length) {
      cut = true; // so much lies there that the daemon tells none of it
      begin({ back: BACK_TO_FIND });
    }
    if (kind !== "record") return;
    events.unshift(record);
    events.length = Math.min(events.length, KEPT_MAX);
    soon();
  });

  const wanted = () => Object.fromEntries(FIELDS.map(([name]) => [name, inputs[name].value.trim()]));

  /** A filter was changed for good: the address has it, and what lies further back is asked for. */
  function moved() {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(wanted())) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(null, "", address.pathname + address.search);
    start();
  }

  function start() {
    const { since, ...others } = wanted();
    const next = since && isTime(since) ? { since: INSTANT.test(since) ? new Date(since).toISOString() : since } : { back: Object.values(others).some(Boolean) ? BACK_TO_FIND : BACK };
    if (JSON.stringify(next) !== JSON.stringify(from)) {
      cut = false;
      begin(next);
    }
    draw();
  }

  function begin(next) {
    from = next;
    events.length = 0;
    again(next.back ?? 0, next.since ?? null);
  }

  function soon() {
    if (paused || drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      draw();
    });
  }

  function draw() {
    const asked = wanted();
    const wrong = ["since", "until"].filter((name) => asked[name] && !isTime(asked[name]));
    const found = wrong.length ? [] : events.filter(matching(asked));
    const first = events[events.length - 1];
    fill(said, wrong.length ? h("b", { class: "bad" }, `${wrong.join(" and ")}: a time is 90s, 10m, 1h30m, or an instant that ends in Z`)
      : `${found.length > SHOWN_MAX ? `The newest ${SHOWN_MAX} of ${found.length}` : found.length} of ${events.length} records${first ? ` from ${when(first.at)} on` : ""}.`,
    cut && h("b", { class: "bad" }, ` More than ${KEPT_MAX} lie since then: hydractl tail --since has them all.`));
    fill(list, found.length ? found.slice(0, SHOWN_MAX).map((row) => h("li", null, h("small", null, `${row.seq} ${when(row.at)} ${row.actor} `), h("b", null, row.kind), ` ${row.text}`))
      : h("li", { class: "empty" }, events.length ? "Nothing of it matches." : "Nothing has happened since this page was opened."));
  }

  start();
  return { load: async () => ({ ok: true }), show: draw, end, concerns: () => false };
}

function isTime(text) {
  return INSTANT.test(text) ? !Number.isNaN(Date.parse(text)) : SPAN.test(text) && /[1-9]/.test(text);
}

/** The instant of `10m` (so long ago, by the daemon's clock) or of an ISO 8601 text, in milliseconds. */
function instant(text) {
  if (INSTANT.test(text)) return Date.parse(text);
  const parts = [...text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)?/g)];
  return Date.parse(live.now?.ts ?? new Date().toISOString()) - parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit ?? "s"], 0);
}

/** As `tail` filters, and by account and text too. A kind may be its beginning. */
function matching({ kind, account, symbol, mission, since, until, text }) {
  const [from, to] = [since ? instant(since) : -Infinity, until ? instant(until) : Infinity];
  const words = text.toLowerCase();
  return (row) => row.kind.startsWith(kind.toUpperCase()) && (!account || row.account === account) && (!symbol || row.facts.symbol === symbol)
    && (!mission || row.ids.includes(mission)) && Date.parse(row.at) >= from && Date.parse(row.at) < to
    && (!words || `${row.kind} ${row.text} ${row.actor} ${row.ids.join(" ")}`.toLowerCase().includes(words));
}
