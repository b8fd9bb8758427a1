// All missions: those that can be fired first, then newest first.

import { get } from "../api.js";
import { fill, h, table } from "../dom.js";
import { entryNow, span, when } from "../format.js";
import { live } from "../live.js";

// How many, by what became of them, as `hydractl missions` has it.
function fires(row) {
  const counts = new Map();
  for (const state of row.fire_states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ") || row.fires;
}

export function make({ main }) {
  let data = null;
  const load = () => get("/missions?limit=100");
  function show(found) {
    data = found;
    now();
  }
  function now() {
    if (!data) return;
    if (!data.ok) {
      fill(main, h("p", { class: "bad" }, data.error.message));
      return;
    }
    const market = Date.parse(live.now?.market ?? 0);
    const left = (row) => ["PROPOSED", "ENGAGED"].includes(row.state) && live.now ? span((Date.parse(row.expires_at) - market) / 1000) : "–";
    fill(main, h("h1", null, "Missions"), table([
      ["Mission", (row) => h("a", { href: `/hud?mission=${row.id}` }, row.id)], ["What", (row) => `${row.symbol} ${row.side}`], ["Kind", (row) => row.kind.replace("_", " ")],
      ["State", (row) => row.state], ["Left", left, "num"], ["Entry now", (row) => entryNow(row, data.ts, live.now?.ts)], ["Entry", (row) => row.entry, "num"], ["R", (row) => row.r ?? "–", "num"], ["TCS", (row) => row.tcs_text],
      ["Fires", fires, "num"], ["Outcome", (row) => row.outcome ? `${row.outcome} ${row.outcome_r} R` : "–"], ["Proposed", (row) => when(row.proposed_at)],
    ], data.data, "No mission was proposed yet.", "A hundred: those that take fires, then the newest"));
  }
  return { load, show, now, concerns: (record) => record.kind.startsWith("MISSION") || record.kind === "ACT_MOVED", every_ms: 5000 };
}
