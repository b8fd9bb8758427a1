// Where the page begins. Owns the route, the session that was found, and the frame around every view.

import { halt, holdButton } from "./act.js";
import { Lost, forget, hasToken, session, whoAmI } from "./api.js";
import { fill, h } from "./dom.js";
import { clock, setZone, span, zone, zones } from "./format.js";
import { BLIND_AFTER_MS, isBlind, lateness, listen, live, silence, start, stop, wake } from "./live.js";
import { tab } from "./memory.js";
import { follow, here, pages } from "./route.js";
import { ready, told, wear } from "./telegram.js";

const RELOAD_MS = 250;
const WORD = "hydrax.word"; // the initData that this tab has logged in with
const THEME = "hydrax.theme";
const $ = (id) => document.getElementById(id);
let me = null;
let view = null;
let data = null;
const reload = { timer: null, due: 0, at: 0, asking: false, wanted: false, late: false };

// --- the session ----------------------------------------------------------------------------------------

async function begin() {
  viewOf(here()).catch(() => null); // fetched meanwhile; who opens it says what has failed
  const fragment = location.hash.slice(1);
  const telegram = told(fragment);
  if (fragment) history.replaceState(null, "", location.pathname + location.search);
  if (telegram) await framed(telegram);
  else if (fragment && fragment !== "main") await login({ code: fragment });
  else {
    wear(JSON.parse(tab.get(THEME) ?? "{}"));
    enter(await whoAmI());
  }
}

/** In Telegram. Its word logs in once; the same word again is a page that was loaded again, and still logged in. */
async function framed({ initData, theme }) {
  wear(theme);
  ready();
  tab.set(THEME, JSON.stringify(theme));
  const again = hasToken() && tab.get(WORD) === initData;
  const answer = again ? await whoAmI() : null;
  if (answer?.ok) {
    enter(await elevated(answer));
    return;
  }
  forget();
  tab.set(WORD, initData);
  await login({ init_data: initData });
}

async function login(body) {
  enter(await elevated(await session("", body)));
}

/** A button of the bot's lets a session act that only looks: once, for its user. */
async function elevated(answer) {
  const act = new URLSearchParams(location.search).get("act");
  if (!act || !answer.ok || answer.data.scope === "full") return answer;
  const more = await session("/elevate", { code: act });
  return more.ok ? more : answer;
}

function enter(answer) {
  if (!answer.ok) {
    logged(answer.error.message);
    return;
  }
  me = answer.data;
  document.body.classList.toggle("readonly", me.scope !== "full");
  if (me.may.includes("halt")) {
    fill($("stop"), holdButton("HALT", () => halt(), "danger halt"));
    $("stop").hidden = false;
  }
  foot();
  start();
  open().catch(failed);
}

/** Nobody is logged in: how to. */
function logged(message) {
  me = null;
  leaveView();
  forget();
  stop();
  $("nav").hidden = true;
  $("stop").hidden = true;
  const input = h("input", { id: "code", autocomplete: "off", autocapitalize: "off", spellcheck: "false", required: true });
  const form = h("form", { class: "card" }, h("h1", null, "Log in"), h("p", { role: "alert" }, message),
    h("p", null, "Open the HUD from the bot's menu in Telegram, or type at a shell ", h("code", null, "hydractl hud open"), " and open its link, or paste its code here."),
    h("label", { for: "code" }, "Code"), input, h("button", { type: "submit" }, "Log in"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    login({ code: input.value.trim().split("#").pop() }).catch(failed);
  });
  fill($("main"), form);
}

function foot() {
  const select = h("select", { id: "zone" }, zones().map((name) => h("option", { value: name, selected: name === zone() }, name)));
  select.addEventListener("change", () => {
    setZone(select.value);
    location.reload();
  });
  fill($("foot"), h("p", null, `Logged in as ${me.operator}, ${me.role}${me.scope === "full" ? "" : ", read-only"} `,
    h("button", { type: "button", class: "plain", onclick: leave }, "Log out")),
    h("p", null, h("label", { for: "zone" }, "Times in "), select),
    h("p", null, h("a", { href: "https://www.tradingview.com/", rel: "noopener noreferrer" }, "Charts by TradingView"), " Lightweight Charts™"));
}

async function leave() {
  await session("/end", {}).catch(() => null);
  logged("You are logged out.");
}

// --- the view ---------------------------------------------------------------------------------------------

function leaveView() {
  view?.end?.();
  view = data = null;
  live.failed = null;
  clearTimeout(reload.timer);
  reload.timer = null;
}

const viewOf = (at) => import(`./views/${at.view}.js`);

