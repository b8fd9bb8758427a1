// The simulated broker's client socket. A request is 4 bytes of big-endian length and JSON {id, call, arguments}; the
// reply is framed the same way, {id, value, error, tail}, and followed by `tail` bytes of an array. One call at a time.
import net from "node:net";

const CALL_MS = 20_000;

export class BrokerError extends Error {
  constructor([code, text]) {
    super(`${text} (${code})`);
    this.code = code;
  }
}

export class Broker {
  mark = null; // what `initialize` told; null while there is no connection
  #socket = null;
  #buffer = Buffer.alloc(0);
  #waiting = null;
  #id = 0;
  #turn = Promise.resolve();

  async open({ sim_socket, login, password, server }) {
    this.#socket?.destroy();
    const socket = net.connect(sim_socket);
    await new Promise((ready, failed) => socket.once("connect", ready).once("error", failed));
    [this.#socket, this.#buffer] = [socket, Buffer.alloc(0)];
    socket.on("data", (data) => this.#fed(data));
    for (const end of ["error", "close"]) socket.on(end, () => this.#lost(socket));
    this.mark = (await this.exchange("initialize", login, password, server)).value;
  }

  // The answer to a call, as {value, tail}; throws BrokerError.
  exchange(call, ...args) {
    const done = this.#turn.then(() => this.#ask(call, args));
    this.#turn = done.catch(() => {});
    return done;
  }

  #ask(call, args) {
    if (!this.#socket) throw new BrokerError([-10004, "no connection to the broker"]);
    const [id, socket] = [(this.#id += 1), this.#socket];
    const text = Buffer.from(JSON.stringify({ id, call, arguments: args }));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(text.length);
    socket.write(Buffer.concat([size, text]));
    return new Promise((ready, failed) => {
      const late = setTimeout(() => this.#lost(socket), CALL_MS);
      this.#waiting = { id, ready, failed, late };
    });
  }

  #fed(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUInt32BE(0);
      if (this.#buffer.length < end) return;
      const { id, value, error, tail } = JSON.parse(this.#buffer.subarray(4, end));
      if (this.#buffer.length < end + tail) return;
      const array = this.#buffer.subarray(end, end + tail);
      this.#buffer = this.#buffer.subarray(end + tail);
      const waiting = this.#waiting;
      if (waiting?.id !== id) continue;
      this.#waiting = null;
      clearTimeout(waiting.late);
      if (error) waiting.failed(new BrokerError(error));
      else waiting.ready({ value, tail: array });
    }
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = this.mark = null;
    socket.destroy();
    clearTimeout(this.#waiting?.late);
    this.#waiting?.failed(new BrokerError([-10002, "the broker's socket is closed"]));
    this.#waiting = null;
  }
}
