// The view "Log": one lane for each replica, entry by entry; marks below, segments above, what is gone in outline.

import { h } from "./dom.mjs";
import { at, caps, chips, drawPatterns, drawTick, few, notesOf, PATTERNS, text } from "./cluster.mjs";
import { recordName } from "./light.mjs";
import { spoken } from "./run.mjs";
import { lines, shorten, widthOf } from "./text.mjs";
import { membership, standing, toldOf, valueText } from "./marks.mjs";
import { entriesOf, openIn, placeFlags, stableEnd } from "./ledger.mjs";

const LANE_GAP = 10, FLAG = 17;
const LOSSES = ["LogTruncated", "LogStartMoved", "LogCompacted", "TailCut", "LogRecovered"];

export const logView = { id: "log", name: "Log", applies: (run) => run.partitions.length > 0, draw: drawLogs };

function drawLogs(frame) {
  const l = planLog(frame);
  return h("svg", {
    class: "mk-picture mk-log", width: frame.width, height: l.height, viewBox: `0 0 ${frame.width} ${l.height}`,
    role: "group", "aria-label": logInWords(frame),
  }, drawPatterns(frame), drawLogOffsets(frame, l), l.rows.map((row) => drawLane(frame, l, row)), drawSigns(l));
}

// --- Where everything stands: from the run as a whole, so that nothing jumps ---

function planLog(frame) {
  const { run, width, partition, step } = frame;
  const narrow = width < 600;
  const l = { narrow, width, pad: narrow ? 10 : 16, cellWidth: narrow ? 46 : 62, cellHeight: 56 };
  l.pitch = l.cellWidth + 6;
  l.cellsX = narrow ? l.pad + 18 : 176;
  l.right = width - l.pad;
  l.columns = Math.max(3, Math.floor((l.right - l.cellsX - 26) / l.pitch));
  const [low, high] = run.ends[partition] || [0, 0];
  const latest = Math.max(low, high + 1 - l.columns);
  l.from = high - low < l.columns ? low : Math.min(latest, Math.max(low, run.focusAt(partition, step) - Math.floor(l.columns / 2)));
  l.to = l.from + l.columns;
  l.x = (offset) => l.cellsX + (offset - l.from) * l.pitch;
  const room = l.right - l.x(Math.min(high + 1, l.to)) - 20;
  l.aside = narrow || room < 150 ? 0 : room; // what a picture alone would not say
  Object.assign(l, traitsOf(run, partition));
  planLanes(frame, l);
  return l;
}

const traits = new WeakMap(); // they belong to the run, not to the step

/** What this partition ever shows, so that there is room for it from the start. */
function traitsOf(run, partition) {
  if (!traits.has(run)) traits.set(run, {});
  const ever = (kind, fits = () => true) => run.trace.facts.some((fact) => fact[2] === kind && fact[3].partition === partition && fits(fact[3]));
  return (traits.get(run)[partition] ||= {
    hasSegments: ever("SegmentRolled"), hasStable: ever("LastStableOffsetMoved"), hasBatches: ever("RecordsAppended", (fact) => fact.batches),
  });
}

function planLanes({ state, partition }, l) {
  const head = (l.narrow ? 50 : 12) + (l.hasSegments ? 20 : 0);
  const flagLines = l.narrow || l.hasStable ? 3 : 2;
  const height = head + l.cellHeight + (l.hasBatches ? 20 : 6) + 12 + flagLines * (FLAG + 3) + 4;
  let y = 30;
  l.rows = Object.keys(state.replicas[partition] || {}).map((id) => {
    const row = { id, y, height, cellsY: y + head };
    row.tagY = row.cellsY + l.cellHeight + 15;
    row.diskY = row.cellsY + l.cellHeight + (l.hasBatches ? 24 : 9);
    row.flagsY = row.diskY + 12;
    y += height + LANE_GAP;
    return row;
  });
  l.signsY = y + 8;
  l.height = y + 22;
}

function drawLogOffsets(frame, l) {
  const [low] = frame.run.ends[frame.partition] || [0];
  const offsets = Array.from({ length: l.to - l.from }, (_, i) => l.from + i);
  return h("g", {}, l.narrow ? null : caps(l.pad, 18, `${frame.partition} · offset`), l.from > low ? text(l.cellsX - 8, 18, "‹", "mk-offset") : null,
    offsets.map((offset) => h("g", {
      key: `o${offset}`, class: "mk-glide mk-pointed", style: at(l.x(offset) + l.cellWidth / 2, 18), tabindex: 0, role: "img",
      "aria-label": `offset ${offset}: ${whereIs(frame, offset)}`, "data-records": recordName(frame.partition, offset),
    }, h("rect", { x: -18, y: -14, width: 36, height: 20, rx: 6 }), text(0, 0, offset, "mk-offset"))));
}

