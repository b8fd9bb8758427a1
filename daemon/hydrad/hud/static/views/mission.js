// The briefing: what, why, the money, the checks, and the gesture that fires it.

import { goodness, holdButton, isPressed, perform, verdict } from "../act.js";
import { aims, failures, going, kindOf, lines, moneys, spread } from "../aim.js";
import { Lost, ask, get } from "../api.js";
import { candles, fetched } from "../chart.js";
import { facts, fill, h } from "../dom.js";
import { clock, signed, span, tone, when } from "../format.js";
import { aged, isBlind, isOld, live } from "../live.js";
import { does } from "../plan.js";

const OPEN = new Set(["PROPOSED", "ENGAGED"]);
const BARS_MAX = 180; // 46 KiB: more would not fit a first view
const BARS_MS = 15_000; // the recording is read by a process of its own: not at each look

export function make({ main, me, args, reload }) {
  const part = Object.fromEntries(["head", "fire", "price", "chart", "money", "acts", "why", "checks"].map((name) => [name, h("section", { class: `card ${name}` })]));
  const place = h("div", { class: "candles", role: "img", "aria-label": "Candles of the mission's symbol with entry, stop and target" });
  const legend = h("p", { class: "dim" });
  part.chart.append(h("h2", null, "Chart"), place, legend);
  const column = (...names) => h("div", { class: "column" }, names.map((name) => part[name]));
  fill(main, h("div", { class: "briefing" }, column("head", "chart", "acts", "why"), column("fire", "price", "money", "checks")));
  let aim = args.account ?? null; // an account's name, or several: see aim.js
  let groups = null;
  let chart = null;
  let shown = null;
  let bars = null; // until the first answer: the words do not wait for a recording to be read
  let barsAt = 0;
  let barless = ""; // why there are none
  let over = false;

  async function load() {
    const path = `/missions/${encodeURIComponent(args.id)}`;
    const [of, asks] = [aim, spread(aim)];
    const [answer, dry, known] = await Promise.all([get(`${path}/brief${of && !asks ? `?account=${encodeURIComponent(of)}` : ""}`),
      asks && ask(`${path}/fire`, { ...asks, dry_run: true }), groups ?? get("/groups")]);
    groups = known.ok ? known : null;
    if (answer.ok) {
      if (Date.now() - barsAt >= BARS_MS) recorded(answer.data.chart, answer.data.mission.mission.horizon_at);
      const owned = answer.data.mission.acts.some((row) => row.position);
      const held = owned ? await get("/positions") : { data: [] };
      const closed = owned ? await get("/positions?closed=true&limit=50") : { data: [] };
      return { answer, aim: of, dry, positions: [...(held.data ?? []), ...(closed.data ?? [])] };
    }
    return answer.status === 401 ? answer : { answer, positions: [] };
  }

  async function recorded(view, end) {
    barsAt = Date.now();
    fetched().catch(() => null); // who draws with it says what has failed
    try {
      const told = await get(`/bars/${encodeURIComponent(view.symbol)}?since=${encodeURIComponent(view.start)}&until=${encodeURIComponent(end)}&limit=${BARS_MAX}`);
      if (told.ok) bars = told.data;
      barless = told.ok ? "No minute of it is recorded yet." : `The bars were not told: ${told.error.message}`;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      barless = "The bars were not told: no answer came.";
    }
    if (shown && !over) draw();
  }

  function show(data) {
    if (!data.answer.ok) {
      shown = null;
      for (const [name, one] of Object.entries(part)) if (name !== "chart") fill(one);
      part.chart.hidden = true;
      fill(part.head, h("p", { class: "bad", role: "alert" }, data.answer.error.message), h("a", { href: "/missions" }, "All missions"));
      return;
    }
    shown = { ...data.answer.data, aim: data.aim ?? data.answer.data.account, dry: data.dry };
    part.chart.hidden = false;
    now();
    money(shown);
    acts(shown, data.positions);
    why(shown);
    checks(shown);
    draw();
  }

  /** What moves by itself: the countdown and the price's age. */
  function now() {
    if (!shown) return;
    head(shown);
    price(shown);
    fire(shown);
  }

  function left() {
    const market = live.now?.market ?? shown.market_at;
    return market ? (Date.parse(shown.mission.mission.expires_at) - Date.parse(market)) / 1000 : shown.mission.mission.expires_in_s;
  }

  function head(data) {
    const m = data.mission.mission;
    const ends = left();
    const open = OPEN.has(m.state) && ends > 0;
    const state = OPEN.has(m.state) && ends <= 0 ? "EXPIRED" : m.state;
    fill(part.head,
      h("h1", null, `${m.symbol} ${m.side} `, h("small", null, `${m.kind.replace("_", " ")} ${m.id}`)),
      h("p", { class: "big" }, h("b", { class: open ? "good" : "dim" }, state), !open ? "" : isBlind() ? ` ${span(ends)} were left when the daemon was heard last` : ` ${span(ends)} left`,
        m.outcome ? ` ${m.outcome} ${m.outcome_r ?? ""} R` : ""),
      facts([
        ["Entry", `${m.entry} ± ${m.collar}`], ["Stop", m.stop], ["Target", m.target], ["R", m.r],
        ["TCS", data.tcs_text], ["Until", `${clock(m.expires_at)}`],
      ]));
  }

  function price(data) {
    const p = data.price;
    if (!p) {
      fill(part.price, h("h2", null, "Price"), h("p", { class: "bad" }, "The account's terminal has told no quote."));
      return;
    }
    const quote = live.now?.quotes.find((row) => row.symbol === data.fire.order?.symbol && row.terminal === p.terminal);
    const age = aged(quote ? quote.age_s : p.age_s);
    const stale = isOld(quote ?? p);
    fill(part.price, h("h2", null, "Price now"), facts([
      ["Bid / ask", `${quote?.bid ?? p.bid} / ${quote?.ask ?? p.ask}`, stale ? "old" : ""],
      ["Age", `${span(age)}${isBlind() ? ", NOT LIVE" : stale ? ", STALE" : ""}`, stale ? "bad" : ""],
      ["Spread", `${quote?.spread_points ?? p.spread_points} points${p.spread_of_stop_percent ? `, ${p.spread_of_stop_percent}% of the stop` : ""}`],
      p.rests ? ["Rests", `${Math.abs(p.off_points)} points away`] : ["From entry", `${p.off_points > 0 ? "+" : ""}${p.off_points} points, ${p.collar_points} allowed`, p.off_points > p.collar_points ? "bad" : ""],
      ["Basis", data.fire.basis],
    ]));
  }

  function money(data) {
    const s = data.stake;
    const choose = h("select", { id: "account", "data-focus": "account", onchange: (event) => {
      aim = event.target.value;
      reload();
    } }, (me.may.includes("fire") ? aims(data.accounts, groups?.data ?? []) : data.accounts.map((name) => [name, name])).map(([value, label]) => h("option", { value, selected: value === data.aim }, label)));
    const title = h("h2", null, "Money on ", h("label", { for: "account", class: "sr" }, "Account"), choose, data.dry ? "" : ` ${data.kind.toUpperCase()}`);
    if (data.dry) {
      fill(part.money, title, data.dry.data ? moneys(data.dry.data.targets) : h("p", { class: "bad" }, data.dry.error.message));
      return;
    }
    const rows = !s ? [] : [
      ["Size", `${s.volume} lots`],
      ["At the stop", `${signed(s.at_stop, s.currency)}${s.of_base_percent ? `, ${s.of_base_percent}% of the account` : ""}`, "loss"],
      ["At the target", s.at_target ? signed(s.at_target, s.currency) : "no target", "gain"],
      ["R from here", s.r],
      ["It needs", s.needs_percent ? `${s.needs_percent}% to lose nothing` : null],
      ["Commission", s.commission ? signed(s.commission, s.currency) : "not known: nothing in it was closed yet"],
      ["Break-even", s.break_even],
      ["Plan", data.fire.order?.plan.map(does).join("; ") || "none: its stop and target stand alone"],
      ["Next night", s.night ? `${s.night.money === null ? "not counted in this currency" : signed(s.night.money, s.currency)} at ${when(s.night.at)}${s.night.nights > 1 ? `, ${s.night.nights} nights` : ""}` : "not known"],
    ];
    fill(part.money, title, rows.length ? facts(rows) : h("p", { class: "empty" }, "No size can be made: see the checks."));
  }

  function fire(data) {
    const m = data.mission.mission;
    const open = OPEN.has(m.state) && left() > 0;
    if (isBlind()) {
      fill(part.fire, h("p", { class: "bad" }, "Not live: nothing is fired from what may be old."));
      return;
    }
    if (!open || !me.may.includes("fire")) {
      const why = !me.may.includes("fire") ? (me.scope === "full" ? "Your role looks; it does not fire." : "This session only looks. Press the bot's button for acting.") : "It takes no fires any more.";
      fill(part.fire, h("p", { class: "dim" }, why));
      return;
    }
    const pass = m.passed ? h("p", { class: "dim" }, "You passed on it.") : me.may.includes("pass") && h("button", { type: "button", class: "plain", onclick: letGo }, "Pass");
    if (isPressed(part.fire)) return;
    fill(part.fire, data.dry ? several(data) : single(data), pass);
  }

  function single(data) {
    const m = data.mission.mission;
    const denied = data.fire.checks.filter((row) => !row.ok);
    const twice = denied.some((row) => row.code === "DUPLICATE"); // it was fired on this account: nothing is wrong
    const size = data.fire.order?.volume;
    const label = `FIRE ${m.side} ${size} ${m.symbol} on ${data.account} ${data.kind.toUpperCase()}`;
    return [onlyWaits(denied) ? h("p", { class: "pending" }, `Will WAIT for a second person: ${denied[0].measured}`)
      : denied.length ? h("p", { class: twice ? "dim" : "bad" }, `${twice ? "A second fire would be denied" : "Would be DENIED"}: ${denied.map((row) => `${row.code}, ${row.measured}`).join("; ")}`)
      : h("p", { class: "good" }, `${data.fire.checks.length} checks pass; risk ${data.fire.risk_money} ${data.fire.currency}`),
    Number(size) > 0 ? holdButton(label, () => go(data), look(data.kind)) : h("p", { class: "dim" }, "No size can be made, so there is nothing to fire.")];
  }

  function several(data) {
    const m = data.mission.mission;
    if (!data.dry.data) return [h("p", { class: "bad" }, data.dry.error.message)];
    const targets = data.dry.data.targets;
    const sent = going(targets);
    const kind = kindOf(sent);
    const label = `FIRE ${m.side} ${m.symbol} on ${sent.length} of ${targets.length} accounts ${kind.toUpperCase()}`;
    return [lines(targets), sent.length ? holdButton(label, () => goAll(m, sent), look(kind)) : h("p", { class: "dim" }, "Nothing of it would be sent.")];
  }

  const onlyWaits = (failed) => failed.length === 1 && failed[0].code === "APPROVAL";
  const look = (kind) => (kind === "live" ? "danger live" : "danger");

  /** `data`: what the button was made of, whatever has come since. Its size is what is sent: it is judged, and never made anew. */
  function go(data) {
    perform({
      title: `${data.mission.mission.symbol} ${data.mission.mission.side} on ${data.account}`,
      lines: [`${data.fire.order.volume} lots${data.stake ? `, at the stop ${data.stake.at_stop} ${data.stake.currency}` : ""}`],
      path: `/missions/${encodeURIComponent(args.id)}/fire`,
      body: { account: data.account, volume: data.fire.order.volume },
    }).addEventListener("close", () => reload());
  }

  /** One fire an account, each with the size that its line said. */
  function goAll(m, sent) {
    perform({
      title: `${m.symbol} ${m.side} on ${sent.length} accounts`,
      lines: sent.map((row) => `${row.account}: ${row.volume} lots, risk ${row.risk_money} ${row.currency}`),
      path: `/missions/${encodeURIComponent(args.id)}/fire`,
      body: { sized: sent.map((row) => ({ account: row.account, volume: row.volume })) },
    }).addEventListener("close", () => reload());
  }

  function letGo() {
    perform({ title: `Pass on ${args.id}`, path: `/missions/${encodeURIComponent(args.id)}/pass`, body: {}, shown: () => h("p", { class: "good" }, "Passed.") })
      .addEventListener("close", () => reload());
  }

  function acts(data, positions) {
    const rows = data.mission.acts;
    const held = positions.filter((row) => row.mission === data.mission.mission.id);
    fill(part.acts, h("h2", null, "What became of it"),
      rows.length ? h("ul", { class: "verdicts" }, rows.map((row) => h("li", { class: goodness(row.state) },
        `${verdict(row)} `, h("small", null, `${row.kind} ${row.volume || row.changes || ""} on ${row.account}, ${row.id} by ${row.by}`)))) : h("p", { class: "empty" }, "Nobody has fired it."),
      held.map((row) => h("p", null, h("a", { href: `/positions?position=${row.id}` }, row.id), ` ${row.volume} at ${row.open_price} `,
        h("b", { class: tone(row.pnl) }, signed(row.pnl, row.currency)), row.r ? ` ${row.r} R` : "",
        row.closed_at ? ` CLOSED by ${row.close_reason} at ${row.close_average ?? row.close_price}` : ` open, stop ${row.stop ?? "NONE"}`)));
  }

  function why(data) {
    fill(part.why, h("h2", null, "Why"), h("p", null, `${data.mission.why}, in the ${data.mission.mission.session} session, ticks of ${data.mission.source ?? "nobody"}.`),
      facts(Object.entries(data.mission.features).map(([name, value]) => [name.replaceAll("_", " "), value])),
      data.mission.notes.map((row) => h("p", null, `${row.by}: ${row.text}`)));
  }

  function checks(data) {
    if (data.dry) {
      fill(part.checks, h("h2", null, "Checks"), data.dry.data && failures(data.dry.data.targets));
      return;
    }
    const rows = [...data.fire.checks].sort((one, other) => one.ok - other.ok);
    const bad = rows.filter((row) => !row.ok).length;
    fill(part.checks, h("h2", null, "Checks"), h("p", { class: bad ? "bad" : "good" }, bad ? `${bad} of ${rows.length} fail` : `all ${rows.length} pass`),
      h("details", { open: bad > 0 && OPEN.has(data.mission.mission.state) }, h("summary", null, "Each check"),
        h("ul", { class: "checks" }, rows.map((row) => h("li", { class: row.ok ? "" : "bad" },
          h("b", null, `${row.ok ? "ok" : "FAILS"} ${row.code}`), ` ${row.measured}`, h("small", null, ` limit ${row.limit}`))))));
  }

  async function draw() {
    const digits = (shown.mission.mission.entry.split(".")[1] ?? "").length;
    fill(legend, bars?.length ? `Bid, minutes of the recording; sessions: ${[...new Set(shown.chart.sessions.map((row) => row.session))].join(", ")}` : barless || "The recording is being read.");
    place.hidden = !bars?.length && barless !== ""; // its room is kept until then: nothing moves under a finger
    if (!bars?.length) return;
    chart ??= candles(place);
    (await chart).show(bars, shown.chart, digits);
  }

  const concerns = (record) => record.ids.includes(args.id) || ["AUTHORITY_SET", "POSITION_CHANGED", "POSITION_CLOSED"].includes(record.kind);
  const end = () => {
    over = true;
    chart?.then((made) => made.end());
  };
  return { load, show, now, end, concerns, every_ms: 2000 };
}
