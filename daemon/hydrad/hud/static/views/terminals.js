// Terminals: link, duty, and how long since each was heard.

import { halt, holdButton, isPressed } from "../act.js";
import { get } from "../api.js";
import { fill, h, table, told } from "../dom.js";
import { span } from "../format.js";
import { aged, live } from "../live.js";

// As `hydractl terminals` has it.
function lane(row) {
  const duty = row.drained ? "DRAINED" : row.duty;
  const why = row.link !== "READY" ? row.link : duty !== "ACTIVE" ? duty : row.halted ? "HALTED" : "";
  if (row.feed_only) return "feeds";
  return !row.lane ? "–" : why ? `no: ${why}` : "opens";
}

export function make({ main, me }) {
  let data = null;
  async function load() {
    const [terminals, accounts] = await Promise.all([get("/terminals"), get("/accounts")]);
    return terminals.ok ? { terminals, accounts } : terminals;
  }
  function show(found) {
    data = found;
    now();
  }
  function now() {
    if (!data) return;
    if (!data.terminals) {
      fill(main, h("p", { class: "bad" }, data.error.message));
      return;
    }
    if (isPressed(main)) return;
    const heard = new Map((live.now?.terminals ?? []).map((row) => [row.name, row]));
    const of = (row) => ({ ...row, ...(heard.get(row.name) ?? {}) });
    const tone = (row) => (of(row).link === "READY" && of(row).duty === "ACTIVE" ? "good" : "bad");
    fill(main, h("h1", null, "Terminals"), h("section", { class: "card" }, table([
      ["Terminal", (row) => row.name], ["Account", (row) => row.account], ["Link", (row) => h("b", { class: tone(row) }, of(row).link)], ["Duty", (row) => of(row).duty],
      ["Lane", (row) => lane(of(row))], ["Heard", (row) => `${span(aged(of(row).heartbeat_age_s))} ago`, "num"],
      ["Clock", (row) => row.clock_offset_ms === null ? "–" : `${row.clock_offset_ms} ms`, "num"], ["In hand", (row) => row.in_hand ?? "–", "num"], ["Why", (row) => row.why ?? "–"],
    ], data.terminals.data, "No terminal is enrolled.", "What each terminal's agent says")),
    h("section", { class: "card" }, h("h2", null, "Halt one account"), me.may.includes("halt") ? told(data.accounts, (rows) => rows.map((row) =>
      h("p", null, holdButton(`Halt ${row.name}`, () => halt(row.name))))) : h("p", { class: "dim" }, "Your role does not halt.")));
  }
  return { load, show, now, concerns: (record) => /^(TERMINAL|AUTHORITY|SOURCE)/.test(record.kind), every_ms: 5000 };
}