async function open() {
  const at = here();
  document.title = `${at.title} · HydraX`;
  fill($("nav"), pages.map(({ path, title }) => h("a", { href: path, "aria-current": path === at.path ? "page" : null }, title)));
  $("nav").hidden = false;
  $("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const module = await viewOf(at);
  if (JSON.stringify(here()) !== JSON.stringify(at)) return; // somebody has gone on meanwhile
  leaveView();
  fill($("main"));
  view = module.make({ main: $("main"), me, args: at.args, reload: () => load() });
  await load();
}

function moved() {
  if (!me) return;
  window.scrollTo(0, 0);
  open().then(() => $("main").focus({ preventScroll: true })).catch(failed);
}

/** Asks for what the view shows. One question at a time: what is wanted meanwhile is asked when that one is answered. */
async function load() {
  if (!view) return; // an act that outlived its page
  if (reload.asking) {
    reload.wanted = true;
    return;
  }
  const mine = view;
  reload.asking = true;
  reload.at = Date.now();
  try {
    const found = await mine.load();
    if (view !== mine) return;
    if (found?.status === 401) logged(found.error.message);
    else {
      data = found;
      view.show(data);
      live.failed = null;
    }
  } catch (error) {
    if (view !== mine) return;
    soon(2000);
    if (!(error instanceof Lost)) throw error;
    live.failed = `The daemon gave no answer to what this page asks: ${error.message}.`;
  } finally {
    reload.asking = false;
    if (reload.wanted || view !== mine) {
      reload.wanted = false;
      if (view) soon(0);
    }
  }
}

/** Asks anew in so many milliseconds, unless that is to be sooner already. A page that nobody looks at waits. */
function soon(ms = RELOAD_MS) {
  const due = Date.now() + ms;
  if (reload.timer && reload.due <= due) return;
  clearTimeout(reload.timer);
  reload.due = due;
  reload.timer = setTimeout(() => {
    reload.timer = null;
    if (document.visibilityState === "visible") load();
    else reload.late = true;
  }, ms);
}

function heard(kind, record) {
  if (!view) return;
  if (kind === "reset") soon(0);
  else if (kind === "record" && view.concerns(record)) soon();
  else if (kind === "now") {
    if (view.every_ms && Date.now() - reload.at >= view.every_ms) soon(0);
    view.now?.();
  } else if (kind === "state" && live.ended) whoAmI().then(enter).catch(failed);
}

function seen() {
  wake();
  if (document.visibilityState === "visible" && reload.late && view) {
    reload.late = false;
    soon(0);
  }
}

// --- the frame: what is true of every page ------------------------------------------------------------------

function frame() {
  const now = live.now;
  const blind = live.failed !== null || (Boolean(me) && isBlind());
  document.body.classList.toggle("blind", blind);
  if (live.hello) fill($("mode"), live.hello.mode.toUpperCase());
  $("mode").className = `badge ${live.hello?.mode ?? ""}`;
  fill($("authority"), now?.authority ?? "–");
  $("authority").className = now && now.authority !== "ACTIVE" ? "bad" : "good";
  fill($("market"), now?.market ? clock(now.market) : "");
  for (const name of ["mode", "authority"]) $(name).hidden = !me;
  const heard = silence();
  fill($("link"), !me ? "not logged in" : blind ? "NOT LIVE" : `live${now && now.unread ? `, ${now.unread} alarm(s)` : ""}${now && now.unknown ? `, ${now.unknown} UNKNOWN` : ""}`);
  $("link").className = blind || now?.unknown || now?.unread ? "bad" : "good";
  $("blind").hidden = !blind;
  if (blind) {
    const shown = now ? ` Prices, ages and states below are of ${clock(now.ts)} and older.` : "";
    fill($("blind"), `${why(heard)}${shown} Trying again.`);
    view?.now?.();
  }
}

function why(heard) {
  if (lateness() > BLIND_AFTER_MS) return `What the daemon tells comes ${span(lateness() / 1000)} late.`;
  return live.failed && live.connected && heard < BLIND_AFTER_MS ? live.failed : `Nothing was heard of the daemon for ${span(heard / 1000)}.`;
}

/** What nobody has caught: what stands on the page is of before. */
function broke(error) {
  if (error) live.failed = `This page has failed: ${error.message ?? error}.`; // none: an observer's grumble, no failure
}

function failed(error) {
  if (!(error instanceof Lost)) throw error;
  fill($("main"), h("p", { class: "bad", role: "alert" }, `The daemon gave no answer: ${error.message}.`),
    h("button", { type: "button", onclick: () => location.reload() }, "Try again"));
}

setInterval(frame, Math.min(500, BLIND_AFTER_MS / 4));
listen(frame);
listen(heard);
follow(moved);
document.addEventListener("visibilitychange", seen);
window.addEventListener("pageshow", seen);
window.addEventListener("error", (event) => broke(event.error));
window.addEventListener("unhandledrejection", (event) => broke(event.reason));
begin().catch(failed);
