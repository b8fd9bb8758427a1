// A minimal agent of the terminal link, version 1: what docs/link.md calls compulsory, and nothing else.
// Usage: node agent.mjs BUNDLE. Its terminal is the simulated broker of a paper home.
import { randomBytes, randomInt } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import { Dealer } from "zeromq";
import { parse } from "smol-toml";
import { DONE, JOURNALED, Ledger, NOT_EXECUTED, TOMBSTONED, UNKNOWN } from "./ledger.mjs";
import { CLOSE, CLOSE_BY, FIRE, MODIFY, PART_CLOSE, Terminal } from "./terminal.mjs";
import { pack, unpack, whole } from "./wire.mjs";

const [SECOND, MS, GRAIN] = [1_000_000_000n, 1_000_000n, 20_000_000n]; // ns
const KINDS = { FIRE: [FIRE], CLOSE: [CLOSE, PART_CLOSE, CLOSE_BY], MODIFY: [MODIFY], CANCEL: [6] };
const bundle = parse(fs.readFileSync(process.argv[2], "utf8"));
const caps = bundle.caps;
if (Number(caps.equity_floor)) throw new Error("this agent cannot watch an equity floor: caps.equity_floor must be 0");

const uptime = () => BigInt(Math.round(os.uptime() * 1000)) * MS; // known to a GRAIN; goes on while the host sleeps
const start = BigInt(Date.now()) * MS - uptime();
const now = () => start + uptime(); // UTC
const log = (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`);

fs.writeFileSync(bundle.lock, `${process.pid}\n`); // the lock itself is held by flock(1) around this process
const ledger = new Ledger(`${bundle.ledger}.lines`, () => [now(), terminal.market]);
const terminal = new Terminal(bundle, now);
const boot = randomBytes(8).toString("hex");
const inHand = new Map(); // acts that are journaled and have no verdict, by their key
let link = null; // the session: all that a new connection forgets
let daemon = 0; // which of the bundle's
let opens = []; // when opening acts were journaled

// --- The session: one connection, one number, frames counted without a hole. -------------------------------
function connect() {
  const { address, server_key } = bundle.daemons[daemon % bundle.daemons.length];
  const socket = new Dealer({
    linger: 0, sendHighWaterMark: 256, receiveHighWaterMark: 256, maxMessageSize: 66_560, immediate: true,
    handshakeInterval: 5000, heartbeatInterval: 2000, heartbeatTimeout: 6000, curveServerKey: server_key,
    curvePublicKey: bundle.curve_public, curveSecretKey: bundle.curve_secret,
  }); // prettier-ignore
  socket.connect(address);
  link = { socket, session: randomInt(1, 2 ** 47), sent: 0, got: 0, waiting: 0, outbox: Promise.resolve(),
    phase: "GREETING", heard: now(), said: 0n, echo: [0n, 0n], beats: [], sample: null }; // prettier-ignore
  const mine = link;
  receive(mine).catch((error) => mine === link && drop(error.message)); // a bad frame is what a gap is
}

async function receive(mine) {
  for await (const parts of mine.socket) {
    if (mine !== link) return;
    if (parts.length !== 1 || parts[0].length > 65_536) throw new RangeError("no frame of the link");
    took(mine, unpack(parts[0]));
  }
}

function drop(reason, pauseMs = 100) {
  log(`a new session: ${reason}`);
  if (link.phase === "GREETING") daemon += 1;
  link.socket.close();
  link = null;
  setTimeout(connect, pauseMs);
}

function send(tag, ...fields) {
  const mine = link;
  mine.sent = tag === "HELLO" ? 1 : mine.sent + 1;
  mine.waiting += 1;
  const data = pack([1, ledger.epoch, mine.session, mine.sent, [tag, ...fields]]);
  mine.outbox = mine.outbox.then(() => mine.socket.send(data)).then(() => (mine.waiting -= 1), () => {}); // prettier-ignore
}

const ready = () => link?.phase === "READY";
const sendReady = (...frame) => ready() && send(...frame);
function pages(rows, tellPage) {
  for (let at = 0; at === 0 || at < rows.length; at += 50) tellPage(rows.slice(at, at + 50), at === 0, at + 50 >= rows.length);
}

// No plans here: what a PLAN asks for is refused, and the QUERY about one that is an act buries it.
const PLAN = (position, fire, plan) => plan.length && sendReady("WARN", "PLAN_UNSUPPORTED", `position ${position}`);
const HANDLERS = { WELCOME, BEAT, QUERY, QUERY_HISTORY, PLAN, RESUME: (by) => latch(false, by) };

function took(mine, [version, epoch, session, seq, [tag, ...fields]]) {
  if (version !== 1 || tag === "VERSION") return drop(`the daemon speaks another version: ${fields}`, 10_000);
  if (tag === "HALT") latch(true, String(fields[0]));
  if (session !== mine.session || seq <= mine.got) return;
  if (seq !== mine.got + 1) return drop(`a gap before frame ${seq}`);
  mine.got = seq;
  if (tag === "HALT") return;
  if (epoch < ledger.epoch) return send("FENCED", ledger.epoch);
  if (epoch > ledger.epoch && tag !== "WELCOME") return drop(`epoch ${epoch} without a WELCOME`);
  mine.heard = now();
  if (KINDS[tag]) return command(KINDS[tag], ...fields);
  if (!HANDLERS[tag]) return drop(`an unknown frame ${tag}`);
  HANDLERS[tag](...fields)?.catch?.((error) => mine === link && drop(`the terminal: ${error.message}`));
}

const hello = () =>
  send("HELLO", "example-js 2.0", terminal.identity(), boot, ledger.id, ledger.rows.length, ledger.epoch,
    ledger.latch[0] && !opening(), now(), terminal.market, terminal.offset, bundle.symbols); // prettier-ignore

async function WELCOME(epoch, ledgerId, known, dealsAfter, ticksFrom, halted, machine) {
  const mine = link;
  if (epoch > ledger.epoch) ledger.append("EPOCH", epoch);
  Object.assign(mine, { phase: "READING", echo: [machine, now()], dealsAfter });
  if (halted) latch(true, "the daemon, at the hand-shake");
  await terminal.read();
  if (mine !== link) return;
  pages(ledger.rows.slice(ledgerId === ledger.id ? known : 0), (rows, _, last) => send("LEDGER", ledger.id, rows, last));
  tell(true);
  Object.assign(mine, { phase: "READY", through: 0, cursors: terminal.cursors() });
  send("READY");
  beat();
}

function beat() {
  link.beats.push(now());
  send("BEAT", link.beats.at(-1), link.echo[0], now() - link.echo[1], terminal.market, ...terminal.standing(), inHand.size, 0,
    terminal.offset); // prettier-ignore
}

// The answer to the oldest beat is a sample of the daemon's clock; the more certain one is kept, for 15 s.
function BEAT(machine) {
  const [sent, at, kept] = [link.beats.shift(), now(), link.sample];
  const sample = { offset: machine - (sent + at) / 2n, unsure: (at - sent) / 2n + GRAIN, at };
  link.echo = [machine, at];
  if (!kept || sample.unsure <= kept.unsure || at - kept.at > 15n * SECOND) link.sample = sample;
}

const opening = () => [...inHand.values()].some((act) => act.sending && act.order[1] === FIRE);
function latch(halted, by) {
  if (ledger.latch[0] !== halted) ledger.append("LATCH", halted, by);
  if (link?.got && !(halted && opening())) send("HALTED", ...ledger.latch); // it promises that nothing opens any more
}

// --- Acts. What must pass when a command comes, and again right before its order is sent: ------------------
const CHECKS = [
  ["VERSION", ({ order }) => order[0] === 1],
  ["ACCOUNT", ({ order }) => order[2] === bundle.account],
  ["NOT_READY", () => ready()],
  ["IDENTITY", () => terminal.account.login === bundle.login && terminal.account.server === bundle.server],
  ["BUSY", () => inHand.size <= 64],
  ["UNSUPPORTED", ({ order }) => [FIRE, CLOSE, PART_CLOSE, MODIFY].includes(order[1])],
  ["FENCED", ({ epoch }) => epoch === ledger.epoch],
  ["EXPIRED", (act) => !late(act)],
  ["MISSION_EXPIRED", ({ expiry }) => !expiry || terminal.market < expiry],
  ["HALTED", ({ order }) => !ledger.latch[0] || order[1] !== FIRE],
  ["NOT_TIGHTER", ({ order }) => !ledger.latch[0] || order[1] !== MODIFY || terminal.tighter(order)],
];
const OPENING = [
  ["CLOCK", () => link.sample.unsure <= 250n * MS],
  ["DEAD_MAN", () => now() - link.echo[1] <= BigInt(bundle.dead_man_s) * SECOND],
  ["ORDER_TYPE", ({ order }) => order[5] === 0 && order[11] === 0], // at the market, and nothing that rests
  ["STOP_PRESENT", ({ order }) => order[8] > 0],
  ["PLAN_UNSUPPORTED", ({ order }) => order[12].length === 0],
  ["CAP_SYMBOL", ({ order }) => (caps.symbols.length ? caps.symbols : bundle.symbols).includes(order[3])],
  ["TERMS_UNKNOWN", ({ order }) => terminal.terms.has(order[3])],
  ["CAP_LOTS", ({ order }) => order[7] > 0 && terminal.lots(order) <= Number(caps.max_lots)],
  ["CAP_RATE", (act) => opens.filter(([one, at]) => one !== act && now() - at < 60n * SECOND).length < caps.opens_per_minute],
  ["ENTRY_MISSED", ({ order }) => Math.abs(terminal.quote(order) - order[6]) <= order[10]],
];

const refusal = (act) => [...CHECKS, ...(act.order[1] === FIRE ? OPENING : [])].find(([, passes]) => !passes(act))?.[0];

// Past its deadline on the daemon's clock, or nobody knows.
function late({ deadline }) {
  const { offset, unsure, at } = link?.sample ?? { at: 0n };
  return now() - at > 60n * SECOND || now() > BigInt(deadline) - offset - unsure;
}

function command(kinds, actId, move, deadline, expiry, short, asked) {
  const act = { key: [actId, move], deadline, expiry, epoch: ledger.epoch, ...whole(short) };
  const known = ledger.acts.get(String(act.key))?.newest;
  if (!act.hash.equals(asked) || !kinds.includes(act.order[1])) return sendReady("CONFLICT", ...act.key, act.hash, asked);
  if (known?.[4].length && !known[4].equals(act.hash)) return sendReady("CONFLICT", ...act.key, known[4], act.hash);
  if (known) return sendReady("RESULT", known); // what the ledger has, a tombstone too, is never sent again
  const code = refusal(act);
  if (code) return result(act, { state: NOT_EXECUTED, code });
  if (act.order[1] === FIRE) opens = [...opens, [act, now()]].slice(-1000);
  sendReady("ACK", ...act.key, ledger.enter(act, JOURNALED, { asked: act.order })[0]);
  inHand.set(String(act.key), act);
  if (inHand.size === 1) work();
}

function result(act, { state, ...facts }) {
  inHand.delete(String(act.key));
  sendReady("RESULT", ledger.enter(act, state, facts));
  if (act.sending && act.order[1] === FIRE && ledger.latch[0]) latch(true); // what its HALTED waited for
}

// One act at a time, those that reduce before those that open.
async function work() {
  for (let acts; (acts = [...inHand.values()]).length; ) {
    const act = acts.find(({ order }) => order[1] !== FIRE) ?? acts[0];
    act.begun = true;
    const done = await terminal.perform(act, () => refusal(act));
    if (done.code === "IDENTITY" && act.sending) sendReady("WARN", "IDENTITY_CHANGED", `after act ${act.key[0]}`);
    result(act, done);
  }
}

// Every act without a verdict is looked for; not found is proof only after the settle window, connected all the time.
function chase() {
  for (const [key, { first, newest }] of ledger.acts) {
    if (![JOURNALED, UNKNOWN].includes(newest[3]) || inHand.has(key)) continue;
    const act = { key: newest.slice(1, 3), hash: newest[4] };
    const found = terminal.evidence(newest[1], first[15]);
    if (found) result(act, { ...found, state: DONE, code: "FOUND" });
    else if (terminal.settled(newest)) result(act, { state: NOT_EXECUTED, code: "PROVEN_ABSENT" });
  }
}

async function QUERY(actId, move) {
  const act = { key: [actId, move], hash: Buffer.alloc(0) };
  if (!ledger.acts.has(String(act.key))) ledger.enter(act, TOMBSTONED, { code: "TOMBSTONED" });
  else if (!inHand.has(String(act.key))) await terminal.read().then(chase);
  sendReady("STATUS", ledger.acts.get(String(act.key)).newest);
}

async function QUERY_HISTORY(queryId, from, to) {
  await terminal.read();
  const rows = terminal.deals.filter(({ 10: at }) => at >= from && at <= to);
  pages(rows, (page, _, last) => sendReady("DEALS", page, last, queryId));
  if (ready()) tell(true);
}

// The books, where they differ from what was told last; for profit alone, and to show their age, once a second.
function tell(always = false) {
  const { market, positions, orders, specs, deals, books } = terminal;
  const fresh = deals.filter((row) => row[0] > link.dealsAfter);
  if (always || link.specs !== specs) send("SPECS", specs, market);
  if (always || fresh.length) pages(fresh, (rows, _, last) => send("DEALS", rows, last, 0));
  if (always || link.books !== books || now() - link.told >= SECOND) {
    send("ACCOUNT", ...terminal.figures(), market);
    pages(positions, (rows, first, last) => send("POSITIONS", rows, market, first, last));
    pages(orders, (rows, first, last) => send("ORDERS", rows, market, first, last));
    link.told = now();
  }
  Object.assign(link, { specs, books, dealsAfter: deals.at(-1)?.[0] ?? link.dealsAfter });
}

async function look() {
  await terminal.read();
  chase();
  if (!ready()) return;
  const [mine, idle] = [link, inHand.size === 0];
  const { until, batches, complete } = await terminal.ticks(mine.cursors);
  if (mine !== link) return;
  tell();
  for (const batch of batches) send("TICKS", mine.through, false, [batch]);
  if (!idle || !complete || inHand.size || until === mine.through) return;
  mine.through = until;
  send("TICKS", until, false, []);
}

async function loop() {
  setTimeout(loop, await look().then(() => 50, (error) => (log(`the terminal: ${error.message}`), 500))); // prettier-ignore
}

setInterval(() => {
  for (const act of inHand.values()) if (!act.begun && late(act)) result(act, { state: NOT_EXECUTED, code: "EXPIRED" });
  if (!link || !terminal.deals) return; // nothing can be said before the terminal has told
  const silent = now() - link.heard >= 3n * SECOND;
  if (silent || link.beats.length > 16 || link.waiting > 4096) drop("the daemon is silent, or takes nothing");
  if (!link || now() - link.said < SECOND) return;
  link.said = now();
  link.phase === "GREETING" ? hello() : beat();
}, 100);
connect();
loop();