function whereIs({ state, partition }, offset) {
  const on = Object.entries(state.replicas[partition] || {}).filter(([, replica]) => offset >= replica.log_start && offset < replica.end);
  return on.length ? `on ${on.map(([id]) => spoken(id)).join(", ")}` : "on no broker";
}

// --- One lane ---

function drawLane(frame, l, row) {
  const replica = frame.state.replicas[frame.partition][row.id];
  const is = standing(frame.state, frame.partition, row.id);
  const entries = entriesOf(replica, l.from, l.to);
  const gone = goneFrom(frame, l, row, replica);
  const x = l.pad / 2;
  return h("g", { key: row.id, class: `mk-row mk-is-${is.tone}${is.word === "crashed" ? " mk-gone" : ""}` },
    h("rect", { x, y: row.y, width: frame.width - 2 * x, height: row.height, rx: 12, class: "mk-panel" }),
    h("rect", { x: x + 7, y: row.y + 10, width: 5, height: row.height - 20, rx: 2.5, class: "mk-bar" }),
    drawLaneHead(frame, l, row, is, replica),
    l.hasSegments ? drawSegments(l, row, replica) : null,
    gone.drawn,
    drawFrames(l, row, entries),
    entries.filter(({ offset }) => !gone.taken.includes(offset)).map((entry) => drawEntry(frame, l, row, entry)),
    drawDisk(l, row, replica),
    drawLaneFlags(l, row, replica),
    l.aside ? notesOf(frame, row, replica).flatMap((each) => lines(each.text, l.aside, 13, 3).map((line) => ({ line, tone: each.tone }))).slice(0, 5)
      .map(({ line, tone }, i) => text(l.right - l.aside, row.y + 26 + i * 17, line, `mk-note mk-ink-${tone}`)) : null);
}

function drawLaneHead(frame, l, row, is, replica) {
  const x = l.pad / 2 + 22;
  const state = `${is.mark} ${is.word}`;
  const epoch = replica.leader_epoch >= 0 && is.word !== "crashed" ? `epoch ${replica.leader_epoch}` : "";
  const members = membership(frame.state, frame.partition, row.id);
  if (l.narrow) {
    const after = x + widthOf(spoken(row.id), 14, "bold") + 10;
    return h("g", {}, text(x, row.y + 20, spoken(row.id), "mk-name mk-small-name"), text(after, row.y + 20, state, `mk-state mk-ink-${is.tone}`),
      text(x, row.y + 39, epoch, "mk-mono"), chips(x + (epoch ? 66 : 0), row.y + 26, members));
  }
  return h("g", {}, text(x, row.y + 26, spoken(row.id), "mk-name"), text(x, row.y + 45, state, `mk-state mk-ink-${is.tone}`),
    text(x + widthOf(state, 14, "bold") + 8, row.y + 45, epoch, "mk-mono"), text(x, row.y + 61, shorten(is.more, l.cellsX - x - 12, 12), "mk-small"),
    members.map((member, i) => chips(x - 2, row.y + 70 + i * 23, [member])));
}

function drawSegments(l, row, replica) {
  const bases = [replica.log_start, ...replica.segments];
  return bases.map((base, i) => {
    const end = bases[i + 1] ?? Math.max(replica.end, base + 1);
    const from = Math.max(base, l.from), to = Math.min(end, l.to);
    if (from >= to) return null;
    const x = l.x(from) - 3, width = l.x(to) - l.x(from) - 2, y = row.cellsY - 9;
    const word = [`segment ${base}${i === bases.length - 1 ? ", active" : ""}`, `segment ${base}`].find((each) => widthOf(each, 11) < width) || `${base}`;
    return h("g", { key: `segment${base}`, class: "mk-segment" }, h("path", { d: `M${x},${y + 4} V${y} H${x + width} V${y + 4}` }),
      text(x + 2, y - 4, word, "mk-tag"));
  });
}

