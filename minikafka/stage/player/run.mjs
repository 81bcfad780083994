// One recorded run: checks the JSON, knows its moments, scenes, causes and future, and gives the state at any step.

import { applyFact, copyState, emptyState } from "./fold.mjs";

const SCHEMA = /^minikafka-trace\/(\d+)\.(\d+)$/;
const KNOWN_MAJOR = 1;
const KEYFRAMES = 64;
const SMALLEST_GAP = 64; // facts between keyframes: folding that many is instant

/** A sentence for the reader, in the player's place. */
export class TraceError extends Error {}

/** Takes an object or JSON text; throws TraceError with one sentence when it cannot be shown. */
export function readTrace(source) {
  let trace = source;
  if (typeof source === "string") {
    try {
      trace = JSON.parse(source);
    } catch {
      throw new TraceError("This is not a recorded run: it is not JSON. Record it again with `minikafka run SCENARIO --trace FILE`.");
    }
  }
  const schema = trace && typeof trace === "object" ? SCHEMA.exec(trace.schema) : null;
  if (!schema) throw new TraceError("This is not a recorded run of minikafka: it names no schema `minikafka-trace/…`.");
  if (Number(schema[1]) > KNOWN_MAJOR) {
    throw new TraceError(`This run was recorded by a newer minikafka (schema ${trace.schema}); this player reads up to ` +
      `version ${KNOWN_MAJOR}. Update minikafka, or record the run again.`);
  }
  checkParts(trace);
  return trace;
}

function checkParts(trace) {
  for (const part of ["nodes", "steps", "messages", "facts", "labels"]) {
    if (!Array.isArray(trace[part])) throw new TraceError(`This recorded run is damaged: its part "${part}" is missing.`);
  }
  if (!trace.steps.length) throw new TraceError("This recorded run has no steps: nothing has happened yet.");
  const last = trace.steps.length;
  const isWhole = (fact) => Array.isArray(fact) && fact.length >= 6 && fact[0] >= 0 && fact[0] <= last && fact[1] < trace.nodes.length;
  if (!trace.facts.every(isWhole)) throw new TraceError("This recorded run is damaged: a fact names a step or a node that is not there.");
}

export class Run {
  constructor(source) {
    const trace = readTrace(source);
    this.trace = trace;
    this.last = trace.steps.length;
    this.nodes = trace.nodes;
    this.partitions = trace.partitions && trace.partitions.length ? trace.partitions : partitionsIn(trace.facts);
    this.bookmarks = (trace.bookmarks || []).map(([step, name, text], i) => ({ step, name, text, number: i + 1 }));
    this.questions = (trace.questions || []).filter((q) => this.bookmarks[q.before - 1]);
    this.branches = trace.branches || [];
    this.readTimes();
    this.readFacts();
    this.foldAll();
    this.loud = trace.messages.filter((message) => !this.label(message[4]).startsWith("~"));
  }

  label(index) {
    return this.trace.labels[index] || "";
  }

  idOf(index) {
    return index >= 0 ? this.nodes[index].id : "";
  }

  readTimes() {
    this.times = new Float64Array(this.last + 1);
    this.trace.steps.forEach((step, i) => { this.times[i + 1] = this.times[i] + step[0]; });
  }

  readFacts() {
    const facts = this.trace.facts;
    this.firstFact = new Uint32Array(this.last + 2);
    let next = 0;
    for (let step = 0; step <= this.last; step += 1) {
      this.firstFact[step] = next;
      while (next < facts.length && facts[next][0] <= step) next += 1;
    }
    this.firstFact[this.last + 1] = facts.length;
    const told = facts.filter((fact) => fact[5] > 0);
    this.kinds = [...new Set(told.map((fact) => fact[2]))].sort();
    const moments = new Set([...told.map((fact) => Math.max(1, fact[0])), ...this.bookmarks.map((bookmark) => bookmark.step)]);
    this.moments = [...moments].sort((a, b) => a - b);
    if (this.moments[0] !== 1) this.moments.unshift(1);
    const heard = new Set(facts.map((fact) => fact[1]));
    this.clients = this.nodes.filter((node, i) => !["broker", "controller"].includes(node.role) && heard.has(i));
  }

  /** Folds everything once: keyframes for scrubbing, and what the future holds for each cell. */
  foldAll() {
    const facts = this.trace.facts;
    const gap = Math.max(SMALLEST_GAP, Math.ceil(facts.length / KEYFRAMES));
    this.keyframes = [];
    this.appended = new Map(); // cell → step in which it was written, as long as it is there
    this.doomed = new Map(); // cell name → [{from, gone, why}]
    this.hasDoomed = new Set(); // "partition|node" where anything is ever lost: everywhere else need not be asked
    this.ends = {}; // partition → [lowest start, highest end ever]
    this.focus = Object.fromEntries(this.partitions.map((name) => [name, []])); // [[step, offset that was touched], …]
    const state = emptyState(this);
    for (let i = 0; i < facts.length; i += 1) {
      if (i % gap === 0) this.keyframes.push({ facts: i, state: copyState(state) });
      this.noteLoss(state, i);
      this.apply(state, i);
      this.noteGrowth(state, i);
    }
    this.cursor = { facts: facts.length, state };
  }

