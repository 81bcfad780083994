// The view "Charts": how far behind, how fast, how long, how many in sync, over time. The same series: minikafka/stage/series.py.

import { h } from "./dom.mjs";
import { countUpTo, seconds, spoken } from "./run.mjs";
import { hasFact } from "./view_parts.mjs";

const MARKS = [["", "—"], ["6 4", "- -"], ["2 3", "···"]]; // each line has a pattern besides its colour

const isStored = (kind) => kind === "RecordsAppended";

export const chartsView = {
  id: "charts", name: "Charts", draw: drawCharts, applies: (run) => hasFact(run, isStored),
};

/** {name: {line: [[ms, value], …]}}; values hold until the next point, but for latency, which is a point each. */
export function seriesOf(run, partition) {
  const lag = {}, isr = [], stored = [], latency = [], ends = {}, sent = {};
  let leader = -1;
  const brokers = run.nodes.filter((node) => node.role === "broker").map((node) => node.id);
  for (const [step, node, kind, fields] of run.trace.facts) {
    if (fields.partition !== partition) continue;
    const ms = run.times[step], id = run.idOf(node);
    const end = { RecordsAppended: fields.next_offset, LogTruncated: fields.to_offset, LogRecovered: fields.log_end_offset }[kind];
    if (end !== undefined) ends[id] = end;
    if (kind === "PartitionChanged") {
      leader = `broker-${fields.leader}`;
      isr.push([ms, fields.isr.length]);
    }
    if (end !== undefined || kind === "PartitionChanged") {
      for (const each of brokers) (lag[each] ||= []).push([ms, each === leader ? 0 : Math.max(0, (ends[leader] || 0) - (ends[each] || 0))]);
    }
    const name = `${id} ${fields.values}`;
    if (kind === "ProduceSent") sent[name] ??= ms;
    if (kind !== "ProduceAcknowledged") continue;
    const second = ms - ms % 1000, last = stored[stored.length - 1];
    if (last && last[0] === second) last[1] += fields.values.length;
    else {
      if (last && last[0] + 1000 < second) stored.push([last[0] + 1000, 0]);
      stored.push([second, fields.values.length]);
    }
    if (name in sent) latency.push([ms, ms - sent[name]]);
    delete sent[name];
  }
  if (stored.length) stored.push([stored[stored.length - 1][0] + 1000, 0]);
  return { "lag in records": lag, "in-sync replicas": { isr }, "records stored per second": { stored }, "latency in ms": { latency } };
}

const charted = new WeakMap();

/** The charts of a partition in this size, [{name, lines, left, right, top, bottom, end, picture}]; drawn once, a step moves only the cursor. */
function chartsOf(run, partition, wide, high) {
  const all = charted.get(run) || {};
  charted.set(run, all);
  return all[`${partition} ${wide} ${high}`] ||= Object.entries(seriesOf(run, partition)).map(([name, lines]) => {
    const chart = { name, lines: Object.entries(lines).filter(([, points]) => points.length), left: 40, right: wide - 16, top: 34, bottom: high - 30, end: run.times[run.last] || 1 };
    return { ...chart, picture: drawLines(chart) };
  });
}

function drawCharts(frame) {
  const { run, partition, width } = frame;
  const columns = width < 600 ? 1 : 2, wide = width / columns, high = columns === 1 ? 150 : 230;
  const charts = chartsOf(run, partition, wide, high);
  const height = Math.ceil(charts.length / columns) * high + 10;
  return h("svg", { class: "mk-picture mk-charts", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Charts of ${partition}` },
    charts.map((chart, i) => h("g", { key: chart.name, transform: `translate(${(i % columns) * wide} ${Math.floor(i / columns) * high})` },
      drawChart(frame, chart))));
}

/** All of a chart that is the same in each step. */
function drawLines({ name, lines, left, right, top, bottom, end }) {
  const isPoints = name.startsWith("latency");
  const most = lines.reduce((high, [, points]) => points.reduce((so, point) => Math.max(so, point[1]), high), 1);
  const x = (ms) => left + (right - left) * ms / end, y = (value) => bottom - (bottom - top) * value / most;
  return h("g", { key: "lines" },
    h("text", { x: 12, y: 20, class: "mk-small-name mk-name" }, name),
    h("path", { d: `M${left},${top} V${bottom} H${right}`, class: "mk-axis" }),
    [[most, top + 4], [0, bottom + 4]].map(([word, at]) => h("text", { x: left - 6, y: at, class: "mk-mono mk-right" }, word)),
    h("text", { x: right, y: bottom + 15, class: "mk-mono mk-right" }, seconds(end)),
    lines.map(([, points], i) => (isPoints
      ? points.map(([ms, each]) => h("circle", { cx: x(ms), cy: y(each), r: 3, class: "mk-line-0" }))
      : h("path", { class: `mk-series mk-line-${i}`, "stroke-dasharray": MARKS[i % 3][0], d: `M${x(points[0][0])},${y(points[0][1])}${points.map(([ms, each]) => ` H${x(ms)} V${y(each)}`).join("")} H${right}` }))));
}

function drawChart({ run, step, go }, { lines, left, right, top, bottom, end, picture }) {
  const now = run.times[step], at = left + (right - left) * now / end;
  const value = (points) => (points[countUpTo(points, now, (point) => point[0]) - 1] || [0, "–"])[1];
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const ms = (event.clientX - box.left) / box.width * end;
    go(Math.max(1, countUpTo(run.times, ms, (each) => each) - 1));
  };
  return [
    picture,
    lines.length > 1
      ? h("text", { x: left, y: bottom + 15, class: "mk-mono" }, lines.map(([id, points], i) => `${MARKS[i % 3][1]} ${spoken(id)}: ${value(points)}`).join("  "))
      : h("text", { x: right, y: 20, class: "mk-mono mk-right" }, value((lines[0] || [0, []])[1])),
    h("path", { d: `M${at},${top} V${bottom}`, class: "mk-cursor" }),
    h("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "mk-hit", onclick: click }),
  ];
}
