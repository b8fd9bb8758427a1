// Candles with the levels of a mission. Owns the chart's element and what is drawn on it.
//
// The library knows no time zones: it is given true UTC and asked to write axes in the chosen zone. It refuses an older
// bar than its last, so a bar is updated only at the end, else all are set anew.

import { axis } from "./format.js";

const LEVELS = { entry: "#3b82f6", stop: "#dc2626", target: "#15803d" };
const SESSIONS = { ASIA: "#a855f726", LONDON: "#3b82f626", OVERLAP: "#f59e0b33", NEW_YORK: "#10b98126" };

/** The library, on its way from the moment on that bars are asked for. */
export const fetched = () => import("./vendor/lightweight-charts.js");

export async function candles(place) {
  const { createChart, CandlestickSeries, HistogramSeries, createSeriesMarkers, LineStyle } = await fetched();
  const chart = createChart(place, {
    autoSize: true,
    layout: { background: { color: "transparent" }, textColor: getComputedStyle(place).color, attributionLogo: false },
    grid: { vertLines: { visible: false }, horzLines: { color: "#8883" } },
    timeScale: { timeVisible: true, secondsVisible: false, tickMarkFormatter: (time, kind) => axis(time, kind < 3) },
    localization: { timeFormatter: (time) => `${axis(time, true)} ${axis(time, false)}` },
    handleScroll: { vertTouchDrag: false },
  });
  const shade = chart.addSeries(HistogramSeries, {
    priceScaleId: "sessions", lastValueVisible: false, priceLineVisible: false, base: 0,
  });
  chart.priceScale("sessions").applyOptions({ scaleMargins: { top: 0, bottom: 0 }, visible: false });
  const series = chart.addSeries(CandlestickSeries, {
    upColor: "#16a34a", downColor: "#dc2626", wickUpColor: "#16a34a", wickDownColor: "#dc2626", borderVisible: false,
  });
  const markers = createSeriesMarkers(series, []);
  let drawn = [];
  let lines = [];

  function show(bars, view, digits) {
    const rows = bars.map((row) => ({
      time: Date.parse(row.time) / 1000, open: +row.bid_open, high: +row.bid_high, low: +row.bid_low, close: +row.bid_close,
    }));
    series.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
    const grown = drawn.length && rows.length >= drawn.length && rows[0]?.time === drawn[0].time;
    if (grown) rows.slice(drawn.length - 1).forEach((row) => series.update(row));
    else series.setData(rows);
    const first = !drawn.length && rows.length;
    drawn = rows;
    shade.setData(rows.map((row) => ({ time: row.time, value: 1, color: SESSIONS[sessionAt(view, row.time)] ?? "transparent" })));
    levels(view);
    const at = Date.parse(view.signal_at) / 1000 - 60;
    markers.setMarkers(rows.some((row) => row.time === at) ? [{ time: at, position: "aboveBar", shape: "arrowDown", color: LEVELS.entry, text: "signal" }] : []);
    if (first) chart.timeScale().fitContent();
  }

  function levels(view) {
    lines.forEach((line) => series.removePriceLine(line));
    lines = view.levels.map(({ name, price }) => series.createPriceLine({
      price: +price, color: LEVELS[name] ?? "#888", lineWidth: LEVELS[name] ? 2 : 1,
      lineStyle: LEVELS[name] ? LineStyle.Solid : LineStyle.Dotted, title: name.replace("_", " "), axisLabelVisible: true,
    }));
    const prices = view.levels.map(({ price }) => +price);
    series.applyOptions({
      autoscaleInfoProvider: (original) => {
        const found = original();
        if (!found || !prices.length) return found;
        found.priceRange.minValue = Math.min(found.priceRange.minValue, ...prices);
        found.priceRange.maxValue = Math.max(found.priceRange.maxValue, ...prices);
        return found;
      },
    });
  }

  return { show, end: () => chart.remove() };
}

function sessionAt(view, seconds) {
  const at = seconds * 1000;
  return view.sessions.find((span) => Date.parse(span.start) <= at && at < Date.parse(span.end))?.session;
}
