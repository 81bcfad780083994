// The view "Cluster": controllers and what they have written, replicas as rows × offsets as columns, clients below.

import { h } from "./dom.mjs";
import { recordName } from "./light.mjs";
import { spoken } from "./run.mjs";
import { lines, shorten, widthOf } from "./text.mjs";
import { isBehind, membership, numberOf, shortName, standing, toldOf, toldRecords, valueText } from "./marks.mjs";
import { drawWires } from "./wires.mjs";

export const PATTERNS = 6;
const GAP = 10;

export const clusterView = {
  id: "cluster",
  name: "Cluster",
  applies: () => true,
  draw: drawCluster,
};

/** frame: {run, state, step, partition, width, unique, onNode}. Gives one <svg> of exactly `width` pixels. */
export function drawCluster(frame) {
  const layout = plan(frame);
  const parts = [drawControllers(frame, layout), drawOffsets(frame, layout)];
  layout.rows.forEach((row) => parts.push(drawRow(frame, layout, row)));
  const told = toldRecords(frame.run, frame.state, frame.partition, frame.step);
  parts.push(drawTold(layout, told), drawClients(frame, layout, told), drawWires(frame, layout));
  return h("svg", {
    class: "mk-picture", width: frame.width, height: layout.height, viewBox: `0 0 ${frame.width} ${layout.height}`,
    role: frame.stage.options.live ? "group" : "img", "aria-label": inWords(frame),
  }, drawPatterns(frame), ...parts);
}

// --- Where everything stands: computed from the run as a whole, so that rows do not jump from step to step ---

function plan(frame) {
  const { run, width, partition } = frame;
  const narrow = width < 600;
  const l = { narrow, pad: narrow ? 10 : 16, gutter: narrow ? 34 : Math.min(200, Math.max(172, Math.round(width * 0.21))) };
  l.right = width - l.gutter;
  l.cellWidth = narrow ? 42 : 54;
  l.pitch = l.cellWidth + 4;
  l.cellHeight = narrow ? 38 : 48;
  l.cellsX = narrow ? l.pad + 8 : 176;
  l.columns = Math.max(3, Math.floor((l.right - l.cellsX - 8) / l.pitch));
  planOffsets(frame, l);
  const [low, high] = run.ends[partition] || [0, 0];
  const room = l.right - 8 - (l.cellsX + Math.min(high - low, l.columns) * l.pitch);
  l.aside = !narrow && room >= 170 ? room - 30 : 0; // notes beside the cells, or else in a line below them
  planRows(frame, l);
  return l;
}

function planOffsets(frame, l) {
  const { run, step, partition } = frame;
  const [low, high] = run.ends[partition] || [0, 0];
  const focus = run.focusAt(partition, step);
  const latest = Math.max(low, high + 1 - l.columns);
  l.from = high - low < l.columns ? low : Math.min(latest, Math.max(low, focus - Math.floor(l.columns / 2)));
  l.to = l.from + l.columns;
  l.x = (offset) => l.cellsX + (offset - l.from) * l.pitch;
}

function planRows(frame, l) {
  const controllers = frame.run.nodes.filter((node) => node.role === "controller");
  l.controllersY = 8;
  l.stacked = l.narrow || controllers.length > 1; // names above, what is written below
  l.controllersHeight = controllers.length ? (l.stacked ? 62 : 42) : 0;
  l.offsetsY = l.controllersY + l.controllersHeight + 26;
  const head = l.narrow ? 48 : 14;
  const noteLine = l.aside ? 0 : l.narrow ? 14 : 20;
  const height = head + l.cellHeight + 30 + noteLine + (l.narrow ? 0 : 12);
  let y = l.offsetsY + 8;
  l.rows = frame.run.nodes.filter((node) => node.role === "broker").map((node) => {
    const row = { id: node.id, y, height, cellsY: y + head, noteY: y + head + l.cellHeight + (l.narrow ? 37 : 42) };
    y += height + GAP;
    return row;
  });
  planBelow(frame, l, y);
}

