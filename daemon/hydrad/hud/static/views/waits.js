// What waits for a second person: fires with their exact order, and changes. Owns what is shown before a word is given.

import { holdButton, perform } from "../act.js";
import { get } from "../api.js";
import { h } from "../dom.js";
import { span, when } from "../format.js";

/** `fires`: each in full, or the answer that failed; `changes`: null for who is not told of them. */
export async function load() {
  const [waiting, changes] = await Promise.all([get("/fires?state=AWAITING_APPROVAL&limit=20"), get("/changes")]);
  if (!waiting.ok) return { failed: waiting, fires: [], changes: [] };
  const shown = await Promise.all(waiting.data.map((row) => get(`/fires/${row.id}`)));
  const failed = shown.find((answer) => !answer.ok) ?? (changes.ok || changes.status === 403 ? null : changes);
  return { failed, fires: shown.filter((answer) => answer.ok).map((answer) => answer.data), changes: changes.data ?? [] };
}

/** A row for each, the oldest first. */
export function rows(found, me, reload) {
  return [...found.fires.reverse().map((fire) => ofFire(fire, me, reload)), ...found.changes.map((row) => ofChange(row, me, reload))];
}

function ofFire({ act, order, risk_money, currency }, me, reload) {
  const { approval } = act;
  const mine = me.may.includes("approve") && approval.approvers.includes(me.operator);
  const what = `${act.side} ${act.volume} ${act.symbol} on ${act.account}`;
  const ask = (title, path, body) => perform({ title, lines: [what], path, body }).addEventListener("close", reload);
  return h("li", { class: "waits" }, h("b", { class: "pending" }, "WAITS for a second person "), `${act.id} ${what}`,
    h("p", null, exact(order), ` Risk ${risk_money ?? "not known"} ${currency}. `, h("small", null, `order ${order.hash.slice(0, 16)}`)),
    h("p", null, `Fired by ${approval.asked_by} ${span(act.age_s)} ago: ${approval.why.join("; ")}. `,
      h("small", null, `until ${when(approval.due_at)} or the mission's expiry; ${approval.approvers.join(" or ") || "nobody"} may approve`)),
    mine && holdButton(`Approve ${act.id}`, () => ask(`Approve ${act.id}`, `/approvals/${act.id}`, {})),
    me.may.includes("cancel") && holdButton(`Refuse ${act.id}`, () => ask(`Refuse ${act.id}`, `/orders/${act.id}/cancel`, { reason: "from the HUD" }), "calm"));
}

/** The order that is approved, and no other: levels, volume and plan are frozen. */
function exact(order) {
  const entry = order.entry ? ` at ${order.entry}${order.collar ? ` ± ${order.collar}` : ""}` : "";
  return `${order.type}${entry}, stop ${order.stop ?? "NONE"}, target ${order.target ?? "none"}, plan ${order.plan.map((step) => step.kind).join(", ") || "none"}.`;
}

function ofChange(row, me, reload) {
  const approve = () => perform({ title: `Approve ${row.id}`, lines: [row.text], path: `/changes/${row.id}/approve`, body: {}, shown: () => h("p", { class: "good" }, "It is made.") })
    .addEventListener("close", reload);
  return h("li", null, h("b", { class: "pending" }, "WAITS "), `${row.id} ${row.text}, asked by ${row.asked_by}. `,
    h("small", null, `Approved ${row.approve}${row.due_at ? `, made by itself ${when(row.due_at)}` : ""}. `),
    me.may.includes("approve.change") ? holdButton(`Approve ${row.id}`, approve) : h("small", null, `At a shell: hydractl approve ${row.id}`));
}
