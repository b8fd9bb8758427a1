// A minimal agent of the terminal link, version 1: hand-shake, beats, books, ticks, and acts through a durable ledger.
// Usage: node agent.mjs BUNDLE. Its terminal is the simulated broker of a paper home.
import { randomBytes, randomInt } from "node:crypto";
import fs from "node:fs";
import { Dealer } from "zeromq";
import { parse } from "smol-toml";
import { BUY, CLOSE, CLOSE_BY, FIRE, MODIFY, PART_CLOSE, CANCEL, Terminal } from "./terminal.mjs";
import * as wire from "./wire.mjs";

const [SECOND, MS] = [1_000_000_000n, 1_000_000n];
const MARKET = 0; // an entry type
const KINDS = { FIRE: [FIRE], CLOSE: [CLOSE, PART_CLOSE, CLOSE_BY], MODIFY: [MODIFY], CANCEL: [CANCEL] };
const DONE_HERE = [FIRE, CLOSE, PART_CLOSE, MODIFY];
const DONE_CODES = [10009, 10010];
const REFUSED_CODES = [10004, 10006, 10007, 10013, 10014, 10015, 10016, 10017, 10018, 10019, 10020, 10021, 10022, 10024,
  10025, 10026, 10027, 10029, 10030, 10032, 10033, 10034, 10035, 10036, 10038, 10039, 10040, 10041, 10042, 10043, 10044,
  10045, 10046]; // prettier-ignore