function planBelow(frame, l, y) {
  l.toldY = y + 2;
  const { clients } = frame.run;
  const perLine = l.narrow ? 2 : Math.min(clients.length, 4, Math.max(1, Math.floor(frame.width / 185)));
  const count = Math.ceil(clients.length / perLine) || 1;
  const columns = Math.ceil(clients.length / count) || 1;
  const right = count === 1 ? frame.width - l.pad / 2 : l.right; // below a second line of boxes the wires need the gutter
  const boxWidth = (right - l.pad / 2 - (columns - 1) * GAP) / columns;
  const boxHeight = l.narrow ? 58 : 62;
  l.busY = l.toldY + 32;
  l.clients = clients.map((node, i) => ({
    ...node, x: l.pad / 2 + (i % columns) * (boxWidth + GAP), y: l.busY + 18 + Math.floor(i / columns) * (boxHeight + 16),
    width: boxWidth, height: boxHeight,
  }));
  l.height = clients.length ? l.clients[clients.length - 1].y + boxHeight + 8 : l.busY;
}

// --- Small pieces ---

export function text(x, y, string, style, more) {
  return h("text", { x, y, class: style, ...more }, string);
}

export function caps(x, y, string) {
  return text(x, y, string, "mk-caps");
}

/** A small word in a rounded frame; gives [element, width]. */
function chip(x, y, string, tone, isFull = false) {
  const width = widthOf(string, 12, isFull ? "bold" : "sans") + 14;
  return [h("g", { class: `mk-chip mk-tone-${tone}${isFull ? " mk-full" : ""}` },
    h("rect", { x, y, width, height: 19, rx: 9.5 }), text(x + 7, y + 13.5, string, "mk-small")), width];
}

export function chips(x, y, list) {
  let at = x;
  return list.map(({ text: string, tone, isFull }) => {
    const [element, width] = chip(at, y, string, tone, isFull);
    at += width + 5;
    return element;
  });
}

