// How times, ages and money are written. Owns the time zone a person chose.

import { machine } from "./memory.js";

const KEY = "hydrax.zone";

export function zone() {
  return machine.get(KEY) ?? "UTC";
}

/** Raises RangeError where the browser knows no such zone. */
export function setZone(name) {
  new Intl.DateTimeFormat("en-GB", { timeZone: name });
  machine.set(KEY, name);
}

export function zones() {
  return ["UTC", Intl.DateTimeFormat().resolvedOptions().timeZone, "Europe/London", "America/New_York", "Asia/Tokyo"]
    .filter((name, place, all) => all.indexOf(name) === place);
}

function format(instant, options) {
  const text = new Intl.DateTimeFormat("en-GB", { timeZone: zone(), hourCycle: "h23", ...options }).format(instant);
  return text.replace(",", "");
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** A time of day with its zone; `text` is ISO 8601. */
export function clock(text) {
  return text ? `${format(new Date(text), CLOCK)} ${zone() === "UTC" ? "UTC" : zone().split("/").pop()}` : "–";
}

export function when(text) {
  return text ? format(new Date(text), { day: "2-digit", month: "short", ...CLOCK }) : "–";
}

/** For the chart's axis: seconds since 1970, UTC. */
export function axis(seconds, withDate) {
  return format(new Date(seconds * 1000), withDate ? { day: "2-digit", month: "short" } : { hour: "2-digit", minute: "2-digit" });
}

/** `4.2 s`, `3 m 10 s`, `2 h 5 m`. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const all = Math.max(0, seconds);
  if (all < 10) return `${all.toFixed(1)} s`;
  const whole = Math.round(all);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
}

/** How the market stands to a mission's entry, as the gate's check says it, and of how old a quote. `told`, `ts`: when the
 *  row was told and what time it is now, by the daemon's clock. */
export function entryNow(row, told, ts) {
  const now = row.entry_now;
  if (!now) return "–";
  const by = now.missed_by_points;
  const words = by === null ? "not known" : by ? `missed by ${by} pts` : "in reach";
  if (now.age_s === null) return words;
  const age_s = now.age_s + Math.max(0, Date.parse(ts ?? told) - Date.parse(told)) / 1000;
  return `${words}, ${now.stale || age_s > now.age_max_s ? "STALE, " : ""}${span(age_s)} old`;
}

/** Of what was closed, each lot at its price; said to be the mean where the last ones had another. */
export function closedAt(row) {
  return row.close_average && row.close_average !== row.close_price ? `${row.close_average} on average` : row.close_price;
}

/** Money or R with its sign in words of colour *and* of text. */
export function tone(amount) {
  if (amount === null || amount === undefined) return "";
  return Number(amount) < 0 ? "loss" : Number(amount) > 0 ? "gain" : "";
}

/** A number with so many digits; one that rounds to nothing has no sign. */
export function fixed(number, digits) {
  const text = number.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export function signed(amount, unit) {
  if (amount === null || amount === undefined) return "–";
  const arrow = Number(amount) < 0 ? "▼" : Number(amount) > 0 ? "▲" : "";
  const plus = Number(amount) > 0 && !String(amount).startsWith("+") ? "+" : "";
  return `${arrow} ${plus}${amount}${unit ? ` ${unit}` : ""}`.trim();
}