/** Batches that do not stand for themselves: a frame around their records, and who wrote them, with which numbers. */
function drawFrames(l, row, entries) {
  const seen = new Map();
  for (const { batch, offset } of entries) if (batch) seen.set(batch, [seen.get(batch)?.[0] ?? offset, offset]);
  return [...seen].map(([[base, last, producer, epoch, sequence, kind], [from, to]]) => {
    const x = l.x(from) - 3, width = l.x(to) - l.x(from) + l.cellWidth + 6;
    const numbers = sequence < 0 ? "" : ` #${sequence}${last > base ? `–${sequence + last - base}` : ""}`;
    const word = producer < 0 ? `${last - base + 1} in one batch` : `P${producer}.${epoch}${kind > 1 ? "" : numbers}`;
    return h("g", { key: `batch${base}`, class: `mk-batch${kind ? " mk-in-transaction" : ""}` },
      h("title", {}, producer < 0 ? `one batch, offsets ${base} to ${last}` : `producer id ${producer}, producer epoch ${epoch}${sequence < 0 ? "" : `, first sequence ${sequence}`}`),
      h("rect", { x, y: row.cellsY - 3, width, height: l.cellHeight + 6, rx: 9 }),
      text(x + width / 2, row.tagY, shorten(word, width + 4, 11, "mono"), "mk-tag mk-middle"));
  });
}

const FATES = { open: ["…", "soft", "its transaction is open"], committed: ["", "good", "its transaction is committed"], aborted: ["✕", "warning", "its transaction is aborted"] };

function drawEntry(frame, l, row, entry) {
  const { offset, cell, marker, fate } = entry;
  const records = recordName(frame.partition, offset);
  const style = at(l.x(offset), row.cellsY);
  const size = { width: l.cellWidth, height: l.cellHeight, rx: 6, class: "mk-cell-box" };
  const middle = l.cellWidth / 2;
  if (fate === "hole") {
    return h("g", { key: `hole${offset}`, class: "mk-hole", style, "data-records": records }, h("title", {}, `offset ${offset} was compacted away: its key has a newer record`),
      h("rect", size), text(middle, l.cellHeight / 2 + 4, l.narrow ? "∅" : "compacted", "mk-tag mk-middle"));
  }
  if (marker) {
    return h("g", { key: `marker${offset}`, class: `mk-marker mk-${marker}`, style, "data-records": records },
      h("title", {}, `offset ${offset}: the marker ${marker} of producer ${entry.batch[2]}; consumers never see it`),
      h("rect", { ...size, rx: 14 }), text(middle, l.cellHeight / 2 - 1, marker === "COMMIT" ? "✓" : "✕", "mk-value"), text(middle, l.cellHeight - 11, marker, `mk-tag mk-middle${l.cellWidth < 60 ? " mk-tight" : ""}`));
  }
  return drawRecord(frame, l, row, { offset, cell, fate, records, style, size, middle });
}

function drawRecord(frame, l, row, { offset, cell, fate, records, style, size, middle }) {
  const [, epoch, key] = cell;
  const doomed = frame.run.fateOf(frame.partition, row.id, cell, frame.step);
  const told = toldOf(frame.state, frame.partition, cell);
  const [sign, tone, words] = FATES[fate] || ["", "", ""];
  const title = [`offset ${offset}, epoch ${epoch}: ${valueText(cell)}`, key === null ? "" : `key ${key}`, words, told ? `${told.client} was told it is stored` : "",
    doomed ? `will be cut off at step ${doomed.gone}` : ""].filter(Boolean).join("; ");
  const isKeyed = key !== null && key !== cell[3];
  return h("g", {
    key: `${offset}-${epoch}`, class: `mk-cell mk-glide mk-in-e${epoch % PATTERNS}${doomed ? " mk-doomed" : ""}${fate ? ` mk-${fate}` : ""}`, style, "data-records": records,
  },
  h("title", {}, title), h("rect", { ...size, fill: `url(#${frame.unique}-e${epoch % PATTERNS})` }),
  text(middle, isKeyed ? 27 : 30, shorten(valueText(cell), l.cellWidth - 8, 15), "mk-value"),
  isKeyed ? text(middle, 39, shorten(l.narrow ? key : `key ${key}`, l.cellWidth - 6, 11), "mk-tag mk-middle") : null,
  text(middle, l.cellHeight - 6, `e${epoch}`, "mk-epoch"),
  sign ? text(5, l.cellHeight - 7, sign, `mk-tag mk-ink-${tone}`) : null,
  told ? h("g", { transform: `translate(${l.cellWidth - 54},0)` }, drawTick({ cellWidth: 54 }, doomed)) : null);
}