export function drawPatterns({ unique }) {
  const lines = [
    ["M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4", ""], ["", "M3,3 h1.6 v1.6 h-1.6z M7,7 h1.6 v1.6 h-1.6z"], ["M0,2 h8 M0,6 h8", ""],
    ["M0,0 l8,8 M0,8 l8,-8", ""], ["M2,0 v8 M6,0 v8", ""], ["M0,4 l2,-2 l4,4 l2,-2", ""],
  ];
  return h("defs", {}, lines.map(([stroke, fill], i) =>
    h("pattern", { id: `${unique}-e${i}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      h("rect", { width: 8, height: 8, class: `mk-epoch-paper mk-epoch-${i}` }),
      h("path", { d: stroke || fill, class: `mk-epoch-ink mk-epoch-${i}${fill ? " mk-dots" : ""}` }))));
}

// --- Controllers: what is written is the truth about who leads ---

function drawControllers(frame, l) {
  const { run, state, partition } = frame;
  const all = run.nodes.filter((node) => node.role === "controller");
  if (!all.length) return null;
  const active = activeController(state, all);
  const x = l.pad / 2, y = l.controllersY;
  const written = writtenWords(state, partition);
  const isNew = frame.facts.some((fact) => fact.kind === "PartitionChanged" && fact.fields.partition === partition);
  const names = `${all.length > 1 ? "controllers: " : ""}${all.map((node) => nameOfController(state, node, node.id === active, all.length)).join(" · ")}`;
  const line = l.stacked ? [x + 14, y + 48] : [Math.max(l.cellsX, x + 28 + widthOf(names, 14, "bold")), y + 26];
  const quorum = (state.controllers[active] || {}).quorum_epoch;
  return h("g", { class: `mk-controllers${isNew ? " mk-now" : ""}` },
    h("title", {}, `${spoken(active)} is active${quorum > 0 ? ` in quorum epoch ${quorum}` : ""}`),
    h("rect", { x, y, width: l.right - x, height: l.controllersHeight, rx: 12, class: "mk-panel" }),
    text(x + 14, y + 26, names, "mk-name mk-small-name"),
    text(line[0], line[1], shorten(written, l.right - line[0] - 12, 13), "mk-written"));
}

export function activeController(state, all) {
  let best = null;
  for (const { id } of all) {
    const epoch = (state.controllers[id] || { quorum_epoch: -1 }).quorum_epoch;
    if (epoch >= 0 && (!best || epoch > best.epoch)) best = { id, epoch };
  }
  return best ? best.id : all[0].id;
}

function nameOfController(state, node, isActive, count) {
  const up = (state.nodes[node.id] || { state: "up" }).state;
  const { state: is, epoch, quorum_epoch: led } = state.controllers[node.id] || {};
  const leads = isActive && (!is || is === "leader");
  const mark = up === "crashed" ? "✕ " : up === "paused" ? "❚❚ " : leads ? "★ " : is === "leader" ? "☆ " : { candidate: "? ", prospective: "? ", follower: "○ " }[is] || "";
  return count < 2 ? mark + spoken(node.id) : `${mark}${numberOf(node.id)}${up === "up" && (leads || mark === "☆ ") ? ` leads epoch ${epoch || led}` : ""}`;
}

function writtenWords(state, partition) {
  const written = state.partitions[partition];
  if (!written) return "has written nothing yet";
  const leader = written.leader < 0 ? "nobody leads" : `broker ${written.leader} leads`;
  const elr = written.elr.length ? ` · ELR ${written.elr.join(", ")}` : "";
  const unclean = written.recovering ? " · chosen uncleanly" : "";
  return `has written: ${leader} · epoch ${written.leader_epoch} · ISR ${written.isr.join(", ") || "empty"}${elr}${unclean}`;
}

// --- Replicas ---

function drawOffsets(frame, l) {
  const [low] = frame.run.ends[frame.partition] || [0];
  const shown = [];
  for (let offset = l.from; offset < l.to; offset += 1) {
    shown.push(h("g", { key: `o${offset}`, class: "mk-glide", style: at(l.x(offset) + l.cellWidth / 2, l.offsetsY) },
      text(0, 0, offset, "mk-offset")));
  }
  const title = l.narrow ? null : caps(l.pad, l.offsetsY, `${frame.partition} · offset`);
  const more = l.from > low ? text(l.cellsX - 6, l.offsetsY, "‹", "mk-offset") : null;
  return h("g", {}, title, more, h("g", { class: "mk-offsets" }, shown));
}

export function at(x, y) {
  return `transform: translate(${Math.round(x * 10) / 10}px, ${Math.round(y * 10) / 10}px)`;
}

function drawRow(frame, l, row) {
  const { state, partition } = frame;
  const is = standing(state, partition, row.id);
  const replica = (state.replicas[partition] || {})[row.id];
  const x = l.pad / 2, width = l.right - x;
  const acts = frame.facts.some((fact) => fact.node === row.id || fact.fields.node === row.id);
  const style = `mk-row mk-is-${is.tone}${is.word === "crashed" ? " mk-gone" : ""}${acts ? " mk-acts" : ""}`;
  return h("g", { class: style, key: row.id },
    h("rect", { x, y: row.y, width, height: row.height, rx: 12, class: "mk-panel" }),
    h("rect", { x: x + 7, y: row.y + 10, width: 5, height: row.height - 20, rx: 2.5, class: "mk-bar" }),
    drawHead(frame, l, row, is, replica),
    frame.command ? drawActs(frame, l, row) : null,
    replica ? drawLog(frame, l, row, replica) : null);
}

function drawHead(frame, l, row, is, replica) {
  const epoch = replica && replica.leader_epoch >= 0 && !["crashed", "named leader"].includes(is.word) ? `epoch ${replica.leader_epoch}` : "";
  const members = membership(frame.state, frame.partition, row.id);
  const x = l.pad / 2 + 22, y = row.y;
  const state = `${is.mark} ${is.word}`;
  const room = l.cellsX - x - 4;
  if (l.narrow) {
    const after = x + widthOf(spoken(row.id), 16, "bold") + 10;
    return h("g", {}, text(x, y + 20, spoken(row.id), "mk-name mk-small-name"),
      text(after, y + 20, `${state}${is.more ? ` ${is.more}` : ""}`, `mk-state mk-ink-${is.tone}`),
      text(x, y + 39, epoch, "mk-mono"), chips(x + (epoch ? 66 : 0), y + 26, members));
  }
  return h("g", {}, text(x, y + 26, spoken(row.id), "mk-name"),
    text(x, y + 45, state, `mk-state mk-ink-${is.tone}`),
    text(x + widthOf(state, 14, "bold") + 8, y + 45, epoch, "mk-mono"),
    text(x, y + 61, shorten(is.more, room, 12), "mk-small"),
    chips(x - 2, y + 70, members));
}

/** Where the run is live: what can be done to this broker, inside the picture. */
function drawActs(frame, l, row) {
  const node = frame.state.nodes[row.id] || { state: "up" };
  const isCut = frame.state.cuts.some((cut) => cut.includes(row.id));
  const kinds = { up: ["crash", "pause", isCut ? "heal" : "cut", "fill_disk"], crashed: ["restart"], paused: ["resume", "crash"] }[node.state];
  const { live } = frame.stage.options; // true, or the names of the acts that this run can take
  return kinds.filter((kind) => live === true || live.includes(kind)).map((kind, i) => {
    const more = { cut: { side: "controllers" } }[kind];
    const act = () => frame.command(kind === "heal" ? { kind } : { kind, broker: numberOf(row.id), ...more });
    const x = l.right - 12 - (i + 1) * 60, y = row.y + row.height - 28;
    return h("g", {
      key: kind, class: "mk-act", role: "button", tabindex: 0, "aria-label": `${kind} ${spoken(row.id)}`, onclick: act,
      onkeydown: (event) => pressed(event) && act(),
    }, h("rect", { x, y, width: 56, height: 20, rx: 10 }), text(x + 28, y + 14, kind.replace("fill_", "full ")));
  });
}

/** A key that presses a button, and does nothing else then: elsewhere the space bar plays. */
function pressed(event) {
  if (event.key !== "Enter" && event.key !== " ") return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function drawLog(frame, l, row, replica) {
  const shown = replica.cells.filter((cell) => cell[0] >= l.from && cell[0] < l.to);
  const ghosts = frame.ghosts.filter((ghost) => ghost.node === row.id && ghost.cell[0] >= l.from && ghost.cell[0] < l.to);
  return h("g", {},
    h("g", {}, ghosts.map((ghost) => drawGhost(l, row, ghost.cell)), shown.map((cell) => drawCell(frame, l, row, cell))),
    frame.state.partitions[frame.partition] ? drawFlags(l, row, replica) : null,
    drawNotes(frame, l, row, replica));
}

function drawCell(frame, l, row, cell) {
  const { run, state, step, partition, unique } = frame;
  const [offset, epoch] = cell;
  const fate = run.fateOf(partition, row.id, cell, step);
  const told = toldOf(state, partition, cell);
  const isNew = frame.facts.some((fact) => fact.kind === "RecordsAppended" && fact.node === row.id &&
    fact.fields.records.some((record) => record[0] === offset));
  const middle = l.cellWidth / 2;
  const words = `offset ${offset}, epoch ${epoch}: ${valueText(cell)}${told ? `; ${told.client} was told it is stored` : ""}` +
    (fate ? `; will be cut off at step ${fate.gone}` : "");
  return h("g", {
    key: `${offset}-${epoch}`, class: `mk-cell mk-glide mk-in-e${epoch % PATTERNS}${fate ? " mk-doomed" : ""}${isNew ? " mk-fresh" : ""}`,
    style: at(l.x(offset), row.cellsY), "data-records": recordName(partition, offset),
  },
  h("title", {}, words),
  h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6, class: "mk-cell-box", fill: `url(#${unique}-e${epoch % PATTERNS})` }),
  text(middle, l.cellHeight / 2 - 1, shorten(valueText(cell), l.cellWidth - 8, 15), "mk-value"),
  text(middle, l.cellHeight - 8, `e${epoch}`, "mk-epoch"),
  told ? drawTick(l, fate) : null);
}

export function drawTick(l, fate) {
  return h("g", { class: `mk-tick ${fate ? "mk-ink-warning" : "mk-ink-good"}`, style: at(l.cellWidth - 6, 5) },
    h("circle", { r: 7.5 }), h("path", { d: "M-3.4,0.2 L-1,2.8 L3.6,-2.6" }));
}

function drawGhost(l, row, cell) {
  return h("g", { key: `ghost${cell[0]}-${cell[1]}`, class: "mk-ghost", style: at(l.x(cell[0]), row.cellsY) },
    h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6 }),
    text(l.cellWidth / 2, l.cellHeight / 2 - 1, shorten(valueText(cell), l.cellWidth - 8, 15), "mk-value"),
    h("path", { d: `M6,${l.cellHeight - 6} L${l.cellWidth - 6},6` }));
}

function drawFlags(l, row, replica) {
  const end = replica.end, mark = replica.high_watermark;
  const y = row.cellsY + l.cellHeight + 5;
  const parts = [];
  if (mark >= l.from && mark <= l.to) {
    const word = mark === end ? `HW = end ${mark}` : `HW ${mark}`;
    const width = widthOf(word, 11, "bold") + 12;
    const shift = Math.max(-width / 2, (l.narrow ? l.pad : l.cellsX - 10) - l.x(mark) + 2);
    parts.push(h("g", { key: "hw", class: "mk-flag mk-glide", style: at(l.x(mark) - 2, y) },
      h("path", { d: `M0,${-l.cellHeight - 10} V2`, class: "mk-flag-pole" }),
      h("rect", { x: shift, y: 0, width, height: 17, rx: 4 }), text(shift + width / 2, 12.5, word, "mk-flag-text")));
  }
  if (end !== mark && end >= l.from && end <= l.to) {
    parts.push(h("g", { key: "end", class: "mk-end mk-glide", style: at(l.x(end) - 2, y) },
      h("path", { d: `M0,${-l.cellHeight - 5} V2` }), text(0, 13, `end ${end}`, "mk-epoch")));
  }
  return h("g", {}, parts);
}

// --- Notes: one line for each thing that a picture alone would not say ---

function drawNotes(frame, l, row, replica) {
  const notes = notesOf(frame, row, replica);
  if (!l.aside) {
    const width = l.right - l.cellsX - 10;
    return notes.slice(0, 1).map((note) =>
      text(l.cellsX, row.noteY, shorten(notes.map((each) => each.short || each.text).join(" · "), width, 13), `mk-note mk-ink-${note.tone}`));
  }
  const [low, high] = frame.run.ends[frame.partition] || [0, 0];
  const x = l.cellsX + Math.min(high - low, l.columns) * l.pitch + 26;
  const short = l.aside < 235;
  const broken = notes.flatMap((note) => lines((short && note.short) || note.text, l.aside, 13, 3).map((line) => ({ line, tone: note.tone })));
  const top = row.y + 24 + Math.max(0, (4 - broken.length) * 9);
  return broken.slice(0, frame.command ? 3 : 5).map(({ line, tone }, i) => text(x, top + i * 17, line, `mk-note mk-ink-${tone}`));
}

export function notesOf(frame, row, replica) {
  const { state, partition } = frame;
  const notes = [...ghostNotes(frame, row), ...doomedNotes(frame, row, replica)];
  const isNamed = standing(state, partition, row.id).word === "named leader"; // its own words say it already
  if (!isNamed && isBehind(state, partition, row.id)) notes.push({ tone: "warning", text: "does not know what was written", short: "does not know it yet" });
  for (const [pair, ms] of Object.entries(state.slow)) {
    const ends = pair.split("|");
    if (ms && ends.includes(row.id)) notes.push({ tone: "soft", text: `+${ms} ms to ${spoken(ends.find((end) => end !== row.id))}` });
  }
  for (const parked of replica.parked) {
    notes.push({ tone: "soft", text: `${shortName(parked.client)} waits for HW ${parked.needs}` });
  }
  const written = state.partitions[partition];
  if (replica.proposed) notes.push({ tone: "soft", text: `asks for ISR ${replica.proposed.join(", ")}` });
  else if (replica.role === "leader" && written && sorted(replica.isr) !== sorted(written.isr)) {
    notes.push({ tone: "soft", text: `counts on ISR ${replica.isr.join(", ")}` });
  }
  return notes;
}

function sorted(list) {
  return [...list].sort((a, b) => a - b).join();
}

function ghostNotes(frame, row) {
  const gone = frame.ghosts.filter((ghost) => ghost.node === row.id).map((ghost) => valueText(ghost.cell));
  return gone.length ? [{ tone: "warning", text: `${few(gone)} cut off in this step` }] : [];
}

function doomedNotes(frame, row, replica) {
  const { run, state, step, partition } = frame;
  const doomed = replica.cells.filter((cell) => run.fateOf(partition, row.id, cell, step));
  const told = doomed.filter((cell) => toldOf(state, partition, cell)).map(valueText);
  const rest = doomed.filter((cell) => !toldOf(state, partition, cell)).map(valueText);
  const notes = [];
  if (told.length) notes.push({ tone: "warning", text: `${few(told)}: told stored, but will be cut off`, short: `${few(told)}: stored, but doomed` });
  if (rest.length) notes.push({ tone: "warning", text: `${few(rest)}: never told stored, will be cut off`, short: `${few(rest)}: doomed` });
  return notes;
}

export function few(names) {
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

// --- What was promised, and who was promised it ---

function drawTold(l, told) {
  const x = l.narrow ? l.pad : l.cellsX;
  const heading = l.narrow ? null : caps(l.pad, l.toldY + 14, "told “stored”");
  if (!told.length) return h("g", {}, heading, text(x, l.toldY + 14, l.narrow ? "nobody was told “stored” yet" : "nobody yet", "mk-small"));
  const words = tellAll(told, l.right - x - 8, l.narrow);
  return h("g", {}, heading, chips(x, l.toldY, words));
}

/** The newest that fit, bad ones first; what is left out is counted. */
function tellAll(told, width) {
  const ranked = [...told.filter((each) => each.fate !== "held"), ...told.filter((each) => each.fate === "held").reverse()];
  const chosen = [];
  let room = width - 90;
  for (const each of ranked) {
    const word = toldWord(each);
    room -= widthOf(word.text, 12) + 19;
    if (room < 0 && chosen.length) break;
    chosen.push({ each, word });
  }
  chosen.sort((a, b) => told.indexOf(a.each) - told.indexOf(b.each));
  const left = told.length - chosen.length;
  const rest = left ? [{ text: `+ ${left} held`, tone: "good" }] : [];
  return [...rest, ...chosen.map(({ word }) => word)];
}

function toldWord({ value, holders, fate }) {
  if (fate === "lost") return { text: `✕ ${value}: nowhere`, tone: "warning", isFull: true };
  if (fate === "doomed") return { text: `! ${value}: only on ${holders.join(", ")}, doomed`, tone: "warning" };
  if (fate === "missing") return { text: `! ${value}: on ${holders.join(", ")}, not on the leader`, tone: "warning" };
  if (fate === "alone") return { text: `… ${value}: only on ${holders.join(", ")} so far`, tone: "soft" };
  return { text: `✓ ${value}: on ${holders.join(", ")}`, tone: "good" };
}

// --- Clients ---

/** What it was told is stored: is it lost by now, or will it be? */
function worstFate(told, client, step) {
  const fates = told.filter((each) => each.client === client && each.step === step).map((each) => each.fate);
  return ["lost", "doomed", "missing"].find((fate) => fates.includes(fate)) || "";
}

function drawClients(frame, l, told) {
  return h("g", {}, l.clients.map((client) => {
    const { state, run } = frame;
    const known = state.clients[client.id];
    const said = known && known.last >= 0 ? run.fact(known.last) : null;
    const acts = frame.facts.some((fact) => fact.node === client.id);
    const bad = said && ["ProduceFailed", "ProduceRetried", "FetchFailed"].includes(said.kind);
    const good = said && said.kind === "ProduceAcknowledged";
    const worst = good && worstFate(told, client.id, said.step);
    const words = said ? `${saidBy(client, said.sentence)}${worst === "lost" ? " It is nowhere." : ""}` : "silent so far";
    const gone = known && known.state !== "up" ? known.state : "";
    const name = `${{ crashed: "✕ ", paused: "❚❚ " }[gone] || ""}${shortName(client.id)}`;
    const position = known && known.positions[frame.partition];
    const facts = [gone, client.about, position === undefined ? "" : `position ${position}`].filter(Boolean).join(" · ");
    const about = facts ? shorten(facts, client.width - widthOf(name, 14, "bold") - 28, 12) : "";
    return h("g", { key: client.id, class: `mk-client${acts ? " mk-acts" : ""}` },
      h("rect", { x: client.x, y: client.y, width: client.width, height: client.height, rx: 12, class: "mk-panel" }),
      text(client.x + 12, client.y + 19, name, "mk-name mk-small-name"),
      text(client.x + 19 + widthOf(name, 14, "bold"), client.y + 19, about, "mk-small"),
      lines(words, client.width - 20, l.narrow ? 12 : 13, 2).map((line, i) =>
        text(client.x + 12, client.y + 36 + i * 16, line, `mk-said${l.narrow ? " mk-tiny" : ""}${bad || worst ? " mk-ink-warning" : good ? " mk-ink-good" : ""}`)));
  }));
}

/** The box carries the name: "Producer A is told …" becomes "is told …". */
function saidBy({ role, id }, sentence) {
  const name = `${role} ${id.slice(id.indexOf("-") + 1)} `;
  return sentence.toLowerCase().startsWith(name.toLowerCase()) ? sentence.slice(name.length) : sentence;
}

// --- The picture in words, for those who do not see it ---

function inWords({ state, partition, run }) {
  const rows = run.nodes.filter((node) => node.role === "broker").map(({ id }) => {
    const is = standing(state, partition, id);
    const replica = (state.replicas[partition] || {})[id];
    const log = replica ? `${replica.cells.length} records, high watermark ${replica.high_watermark}` : "no log";
    return `${spoken(id)}: ${is.word} ${is.more}, ${log}`;
  });
  return `The controller ${writtenWords(state, partition)}. ${rows.join(". ")}.`;
}

