// The agent's durable record of acts: append-only, one entry a line, base64 of msgpack.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { dirname } from "node:path";
import { pack, unpack } from "./wire.mjs";

export const [JOURNALED, DONE, WORKING, REFUSED, NOT_EXECUTED, TOMBSTONED, UNKNOWN] = [1, 2, 3, 4, 5, 6, 7];

export class Ledger {
  rows = [];
  acts = new Map(); // by act and move: the first entry, which carries the order, and the newest
  epoch = 0;
  latch = [false, ""];

  // `clocks` gives what each entry is stamped with: the agent's UTC, and market time.
  constructor(path, clocks) {
    this.clocks = clocks;
    this.fd = fs.openSync(path, "a+", 0o600);
    const text = fs.readFileSync(path, "latin1");
    const end = text.lastIndexOf("\n") + 1;
    fs.ftruncateSync(this.fd, end); // the line that a power cut tore was promised to nobody
    for (const line of text.slice(0, end).split("\n").filter(Boolean)) this.#apply(unpack(Buffer.from(line, "base64")));
    if (!this.id) this.append("ID", randomBytes(16).toString("hex"));
    fs.fsyncSync(fs.openSync(dirname(path))); // the file's name, too
  }

  // It is on the disk before this returns, or the process ends.
  append(...entry) {
    try {
      fs.appendFileSync(this.fd, `${pack(entry).toString("base64")}\n`);
      fs.fsyncSync(this.fd);
    } catch (error) {
      process.stderr.write(`the ledger cannot be written: ${error.message}\n`);
      process.exit(1);
    }
    this.#apply(entry);
  }

  // The next entry of an act, as LedgerRow has it, its facts by name.
  enter({ key, hash }, state, facts) {
    const { code = "", retcode = 0, order = 0, deal = 0, position = 0, points = 0, volume = 0, detail = "" } = facts;
    const head = [this.rows.length + 1, ...key, state, hash, ...this.clocks(), code, retcode, order, deal, position];
    this.append("ROW", [...head, points, volume, detail.slice(0, 200), facts.asked ?? null]);
    return this.rows.at(-1);
  }

  #apply([kind, ...values]) {
    if (kind === "ID") this.id = values[0];
    if (kind === "EPOCH") this.epoch = values[0];
    if (kind === "LATCH") this.latch = values;
    if (kind !== "ROW") return;
    const [row] = values;
    const key = String(row.slice(1, 3));
    this.rows.push(row);
    this.acts.set(key, { first: row, ...this.acts.get(key), newest: row });
  }
}
