// Messages under way and links that are cut: lines in the gutter at the right of the rows.

import { h } from "./dom.mjs";
import { spoken } from "./run.mjs";
import { shorten, widthOf } from "./text.mjs";

const MOST = 6; // more messages than this are counted, not drawn

export function drawWires(frame, l) {
  const cuts = cutPairs(frame);
  const messages = frame.run.messagesAt(frame.step);
  const shown = [...messages.filter((m) => m.arrives), ...messages.filter((m) => !m.arrives).reverse()].slice(0, MOST);
  const ports = new Map(); // how many lines already leave or enter a place
  const lanes = { next: 0 };
  const isCut = ({ from, to }) => frame.state.cuts.some((cut) => cut.includes(from) && cut.includes(to));
  const drawn = [
    ...cuts.map((pair) => drawCut(frame, l, pair, ports, lanes)),
    ...shown.map((message) => (isCut(message) ? drawLost(l, message, ports) : drawMessage(frame, l, message, ports, lanes))),
  ];
  const parts = [...drawn.map(([line]) => line), ...drawn.map(([, pill]) => pill)]; // no line may cross a word
  const left = messages.length - shown.length;
  const more = left > 0 ? h("text", { x: l.right + 8, y: l.height - 12, class: "mk-small" }, `+ ${left} more under way`) : null;
  return h("g", { class: "mk-wires" }, parts.filter(Boolean), more);
}

/** Cut pairs between places of the picture; all controllers are one place. */
function cutPairs({ state, run }) {
  const roles = new Map(run.nodes.map((node) => [node.id, node.role]));
  const place = (id) => (roles.get(id) === "controller" ? "controllers" : id);
  const names = new Set(state.cuts.map(([one, other]) => [place(one), place(other)].sort().join("|")));
  return [...names].map((name) => name.split("|")).filter(([one, other]) => one !== other);
}

/** Where a line meets a place: the right edge of a row, or the top of a client's box. */
function port(l, id, ports, isOut) {
  const used = ports.get(id) || { out: 0, in: 0 };
  const count = isOut ? used.out++ : used.in++;
  ports.set(id, used);
  const row = l.rows.find((each) => each.id === id);
  if (row) return { x: l.right, y: isOut ? row.y + 22 + count * 24 : row.y + row.height - 16 - count * 12 };
  const client = l.clients.find((each) => each.id === id);
  if (client) return clientPort(l, client, isOut, count);
  return { x: l.right, y: l.controllersY + (isOut ? 13 : l.controllersHeight - 10) + count * (isOut ? 22 : -8) };
}

function clientPort(l, client, isOut, count) {
  const bus = client.y - 9 - count * 3 - (isOut ? 0 : 3);
  return { x: client.x + client.width / 2 + (isOut ? -8 : 8) + count * 10, y: bus, box: client.y };
}

function laneX(frame, l, lanes) {
  const step = l.narrow ? 6 : 11;
  const x = frame.width - 6 - lanes.next * step;
  lanes.next += 1;
  return Math.max(l.right + 8, x);
}

/** Right out of one place, along the lane, and into the other; rounded at the corners. */
function route(from, to, lane) {
  const r = Math.min(8, Math.abs(to.y - from.y) / 2);
  const down = to.y >= from.y ? 1 : -1;
  const start = from.box === undefined ? `M${from.x},${from.y}` : `M${from.x},${from.box} V${from.y}`;
  const end = to.box === undefined ? `H${to.x + 3}` : `H${to.x} V${to.box - 2}`;
  return `${start} H${lane - r} Q${lane},${from.y} ${lane},${from.y + r * down} V${to.y - r * down} Q${lane},${to.y} ${lane - r},${to.y} ${end}`;
}

function drawCut(frame, l, [one, other], ports, lanes) {
  const from = port(l, one, ports, true), to = port(l, other, ports, false);
  const lane = laneX(frame, l, lanes);
  const name = (id) => (id === "controllers" ? id : spoken(id));
  const word = l.narrow ? "✂" : "✂ cut";
  const width = widthOf(word, 12, "bold") + 14;
  const middle = l.narrow ? Math.min(lane, frame.width - width / 2 - 1) : l.right + 8 + width / 2;
  const y = l.narrow ? (from.y + to.y) / 2 : from.y;
  return [h("path", { class: "mk-cut-line", key: `cutline-${one}-${other}`, d: route(from, to, lane) }), h("g", { class: "mk-cut", key: `cut-${one}-${other}` },
    h("title", {}, `Nothing passes between ${name(one)} and ${name(other)}.`),
    h("rect", { x: middle - width / 2, y: y - 10, width, height: 20, rx: 10 }),
    h("text", { x: middle, y: y + 4 }, word))];
}

/** What was sent into a cut link goes nowhere: no line, only what it would have been. */
function drawLost(l, message, ports) {
  if (l.narrow) return [];
  const from = port(l, message.from, ports, true);
  const word = shorten(`✕ ${message.label}`, l.gutter - 40, 12, "bold");
  return [null, drawPill(l, message, from, word, "mk-lost")];
}

function drawMessage(frame, l, message, ports, lanes) {
  const from = port(l, message.from, ports, true), to = port(l, message.to, ports, false);
  const lane = laneX(frame, l, lanes);
  const style = `mk-message${message.arrives ? " mk-arrives" : ""}${message.fresh ? " mk-leaves" : ""}`;
  const tip = to.box === undefined
    ? `M${to.x + 8},${to.y - 4.5} L${to.x + 1},${to.y} L${to.x + 8},${to.y + 4.5}z`
    : `M${to.x - 4.5},${to.box - 8} L${to.x},${to.box - 1} L${to.x + 4.5},${to.box - 8}z`;
  const state = message.arrives ? "arrives" : "under way";
  const line = h("g", { class: style, key: `m${nameOf(message)}` },
    h("title", {}, `${message.label}: ${spoken(message.from)} → ${spoken(message.to)}, ${state}${numbered(message)}`),
    h("path", { d: route(from, to, lane), class: "mk-wire", pathLength: 1 }),
    h("path", { d: tip, class: "mk-tip" }));
  const age = message.age >= 100 ? ` · ${message.age >= 1000 ? `${Math.round(message.age / 100) / 10} s` : `${message.age} ms`}` : "";
  const room = Math.max(60, lane - l.right - 14) - 12 - (age ? widthOf(age, 12, "bold") : 0);
  const word = shorten(message.label, room, 12, "bold") + age;
  return [line, l.narrow ? null : drawPill(l, message, from, word, style)];
}

/** Which answer belongs to which request: both carry the number; and how long it has been on its way. */
function numbered({ correlation, age }) {
  return `${correlation === undefined ? "" : `, correlation id ${correlation}`}, sent ${age} ms ago`;
}

function nameOf(message) {
  return `${message.from}-${message.to}-${message.sent}-${message.label}`;
}

function drawPill(l, message, from, word, style) {
  const width = widthOf(word, 12, "bold") + 12;
  const x = l.right + 8;
  return h("g", { class: `mk-pill ${style}`, key: `pill${nameOf(message)}` },
    h("title", {}, `${message.label}: ${spoken(message.from)} → ${spoken(message.to)}${numbered(message)}`),
    h("rect", { x, y: from.y - 10, width, height: 20, rx: 10 }),
    h("text", { x: x + width / 2, y: from.y + 4 }, word));
}
