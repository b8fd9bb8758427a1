// The simulated broker's client socket, and the way from its floats to points, steps and UTC.
// A request is 4 bytes of big-endian length and JSON {id, call, arguments}; the reply is framed the same way,
// {id, value, error, tail}, and followed by `tail` bytes of an array. One call at a time.
import net from "node:net";

const TICK_BYTES = 60; // time i8, bid f8, ask f8, last f8, volume u8, time_msc i8, flags u4, volume_real f8
const CALL_MS = 20_000;

export class BrokerError extends Error {
  constructor([code, text]) {
    super(`${text} (${code})`);
    this.code = code;
  }
}

export class Broker {
  #socket = null;
  #buffer = Buffer.alloc(0);
  #waiting = null;
  #id = 0;
  #turn = Promise.resolve();

  async open({ sim_socket, login, password, server }) {
    this.#socket?.destroy();
    const socket = net.connect(sim_socket);
    await new Promise((ready, failed) => socket.once("connect", ready).once("error", failed));
    this.#socket = socket;
    this.#buffer = Buffer.alloc(0);
    socket.on("data", (data) => this.#fed(data));
    for (const end of ["error", "close"]) socket.on(end, () => this.#lost(socket));
    this.mark = await this.call("initialize", login, password, server);
    this.offset = this.mark.offset_s * 1000;
  }

  get connected() {
    return this.#socket !== null;
  }

  call(name, ...args) {
    const done = this.#turn.then(() => this.#exchange(name, args));
    this.#turn = done.then(() => {}, () => {});
    return done.then(({ header }) => header.value);
  }

  // Ticks after a cursor {time, seen} up to market time `until`: [[time_ms, bid, ask], ...], prices in points.
  async ticks(symbol, digits, cursor, until) {
    const args = [symbol, Math.floor((cursor.time + this.offset) / 1000), 2000, 1];
    const done = this.#turn.then(() => this.#exchange("copy_ticks_from", args));
    this.#turn = done.then(() => {}, () => {});
    const { tail } = await done;
    let rows = [];
    for (let at = 0; at < tail.length; at += TICK_BYTES) {
      const time = Number(tail.readBigInt64LE(at + 40)) - this.offset;
      rows.push([time, points(tail.readDoubleLE(at + 8), digits), points(tail.readDoubleLE(at + 16), digits)]);
    }
    const full = rows.length === 2000;
    const first = rows.findIndex(([time]) => time >= cursor.time);
    rows = first < 0 ? [] : rows.slice(first + cursor.seen).filter(([time]) => time <= until);
    if (rows.length) {
      const time = rows.at(-1)[0];
      const again = rows.filter((row) => row[0] === time).length + (time === cursor.time ? cursor.seen : 0);
      Object.assign(cursor, { time, seen: again });
    }
    return { rows, complete: !full };
  }

  #exchange(call, args) {
    if (!this.#socket) throw new BrokerError([-10004, "no connection to the broker"]);
    const id = ++this.#id;
    const text = Buffer.from(JSON.stringify({ id, call, arguments: args }));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(text.length);
    this.#socket.write(Buffer.concat([size, text]));
    return new Promise((ready, failed) => {
      const late = setTimeout(() => this.#lost(this.#socket), CALL_MS);
      this.#waiting = { id, ready, failed, late };
    });
  }

  #fed(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUInt32BE(0);
      if (this.#buffer.length < end) return;
      const header = JSON.parse(this.#buffer.subarray(4, end));
      if (this.#buffer.length < end + header.tail) return;
      const tail = this.#buffer.subarray(end, end + header.tail);
      this.#buffer = this.#buffer.subarray(end + header.tail);
      const waiting = this.#waiting;
      if (waiting?.id !== header.id) continue; // the call gave up before
      this.#waiting = null;
      clearTimeout(waiting.late);
      if (header.error) waiting.failed(new BrokerError(header.error));
      else waiting.ready({ header, tail });
    }
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.destroy();
    clearTimeout(this.#waiting?.late);
    this.#waiting?.failed(new BrokerError([-10002, "the broker's socket is closed"]));
    this.#waiting = null;
  }
}

// Exact integers of the broker's floats; a value off the grid is an error, never rounded away.
export function points(price, digits) {
  return onGrid(price * 10 ** digits);
}

export function steps(volume, step) {
  return onGrid(volume / step);
}

export function price(points, digits) {
  return Number((points / 10 ** digits).toFixed(digits));
}

export function decimal(value, places = 2) {
  return value.toFixed(places);
}

function onGrid(value) {
  const whole = Math.round(value);
  if (Math.abs(value - whole) > 1e-3) throw new RangeError(`${value} is not on the grid`);
  return whole;
}
