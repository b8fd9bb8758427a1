// Me: what I fired beside what I let go, what I have left today, and this session.

import { get } from "../api.js";
import { facts, fill, h, table, told } from "../dom.js";
import { clock, fixed, tone, when } from "../format.js";

export function make({ main, me }) {
  async function load() {
    const [operators, fires, report] = await Promise.all([get("/operators"), get("/fires?limit=200"), get("/report?by=operator")]);
    return operators.ok ? { operators, fires, report } : operators;
  }

  function show(found) {
    if (!found.operators) {
      fill(main, h("p", { class: "bad" }, found.error.message));
      return;
    }
    const own = found.operators.data.find((row) => row.name === me.operator);
    const isMine = (row) => row.by === me.operator || own?.identities?.includes(row.by);
    const group = found.report.data?.groups?.find((row) => row.group === me.operator);
    const say = (side) => !found.report.ok ? `not told: ${found.report.error.message}` : (side && side.n ? `${side.n}, ${side.total_r === null ? "R not known" : `${fixed(side.total_r, 2)} R in all`}` : "none");
    fill(main, h("h1", null, `${me.operator}`), h("section", { class: "card" }, facts([
      ["Role", me.role], ["Policy", own?.policy], ["Accounts", me.accounts?.includes("*") ? "all" : me.accounts?.join(", ")], ["Fires today", own && left(own.fires_today, own), own?.fires_left === 0 ? "bad" : ""],
      ["Session ends", `${when(me.ends_at)}`], ["PIN", me.pin], ["Confirmed until", me.confirmed_until ? clock(me.confirmed_until) : "not confirmed"],
    ])), own && h("section", { class: "card" }, table([
      ["Account", (row) => row.account], ["Fires today", (row) => h("span", { class: row.fires_left === 0 ? "bad" : "" }, left(row.fires, row))],
      ["Cool-down", (row) => row.cooling_until ? h("b", { class: "bad" }, `opens nothing until ${when(row.cooling_until)}, market time`) : "none"],
    ], own.room, "No account was given to you.", "What each account takes yet, whoever fires")), h("section", { class: "card" }, h("h2", null, "Fired beside let go"), facts([
      ["Fired", say(group?.fired)], ["Ghosted by everybody", say(group?.ghosted)],
    ])), h("section", { class: "card" }, told(found.fires, (fires) => table([
      ["Fire", (row) => row.id], ["State", (row) => row.state], ["What", (row) => `${row.side} ${row.volume} ${row.symbol}`], ["Account", (row) => row.account],
      ["Mission", (row) => row.mission ? h("a", { href: `/hud?mission=${row.mission}` }, row.mission) : "–"], ["Verdict", (row) => h("span", { class: tone(null) }, row.verdict)], ["When", (row) => when(row.requested_at)],
    ], fires.filter(isMine), "You have fired nothing yet.", "Your fires, newest first"))));
  }
  const left = (fired, row) => `${fired}${row.fires_max === null ? ", no limit is set" : ` of ${row.fires_max}, ${row.fires_left} left`}`;

  return { load, show, concerns: (record) => record.kind === "ACT_MOVED" || record.kind.startsWith("OPERATOR") };
}
