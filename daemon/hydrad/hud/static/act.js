// Acts: one deliberate gesture, then what became of it. Owns the hold button, the sheet, and the key of an intent.
//
// The key is drawn when the person begins; the PIN, a lost answer and a second try all use the same one.

import { Lost, act, newKey, session } from "./api.js";
import { fill, h } from "./dom.js";
import { signed } from "./format.js";

const HOLD_MS = 800;
const ARMED_MS = 4000;

/** Whether a button in `part` is being held, or waits to be pressed again: what it stands in is not drawn anew now. */
export function isPressed(part) {
  return part.querySelector(".holding, .armed") !== null;
}

/** A button that acts when it was held for 0.8 s, or, by keyboard and screen reader, when it was pressed twice. */
export function holdButton(label, done, kind = "danger") {
  let timer = null;
  let armed = null;
  const hint = h("span", { class: "hint", "aria-hidden": "true" }, "hold");
  const button = h("button", { type: "button", class: `hold ${kind}`, "data-focus": `hold ${label}` },
    h("span", { class: "bar" }), h("span", { class: "label" }, label), hint);
  const rest = () => {
    clearTimeout(timer);
    button.classList.remove("holding");
  };
  const disarm = () => {
    clearTimeout(armed);
    button.classList.remove("armed");
    button.removeAttribute("aria-label");
    fill(hint, "hold");
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture?.(event.pointerId);
    button.classList.add("holding");
    timer = setTimeout(() => {
      rest();
      if (!button.isConnected) return; // what it stood for is not shown any more, and where it was let go nobody knows
      navigator.vibrate?.(40);
      done();
    }, HOLD_MS);
  });
  for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, rest);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => {
    if (event.detail !== 0) return; // by pointer: only holding counts
    const again = button.classList.contains("armed");
    disarm();
    if (again) {
      done();
      return;
    }
    button.classList.add("armed");
    button.setAttribute("aria-label", `${label}: press again to confirm`);
    fill(hint, "press again");
    armed = setTimeout(disarm, ARMED_MS);
  });
  return button;
}

/**
 * Asks for an act and shows what became of it. `title` and `lines` say what it is; `confirm`: the label of its hold
 * button, or null where the gesture was already made. `shown(data)`: nodes for a good answer.
 */
export function perform({ title, lines = [], path, body, confirm = null, shown = verdicts }) {
  const key = newKey();
  const place = h("div", { class: "sheet", "aria-live": "assertive" });
  const sheet = h("dialog", { "aria-label": title }, h("h2", null, title), lines.map((line) => h("p", null, line)), place);
  const close = h("button", { type: "button", class: "plain", onclick: () => sheet.close() }, "Close");
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  sheet.showModal();
  const step = async () => {
    fill(place, h("p", { class: "wait" }, "Sent. Waiting for the verdict…"));
    try {
      answered(place, close, await act(path, body, key), step, shown);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      fill(place, h("p", { class: "bad" }, `No verdict: ${error.message}. It may have been done.`),
        h("p", null, "Asking again cannot do it twice."),
        h("button", { type: "button", onclick: step }, "Ask again"), close);
    }
  };
  if (confirm === null) step();
  else fill(place, holdButton(confirm, step), close);
  return sheet;
}

function answered(place, close, answer, again, shown) {
  if (answer.ok) {
    fill(place, shown(answer.data), close);
    return;
  }
  const rows = answer.data?.acts ?? [];
  const several = rows.length > 1;
  const { code, message, hint, facts } = answer.error;
  if (facts?.needs === "pin") {
    askPin(place, close, again, facts.tried);
    return;
  }
  const unknown = code === "UNKNOWN_OUTCOME" || code === "TIMED_OUT" || (several && rows.some((row) => WITHOUT_VERDICT.has(row.state)));
  fill(place, !(several && code === "PARTLY") && h("p", { class: unknown ? "bad big" : "bad" }, said(code, message)),
    h("ul", { class: "checks" }, (answer.data?.checks ?? []).filter((row) => !row.ok).map((row) =>
      h("li", null, h("b", null, row.code), ` ${row.measured}`, h("small", null, ` limit ${row.limit}`)))),
    several && h("p", null, `${rows.filter((row) => GOOD.has(row.state)).length} of ${rows.length} done:`),
    unknown && h("p", null, "Look at the act below before anything else; asking again here cannot do it twice."),
    hint && h("p", null, hint), rows.length === 1 && rows[0].verdict === message ? h("p", null, h("small", null, rows[0].id)) : answer.data && shown(answer.data),
    unknown && h("button", { type: "button", onclick: again }, "Ask again"), close);
}

