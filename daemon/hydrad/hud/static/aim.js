// On whom a fire goes: one account, all of one's own, or a group. Owns the choice and its lines; sizes, money and
// verdicts are the daemon's, one an account.

import { h, table } from "./dom.js";

const ALL = "*";
const GROUP = "@";

/** `[value, label]` of what can be chosen. */
export function aims(accounts, groups) {
  const all = accounts.length > 1 ? [[ALL, `all my accounts (${accounts.length})`]] : [];
  const named = groups.map((row) => [GROUP + row.name, `group ${row.name}`]);
  return [...accounts.map((name) => [name, name]), ...all, ...named];
}

/** What a dry run asks for; null for one account, whose briefing has it. */
export function spread(aim) {
  if (aim === ALL) return { all_accounts: true };
  return aim?.startsWith(GROUP) ? { group: aim.slice(GROUP.length) } : null;
}

/** Those of a dry run that would be sent or wait for a second person, each with a size that stands on the page. */
export function going(targets) {
  return targets.filter((row) => (!row.codes.length || waits(row)) && row.volume);
}

function waits(row) {
  return row.codes.length === 1 && row.codes[0] === "APPROVAL";
}

/** The strictest word of what is fired on. */
export function kindOf(targets) {
  return ["live", "demo"].find((kind) => targets.some((row) => row.kind === kind)) ?? "paper";
}

/** A line an account: size, money, and each denial with what was measured. */
export function lines(targets) {
  return h("ul", { class: "verdicts targets" }, targets.map((row) => {
    const size = row.volume ? `${row.volume} lots${row.multiplier === "1" ? "" : ` (× ${row.multiplier})`}` : "no size";
    const money = row.risk_money ? `, risk ${row.risk_money} ${row.currency}` : "";
    return h("li", { class: waits(row) ? "pending" : row.codes.length ? "bad" : "good" }, h("b", null, `${row.account} ${row.kind.toUpperCase()}`), ` ${size}${money}`,
      row.codes.length ? h("div", null, `${waits(row) ? "Will WAIT for a second person" : "Would be DENIED"}: ${denials(row)}`) : "");
  }));
}

function denials(row) {
  return row.failed.map((check) => `${check.code}, ${check.measured}`).join("; ") || row.codes.join(", ");
}

/** The same as a table. */
export function moneys(targets) {
  return table([
    ["Account", (row) => row.account], ["Size", (row) => row.volume ? `${row.volume} lots` : "–", "num"], ["×", (row) => row.multiplier, "num"],
    ["Risk", (row) => row.risk_money ? `${row.risk_money} ${row.currency}` : "–", "num"], ["Basis", (row) => row.basis ?? "not measured", "num"], ["Terminal", (row) => row.terminal ?? "–"],
  ], targets, "There is no account in it.", "What each account would be sent");
}

/** Each account's checks that fail. */
export function failures(targets) {
  return h("ul", { class: "checks" }, targets.flatMap((row) => row.failed.length ? row.failed.map((check) =>
    h("li", { class: "bad" }, h("b", null, `${row.account} FAILS ${check.code}`), ` ${check.measured}`, h("small", null, ` limit ${check.limit}`)))
    : [h("li", null, h("b", null, row.account), " all pass")]));
}
