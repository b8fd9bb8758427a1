// Where the page begins. Owns the route, the session that was found, and the frame around every view.

import { halt, holdButton } from "./act.js";
import { Lost, forget, session, whoAmI } from "./api.js";
import { fill, h } from "./dom.js";
import { clock, setZone, span, zone, zones } from "./format.js";
import { BLIND_AFTER_MS, isBlind, listen, live, silence, start, stop, wake } from "./live.js";
import { ready, told, wear } from "./telegram.js";

const VIEWS = {
  "/": ["Board", "board"],
  "/missions": ["Missions", "missions"],
  "/positions": ["Positions", "positions"],
  "/terminals": ["Terminals", "terminals"],
  "/report": ["Report", "report"],
  "/me": ["Me", "me"],
  "/log": ["Log", "log"],
};
const RELOAD_MS = 250;
const $ = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
let me = null;
let view = null;
let data = null;
let asked = 0;
let reloadTimer = null;
let lastLoad = 0;

function viewOf(path) {
  const mission = params.get("mission") ?? params.get("mission_id");
  if (mission) return ["Mission", "mission", { id: mission, account: params.get("account") }];
  const position = params.get("position");
  if (position) return ["Position", "position", { id: position }];
  const known = VIEWS[path.replace(/\.html$/, "")] ?? VIEWS["/"];
  return [...known, Object.fromEntries(params)];
}

// --- the session ----------------------------------------------------------------------------------------

async function begin() {
  const fragment = location.hash.slice(1);
  const telegram = told(fragment);
  if (fragment) history.replaceState(null, "", location.pathname + location.search);
  if (telegram) {
    wear(telegram.theme);
    ready();
    await login({ init_data: telegram.initData });
  } else if (fragment && fragment !== "main") await login({ code: fragment });
  else enter(await whoAmI());
}

async function login(body) {
  let answer = await session("", body);
  const act = params.get("act"); // a button of the bot's, which lets a session act that only looks: once, for its user
  if (answer.ok && answer.data.scope !== "full" && act) {
    const more = await session("/elevate", { code: act });
    if (more.ok) answer = more;
  }
  enter(answer);
}

function enter(answer) {
  if (!answer.ok) {
    logged(answer.error.message);
    return;
  }
  me = answer.data;
  document.body.classList.toggle("readonly", me.scope !== "full");
  fill($("nav"), Object.entries(VIEWS).map(([path, [title]]) =>
    h("a", { href: path, "aria-current": path === location.pathname ? "page" : null }, title)));
  $("nav").hidden = false;
  if (me.may.includes("halt")) {
    fill($("stop"), holdButton("HALT", () => halt(), "danger halt"));
    $("stop").hidden = false;
  }
  foot();
  start(location.pathname === "/log" ? 200 : 0);
  open();
}

/** Nobody is logged in: how to. */
function logged(message) {
  me = null;
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
  fill($("foot"), h("p", null, `${me.operator}, ${me.role}${me.scope === "full" ? "" : ", read-only"} `,
    h("button", { type: "button", class: "plain", onclick: leave }, "Log out")),
    h("p", null, h("label", { for: "zone" }, "Times in "), select),
    h("p", null, h("a", { href: "https://www.tradingview.com/", rel: "noopener noreferrer" }, "Charts by TradingView"), " Lightweight Charts™"));
}

async function leave() {
  await session("/end", {}).catch(() => null);
  logged("You are logged out.");
}

// --- the view ---------------------------------------------------------------------------------------------

async function open() {
  const [title, name, args] = viewOf(location.pathname);
  document.title = `${title} · HydraX`;
  const module = await import(`./views/${name}.js`);
  view = module.make({ main: $("main"), me, args, reload: () => load() });
  await load();
  listen(heard);
}

async function load() {
  const turn = ++asked;
  lastLoad = Date.now();
  try {
    const found = await view.load();
    if (turn !== asked) return; // a later question was asked meanwhile
    if (found?.status === 401) {
      logged(found.error.message);
      return;
    }
    data = found;
    show();
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    if (!data) fill($("main"), h("p", { class: "bad", role: "alert" }, `The daemon gave no answer: ${error.message}. Trying again.`));
    soon(2000);
  }
}

function show() {
  if (view && data) view.show(data);
}

function soon(ms = RELOAD_MS) {
  clearTimeout(reloadTimer);
  reloadTimer = setTimeout(load, ms);
}

function heard(kind, record) {
  if (kind === "reset") soon(0);
  else if (kind === "record" && view.concerns(record)) soon();
  else if (kind === "now") {
    if (view.every_ms && Date.now() - lastLoad >= view.every_ms && document.visibilityState === "visible") soon(0);
    view.now?.();
  } else if (kind === "state" && live.ended) whoAmI().then(enter).catch(failed);
}

// --- the frame: what is true of every page ------------------------------------------------------------------

function frame() {
  const now = live.now;
  const blind = Boolean(me) && isBlind();
  document.body.classList.toggle("blind", blind);
  if (live.hello) fill($("mode"), live.hello.mode.toUpperCase());
  $("mode").className = `badge ${live.hello?.mode ?? ""}`;
  fill($("authority"), now?.authority ?? "–");
  $("authority").className = now && now.authority !== "ACTIVE" ? "bad" : "good";
  fill($("market"), now?.market ? `market ${clock(now.market)}` : "");
  const heard = silence();
  fill($("link"), !me ? "not logged in" : blind ? "NOT LIVE" : `live${now && now.unread ? `, ${now.unread} alarm(s)` : ""}${now && now.unknown ? `, ${now.unknown} UNKNOWN` : ""}`);
  $("link").className = blind || now?.unknown || now?.unread ? "bad" : "good";
  $("blind").hidden = !blind;
  if (blind) {
    const since = heard === Infinity ? "" : ` for ${span(heard / 1000)}`;
    const shown = now ? ` Prices, ages and states below are of ${clock(now.ts)} and older.` : "";
    fill($("blind"), `Nothing was heard of the daemon${since}.${shown} Trying to reach it.`);
  }
}

function failed(error) {
  if (!(error instanceof Lost)) throw error;
  fill($("main"), h("p", { class: "bad", role: "alert" }, `The daemon gave no answer: ${error.message}.`),
    h("button", { type: "button", onclick: () => location.reload() }, "Try again"));
}

setInterval(frame, Math.min(500, BLIND_AFTER_MS / 4));
listen(frame);
document.addEventListener("visibilitychange", wake);
window.addEventListener("pageshow", wake);
begin().catch(failed);
