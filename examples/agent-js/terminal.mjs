// The terminal as the link wants it: books in points, steps and UTC, and one act at the broker. It knows no link.
import { DONE, NOT_EXECUTED, REFUSED, UNKNOWN } from "./ledger.mjs";
import { Broker } from "./broker.mjs";

export const [FIRE, CLOSE, PART_CLOSE, CLOSE_BY, MODIFY] = [1, 2, 3, 4, 5];
const [BUY, OPENS] = [0, [0, 2]]; // a side; entries of deals: in, and one that reverses
const [DEAL, SLTP] = [1, 6]; // of a request
const CLOSE_DEVIATION = 1000; // points
const TERMS_EVERY_MS = 900_000; // of market time
const [TICKS, TICK_BYTES] = [2000, 60]; // time i8, bid f8, ask f8, last f8, volume u8, time_msc i8, flags u4, real f8
const NOTHING_SENT = { [-2]: "BAD_REQUEST", [-8]: "API_DISABLED" };
const DONE_CODES = [10009, 10010];
const REFUSED_CODES = [10004, 10006, 10007, 10013, 10014, 10015, 10016, 10017, 10018, 10019, 10020, 10021, 10022, 10024,
  10025, 10026, 10027, 10029, 10030, 10032, 10033, 10034, 10035, 10036, 10038, 10039, 10040, 10041, 10042, 10043, 10044,
  10045, 10046]; // prettier-ignore

export class Terminal {
  market = 0; // market time, ms
  terms = new Map(); // by symbol, a SymbolTerms each
  #termsAt = -TERMS_EVERY_MS;
  #quotes = new Map(); // by symbol, the last tick
  #since = null; // the connection to the trade server has not been interrupted
  #broker = new Broker();
  #opening = null;
  #bundle;
  #now;

