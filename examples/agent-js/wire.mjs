// Frames, the order's hash, and the ledger file. Integers go out in msgpack's shortest form; those that come in are
// numbers up to 2^53 and BigInt above, which are the nanoseconds.
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { dirname } from "node:path";
import { decode, encode } from "@msgpack/msgpack";

export const VERSION = 1;
export const FRAME_MAX = 65_536;
const ORDER_DEFAULTS = [null, null, null, null, null, 0, 0, 0, 0, 0, 0, 0, [], 0, 0, 0, 0];
const STEP_DEFAULTS = [null, null, 0, 0, 0, 0];

export function pack(value) {
  return Buffer.from(encode(shortest(value), { useBigInt64: true }));
}

export function unpack(data) {
  return numbers(decode(data, { useBigInt64: true }));
}

function numbers(value) {
  if (Array.isArray(value)) return value.map(numbers);
  const exact = typeof value === "bigint" && Number.isSafeInteger(Number(value));
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer`);
  return exact ? Number(value) : value;
}

function shortest(value) {
  if (Array.isArray(value)) return value.map(shortest);
  if (typeof value === "bigint") {
    const small = value < 2n ** 32n && value >= -(2n ** 31n);
    return small ? Number(value) : value;
  }
  if (typeof value !== "number") return value;
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer of the link`);
  return value < 2 ** 32 && value >= -(2 ** 31) ? value : BigInt(value);
}

export class OtherVersion extends Error {}

// A frame from the daemon as {epoch, session, seq, tag, fields}; throws on anything else.
export function frame(data) {
  if (data.length > FRAME_MAX) throw new RangeError("over 65,536 bytes");
  const [version, epoch, session, seq, body, ...surplus] = unpack(data);
  if (version !== VERSION || body?.[0] === "VERSION") throw new OtherVersion(said(version, body));
  if (surplus.length || !Array.isArray(body) || typeof body[0] !== "string") throw new RangeError("no frame");
  return { epoch, session: BigInt(session), seq, tag: body[0], fields: body.slice(1) };
}

function said(version, body) {
  const [lowest, highest, text] = body?.[0] === "VERSION" ? body.slice(1) : [version, version, ""];
  return `the daemon speaks link ${lowest} to ${highest}, this agent speaks ${VERSION}. ${text}`;
}

// All fields of an order, with the defaults of those that the sender left out.
export function whole(order) {
  const all = ORDER_DEFAULTS.map((value, at) => order[at] ?? value);
  all[12] = all[12].map((step) => STEP_DEFAULTS.map((value, at) => step[at] ?? value));
  if (order.length > all.length || all.includes(null)) throw new RangeError("no order");
  return all;
}

export function orderHash(order) {
  return createHash("sha256").update(pack(order)).digest();
}

export const [JOURNALED, DONE, WORKING, REFUSED, NOT_EXECUTED, TOMBSTONED, UNKNOWN] = [1, 2, 3, 4, 5, 6, 7];
export const UNSETTLED = [JOURNALED, UNKNOWN, WORKING];
export const keyOf = (row) => `${row[1]}/${row[2]}`;

// Append-only, one entry a line, base64 of msgpack; synced to the disk before `append` returns.
export class Ledger {
  rows = [];
  newest = new Map();
  orders = new Map();
  epoch = 0;
  latch = [false, ""];

  constructor(path) {
    this.fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_APPEND, 0o600);
    const text = fs.readFileSync(path, "latin1");
    const end = text.lastIndexOf("\n") + 1;
    fs.ftruncateSync(this.fd, end); // the line that a power cut tore was promised to nobody
    for (const line of text.slice(0, end).split("\n").filter(Boolean)) {
      this.#apply(unpack(Buffer.from(line, "base64")));
    }
    if (!this.id) this.append(["LEDGER", randomBytes(16).toString("hex")]);
    const folder = fs.openSync(dirname(path), "r");
    fs.fsyncSync(folder); // the file's name, too
    fs.closeSync(folder);
  }

  append(...entries) {
    fs.writeSync(this.fd, entries.map((entry) => `${pack(entry).toString("base64")}\n`).join(""));
    fs.fsyncSync(this.fd);
    entries.forEach((entry) => this.#apply(entry));
  }

  // The next entry of an act; `facts` by name.
  enter([act, move], state, hash, machine, market, facts = {}) {
    const { code = "", retcode = 0, order = 0, deal = 0, position = 0, points = 0, volume = 0 } = facts;
    const head = [this.rows.length + 1, act, move, state, hash, machine, market, code, retcode, order, deal];
    const row = [...head, position, points, volume, (facts.detail ?? "").slice(0, 200), facts.asked ?? null];
    this.append(["ROW", row]);
    return row;
  }

  unsettled() {
    return [...this.newest.values()].filter((row) => UNSETTLED.includes(row[3]));
  }

  #apply([kind, ...values]) {
    if (kind === "LEDGER") [this.id] = values;
    if (kind === "EPOCH") [this.epoch] = values;
    if (kind === "LATCH") this.latch = values;
    if (kind !== "ROW") return;
    const [row] = values;
    this.rows.push(row);
    this.newest.set(keyOf(row), row);
    if (row[15]) this.orders.set(keyOf(row), row[15]);
  }
}
