// What is asked of the daemon. Owns the session's token, and what a lost answer means.

import { tab } from "./memory.js";

const KEY = "hydrax.session";
let token = tab.get(KEY); // of a Mini App; a browser has a cookie that no script sees
const QUERY_MS = 15_000;
const ACT_MS = 45_000; // above what an act may wait for its verdict
const AUTO = { "hx-auto": "1" }; // asked by the page on its own: keeps no session alive

export class Lost extends Error {}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function headers(more) {
  return { ...(token ? { authorization: `Bearer ${token}` } : {}), ...more };
}

/** An answer that does not come in time is lost: a connection may hang for ever. */
async function send(path, options, within_ms) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(within_ms) });
    const told = await response.json();
    if (told.data?.token) hold(told.data.token);
    return { status: response.status, ...told };
  } catch (error) {
    throw new Lost(response ? "the answer could not be read" : "no answer came");
  }
}

/** A query; `auto` for what no person has asked for. Raises Lost. */
export async function get(path, auto = true) {
  const ask = () => send(`/api/v1${path}`, { headers: headers(auto ? AUTO : {}), cache: "no-store" }, QUERY_MS);
  const answer = await ask();
  return answer.status === 401 ? ask() : answer; // a PIN has changed the session's id while this was asked
}

/** A question with a body: a dry run, which sends nothing. Raises Lost. */
export async function ask(path, body) {
  const said = () => headers({ ...AUTO, "content-type": "application/json" });
  const once = () => send(`/api/v1${path}`, { method: "POST", headers: said(), body: JSON.stringify(body) }, QUERY_MS);
  const answer = await once();
  return answer.status === 401 ? once() : answer;
}

/** A POST to the session. Raises Lost. */
export function session(path, body) {
  const said = headers({ "content-type": "application/json" });
  return send(`/session${path}`, { method: "POST", headers: said, body: JSON.stringify(body) }, QUERY_MS);
}

export function whoAmI() {
  return send("/session", { headers: headers(AUTO), cache: "no-store" }, QUERY_MS);
}

/** An act under its key. A lost answer is asked for again with the same key, which does nothing twice. Raises Lost. */
export async function act(path, body, key, tries = 4) {
  for (let left = tries; ; left--) {
    try {
      const said = headers({ "content-type": "application/json", "idempotency-key": key });
      return await send(`/api/v1${path}`, { method: "POST", headers: said, body: JSON.stringify(body) }, ACT_MS);
    } catch (error) {
      if (left <= 1) throw error;
      await new Promise((done) => setTimeout(done, 700));
    }
  }
}

function hold(made) {
  token = made;
  tab.set(KEY, made); // a Mini App that is reloaded is the same session
}

export function hasToken() {
  return token !== null;
}

/** Forgets a Mini App's token. */
export function forget() {
  token = null;
  tab.drop(KEY);
}