const BASE = BigInt(Date.now()) * MS - process.hrtime.bigint();
const now = () => BASE + process.hrtime.bigint();
const log = (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const bundle = parse(fs.readFileSync(process.argv[2], "utf8"));
fs.writeFileSync(bundle.lock, `${process.pid}\n`); // the lock itself is held by flock(1) around this process
const ledger = new wire.Ledger(`${bundle.ledger}.lines`);
const terminal = new Terminal(bundle, now);
const boot = randomBytes(8).toString("hex");
const settle = BigInt(bundle.settle_s) * SECOND;
const deadMan = BigInt(bundle.dead_man_s) * SECOND;
let dealer, link; // the socket, the session
let daemon = 0; // which of the bundle's
const inHand = new Map(); // acts that stand in the ledger and have not been sent yet, or are on their way
let performing = false;
const opens = []; // when opening acts were journaled

// --- the connection ---------------------------------------------------------------------------------------

function open() {
  const { address, server_key } = bundle.daemons[daemon % bundle.daemons.length];
  dealer = new Dealer({
    linger: 0, sendHighWaterMark: 256, receiveHighWaterMark: 256, maxMessageSize: 66_560, immediate: true,
    handshakeInterval: 5000, heartbeatInterval: 2000, heartbeatTimeout: 6000, curveServerKey: server_key,
    curvePublicKey: bundle.curve_public, curveSecretKey: bundle.curve_secret,
  }); // prettier-ignore
  dealer.connect(address);
  link = { session: BigInt(randomInt(1, 2 ** 47)), sent: 0, got: 0, phase: "GREETING", heard: now(), hello: 0n, beat: 0n,
    firstHello: 0n, echo: [0n, 0n], beats: [], samples: [], through: 0, outbox: [], told: {} }; // prettier-ignore
  receive(dealer, link);
}

async function receive(socket, mine) {
  try {
    for await (const parts of socket) {
      if (link !== mine) return;
      try {
        took(wire.frame(parts.length === 1 ? parts[0] : Buffer.alloc(0)));
      } catch (error) {
        drop(error.message, error instanceof wire.OtherVersion ? 60_000 : 0);
      }
    }
  } catch {
    // the socket was closed: `drop` has said why
  }
}

function drop(reason, pause = 0) {
  log(`a new session: ${reason}`);
  if (link.phase === "GREETING") daemon += 1;
  link = null;
  dealer.close();
  setTimeout(open, pause);
}

function send(tag, ...fields) {
  link.sent = tag === "HELLO" ? 1 : link.sent + 1;
  link.outbox.push(wire.pack([wire.VERSION, ledger.epoch, link.session, link.sent, [tag, ...fields]]));
  if (link.outbox.length > 4096) return drop("the daemon takes nothing any more");
  if (link.outbox.length === 1) flush(dealer, link);
}

async function flush(socket, mine) {
  while (mine.outbox.length && link === mine) {
    await socket.send(mine.outbox[0]).catch(() => {});
    mine.outbox.shift();
  }
}

const ready = () => link?.phase === "READY";
const sendReady = (...frame) => ready() && send(...frame);

function took({ epoch, session, seq, tag, fields }) {
  if (tag === "HALT") latch(true, fields[0]);
  if (session !== link.session || seq <= link.got) return;
  if (seq !== link.got + 1) return drop(`a gap before frame ${seq}`);
  link.got = seq;
  if (tag !== "HALT" && epoch < ledger.epoch) return send("FENCED", ledger.epoch);
  if (tag !== "HALT" && epoch > ledger.epoch && tag !== "WELCOME") return drop(`epoch ${epoch} without WELCOME`);
  link.heard = now();
  const handler = { WELCOME, BEAT, QUERY, QUERY_HISTORY, PLAN, RESUME: () => latch(false, fields[0]), HALT: () => {} };
  if (KINDS[tag]) command(tag, ...fields);
  else if (handler[tag]) answered(handler[tag](...fields), link);
  else drop(`an unknown frame ${tag}`);
}

// A handler that reads the terminal first may fail; then the next hand-shake begins anew.
function answered(promise, mine) {
  promise?.catch?.((error) => link === mine && drop(`the terminal: ${error.message}`));
}

// --- the hand-shake, beats and the latch ------------------------------------------------------------------

function hello() {
  link.hello = now();
  link.firstHello ||= link.hello;
  send("HELLO", "example-js 1.0", terminal.identity(), boot, ledger.id, ledger.rows.length, ledger.epoch, ledger.latch[0],
    now(), terminal.market, terminal.offset, bundle.symbols); // prettier-ignore
}

async function WELCOME(epoch, ledgerId, known, dealsAfter, ticksFrom, halted, machine) {
  const mine = link;
  sample(link.firstHello, machine);
  if (epoch > ledger.epoch) ledger.append(["EPOCH", epoch]);
  if (halted) latch(true, "daemon, at the hand-shake");
  Object.assign(link, { phase: "READING", echo: [machine, now()], dealsAfter });
  await terminal.read();
  if (link !== mine) return;
  const from = ledgerId === ledger.id && known <= ledger.rows.length ? known : 0;
  pages(ledger.rows.slice(from), (rows, first, last) => send("LEDGER", ledger.id, rows, last));
  send("SPECS", [...terminal.terms.values()], terminal.market);
  tell(true);
  pages(terminal.orders, (rows, first, last) => send("ORDERS", rows, terminal.market, first, last));
  tellDeals(true);
  link.phase = "READY";
  send("READY");
  beat();
  const wanted = new Map(ticksFrom);
  link.until = terminal.market;
  link.cursors = bundle.symbols.map((symbol) => [symbol, { time: wanted.get(symbol) ?? terminal.market, seen: 0 }]);
  log(`READY at epoch ${epoch}`);
}

function pages(rows, tellPage) {
  for (let at = 0; at === 0 || at < rows.length; at += 50) {
    tellPage(rows.slice(at, at + 50), at === 0, at + 50 >= rows.length);
  }
}

function beat() {
  const [echo, came] = link.echo;
  link.beat = now();
  link.beats.push(link.beat);
  const { connected, trade_allowed } = terminal.info;
  const allowed = trade_allowed && terminal.account.trade_allowed;
  send("BEAT", link.beat, echo, now() - came, terminal.market, connected, allowed, terminal.connected, inHand.size, 0,
    terminal.offset); // prettier-ignore
}

function BEAT(machine) {
  link.echo = [machine, now()];
  if (link.beats.length) sample(link.beats.shift(), machine);
}

function sample(sent, theirs) {
  const [got, mine] = [now(), (sent + now()) / 2n];
  link.samples = [...link.samples, [theirs - mine, (got - sent) / 2n + 1n, got]].slice(-16);
}

// The most certain sample of the last 60 s, as [offset, uncertainty]; undefined while nothing is measured.
function clock() {
  const young = link.samples.filter(([, , at]) => now() - at <= 60n * SECOND);
  return young.sort((a, b) => Number(a[1] - b[1]))[0];
}

function latch(halted, by) {
  if (ledger.latch[0] !== halted) ledger.append(["LATCH", halted, by]);
  const opening = [...inHand.values()].some((act) => act.sending && act.order[1] === FIRE);
  if (halted && opening) link.owed = true; // HALTED promises that nothing opens any more
  else if (link) send("HALTED", ...ledger.latch);
}

// --- acts -------------------------------------------------------------------------------------------------

function command(tag, actId, move, deadline, expiry, short, asked) {
  const order = wire.whole(short);
  const [hash, key] = [wire.orderHash(order), [actId, move]];
  const known = ledger.newest.get(wire.keyOf([0, ...key]));
  const differs = known && known[3] !== wire.TOMBSTONED && !known[4].equals(hash);
  if (!hash.equals(asked) || !KINDS[tag].includes(order[1])) return sendReady("CONFLICT", ...key, hash, asked);
  if (differs) return sendReady("CONFLICT", ...key, known[4], hash);
  if (known) return sendReady("RESULT", known);
  const act = { key, order, hash, deadline, expiry, epoch: ledger.epoch };
  const code = refusal(act, CHECKS);
  if (code) return result(act, wire.NOT_EXECUTED, { code });
  const row = ledger.enter(key, wire.JOURNALED, hash, now(), terminal.market, { asked: order });
  if (order[1] === FIRE) opens.push(now());
  sendReady("ACK", ...key, row[0]);
  inHand.set(wire.keyOf(row), act);
  work();
}

// One act at a time, those that reduce before those that open.
async function work() {
  if (performing) return;
  performing = true;
  while (inHand.size) {
    const acts = [...inHand.values()];
    await perform(acts.find((act) => act.order[1] !== FIRE) ?? acts[0]);
  }
  performing = false;
}

// [code, whether it must pass again right before the order is sent, what passes]
const CHECKS = [
  ["VERSION", false, ({ order }) => order[0] === 1],
  ["ACCOUNT", false, ({ order }) => order[2] === bundle.account],
  ["NOT_READY", false, () => ready()],
  ["IDENTITY", true, () => terminal.account.login === bundle.login && terminal.account.server === bundle.server],
  ["BUSY", false, () => inHand.size < 64],
  ["UNSUPPORTED", false, ({ order }) => DONE_HERE.includes(order[1])],
  ["FENCED", true, ({ epoch }) => epoch === ledger.epoch],
  ["EXPIRED", true, (act) => notAfter(act) !== undefined && now() <= notAfter(act)],
  ["MISSION_EXPIRED", true, ({ expiry }) => !expiry || terminal.market < expiry],
  ["HALTED", true, ({ order }) => !ledger.latch[0] || order[1] !== FIRE],
  ["NOT_TIGHTER", true, ({ order }) => !ledger.latch[0] || order[1] !== MODIFY || tighter(order)],
];
const OPENING = [
  ["CLOCK", false, () => clock() && clock()[1] <= 250n * MS],
  ["DEAD_MAN", false, () => now() - link.echo[1] <= deadMan],
  ["ORDER_TYPE", false, ({ order }) => order[5] === MARKET],
  ["STOP_PRESENT", false, ({ order }) => order[8] > 0],
  ["PLAN_UNSUPPORTED", false, ({ order }) => order[12].length === 0],
  ["CAP_SYMBOL", false, ({ order }) => (bundle.caps.symbols.length ? bundle.caps.symbols : bundle.symbols).includes(order[3])],
  ["TERMS_UNKNOWN", false, ({ order }) => terminal.terms.has(order[3])],
  ["CAP_LOTS", false, ({ order }) => order[7] > 0 && order[7] * Number(terminal.terms.get(order[3])[3]) <= Number(bundle.caps.max_lots)],
  ["CAP_RATE", false, () => opens.filter((at) => now() - at < 60n * SECOND).length < bundle.caps.opens_per_minute],
  ["CAP_EQUITY", false, () => !Number(bundle.caps.equity_floor) || terminal.account.equity > Number(bundle.caps.equity_floor)],
  ["ENTRY_MISSED", true, ({ order }) => Math.abs(terminal.quote(order) - order[6]) <= order[10]],
]; // prettier-ignore

function refusal(act, table, again = false) {
  const rows = act.order[1] === FIRE ? [...table, ...OPENING] : table;
  return rows.find(([, late, passes]) => (late || !again) && !passes(act))?.[0] ?? "";
}

function notAfter({ deadline }) {
  const best = link && clock();
  return best && BigInt(deadline) - best[0] - best[1];
}

function tighter(order) {
  const held = terminal.position(order[13]);
  const sign = held?.[3] === BUY ? 1 : -1;
  return held && order[8] > 0 && (!held[6] || (order[8] - held[6]) * sign >= 0);
}

async function perform(act) {
  const done = await attempt(act);
  inHand.delete(wire.keyOf([0, ...act.key]));
  result(act, done.state, done);
  if (link?.owed) {
    link.owed = false;
    send("HALTED", ...ledger.latch);
  }
}

async function attempt(act) {
  const no = (code, detail) => ({ state: wire.NOT_EXECUTED, code, detail });
  let request;
  try {
    await terminal.read();
    request = terminal.request(act.key[0], act.order);
  } catch (error) {
    return no("TERMINAL_ERROR", error.message);
  }
  const code = refusal(act, CHECKS, true) || request.refused;
  if (code) return no(code);
  act.sending = true;
  const before = terminal.identity();
  let answer;
  try {
    answer = await terminal.send(request);
    await terminal.read();
  } catch (error) {
    const nothingSent = error.code === -2 || error.code === -8;
    return nothingSent ? no("BAD_REQUEST", error.message) : { state: wire.UNKNOWN, code: "NO_ANSWER", detail: error.message };
  }
  if (!same(before, terminal.identity())) {
    sendReady("WARN", "IDENTITY_CHANGED", `after act ${act.key[0]}`);
    return { state: wire.UNKNOWN, code: "IDENTITY", retcode: answer.retcode };
  }
  const told = { retcode: answer.retcode, detail: answer.comment };
  if (REFUSED_CODES.includes(answer.retcode)) return { ...told, state: wire.REFUSED, code: `RETCODE_${answer.retcode}` };
  const found = DONE_CODES.includes(answer.retcode) && terminal.evidence(act.key[0], act.order);
  return found ? { ...told, ...found, state: wire.DONE } : { ...told, state: wire.UNKNOWN, code: `RETCODE_${answer.retcode}` };
}

function result({ key, hash }, state, facts) {
  const row = ledger.enter(key, state, hash, now(), terminal.market, facts);
  const asker = link?.asked?.delete(wire.keyOf(row));
  sendReady(asker ? "STATUS" : "RESULT", row);
}

// Every act without a verdict is looked for; not found is proof only after the settle window, connected all the time.
function chase() {
  for (const row of ledger.unsettled().filter((one) => !inHand.has(wire.keyOf(one)))) {
    const act = { key: [row[1], row[2]], hash: row[4] };
    const found = terminal.evidence(row[1], ledger.orders.get(wire.keyOf(row)));
    const [written, since] = [BigInt(row[5]), terminal.connectedSince];
    const settled = since !== null && now() - (written > since ? written : since) >= settle;
    if (found) result(act, wire.DONE, { ...found, code: "FOUND" });
    else if (settled) result(act, wire.NOT_EXECUTED, { code: "PROVEN_ABSENT" });
  }
}

function QUERY(actId, move) {
  const key = wire.keyOf([0, actId, move]);
  const hash = Buffer.alloc(0);
  const known = ledger.newest.get(key);
  if (!known) return sendReady("STATUS", ledger.enter([actId, move], wire.TOMBSTONED, hash, now(), terminal.market, { code: "TOMBSTONED" }));
  if (!wire.UNSETTLED.includes(known[3]) || inHand.has(key)) return sendReady("STATUS", known);
  (link.asked ??= new Set()).add(key);
  // answered by the next reading
}

// There are no plans here: an empty one is what is there already, any other is refused.
function PLAN(positionId, fireId, plan, actId = 0, stop = 0) {
  if (plan.length) sendReady("WARN", "PLAN_UNSUPPORTED", `position ${positionId}`);
  if (!actId) return;
  const order = wire.whole([1, 8, bundle.account, "", 0, 0, 0, 0, stop, 0, 0, 0, plan, positionId]);
  const [key, hash] = [[actId, 0], wire.orderHash(order)];
  const known = ledger.newest.get(wire.keyOf([0, ...key]));
  if (known) return sendReady("RESULT", known);
  if (plan.length) return result({ key, hash }, wire.NOT_EXECUTED, { code: "PLAN_UNSUPPORTED" });
  ledger.enter(key, wire.JOURNALED, hash, now(), terminal.market, { asked: order });
  result({ key, hash }, wire.DONE, { position: positionId });
}

async function QUERY_HISTORY(queryId, from, to) {
  const mine = link;
  await terminal.read();
  if (link !== mine) return;
  const rows = terminal.deals.filter((row) => row[10] >= from && row[10] <= to);
  pages(rows, (page, first, last) => sendReady("DEALS", page, last, queryId));
  if (ready()) tell(true);
}

// --- telling what was read ---------------------------------------------------------------------------------

// ACCOUNT and POSITIONS, where they differ from what was told last, or that was 5 s ago.
function tell(always = false) {
  const { positions, market } = terminal;
  const figures = terminal.figures();
  const stale = always || now() - link.told.at >= 5n * SECOND;
  if (stale) link.told.at = now();
  if (stale || !same(figures, link.told.figures)) send("ACCOUNT", ...figures, market);
  if (stale || !same(positions, link.told.positions)) {
    pages(positions, (rows, first, last) => send("POSITIONS", rows, market, first, last));
  }
  Object.assign(link.told, { figures, positions });
}

function tellDeals(always = false) {
  const fresh = terminal.deals.filter((row) => row[0] > link.dealsAfter);
  if (fresh.length || always) pages(fresh, (rows, first, last) => send("DEALS", rows, last, 0));
  link.dealsAfter = terminal.deals.at(-1)?.[0] ?? link.dealsAfter;
}

async function poll() {
  if (!terminal.connected) await terminal.open();
  await terminal.read();
  chase();
  for (const key of link?.asked ?? []) sendReady("STATUS", ledger.newest.get(key));
  link?.asked?.clear();
  if (ready()) await tellMarket(link);
}

async function tellMarket(mine) {
  let whole = inHand.size === 0;
  const batches = { true: [], false: [] };
  const until = terminal.market;
  for (const [symbol, cursor] of mine.cursors) {
    const { rows, complete } = await terminal.ticks(symbol, cursor, until);
    whole &&= complete;
    for (const old of [true, false]) {
      const part = rows.filter(([time]) => time <= mine.until === old);
      if (part.length) batches[old].push([symbol, part]);
    }
  }
  if (link !== mine || !ready()) return;
  tellDeals();
  tell();
  for (const batch of batches.true) send("TICKS", mine.through, true, [batch]);
  for (const batch of batches.false) send("TICKS", mine.through, false, [batch]);
  if (!whole || until === mine.through || inHand.size) return;
  mine.through = until;
  send("TICKS", until, false, []);
}

// --- the loop ---------------------------------------------------------------------------------------------

async function loop() {
  for (;;) {
    await poll().catch((error) => log(`the terminal: ${error.message}`));
    await new Promise((done) => setTimeout(done, terminal.connected ? 50 : 500));
  }
}

function timer() {
  if (!link || !terminal.deals) return; // nothing can be said before the terminal has told
  if (now() - link.heard >= 3n * SECOND || link.beats.length > 16) drop("the daemon is silent");
  else if (link.phase === "GREETING" && now() - link.hello >= SECOND) hello();
  else if (link.phase !== "GREETING" && now() - link.beat >= SECOND) beat();
}

process.on("SIGTERM", () => process.exit(0));
setInterval(timer, 100);
open();
loop();
