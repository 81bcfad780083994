// A log, entry by entry: which batch a record came in, what became of its transaction, and what a reader of each kind sees.

import { cellAt } from "./fold.mjs";
import { widthOf } from "./text.mjs";

const TRANSACTIONAL = 1, COMMIT = 2;

/** The entries of a replica from `from` to below `to`: records, markers, and the holes that compaction left. */
export function entriesOf(replica, from, to) {
  const fates = fatesOf(replica);
  const entries = [];
  for (let offset = Math.max(from, replica.log_start); offset < Math.min(to, replica.end); offset += 1) {
    const batch = batchAt(replica, offset);
    const cell = cellAt(replica, offset);
    const marker = batch && batch[5] >= COMMIT ? (batch[5] === COMMIT ? "COMMIT" : "ABORT") : "";
    entries.push({ offset, cell, batch, marker, fate: marker ? "marker" : !cell ? "hole" : fates.get(batch) || "" });
  }
  return entries;
}

/** The batch that holds this offset, if it does not stand for itself. */
export function batchAt({ batches }, offset) {
  let low = 0, high = batches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (batches[middle][1] < offset) low = middle + 1;
    else high = middle;
  }
  const batch = batches[low];
  return batch && batch[0] <= offset ? batch : undefined;
}

/** batch → "open", "committed" or "aborted", as this log says itself: the first marker of the same producer decides. */
export function fatesOf({ batches }) {
  const fates = new Map();
  const open = new Map();
  for (const batch of batches) {
    const [, , producer, , , kind] = batch;
    if (kind === TRANSACTIONAL) {
      fates.set(batch, "open");
      open.set(producer, [...(open.get(producer) || []), batch]);
    } else if (kind >= COMMIT) {
      for (const each of open.get(producer) || []) fates.set(each, kind === COMMIT ? "committed" : "aborted");
      open.delete(producer);
    }
  }
  return fates;
}

/** The transactions that have no marker yet in this log: [{producer, epoch, first}]. */
export function openIn(replica) {
  const found = new Map();
  for (const [[base, , producer, epoch], fate] of fatesOf(replica)) {
    if (fate === "open" && !found.has(producer)) found.set(producer, { producer, epoch, first: base });
  }
  return [...found.values()];
}

/** Below this, a reader of committed transactions may read. */
export function stableEnd(replica) {
  return replica.stable >= 0 ? replica.stable : replica.high_watermark;
}

/** The log that counts: that of the written leader, else of whoever has most. */
export function leadingReplica(state, partition) {
  const replicas = state.replicas[partition] || {};
  const written = state.partitions[partition];
  return replicas[`broker-${written && written.leader}`] || Object.values(replicas).sort((a, b) => b.end - a.end)[0];
}

/** Marks along a log as flags: those at one offset share a flag, and flags that would overlap take another line. */
export function placeFlags(marks, x, size, lowest, highest) {
  const byOffset = new Map();
  for (const [name, offset] of marks) byOffset.set(offset, [...(byOffset.get(offset) || []), name]);
  const ends = [];
  return [...byOffset].sort(([a], [b]) => a - b).map(([offset, names]) => {
    const word = `${names.join(" = ")} ${offset}`;
    const width = widthOf(word, size, "bold") + 12;
    const left = Math.min(Math.max(x(offset) - 2 - width / 2, lowest), highest - width);
    let line = ends.findIndex((end) => end + 4 <= left);
    if (line < 0) line = ends.length;
    ends[line] = left + width;
    return { offset, names, word, width, left, line };
  });
}
