// The live stream. Owns what is known to be now, how old that is, and who wants to hear of records.
//
// Read with fetch, since EventSource carries no token. A page that comes back names the last record it saw; the daemon
// tells all that followed, or says `reset`, and everything is asked for anew.

import { headers } from "./api.js";

const RETRY_MS = [300, 700, 1500, 2000]; // a daemon that is back is seen within as much
export const BLIND_AFTER_MS = 3500;
const CUT_AFTER_MS = 1500; // a connection that was lost, and not found again

// `failed`: why what a page has asked for is old, where the last answer did not come or could not be shown.
export const live = { now: null, hello: null, seq: null, connected: false, ended: null, failed: null };
const hearers = new Set();
let heardAt = Date.now(); // which goes on while a phone sleeps
let toldAt = 0; // when `live.now` came
let apart = 0; // the least by which our clock was ahead of what this connection told: what comes later was held back
let late = 0;
let tries = 0;
let running = null;
let wanted = 0;
let since = null;

/** `hear(kind, data)`; kinds: record, now, reset, state. The return value ends it. */
export function listen(hear) {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

function tell(kind, data) {
  for (const hear of [...hearers]) {
    try {
      hear(kind, data);
    } catch (error) {
      reportError(error); // one that fails neither ends the stream nor keeps it from the others
    }
  }
}

/** Milliseconds since the daemon was heard last, or since the page began. */
export function silence() {
  return Date.now() - heardAt;
}

/** Milliseconds by which what comes is older than when this connection began. */
export function lateness() {
  return late;
}

export function isBlind() {
  return live.failed !== null || late > BLIND_AFTER_MS || silence() > (live.connected ? BLIND_AFTER_MS : CUT_AFTER_MS);
}

/** An age of `live.now` in seconds, grown on by what has passed since, when nothing is heard any more. */
export function aged(age_s) {
  return age_s === null || age_s === undefined || !isBlind() ? age_s : age_s + (Date.now() - toldAt) / 1000;
}

/** Whether a quote is no price of now. */
export function isOld(quote) {
  return quote.stale || isBlind();
}

/** `back`: how many of the last records a page wants that begins. */
export function start(back = 0) {
  wanted = back;
  heardAt = Date.now();
  if (!running) running = run();
}

export function stop() {
  running?.abort?.();
  running = null;
}

/** Begins anew, with the last `back` records, or with those since a time: `10m`, or an instant. */
export function again(back, from = null) {
  stop();
  since = from;
  live.seq = null;
  start(back);
}

function run() {
  const control = new AbortController();
  const handle = { abort: () => control.abort() };
  (async () => {
    while (!control.signal.aborted) {
      const ended = await follow(control.signal).catch(() => null);
      live.connected = false;
      if (ended) live.ended = ended;
      tell("state", null);
      if (ended || control.signal.aborted) break;
      const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)];
      await new Promise((done) => {
        setTimeout(done, wait);
        window.addEventListener("online", done, { once: true });
      });
    }
    if (running === handle) running = null;
  })();
  return handle;
}

/** One connection. The status that ends it for good, or nothing. */
async function follow(signal) {
  const inner = new AbortController();
  const stop = () => inner.abort();
  signal.addEventListener("abort", stop);
  let watch;
  try {
    const more = live.seq === null ? {} : { "last-event-id": String(live.seq) };
    const asked = Date.now();
    const timer = setTimeout(stop, 10_000);
    const response = await fetch(`/api/v1/stream${live.seq !== null ? "" : since ? `?since=${encodeURIComponent(since)}` : wanted ? `?back=${wanted}` : ""}`, { headers: headers(more), signal: inner.signal, cache: "no-store" });
    clearTimeout(timer);
    if (response.status === 401 || response.status === 403) return response.status;
    if (!response.ok) return null;
    heardAt = Math.max(heardAt, asked);
    late = 0;
    watch = setInterval(() => (silence() > 15_000 || late > BLIND_AFTER_MS) && stop(), 1000);
    await read(response.body.getReader());
    return null;
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
  }
}

async function read(reader) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heardAt = Date.now();
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) take(block);
  }
}

function take(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  if (!fields.event) return;
  const data = JSON.parse(fields.data);
  if (fields.event === "hello") greeted(data);
  else if (fields.event === "record") {
    live.seq = Number(fields.id);
    tell("record", { ...data, account: fields.account ?? "" });
  } else if (fields.event === "now") {
    live.now = data;
    live.seq ??= live.hello.seq; // all that was wanted of before has been told by then, and it was nothing
    toldAt = Date.now();
    apart = Math.min(apart, toldAt - Date.parse(data.ts));
    late = toldAt - Date.parse(data.ts) - apart;
    tell("now", data);
  } else if (fields.event === "reset") {
    live.seq = live.hello.seq;
    tell("reset", null);
  }
}

function greeted(hello) {
  const other = live.hello && live.hello.instance !== hello.instance;
  live.hello = hello;
  live.connected = true;
  apart = Date.now() - Date.parse(hello.ts);
  late = 0;
  live.ended = null;
  tries = 0;
  if (live.seq === null && !wanted && !since) live.seq = hello.seq;
  tell("state", null);
  if (other) tell("reset", null);
}

/** Asks once more whether the daemon is there, when a page comes to the front. */
export function wake() {
  if (!running || document.visibilityState !== "visible" || silence() <= BLIND_AFTER_MS) return;
  stop();
  running = run();
}