  constructor(bundle, now) {
    [this.#bundle, this.#now] = [bundle, now];
  }

  get offset() {
    return this.#broker.mark ? this.#broker.mark.offset_s * 1000 : null;
  }

  // Everything but ticks, as it stands now.
  async read() {
    if (!this.#broker.mark) await this.#open();
    const market = await this.#ask("clock");
    const [account, info] = [await this.#ask("account_info"), await this.#ask("terminal_info")];
    if (market - this.#termsAt >= TERMS_EVERY_MS) await this.#readTerms(market);
    const byTicket = (a, b) => a[0] - b[0];
    const positions = (await this.#ask("positions")).map((row) => this.#position(row)).sort(byTicket);
    const orders = (await this.#ask("orders")).map((row) => this.#order(row)).sort(byTicket);
    const until = Math.ceil((market + this.offset) / 1000) + 86_400;
    const deals = (await this.#ask("history_deals", "time", 0, until)).map((row) => this.#deal(row)).sort(byTicket);
    this.#since = info.connected ? (this.#since ?? this.#now()) : null;
    const books = JSON.stringify([positions.map((row) => row.slice(0, 10)), orders, account.balance]);
    Object.assign(this, { market: Math.max(this.market, market), account, info, positions, orders, deals, books });
  }

  identity() {
    const { account, info } = this;
    return [account.login, account.server, "paper", account.currency, account.margin_mode === 2,
      account.trade_mode ?? 0, info.build, info.data_path, this.#broker.mark?.broker ?? ""]; // prettier-ignore
  }

  // [to its trade server, trading is allowed, it answers]
  standing() {
    const { connected, trade_allowed } = this.info;
    return [connected, trade_allowed && this.account.trade_allowed, this.#broker.mark !== null];
  }

  figures() {
    const a = this.account;
    const money = [a.balance, a.credit, a.equity, a.margin, a.margin_free, a.margin_level];
    return [...money.map((value) => decimal(value)), a.leverage, a.currency];
  }

  // From where ticks are read: from now on.
  cursors() {
    return this.#bundle.symbols.map((symbol) => ({ symbol, time: this.market, seen: 0 }));
  }

  // The ticks after the cursors up to the market's time, as SymbolTicks; `complete` where these are all.
  async ticks(cursors) {
    const [until, found] = [this.market, []];
    for (const cursor of cursors) found.push(await this.#ticksOf(cursor, until));
    const batches = found.filter(({ rows }) => rows.length).map(({ symbol, rows }) => [symbol, rows]);
    for (const [symbol, rows] of batches) this.#quotes.set(symbol, rows.at(-1));
    return { until, batches, complete: found.every(({ full }) => !full) };
  }

  // --- acts ---------------------------------------------------------------------------------------------------

  // One order at the broker: its facts with a `state`. `refused` gives the code that keeps it back, asked last.
  async perform(act, refused) {
    try {
      return await this.#attempt(act, refused);
    } catch (error) {
      if (!act.sending) return { state: NOT_EXECUTED, code: "TERMINAL_ERROR", detail: error.message };
      return { state: UNKNOWN, code: "NO_ANSWER", detail: error.message }; // only the broker's records can tell
    }
  }

  async #attempt(act, refused) {
    const [{ order }, id] = [act, act.key[0]];
    await this.read();
    await this.#quoted(order[3]);
    const draft = this.#request(id, order);
    const check = draft.refused || draft.action !== DEAL ? null : await this.#ask("order_check", draft);
    await this.read(); // who this is and what it holds, as the last thing before the order
    const request = this.#request(id, order);
    const code = refused() || request.refused;
    if (code) return { state: NOT_EXECUTED, code };
    if (check && ![0, 10009].includes(check.retcode)) return { state: REFUSED, ...told(check) };
    const before = JSON.stringify(this.identity());
    act.sending = true;
    const answer = await this.#ask("order_send", request).catch((error) => ({ error }));
    const unsent = NOTHING_SENT[answer.error?.code];
    if (unsent) return { state: NOT_EXECUTED, code: unsent, detail: answer.error.message };
    if (answer.error) throw answer.error;
    await this.read();
    if (before !== JSON.stringify(this.identity())) return { state: UNKNOWN, ...told(answer), code: "IDENTITY" };
    if (REFUSED_CODES.includes(answer.retcode)) return { state: REFUSED, ...told(answer) };
    const found = DONE_CODES.includes(answer.retcode) && this.evidence(id, order);
    return found ? { state: DONE, ...told(answer), ...found, code: "" } : { state: UNKNOWN, ...told(answer) };
  }

  // What `order_send` takes, or {refused} where the position is not as the order expects it.
  #request(id, order) {
    const [, kind, , symbol, side, , entry, volume, stop, target, collar, , , position, expected, remaining] = order;
    const [, digits, ...rest] = this.terms.get(symbol) ?? [];
    if (digits === undefined) return { refused: "TERMS_UNKNOWN" };
    const filling = rest[14] & 1 ? 0 : rest[14] & 2 ? 1 : 2;
    const levels = { sl: price(stop, digits), tp: price(target, digits) };
    const common = { symbol, magic: id, comment: "example", type_filling: filling };
    const deal = { ...common, action: DEAL, type: side, volume: this.lots(order) };
    if (kind === FIRE) return { ...deal, ...levels, price: price(entry, digits), deviation: collar };
    const held = this.positions.find((row) => row[1] === position);
    if (!held) return { refused: "POSITION_CLOSED" };
    if (held[2] !== symbol) return { refused: "POSITION_STATE" };
    if (kind === MODIFY) return { ...common, ...levels, action: SLTP, position: held[0] };
    if (held[3] === side) return { refused: "POSITION_STATE" };
    if (held[4] !== expected || held[4] - volume !== remaining) return { refused: "VOLUME_CONFLICT" };
    const at = price(this.quote(order), digits);
    return { ...deal, price: at, deviation: collar || CLOSE_DEVIATION, position: held[0] };
  }

  // What the records prove about an act: the facts of its DONE entry, or null.
  evidence(id, order) {
    if (order[1] === MODIFY) {
      const held = this.positions.find((row) => row[1] === order[13]);
      return held?.[6] === order[8] && held[7] === order[9] ? { order: held[0], position: held[1] } : null;
    }
    // A position's own stop and target are deals of its fire's magic, too.
    const deals = this.deals.filter((row) => row[9] === id && (order[1] !== FIRE || OPENS.includes(row[5])));
    const volume = deals.reduce((sum, row) => sum + row[7], 0);
    const points = Math.round(deals.reduce((sum, row) => sum + row[8] * row[7], 0) / volume);
    return deals.length ? { order: deals[0][1], deal: deals[0][0], position: deals[0][2], points, volume } : null;
  }

  // Whether an entry is so old that records without it are complete: the settle window, connected all the time.
  settled(row) {
    const [written, since, window] = [BigInt(row[5]), this.#since, BigInt(this.#bundle.settle_s) * 1_000_000_000n];
    return since !== null && this.#now() - (written > since ? written : since) >= window;
  }

  tighter(order) {
    const held = this.positions.find((row) => row[1] === order[13]);
    const sign = held?.[3] === BUY ? 1 : -1;
    return Boolean(held) && order[8] > 0 && (!held[6] || (order[8] - held[6]) * sign >= 0);
  }

  lots(order) {
    return Number((order[7] * Number(this.terms.get(order[3])[3])).toFixed(8));
  }

  // The price that a market order would get by the last tick, in points; NaN where there is none.
  quote(order) {
    return this.#quotes.get(order[3])?.[order[4] === BUY ? 2 : 1] ?? NaN;
  }

  #open() {
    this.#since = null;
    this.#opening ??= this.#broker.open(this.#bundle).finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #quoted(symbol) {
    const digits = this.terms.get(symbol)?.[1];
    const tick = digits === undefined ? null : await this.#ask("symbol_info_tick", symbol);
    if (tick) this.#quotes.set(symbol, [tick.time_msc - this.offset, points(tick.bid, digits), points(tick.ask, digits)]);
  }

  // --- reading --------------------------------------------------------------------------------------------------

  async #ask(call, ...args) {
    return (await this.#broker.exchange(call, ...args)).value;
  }

  async #ticksOf(cursor, until) {
    const { symbol, time: from, seen } = cursor;
    const digits = this.terms.get(symbol)[1];
    const args = [symbol, Math.floor((from + this.offset) / 1000), TICKS, 1];
    const { tail } = await this.#broker.exchange("copy_ticks_from", ...args);
    const all = Array.from({ length: tail.length / TICK_BYTES }, (_, at) => tail.subarray(at * TICK_BYTES));
    const price = (row, at) => points(row.readDoubleLE(at), digits);
    const rows = all.map((row) => [Number(row.readBigInt64LE(40)) - this.offset, price(row, 8), price(row, 16)]);
    const fresh = rows.filter(([at]) => at >= from && at <= until).slice(seen);
    const last = fresh.at(-1)?.[0];
    if (fresh.length) cursor.seen = fresh.filter(([at]) => at === last).length + (last === from ? seen : 0);
    if (fresh.length) cursor.time = last;
    return { symbol, rows: fresh, full: rows.length === TICKS };
  }

  // Of all symbols; `specs` is another array only where something is another.
  async #readTerms(market) {
    for (const symbol of this.#bundle.symbols) this.terms.set(symbol, await this.#termsOf(symbol));
    const specs = [...this.terms.values()];
    if (JSON.stringify(specs) !== JSON.stringify(this.specs)) this.specs = specs;
    this.#termsAt = market;
  }

  async #termsOf(symbol) {
    const info = await this.#ask("symbol_info", symbol);
    const margin = async (side, at) => decimal(await this.#ask("order_calc_margin", side, symbol, 1, at));
    const count = (volume) => steps(volume ?? 0, info.volume_step);
    return [symbol, info.digits, decimal(info.trade_contract_size), decimal(info.volume_step, 8),
      count(info.volume_min), count(info.volume_max), count(info.volume_limit), info.trade_stops_level,
      info.trade_freeze_level, decimal(info.trade_tick_value_profit, 8), decimal(info.trade_tick_value_loss, 8),
      info.currency_base, info.currency_profit, info.currency_margin, info.trade_mode, info.trade_exemode,
      info.filling_mode, info.expiration_mode, info.order_mode, await margin(0, info.ask),
      await margin(1, info.bid)]; // prettier-ignore
  }

  #grid(row) {
    const terms = this.terms.get(row.symbol);
    if (row.symbol && !terms) throw new RangeError(`terms of ${row.symbol} are not watched`);
    return [terms?.[1], Number(terms?.[3])];
  }

  #position(row) {
    const [digits, step] = this.#grid(row);
    return [row.ticket, row.identifier, row.symbol, row.type, steps(row.volume, step), points(row.price_open, digits),
      points(row.sl, digits), points(row.tp, digits), row.magic, row.time_msc - this.offset, decimal(row.profit),
      decimal(row.swap ?? 0), row.comment]; // prettier-ignore
  }

  #order(row) {
    const [digits, step] = this.#grid(row);
    const expires = row.time_expiration ? row.time_expiration * 1000 - this.offset : 0;
    return [row.ticket, row.symbol, row.type, steps(row.volume_current, step), points(row.price_open, digits),
      points(row.sl, digits), points(row.tp, digits), row.magic, expires, row.comment]; // prettier-ignore
  }

  #deal(row) {
    const [digits, step] = this.#grid(row);
    const [volume, at] = row.symbol ? [steps(row.volume, step), points(row.price, digits)] : [0, 0];
    return [row.ticket, row.order, row.position_id, row.symbol, row.type, row.entry, row.reason, volume, at, row.magic,
      row.time_msc - this.offset, decimal(row.profit), decimal(row.swap ?? 0), decimal(row.commission ?? 0),
      decimal(row.fee ?? 0), row.comment]; // prettier-ignore
  }
}

const told = ({ retcode, comment }) => ({ retcode, code: `RETCODE_${retcode}`, detail: comment });

// Exact integers of the broker's floats; a value off the grid is an error, never rounded away.
const points = (price, digits) => onGrid(price * 10 ** digits);
const steps = (volume, step) => onGrid(volume / step);
const price = (points, digits) => Number((points / 10 ** digits).toFixed(digits));
const decimal = (value, places = 2) => value.toFixed(places);

function onGrid(value) {
  const whole = Math.round(value);
  if (Math.abs(value - whole) > 1e-3) throw new RangeError(`${value} is not on the grid`);
  return whole;
}
