// What a replica is, in a word and a mark; what became of what clients were told. Used by every view.

import { cellAt } from "./fold.mjs";
import { spoken } from "./run.mjs";

/** What a broker is for this partition: {mark, word, more, tone}; tones are accent, warning, good, soft. */
export function standing(state, partition, id) {
  const node = state.nodes[id] || { state: "up", fenced: null, metadata: -1 };
  const replica = (state.replicas[partition] || {})[id];
  const written = state.partitions[partition];
  const number = numberOf(id);
  if (node.state === "crashed") return { mark: "✕", word: "crashed", more: "", tone: "warning" };
  const self = replica ? replica.role : "none";
  const isWritten = written && written.leader === number;
  const found = roleWords(replica, self, written, isWritten, number);
  return node.state === "paused" ? { ...found, mark: "❚❚", word: "paused", more: found.word, tone: "warning" } : found;
}

function roleWords(replica, self, written, isWritten, number) {
  if (self === "leader" && (!written || (isWritten && written.leader_epoch === replica.leader_epoch))) {
    return { mark: "★", word: "leader", more: "", tone: "accent" };
  }
  if (self === "leader") return { mark: "☆", word: "leader", more: "in its own eyes", tone: "warning" };
  if (isWritten) return { mark: "☆", word: "named leader", more: "has not read it yet", tone: "accent" };
  if (self === "follower" && replica.leader >= 0) {
    const isStale = written && written.leader !== replica.leader && replica.leader !== number;
    return { mark: "○", word: "follower", more: `${isStale ? "still " : ""}of broker ${replica.leader}`, tone: "soft" };
  }
  if (self === "follower") return { mark: "○", word: "follower", more: "of nobody", tone: "soft" };
  return { mark: "·", word: "no role yet", more: "", tone: "soft" };
}

/** Where a broker stands in what the controller has written: ISR, ELR, fenced. */
export function membership(state, partition, id) {
  const written = state.partitions[partition];
  const number = numberOf(id);
  const chips = [];
  if (written) {
    if (written.isr.includes(number)) chips.push({ text: "in ISR", tone: "good" });
    else if (written.elr.includes(number)) chips.push({ text: "in ELR", tone: "accent" });
    else chips.push({ text: "not in ISR", tone: "warning" });
  }
  const { fenced, disk } = state.nodes[id] || {};
  if (fenced) chips.push({ text: "fenced", tone: "warning" });
  if (disk) chips.push({ text: `disk ${disk}`, tone: "warning" });
  return chips;
}

/** Has this broker read the controller's newest word about the partition? */
export function isBehind(state, partition, id) {
  const written = state.partitions[partition];
  const node = state.nodes[id];
  return Boolean(written && node && node.state !== "crashed" && node.metadata >= 0 && node.metadata <= written.metadata_offset);
}

/** Each record somebody was told is stored: where it is now, and whether that will last. `alone`: not committed; `missing`: the leader
 *  of a newer epoch does not have it. */
export function toldRecords(run, state, partition, step) {
  const replicas = Object.entries(state.replicas[partition] || {});
  const written = state.partitions[partition];
  const leader = written && (state.replicas[partition] || {})[`broker-${written.leader}`];
  return (state.told[partition] || []).filter((told) => told.offset >= 0).map((told) => {
    const holders = [], lasting = [];
    for (const [id, replica] of replicas) {
      const cell = cellAt(replica, told.offset);
      if (!isSame(cell, told)) continue;
      holders.push(numberOf(id));
      if (!run.fateOf(partition, id, cell, step)) lasting.push(numberOf(id));
    }
    const isCommitted = !leader || told.offset < leader.high_watermark || written.isr.every((id) => holders.includes(id));
    const isMissing = leader && written.leader_epoch > told.leader_epoch && !holders.includes(written.leader);
    const fate = !holders.length ? "lost" : !lasting.length ? "doomed" : isMissing ? "missing" : isCommitted ? "held" : "alone";
    return { ...told, holders, fate };
  });
}

function isSame(cell, told) {
  return cell && cell[3] === told.value && (told.leader_epoch < 0 || cell[1] === told.leader_epoch);
}

/** The names of those who were told that this cell is stored. */
export function toldOf(state, partition, cell) {
  const told = state.told[partition] || [];
  for (let i = told.length - 1; i >= 0; i -= 1) {
    if (told[i].offset === cell[0] && isSame(cell, told[i])) return told[i];
  }
  return null;
}

export function numberOf(id) {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

/** "broker 1" where there is room, "1" where there is not. */
export function shortName(id) {
  return /^(broker|controller)-/.test(id) ? spoken(id) : id;
}

/** A record's text as shown in a cell. */
export function valueText(cell) {
  const [, , key, value] = cell;
  return value === null || value === undefined ? (key ?? "∅") : String(value);
}