const WORDS = { DENIED: "DENIED by us", REJECTED: "REJECTED by the broker", NOT_EXECUTED: "NOT EXECUTED", PENDING: "WAITS for a second person", PARTLY: "PARTLY", UNKNOWN_OUTCOME: "UNKNOWN", TIMED_OUT: "UNKNOWN, time was up" };

function said(code, message) {
  const word = WORDS[code] ?? code;
  return message.startsWith(word) ? message : `${word}: ${message}`;
}

function askPin(place, close, again) {
  const input = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", id: "pin", required: true });
  const said = h("p", { class: "bad", role: "alert" });
  const form = h("form", { class: "pin" }, h("label", { for: "pin" }, "Your PIN"), input, h("button", { type: "submit" }, "Confirm"), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await session("/confirm", { pin: input.value });
      if (answer.ok) await again();
      else fill(said, answer.error.message);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      fill(said, `${error.message}; try again`);
    }
    input.value = "";
  });
  fill(place, h("p", null, "Nothing was sent yet."), form, close);
  input.focus();
}

/** The acts of an answer, each with the state and the verdict that it has. */
export function verdicts(data) {
  const acts = data?.acts ?? [];
  if (!acts.length) return h("p", { class: "good" }, data?.would ?? "Done.");
  return h("ul", { class: "verdicts" }, acts.map((row) =>
    h("li", { class: goodness(row.state) }, verdict(row), h("small", null, ` ${row.id} on ${row.account}`), realised(row))));
}

/** What a close has brought by its deals, and what of the position stays open; nothing of another act. */
function realised(row) {
  const brought = row.realised;
  if (!brought) return null;
  const words = (money, r) => `${signed(money, brought.currency)}${r ? `, ${r} R` : ""}`;
  const whole = brought.total !== null ? ` The position is closed: ${words(brought.total, brought.total_r)} in all, costs counted.` : brought.remaining ? ` ${brought.remaining} stays open.` : "";
  return h("p", { class: "realised" }, brought.money === null ? "Realised: not known yet, no deal of it was told." : `Realised ${words(brought.money, brought.r)}, of ${brought.volume} lots.`, whole);
}

/** The one line that says what became of an act: its state once, and the ticket that proves it. */
export function verdict(row) {
  const line = row.verdict.startsWith(row.state.split("_")[0]) ? row.verdict : `${row.state} ${row.verdict}`;
  return row.ticket && !line.includes(String(row.ticket)) ? `${line}, ticket ${row.ticket}` : line;
}

const GOOD = new Set(["FILLED", "CLOSED", "CLOSING", "DONE", "WORKING"]);
const OPEN = new Set(["REQUESTED", "QUEUED", "ROUTED", "ACKED", "AWAITING_APPROVAL"]);
const WITHOUT_VERDICT = new Set(["ROUTED", "ACKED", "UNKNOWN", "QUARANTINED"]); // one that waits for a person is not unknown

export function goodness(state) {
  return GOOD.has(state) ? "good" : OPEN.has(state) ? "pending" : "bad";
}

/** Halts, and shows what has been verified, terminal by terminal. */
export function halt(account = null) {
  return perform({
    title: account ? `Halt ${account}` : "Halt everything",
    path: "/halt",
    body: account ? { account, reason: "from the HUD" } : { reason: "from the HUD" },
    shown: halted,
  });
}

function halted(data) {
  const open = data.terminals.filter((row) => !row.verified).length + data.elsewhere_unverified;
  const all = data.terminals.length + data.elsewhere;
  return [
    h("p", { class: open ? "bad big" : "good big" }, `${data.authority}. `, open ? `${open} of ${all} terminals NOT verified` : `${all} terminals verified`),
    h("ul", { class: "verdicts" }, data.terminals.map((row) =>
      h("li", { class: row.verified ? "good" : "bad" }, h("b", null, row.terminal), ` ${row.verified ? "verified" : "NOT VERIFIED"}: ${row.detail}`)),
      data.elsewhere ? h("li", { class: data.elsewhere_unverified ? "bad" : "good" }, `${data.elsewhere} of accounts that were not given to you: ${data.elsewhere_unverified || "none"} NOT verified`) : ""),
    data.on_the_wire.length ? h("p", { class: "bad" }, `Had left before: ${data.on_the_wire.join(", ")}`) : null,
    data.resting.length ? h("ul", { class: "verdicts" }, data.resting.map((row) =>
      h("li", { class: row.verdict === "verified" ? "good" : "bad" }, `${row.id} ${row.symbol}: ${row.verdict} ${row.detail}`))) : null,
    h("p", null, `${data.positions_open} position(s) stay open; closing them is another act.`),
  ];
}
