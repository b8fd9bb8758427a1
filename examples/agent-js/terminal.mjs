// The terminal as the link wants it: what is open, what was dealt, and orders, in points, steps and UTC.
import { Broker, decimal, points, price, steps } from "./broker.mjs";

export const [FIRE, CLOSE, PART_CLOSE, CLOSE_BY, MODIFY, CANCEL] = [1, 2, 3, 4, 5, 6];
export const BUY = 0;
const [DEAL, SLTP] = [1, 6]; // of a request
const CLOSE_DEVIATION = 1000;

export class Terminal {
  market = 0; // market time, ms
  terms = new Map(); // by symbol, as SPECS tells them
  quotes = new Map(); // by symbol, the last tick
  connectedSince = null;
  #broker = new Broker();
  #bundle;
  #now;

  constructor(bundle, now) {
    [this.#bundle, this.#now] = [bundle, now];
  }

  get connected() {
    return this.#broker.connected;
  }

  get offset() {
    return this.#broker.offset;
  }

  async open() {
    await this.#broker.open(this.#bundle);
    this.connectedSince = null;
  }

  // Everything but ticks, as it stands now.
  async read() {
    const broker = this.#broker;
    const at = await broker.call("clock");
    const [account, info] = [await broker.call("account_info"), await broker.call("terminal_info")];
    for (const symbol of this.terms.size ? [] : this.#bundle.symbols) this.terms.set(symbol, await this.#readTerms(symbol));
    const positions = (await broker.call("positions")).map((row) => this.#position(row));
    const orders = (await broker.call("orders")).map((row) => this.#order(row));
    const until = Math.ceil((at + this.offset) / 1000) + 86_400;
    const deals = (await broker.call("history_deals", "time", 0, until)).map((row) => this.#deal(row));
    if (!info.connected) this.connectedSince = null;
    else this.connectedSince ??= this.#now();
    this.market = Math.max(this.market, at);
    const byTicket = (a, b) => a[0] - b[0];
    Object.assign(this, { account, info, orders, positions: positions.sort(byTicket), deals: deals.sort(byTicket) });
  }

  async ticks(symbol, cursor, until) {
    const found = await this.#broker.ticks(symbol, this.terms.get(symbol)[1], cursor, until);
    if (found.rows.length) this.quotes.set(symbol, found.rows.at(-1));
    return found;
  }

  identity() {
    const { account, info } = this;
    return [account.login, account.server, "paper", account.currency, account.margin_mode === 2,
      account.trade_mode ?? 0, info.build, info.data_path, this.#broker.mark.broker]; // prettier-ignore
  }

  send(request) {
    return this.#broker.call("order_send", request);
  }

  // What `order_send` takes, or {refused} where the position is not as the order expects it.
  request(actId, order) {
    const [, kind, , symbol, side, , entry, volume, stop, target, collar, , , position, expected, remaining] = order;
    const [, digits, , step] = this.terms.get(symbol);
    const lots = Number((volume * Number(step)).toFixed(8));
    const levels = { sl: price(stop, digits), tp: price(target, digits) };
    const common = { symbol, magic: actId, comment: "example" };
    if (kind === FIRE) {
      const at = price(entry, digits);
      return { ...common, ...levels, action: DEAL, type: side, volume: lots, price: at, deviation: collar };
    }
    const held = this.position(position);
    if (!held) return { refused: "POSITION_CLOSED" };
    if (held[2] !== symbol) return { refused: "POSITION_STATE" };
    if (kind === MODIFY) return { ...common, ...levels, action: SLTP, position: held[0] };
    if (held[3] === side) return { refused: "POSITION_STATE" };
    if (held[4] !== expected || held[4] - volume !== remaining) return { refused: "VOLUME_CONFLICT" };
    const at = price(this.quote(order), digits);
    const deviation = collar || CLOSE_DEVIATION;
    return { ...common, action: DEAL, type: side, volume: lots, price: at, deviation, position: held[0] };
  }

  // What the records prove about an act: the facts of its DONE entry, or undefined.
  evidence(actId, order) {
    if (order[1] === MODIFY) {
      const held = this.position(order[13]);
      const set = held && held[6] === order[8] && held[7] === order[9];
      return set ? { order: held[0], position: held[1] } : undefined;
    }
    const deals = this.deals.filter((row) => row[9] === actId && (row[5] === 0) === (order[1] === FIRE));
    if (!deals.length) return undefined;
    const volume = deals.reduce((sum, row) => sum + row[7], 0);
    const points = Math.round(deals.reduce((sum, row) => sum + row[8] * row[7], 0) / volume);
    return { order: deals[0][1], deal: deals[0][0], position: deals[0][2], points, volume };
  }

  position(id) {
    return this.positions.find((row) => row[1] === id);
  }

  // The price that a market order would get by the last tick, in points; NaN where there is none.
  quote(order) {
    return this.quotes.get(order[3])?.[order[4] === BUY ? 2 : 1] ?? NaN;
  }

  figures() {
    const a = this.account;
    const money = [a.balance, a.credit, a.equity, a.margin, a.margin_free, a.margin_level];
    return [...money.map((value) => decimal(value)), a.leverage, a.currency];
  }

  async #readTerms(symbol) {
    const info = await this.#broker.call("symbol_info", symbol);
    const margin = async (side, at) => decimal(await this.#broker.call("order_calc_margin", side, symbol, 1, at));
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