  apply(state, i) {
    const [step, node, kind, fields] = this.trace.facts[i];
    applyFact(state, i, step, this.idOf(node), kind, fields);
  }

  noteLoss(state, i) {
    const [step, node, kind, fields] = this.trace.facts[i];
    const end = kind === "LogTruncated" ? fields.to_offset : kind === "LogRecovered" ? fields.log_end_offset : null;
    if (end === null) return;
    const replica = (state.replicas[fields.partition] || {})[this.idOf(node)];
    for (const [offset, epoch] of replica ? replica.cells.filter((cell) => cell[0] >= end) : []) {
      const name = cellName(fields.partition, this.idOf(node), offset, epoch);
      const fates = this.doomed.get(name) || [];
      fates.push({ from: this.appended.get(name) || 0, gone: step, why: kind });
      this.doomed.set(name, fates);
      this.hasDoomed.add(`${fields.partition}|${this.idOf(node)}`);
    }
  }

  noteGrowth(state, i) {
    const [step, node, kind, fields] = this.trace.facts[i];
    const offset = touched(kind, fields);
    if (offset !== null && this.focus[fields.partition]) this.focus[fields.partition].push([step, offset]);
    const replica = (state.replicas[fields.partition] || {})[this.idOf(node)];
    if (kind !== "RecordsAppended" || !replica) return; // the metadata log is not drawn
    for (const [offset, epoch] of fields.records) {
      this.appended.set(cellName(fields.partition, this.idOf(node), offset, epoch), step);
    }
    const ends = (this.ends[fields.partition] ||= [replica.log_start, 0]);
    ends[1] = Math.max(ends[1], replica.end);
  }

  /** The state right after `step`. Going on is cheap; going back starts from the nearest keyframe. */
  stateAt(step) {
    const wanted = this.firstFact[Math.min(step, this.last) + 1];
    if (this.cursor.facts > wanted || this.hasCloserKeyframe(wanted)) this.cursor = this.fromKeyframe(wanted);
    while (this.cursor.facts < wanted) {
      this.apply(this.cursor.state, this.cursor.facts);
      this.cursor.facts += 1;
    }
    return this.cursor.state;
  }

  hasCloserKeyframe(wanted) {
    const gap = this.keyframes.length > 1 ? this.keyframes[1].facts : Infinity;
    return wanted - this.cursor.facts > gap;
  }

  fromKeyframe(wanted) {
    let best = this.keyframes[0] || { facts: 0, state: emptyState(this) };
    for (const keyframe of this.keyframes) if (keyframe.facts <= wanted) best = keyframe;
    return { facts: best.facts, state: copyState(best.state) };
  }

  /** The offset last touched in this partition: narrow pictures keep it in the middle. */
  focusAt(partition, step) {
    const touches = this.focus[partition] || [];
    const at = countUpTo(touches, step, (touch) => touch[0]);
    return at ? touches[at - 1][1] : 0;
  }

  /** The facts of one step, as objects. */
  factsOf(step) {
    const result = [];
    for (let i = this.firstFact[step]; i < this.firstFact[step + 1]; i += 1) result.push(this.fact(i));
    return result;
  }

  fact(index) {
    const [step, node, kind, fields, sentence, weight] = this.trace.facts[index];
    return { index, step, node: this.idOf(node), kind, fields, sentence, weight };
  }

  /** What is told of a step: its facts of weight 1 and 2, the weightiest first where they differ. */
  told(step) {
    const facts = this.factsOf(step).filter((fact) => fact.weight > 0 && fact.sentence);
    const lead = facts.find((fact) => fact.weight > 1) || facts[0];
    return lead ? [lead, ...facts.filter((fact) => fact !== lead)] : [];
  }

  /** One sentence for any step, also for those in which nothing is told. */
  sentenceOf(step) {
    const [lead] = this.told(step);
    if (lead) return lead.sentence;
    const [, kind, node, , message] = this.trace.steps[step - 1];
    const where = node >= 0 ? spoken(this.idOf(node)) : "";
    if (kind === "deliver" && message >= 0) {
      const [from, to, , , label] = this.trace.messages[message];
      return `${clean(this.label(label))}: from ${spoken(this.idOf(from))} to ${spoken(this.idOf(to))}.`;
    }
    const what = message >= 0 ? clean(this.label(message)) : "";
    if (kind === "timer") return `Timer at ${where}: ${what}.`;
    return [where, what].filter(Boolean).join(": ") || "Nothing that the picture shows.";
  }

  parentOf(step) {
    return this.trace.steps[step - 1][3];
  }