/** What is not there any more: dropped from the beginning, or taken in this very step. */
function goneFrom(frame, l, row, replica) {
  const lost = frame.facts.filter((fact) => LOSSES.includes(fact.kind) && fact.node === row.id && fact.fields.partition === frame.partition);
  const before = lost.length && frame.step > 1 ? entriesOf(frame.run.stateAt(frame.step - 1).replicas[frame.partition][row.id], l.from, l.to) : [];
  const now = new Set(entriesOf(replica, l.from, l.to).filter((entry) => entry.fate !== "hole").map((entry) => entry.offset));
  const ghosts = before.filter(({ cell, marker, offset }) => (cell || marker) && !now.has(offset));
  const wanted = lost.every(({ kind }) => kind === "LogStartMoved" || kind === "LogCompacted");
  const drawn = ghosts.map(({ offset, cell, marker }) => h("g", { key: `ghost${offset}`, class: `mk-ghost${wanted ? " mk-meant" : ""}`, style: at(l.x(offset), row.cellsY) },
    h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6 }), text(l.cellWidth / 2, 30, shorten(marker || valueText(cell), l.cellWidth - 8, 15), "mk-value"),
    h("path", { d: `M6,${l.cellHeight - 6} L${l.cellWidth - 6},6` })));
  const start = Math.min(replica.log_start, l.to);
  const taken = ghosts.map(({ offset }) => offset);
  for (let offset = l.from; offset < start; offset += 1) {
    if (!taken.includes(offset)) drawn.push(h("g", { key: `gone${offset}`, class: "mk-hole", style: at(l.x(offset), row.cellsY) }, h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6 }),
      text(l.cellWidth / 2, l.cellHeight / 2 + 4, "dropped", "mk-tag mk-middle")));
  }
  return { drawn, taken };
}

/** The page cache lies over the disk: what is only in the cache goes with the power. */
function drawDisk(l, row, replica) {
  const from = Math.max(replica.log_start, l.from), to = Math.min(replica.end, l.to);
  if (to <= from) return null;
  const durable = Math.min(Math.max(replica.durable, from), to);
  const bar = (a, b, style) => (b > a ? h("rect", { x: l.x(a) - 1, y: row.diskY, width: l.x(b) - l.x(a) - 4, height: 7, rx: 3.5, class: style }) : null);
  const words = durable < to ? `from offset ${Math.max(replica.durable, replica.log_start)} on only in the page cache: a power loss may take it` : "all of it is flushed to the disk";
  return h("g", {}, h("title", {}, words), bar(from, durable, "mk-disk"), bar(durable, to, "mk-cache"));
}

function drawLaneFlags(l, row, replica) {
  const stable = stableEnd(replica);
  const marks = [["HW", replica.high_watermark], ["end", replica.end]];
  if (replica.log_start > 0) marks.unshift(["start", replica.log_start]);
  if (stable !== replica.high_watermark || openIn(replica).length) marks.splice(marks.length - 1, 0, ["LSO", stable]);
  const seen = marks.filter(([, offset]) => offset >= l.from && offset <= l.to);
  return placeFlags(seen, l.x, 11, l.narrow ? l.pad : l.cellsX - 12, l.right).map(({ offset, names, word, width, left, line }) => {
    const y = row.flagsY + line * (FLAG + 3), pole = l.x(offset) - 3;
    const kind = names.includes("HW") ? "mk-flag" : names.includes("LSO") ? "mk-flag mk-flag-stable" : "mk-flag mk-flag-plain";
    return h("g", { key: names.join(), class: kind }, h("path", { d: `M${pole},${row.cellsY - 6} V${y + 2}`, class: "mk-flag-pole" }),
      h("rect", { x: left, y, width, height: FLAG, rx: 4 }), text(left + width / 2, y + 12.5, word, "mk-flag-text"));
  });
}

function drawSigns(l) {
  const x = l.narrow ? l.pad + 8 : l.cellsX, y = l.signsY;
  const second = x + widthOf("flushed to disk", 12) + 50;
  return h("g", {}, h("rect", { x, y: y - 8, width: 26, height: 7, rx: 3.5, class: "mk-disk" }), text(x + 32, y, "flushed to disk", "mk-small"),
    h("rect", { x: second, y: y - 8, width: 26, height: 7, rx: 3.5, class: "mk-cache" }), text(second + 32, y, l.narrow ? "page cache only" : "page cache only: goes with the power", "mk-small"));
}

function logInWords({ state, partition }) {
  return Object.entries(state.replicas[partition] || {}).map(([id, replica]) => {
    const open = openIn(replica).map(({ producer, first }) => `, a transaction of producer ${producer} is open from ${first} on`).join("");
    const values = replica.cells.slice(-12).map(valueText);
    return `${spoken(id)}, ${standing(state, partition, id).word}: offsets ${replica.log_start} to ${replica.end}, high watermark ${replica.high_watermark}, ` +
      `last stable offset ${stableEnd(replica)}${open}. ${values.length ? `Records: ${few(values)}.` : "No records."}`;
  }).join(" ");
}