  /** The steps that led here, nearest first; only those in which something is told. */
  causes(step, limit = 12) {
    const chain = [];
    let cause = this.causeOf(step);
    for (let last = step; cause.step > 0 && cause.step < last && chain.length < limit; cause = this.causeOf(last)) {
      last = cause.step;
      const fact = cause.fact || this.told(last)[0];
      if (fact) chain.push({ step: last, sentence: fact.sentence });
    }
    return chain;
  }

  /** {step, fact}: what a step followed from. Mostly its parent; but some things follow from what was written, or did not come. */
  causeOf(step) {
    for (const fact of this.factsOf(step)) {
      const cause = this.reasonOf(fact);
      if (cause) return { step: cause.step, fact: cause };
    }
    return { step: this.parentOf(step), fact: null };
  }

  reasonOf({ kind, fields, node, step }) {
    if (kind === "BrokerFenced") return this.silenced(`broker-${fields.broker}`, node, step);
    if (kind === "IsrProposed" && fields.removed.length) return this.silenced(`broker-${fields.removed[0]}`, node, step);
    if (kind !== "BecameLeader" && kind !== "BecameFollower") return null;
    return this.lastFact(step, (fact) => fact.kind === "PartitionChanged" && fact.fields.partition === fields.partition &&
      fact.fields.leader_epoch === fields.leader_epoch);
  }

  /** The crash, pause or cut because of which `listener` hears nothing of `broker`; null when it ended before. */
  silenced(broker, listener, before) {
    const concerns = ({ kind, fields }) => (kind.startsWith("Node") ? fields.node === broker
      : kind.startsWith("Link") && [fields.one, fields.other].includes(broker) && [fields.one, fields.other].includes(listener));
    const fact = this.lastFact(before, concerns);
    return fact && ["NodeCrashed", "NodePaused", "LinkCut"].includes(fact.kind) ? fact : null;
  }

  lastFact(before, fits) {
    for (let i = this.firstFact[before] - 1; i >= 0; i -= 1) {
      const fact = this.fact(i);
      if (fits(fact)) return fact;
    }
    return null;
  }

  /** Messages under way after `step`, and the one that arrives in it. */
  messagesAt(step) {
    const under = [];
    for (const [from, to, sent, ended, label, fate, correlation] of this.loud) {
      const arrives = ended === step && fate === 0;
      if (arrives || (sent <= step && (ended === 0 || step < ended))) {
        under.push({ from: this.idOf(from), to: this.idOf(to), sent, ended, label: this.label(label), fate, arrives, correlation,
          fresh: sent === step, age: this.times[step] - this.times[sent] });
      }
    }
    return under;
  }

  /** The step in which this cell was first written anywhere; undefined if it is not known. */
  writtenAt(partition, [offset, epoch]) {
    const steps = this.nodes.map((node) => this.appended.get(cellName(partition, node.id, offset, epoch))).filter(Boolean);
    return steps.length ? Math.min(...steps) : undefined;
  }

  /** Will this cell be cut off later? {gone: step, why} or undefined. */
  fateOf(partition, node, cell, step) {
    if (!this.hasDoomed.has(`${partition}|${node}`)) return undefined;
    const fates = this.doomed.get(cellName(partition, node, cell[0], cell[1]));
    return fates && fates.find((fate) => fate.from <= step && fate.gone > step);
  }

  /** Index of the last moment at or before this step. */
  momentBefore(step) {
    return countUpTo(this.moments, step, (moment) => moment) - 1;
  }

  nextMoment(step) {
    return this.moments[Math.min(this.momentBefore(step) + 1, this.moments.length - 1)];
  }

  previousMoment(step) {
    const at = this.momentBefore(step);
    return this.moments[Math.max(0, this.moments[at] === step ? at - 1 : at)];
  }

  sceneAt(step) {
    let found = null;
    for (const bookmark of this.bookmarks) if (bookmark.step <= step) found = bookmark;
    return found;
  }
}

/** How many of these, sorted by `read`, are at most `limit`. */
export function countUpTo(list, limit, read) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (read(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cellName(partition, node, offset, epoch) {
  return `${partition}|${node}|${offset}|${epoch}`;
}

function touched(kind, fields) {
  if (kind === "RecordsAppended") return fields.next_offset - 1;
  if (kind === "LogTruncated") return fields.to_offset;
  if (kind === "ProduceAcknowledged") return fields.base_offset >= 0 ? fields.base_offset : null;
  return null;
}

function partitionsIn(facts) {
  return [...new Set(facts.map((fact) => fact[3].partition).filter(Boolean))].sort();
}

function clean(label) {
  return label.replace(/^~/, "");
}

/** "broker-1" → "broker 1"; clients keep their name. */
export function spoken(id) {
  return id.replace(/^(broker|controller)-/, "$1 ");
}

/** Virtual time in seconds, with milliseconds. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(3)} s`;
}
