// minikafka's player. Made from minikafka/stage/player/ by `python -m minikafka.stage.build`: edit there.

// link.mjs
const NUMBERS = ["step", "scene", "future"];
const WORDS = ["view", "partition", "run", "seed", "set", "faults"];

function readHash(hash) {
  const said = new URLSearchParams((hash || "").replace(/^.*#/, "").replace("scene-", "scene="));
  const found = {};
  for (const name of NUMBERS) if (/^\d+$/.test(said.get(name))) found[name] = Number(said.get(name));
  for (const name of WORDS) if (said.has(name)) found[name] = said.get(name);
  return "step" in found || "scene" in found ? found : null;
}

function isRun(trace, { run, seed, set, faults }) {
  return (!run || run === trace.scenario) && (!seed || seed === String(trace.seed)) && !set && !faults;
}

function notHere(hash) {
  return `This page has not recorded the run that is meant. A notebook plays it: minikafka.opened("${hash}")`;
}

// fold.mjs
const NOBODY = -1;

function emptyState({ nodes, partitions, trace }) {
  const ids = (fits) => nodes.filter((node) => fits(node.role)).map((node) => node.id);
  const from = (names, make) => Object.fromEntries(names.map((name) => [name, make()]));
  const brokers = ids((role) => role === "broker"), controllers = ids((role) => role === "controller");
  const empty = {
    nodes: from([...brokers, ...controllers], () => ({ state: "up", fenced: null, metadata: -1, disk: "" })),
    partitions: {},
    replicas: from(partitions, () => from(brokers, newReplica)),
    clients: from(ids((role) => role !== "broker" && role !== "controller"), () => ({
      state: "up", last: -1, leaders: {}, positions: {}, group: "", generation: -1, owned: [], transaction: null,
    })),
    controllers: from(controllers, () => ({
      quorum_epoch: 0, state: "", epoch: 0, leader: NOBODY, vote: null, progress: {}, end: 0, high_watermark: 0, epochs: [], snapshot: 0,
    })),
    told: from(partitions, () => []),
    cuts: [], slow: {}, coordinators: {}, groups: {}, transactions: {}, alarms: [],
  };
  return trace.start ? begunFrom(empty, trace.start.state) : empty;
}

function begunFrom(empty, start) {
  const state = { ...empty, ...copyState(start) };
  for (const part of ["nodes", "replicas", "clients", "controllers", "told"]) state[part] = { ...empty[part], ...state[part] };
  return state;
}

function newReplica() {
  return {
    cells: [], batches: [], log_start: 0, end: 0, high_watermark: 0, stable: -1, durable: 0, segments: [], role: "none",
    leader_epoch: -1, leader: NOBODY, isr: [], proposed: null, epoch_start: -1, progress: {}, behind: {}, seen: {}, parked: [],
  };
}

function copyState(state) {
  const { replicas, told, ...small } = state;
  const copyReplica = ({ cells, batches, ...rest }) => ({ ...structuredClone(rest), cells: cells.slice(), batches: batches.slice() });
  return {
    ...structuredClone(small),
    replicas: mapValues(replicas, (each) => mapValues(each, copyReplica)), told: mapValues(told, (each) => each.slice()),
  };
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

export function cellAt(replica, offset) {
  let low = 0, high = replica.cells.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (replica.cells[middle][0] < offset) low = middle + 1;
    else high = middle;
  }
  const cell = replica.cells[low];
  return cell && cell[0] === offset ? cell : undefined;
}

function applyFact(state, index, step, node, kind, fields) {
  const client = state.clients[node], controller = state.controllers[node];
  const replicas = state.replicas[fields.partition];
  if (WORLD[kind]) WORLD[kind](state, fields, index);
  else if (client) applyClient(state, client, index, step, node, kind, fields);
  else if (CONTROL[kind]) CONTROL[kind](state, fields, node, step);
  else if (COORDINATOR[kind]) COORDINATOR[kind](state, fields, node, step, index);
  else if (GROUP[kind]) applyGroup(state, index, step, node, kind, fields);
  else if (controller) applyQuorum(controller, kind, fields);
  else if (kind === "MetadataReplayed") state.nodes[node].metadata = fields.next_offset;
  else if (replicas && replicas[node] && REPLICA[kind]) {
    REPLICA[kind](replicas[node], fields, step);
    forgive(state.told, kind, fields);
  }
}

function stand(what) {
  return (state, { node }) => {
    const known = state.nodes[node] || state.clients[node];
    if (known) known.state = what;
  };
}

function crash(state, fact) {
  const { node } = fact;
  stand("crashed")(state, fact);
  for (const replicas of Object.values(state.replicas)) {
    if (!replicas[node]) continue;
    const { cells, batches, log_start, end, high_watermark, stable, durable, segments } = replicas[node];
    Object.assign(replicas[node], newReplica(), { cells, batches, log_start, end, high_watermark, stable, durable, segments });
  }
  if (state.controllers[node]) Object.assign(state.controllers[node], { state: "", leader: NOBODY, progress: {} });
  if (state.clients[node]) Object.assign(state.clients[node], { owned: [], positions: {} });
}

function disk(say) {
  return (state, fact) => { if (state.nodes[fact.node]) state.nodes[fact.node].disk = say(fact); };
}

const alarm = (state, fact, index) => { state.alarms.push(index); };

const WORLD = {
  NodeStarted: stand("up"), NodeRestarted: stand("up"), NodeResumed: stand("up"), NodePaused: stand("paused"), NodeCrashed: crash,
  LinkCut: (state, { one, other }) => { state.cuts.push([one, other]); },
  LinkHealed: (state, { one, other }) => { state.cuts = state.cuts.filter((cut) => cut[0] !== one || cut[1] !== other); },
  LinkSlowed: (state, { one, other, extra_ms }) => { state.slow[`${one}|${other}`] = extra_ms; },
  DiskFilled: disk(({ full }) => (full ? "full" : "")),
  DiskSlowed: disk(({ write_ms }) => (write_ms ? `${write_ms} ms a write` : "")),
  DiskLies: disk(({ lying }) => (lying ? "lies about flushes" : "")),
  PromiseBroken: alarm, LossBeyondPromise: alarm,
};

function setFenced(fenced) {
  return (state, fact) => { state.nodes[`broker-${fact.broker}`].fenced = fenced; };
}

const CONTROL = {
  QuorumLeaderElected: (state, fact, node) => { state.controllers[node].quorum_epoch = fact.epoch; },
  BrokerRegistered: setFenced(true), BrokerFenced: setFenced(true), BrokerReleased: setFenced(true), BrokerUnfenced: setFenced(false),
  PartitionChanged: (state, fact, node, step) => {
    const before = state.partitions[fact.partition];
    const same = before && before.leader === fact.leader && before.leader_epoch === fact.leader_epoch;
    const { leader, leader_epoch, isr, elr, last_known_leader, partition_epoch, recovering, metadata_offset } = fact;
    state.partitions[fact.partition] = {
      leader, leader_epoch, isr, elr, last_known_leader, partition_epoch, recovering, metadata_offset, since: same ? before.since : step,
    };
  },
};

function applyQuorum(controller, kind, fact) {
  if (kind === "QuorumStateChanged") {
    if (fact.state !== "leader" || controller.state !== "leader") controller.progress = {};
    Object.assign(controller, { state: fact.state, epoch: fact.epoch, leader: fact.leader });
  } else if (kind === "VoteAnswered") controller.vote = [fact.candidate, fact.epoch, fact.granted, fact.pre_vote];
  else if (kind === "VoterProgress") controller.progress[fact.voter] = fact.log_end_offset;
  else if (kind === "SnapshotTaken" || kind === "SnapshotLoaded") {
    controller.snapshot = fact.end_offset;
    controller.end = Math.max(controller.end, fact.end_offset);
  } else if (fact.partition === "__cluster_metadata-0") writeMetadata(controller, kind, fact);
}

function writeMetadata(controller, kind, fact) {
  if (kind === "RecordsAppended") {
    const [, epoch] = controller.epochs[controller.epochs.length - 1] || [];
    controller.end = fact.next_offset;
    if (epoch !== (fact.epoch || 0)) controller.epochs.push([fact.base_offset, fact.epoch || 0]);
  } else if (kind === "LogTruncated" || kind === "LogRecovered") {
    const end = kind === "LogTruncated" ? fact.to_offset : fact.log_end_offset;
    controller.end = end;
    controller.epochs = controller.epochs.filter((each) => each[0] < end);
    controller.high_watermark = Math.min(controller.high_watermark, end);
  } else if (kind === "HighWatermarkMoved") controller.high_watermark = fact.high_watermark;
}

function cutLog(replica, end) {
  for (const [list, at] of [[replica.cells, 0], [replica.batches, 1]]) while (list.length && list[list.length - 1][at] >= end) list.pop();
  replica.segments = replica.segments.filter((base) => base <= end);
  replica.end = end;
  for (const mark of ["high_watermark", "stable", "durable"]) replica[mark] = Math.min(replica[mark], end);
}

function startAt(replica, start) {
  replica.log_start = start;
  replica.end = Math.max(replica.end, start);
  replica.cells = replica.cells.filter((cell) => cell[0] >= start);
  replica.batches = replica.batches.filter((batch) => batch[1] >= start);
  replica.segments = replica.segments.filter((base) => base > start);
}

function takeRole(role) {
  return (replica, { leader_epoch, leader = NOBODY, isr = [], start_offset = -1 }) => {
    Object.assign(replica, { role, leader_epoch, leader, isr, proposed: null, epoch_start: start_offset, progress: {}, behind: {}, seen: {} });
    if (role === "follower") replica.parked = [];
  };
}

const REPLICA = {
  RecordsAppended: (replica, { records, batches = [], next_offset }, step) => {
    for (const [follower, end] of Object.entries(replica.progress)) if (end >= replica.end) replica.behind[follower] ??= step;
    replica.cells.push(...records);
    replica.batches.push(...batches);
    replica.end = next_offset;
  },
  LogTruncated: (replica, fact) => cutLog(replica, fact.to_offset),
  LogRecovered: (replica, fact) => {
    cutLog(replica, fact.log_end_offset);
    Object.assign(replica, { high_watermark: fact.high_watermark, stable: -1 });
    startAt(replica, fact.log_start_offset);
  },
  LogStartMoved: (replica, fact) => startAt(replica, fact.log_start_offset),
  LogCompacted: (replica, fact) => { replica.cells = replica.cells.filter((cell) => !fact.removed.includes(cell[0])); },
  HighWatermarkMoved: (replica, fact) => { replica.high_watermark = fact.high_watermark; },
  LastStableOffsetMoved: (replica, { last_stable_offset: stable }) => { replica.stable = stable < replica.high_watermark ? stable : -1; },
  SegmentRolled: (replica, { base_offset: base }) => { // a segment is flushed when it is closed
    replica.segments.push(base);
    replica.durable = Math.max(replica.durable, base);
  },
  LogFlushed: (replica, fact) => { replica.durable = fact.durable_end; },
  ReplicaDeleted: (replica) => Object.assign(replica, newReplica()),
  BecameLeader: takeRole("leader"), BecameFollower: takeRole("follower"),
  FollowerProgress: noteProgress,
  IsrProposed: (replica, fact) => { replica.proposed = fact.isr; },
  IsrAdopted: (replica, fact) => { Object.assign(replica, { isr: fact.isr, proposed: null }); },
  IsrProposalRefused: (replica) => { replica.proposed = null; },
  ProduceParked: (replica, fact) => {
    replica.parked.push({ client: fact.client, needs: fact.needs_offset, correlation: fact.correlation_id });
  },
  ProduceAnswered: (replica, fact) => {
    replica.parked = replica.parked.filter(
      (parked) => parked.client !== fact.client || parked.correlation !== fact.correlation_id);
  },
};

function noteProgress(replica, { follower, log_end_offset: end }, step) {
  const [since, leaderEnd] = replica.seen[follower] || [step, -1];
  if (end >= replica.end) delete replica.behind[follower];
  else if (leaderEnd >= 0 && end >= leaderEnd) replica.behind[follower] = since;
  else replica.behind[follower] ??= step;
  replica.progress[follower] = end;
  replica.seen[follower] = [step, replica.end];
}

function forgive(told, kind, { partition, log_start_offset, removed }) {
  if (kind === "LogStartMoved") told[partition] = told[partition].filter((each) => each.offset >= log_start_offset);
  if (kind === "LogCompacted") told[partition] = told[partition].filter((each) => !removed.includes(each.offset));
}

const COORDINATOR = {
  CoordinatorLoaded: (state, fact, node) => { state.coordinators[fact.partition] = node; },
  CoordinatorUnloaded: (state, fact, node) => { if (state.coordinators[fact.partition] === node) delete state.coordinators[fact.partition]; },
  ProducerIdGranted: ofTransaction((known, { producer_id, producer_epoch }, node) => {
    Object.assign(known, { coordinator: node, producer_id, producer_epoch });
  }),
  TransactionChanged: ofTransaction((known, { state, producer_id, producer_epoch, partitions }, node, step) => {
    Object.assign(known, { coordinator: node, producer_id, producer_epoch, state, partitions, since: step });
  }),
  TransactionRefused: ofTransaction((known, fact, node, step, index) => { known.refused = index; }),
};

function ofTransaction(change) {
  return (state, fact, node, step, index) => {
    const name = fact.transactional_id;
    if (!name) return; // idempotent only: nobody keeps a state of it
    state.transactions[name] ||= { coordinator: "", state: "", producer_id: -1, producer_epoch: -1, partitions: [], since: 0, refused: -1 };
    change(state.transactions[name], fact, node, step, index);
  };
}

const newMember = (step) => ({ instance: "", session: 0, poll: 0, since: step, generation: -1, partitions: [] });

function applyGroup(state, index, step, node, kind, fields) {
  const group = (state.groups[fields.group] ||= {
    coordinator: "", state: "", generation: -1, protocol: "", leader: "", since: 0, members: {}, gone: null, committed: {}, pending: {},
    refused: -1,
  });
  group.coordinator = node;
  GROUP[kind](group, fields, step, index);
}

const GROUP = {
  GroupChanged: (group, fact, step) => {
    const members = Object.fromEntries(fact.members.map((name) => [name, group.members[name] || newMember(step)]));
    Object.assign(group, { state: fact.state, generation: fact.generation, protocol: fact.protocol, leader: fact.leader, since: step, members });
  },
  MemberJoined: (group, { member, instance, session_timeout_ms: session = 0, rebalance_timeout_ms: poll = 0 }, step) => {
    group.members[member] = { ...newMember(step), instance, session, poll };
  },
  MemberRemoved: (group, { member, reason }, step) => {
    delete group.members[member];
    group.gone = [member, reason, step];
  },
  AssignmentGiven: (group, { member, generation, partitions }, step) => {
    group.members[member] = { ...(group.members[member] || newMember(step)), generation, partitions };
  },
  CommitRefused: (group, fact, step, index) => { group.refused = index; },
  OffsetCommitted: (group, { partition, offset, member, generation, pending }, step) => {
    group[pending ? "pending" : "committed"][partition] = [offset, member, generation, step];
    if (!pending) delete group.pending[partition];
  },
  OffsetsForgotten: (group, { partitions, reason }) => {
    for (const name of partitions) {
      delete group.pending[name];
      if (reason !== "aborted") delete group.committed[name];
    }
  },
};

function applyClient(state, client, index, step, node, kind, fields) {
  if (kind === "LeaderLearned") {
    client.leaders[fields.partition] = [fields.leader, fields.leader_epoch];
    return;
  }
  client.last = index;
  if (kind === "RecordsConsumed") client.positions[fields.partition] = fields.position;
  else if (kind === "ProduceAcknowledged" && fields.base_offset >= 0) noteTold(state, step, node, fields);
  else if (kind.startsWith("Partitions")) own(client, kind, fields);
  else if (PURSUIT[kind]) client.transaction = [fields.transactional_id, PURSUIT[kind](fields)];
}

const PURSUIT = {
  TransactionBegun: () => "open",
  TransactionEnding: ({ commit }) => (commit ? "asked to commit" : "asked to abort"),
  TransactionEnded: ({ committed }) => (committed ? "committed" : "aborted"),
  ProducerFailed: ({ fatal }) => (fatal ? "can do nothing more" : "must abort"),
};

function own(client, kind, { group, generation, partitions }) {
  const kept = client.owned.filter((name) => !partitions.includes(name));
  const positions = Object.fromEntries(Object.entries(client.positions).filter(([name]) => !partitions.includes(name)));
  Object.assign(client, { group, generation, positions, owned: kind === "PartitionsAssigned" ? [...kept, ...partitions].sort() : kept });
}

function noteTold(state, step, node, fact) {
  const holder = state.replicas[fact.partition][`broker-${fact.broker}`];
  fact.values.forEach((value, i) => {
    const offset = fact.base_offset + i;
    const cell = cellAt(holder, offset);
    state.told[fact.partition].push(
      { offset, value, acks: fact.acks, client: node, broker: fact.broker, leader_epoch: cell ? cell[1] : -1, step });
  });
}

// run.mjs
const SCHEMA = /^minikafka-trace\/(\d+)\.(\d+)$/;
const KNOWN_MAJOR = 1;
const KEYFRAMES = 64;
const SMALLEST_GAP = 64; // facts between keyframes: folding that many is instant

class TraceError extends Error {}

function readTrace(source) {
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

class Run {
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

  focusAt(partition, step) {
    const touches = this.focus[partition] || [];
    const at = countUpTo(touches, step, (touch) => touch[0]);
    return at ? touches[at - 1][1] : 0;
  }

  factsOf(step) {
    const result = [];
    for (let i = this.firstFact[step]; i < this.firstFact[step + 1]; i += 1) result.push(this.fact(i));
    return result;
  }

  fact(index) {
    const [step, node, kind, fields, sentence, weight] = this.trace.facts[index];
    return { index, step, node: this.idOf(node), kind, fields, sentence, weight };
  }

  told(step) {
    const facts = this.factsOf(step).filter((fact) => fact.weight > 0 && fact.sentence);
    const lead = facts.find((fact) => fact.weight > 1) || facts[0];
    return lead ? [lead, ...facts.filter((fact) => fact !== lead)] : [];
  }

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

  writtenAt(partition, [offset, epoch]) {
    const steps = this.nodes.map((node) => this.appended.get(cellName(partition, node.id, offset, epoch))).filter(Boolean);
    return steps.length ? Math.min(...steps) : undefined;
  }

  fateOf(partition, node, cell, step) {
    if (!this.hasDoomed.has(`${partition}|${node}`)) return undefined;
    const fates = this.doomed.get(cellName(partition, node, cell[0], cell[1]));
    return fates && fates.find((fate) => fate.from <= step && fate.gone > step);
  }

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

export function spoken(id) {
  return id.replace(/^(broker|controller)-/, "$1 ");
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(3)} s`;
}

// dom.mjs
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes || {}, children: children.flat(3).filter((child) => child || child === 0) };
}

export function button(look, part, onclick, words, more) {
  return h("button", { type: "button", class: `mk-${look}`, "data-part": part, onclick, ...more }, words);
}

function patch(parent, wanted) {
  let node = parent.firstChild, at = 0;
  for (; node && at < wanted.length && isLike(node, wanted[at]) && node.mkKey === keyOf(wanted[at]); at += 1) {
    update(node, wanted[at]); // most stand where they stood: nothing has to be looked for
    node = node.nextSibling;
  }
  if (node || at < wanted.length) rearrange(parent, wanted.slice(at), node);
}

function rearrange(parent, wanted, place) {
  const rest = new Set(wanted.map(keyOf)), keyed = new Map(), used = new Set();
  for (let node = place, next; node; node = next) {
    next = node.nextSibling;
    if (node.mkKey === undefined) continue;
    if (rest.has(node.mkKey)) keyed.set(node.mkKey, node);
    else {
      if (node === place) place = next;
      node.remove();
    }
  }
  for (const child of wanted) {
    const node = reuse(child, keyed, place, used) || create(child, parent);
    used.add(node);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, child);
  }
  for (let next; place; place = next) {
    next = place.nextSibling;
    if (!used.has(place)) place.remove();
  }
}

function keyOf(child) {
  return child.tag === undefined ? undefined : child.attributes.key;
}

function reuse(child, keyed, place, used) {
  const fits = (node) => node && !used.has(node) && isLike(node, child);
  if (keyOf(child) !== undefined) {
    const node = keyed.get(keyOf(child));
    return fits(node) ? node : null;
  }
  return fits(place) && place.mkKey === undefined ? place : null;
}

function isLike(node, child) {
  if (child.tag === undefined) return node.nodeType === 3;
  return node.nodeType === 1 && node.localName === child.tag;
}

function create(child, parent) {
  if (child.tag === undefined) return document.createTextNode("");
  const inSvg = child.tag === "svg" || parent.namespaceURI === SVG_NAMESPACE;
  const node = inSvg ? document.createElementNS(SVG_NAMESPACE, child.tag) : document.createElement(child.tag);
  if (child.attributes.key !== undefined) node.mkKey = child.attributes.key;
  return node;
}

function update(node, child) {
  if (child.tag === undefined) {
    if (node.data !== String(child)) node.data = String(child);
    return;
  }
  if (node.mkDrawn === child) return; // the very same description: nothing can have changed
  node.mkDrawn = child;
  const before = node.mkAttributes || {};
  for (const name in before) if (!(name in child.attributes)) setAttribute(node, name, null);
  for (const name in child.attributes) if (before[name] !== child.attributes[name]) setAttribute(node, name, child.attributes[name]);
  node.mkAttributes = child.attributes;
  if (!child.attributes.keep) patch(node, child.children); // `keep`: its owner fills it by hand
}

function setAttribute(node, name, value) {
  if (name === "key" || name === "keep") return;
  if (name.startsWith("on")) node[name] = value;
  else if (name === "selected") node.selected = Boolean(value);
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

// light.mjs
export function recordName(partition, offset) {
  return `${partition}:${offset}`;
}

function recordsOf({ kind, fields }) {
  const { partition, base_offset: base, next_offset: next, values, records } = fields;
  const from = (first, count) => Array.from({ length: Math.min(count, 50) }, (_, i) => recordName(partition, first + i)).join(" ");
  if (kind === "RecordsAppended") return from(base, next - base);
  if (kind === "ProduceAcknowledged" && base >= 0) return from(base, values.length);
  if (kind === "RecordsConsumed") return records.map(([offset]) => recordName(partition, offset)).join(" ") || null;
  if (kind === "MarkerWritten") return recordName(partition, fields.offset);
  return null;
}

function watchRecords(root) {
  const find = (event) => event.target.closest && event.target.closest("[data-records]");
  const light = (event) => relight(root, nameIn(find(event)) || root.mkKept || "");
  root.addEventListener("pointerover", light);
  root.addEventListener("focusin", light);
  root.addEventListener("pointerleave", () => relight(root, root.mkKept || ""));
  root.addEventListener("click", (event) => {
    const name = nameIn(find(event));
    if (!name || event.target.closest("button")) return;
    root.mkKept = root.mkKept === name ? "" : name;
    relight(root, name);
  });
}

function nameIn(element) {
  return (element && element.dataset.records) || "";
}

function relight(root, names = root.mkLit) {
  root.mkLit = names || "";
  const wanted = new Set(root.mkLit.split(" ").filter(Boolean));
  for (const element of root.querySelectorAll("[data-records], .mk-lit")) {
    element.classList.toggle("mk-lit", wanted.size > 0 && nameIn(element).split(" ").some((name) => wanted.has(name)));
  }
}

// text.mjs
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
let pen = null;
const widths = new Map();

export function widthOf(text, size, style = "sans") {
  const name = `${style}${size}|${text}`;
  if (widths.size > 5000) widths.clear();
  if (!widths.has(name)) widths.set(name, measure(text, size, style));
  return widths.get(name);
}

function measure(text, size, style) {
  if (pen === null) pen = document.createElement("canvas").getContext("2d") || false;
  if (!pen) return text.length * size * 0.58;
  pen.font = `${style === "bold" ? "600 " : ""}${size}px ${style === "mono" ? MONO : SANS}`;
  return pen.measureText(text).width;
}

export function lines(text, width, size, most = 2, style = "sans") {
  const result = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (!line || widthOf(longer, size, style) <= width) line = longer;
    else {
      result.push(line);
      line = word;
    }
  }
  if (line) result.push(line);
  const kept = result.slice(0, most);
  const isCut = result.length > most;
  return kept.map((each, i) => shorten(isCut && i === most - 1 ? `${each} …` : each, width, size, style));
}

export function shorten(text, width, size, style = "sans") {
  if (widthOf(text, size, style) <= width) return text;
  let kept = text.replace(/ …$/, "");
  while (kept.length > 1 && widthOf(`${kept}…`, size, style) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

// marks.mjs
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

function isBehind(state, partition, id) {
  const written = state.partitions[partition];
  const node = state.nodes[id];
  return Boolean(written && node && node.state !== "crashed" && node.metadata >= 0 && node.metadata <= written.metadata_offset);
}

function toldRecords(run, state, partition, step) {
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

function shortName(id) {
  return /^(broker|controller)-/.test(id) ? spoken(id) : id;
}

export function valueText(cell) {
  const [, , key, value] = cell;
  return value === null || value === undefined ? (key ?? "∅") : String(value);
}

// wires.mjs
const MOST = 6; // more messages than this are counted, not drawn

function drawWires(frame, l) {
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

function cutPairs({ state, run }) {
  const roles = new Map(run.nodes.map((node) => [node.id, node.role]));
  const place = (id) => (roles.get(id) === "controller" ? "controllers" : id);
  const names = new Set(state.cuts.map(([one, other]) => [place(one), place(other)].sort().join("|")));
  return [...names].map((name) => name.split("|")).filter(([one, other]) => one !== other);
}

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

// cluster.mjs
export const PATTERNS = 6;
const GAP = 10;

const clusterView = {
  id: "cluster",
  name: "Cluster",
  applies: () => true,
  draw: drawCluster,
};

function drawCluster(frame) {
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

export function text(x, y, string, style, more) {
  return h("text", { x, y, class: style, ...more }, string);
}

export function caps(x, y, string) {
  return text(x, y, string, "mk-caps");
}

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

function activeController(state, all) {
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

function drawTold(l, told) {
  const x = l.narrow ? l.pad : l.cellsX;
  const heading = l.narrow ? null : caps(l.pad, l.toldY + 14, "told “stored”");
  if (!told.length) return h("g", {}, heading, text(x, l.toldY + 14, l.narrow ? "nobody was told “stored” yet" : "nobody yet", "mk-small"));
  const words = tellAll(told, l.right - x - 8, l.narrow);
  return h("g", {}, heading, chips(x, l.toldY, words));
}

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

function saidBy({ role, id }, sentence) {
  const name = `${role} ${id.slice(id.indexOf("-") + 1)} `;
  return sentence.toLowerCase().startsWith(name.toLowerCase()) ? sentence.slice(name.length) : sentence;
}

function inWords({ state, partition, run }) {
  const rows = run.nodes.filter((node) => node.role === "broker").map(({ id }) => {
    const is = standing(state, partition, id);
    const replica = (state.replicas[partition] || {})[id];
    const log = replica ? `${replica.cells.length} records, high watermark ${replica.high_watermark}` : "no log";
    return `${spoken(id)}: ${is.word} ${is.more}, ${log}`;
  });
  return `The controller ${writtenWords(state, partition)}. ${rows.join(". ")}.`;
}

// theme.mjs
const LIGHT = `
  --paper: #FBFAF6; --card: #FFFFFF; --ink: #1B2130; --soft: #5B6475; --line: #D9D6CC; --panel: #F3F1EA;
  --accent: #2F5BD0; --on-accent: #FFFFFF; --warning: #B4432F; --good: #2B7A4B; --faint: #E4EAFB;
  --e0: #DCE6FB; --i0: #A9C0F0; --e1: #FBE7C6; --i1: #DDAF62; --e2: #D9EFDF; --i2: #9CCBAB;
  --e3: #EBDFF6; --i3: #C6AEE2; --e4: #F8DEDA; --i4: #E2AFA7; --e5: #DDEDF2; --i5: #9CC4D1;`;
const DARK = `
  --paper: #14171F; --card: #1B1F2A; --ink: #E9E7E0; --soft: #9AA3B5; --line: #343A49; --panel: #222734;
  --accent: #8FB0FF; --on-accent: #14171F; --warning: #FF9580; --good: #7FD1A0; --faint: #232C45;
  --e0: #22345F; --i0: #3A5391; --e1: #54401A; --i1: #8A6B2E; --e2: #1F4530; --i2: #3A7152;
  --e3: #3D2D54; --i3: #65508A; --e4: #552C27; --i4: #8A4E47; --e5: #1D414C; --i5: #3B6D7B;`;

const CSS = `
.mk-root { ${LIGHT}
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  box-sizing: border-box; max-width: 100%; padding: 12px; border-radius: 14px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 var(--sans); font-variant-numeric: tabular-nums; text-align: left; container-type: normal;
&[data-theme=dark] { ${DARK} }
*, *::before { box-sizing: border-box; }
h2, h3, p, ol, li, dl, dd { margin: 0; padding: 0; border: 0; color: inherit; }
ol li { margin: 0; }
h2 { font: 650 20px/1.3 var(--sans); letter-spacing: -0.01em; }
h3 { font: 650 12px/1.4 var(--sans); letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.mk-mono, .mk-step { font: 12px/1.4 var(--mono); color: var(--soft); }
.mk-head { display: flex; justify-content: space-between; align-items: flex-start; gap: 12px; flex-wrap: wrap; padding: 0 4px 10px; }
.mk-other-future { color: var(--accent); font-weight: 600; margin-left: 10px; }
.mk-tabs { display: flex; flex-wrap: wrap; gap: 6px; }
.mk-columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
&[data-wide=yes] .mk-columns { grid-template-columns: minmax(0, 1fr) 280px; }
.mk-main { display: flex; flex-direction: column; gap: 10px; min-width: 0; }
.mk-card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.mk-picture-card { overflow: hidden; contain: content; }
.mk-picture { display: block; font-family: var(--sans); }

.mk-picture {
  text { fill: var(--ink); font-size: 13px; }
  .mk-panel { fill: var(--panel); stroke: transparent; stroke-width: 1.5; }
  .mk-name { font-size: 17px; font-weight: 650; }
  .mk-small-name { font-size: 14px; }
  .mk-state { font-size: 14px; font-weight: 600; }
  .mk-small { font-size: 12px; fill: var(--soft); }
  .mk-mono, .mk-offset, .mk-epoch { font-family: var(--mono); font-size: 12px; fill: var(--soft); }
  .mk-offset, .mk-epoch, .mk-value { text-anchor: middle; }
  .mk-caps { font-size: 11px; font-weight: 650; letter-spacing: 0.06em; fill: var(--soft); text-transform: uppercase; }
  .mk-ink-accent { fill: var(--accent); }
  .mk-ink-warning { fill: var(--warning); }
  .mk-ink-good { fill: var(--good); }
  .mk-ink-soft { fill: var(--soft); }
  .mk-tiny { font-size: 12px; }
  .mk-written { font-size: 13px; font-weight: 500; }
}
.mk-controllers.mk-now .mk-panel { stroke: var(--accent); fill: var(--faint); }
.mk-controllers.mk-now .mk-written { font-weight: 650; fill: var(--accent); }
.mk-row .mk-bar { fill: var(--line); }
.mk-is-accent .mk-bar { fill: var(--accent); }
.mk-is-warning .mk-bar { fill: var(--warning); }
.mk-is-accent > .mk-panel { fill: var(--card); stroke: var(--accent); }
.mk-is-warning:not(.mk-gone) > .mk-panel { stroke: var(--warning); stroke-dasharray: 6 4; }
.mk-gone .mk-cell, .mk-gone .mk-flag { opacity: 0.5; }
.mk-chip rect { fill: none; stroke: var(--line); }
.mk-chip.mk-tone-good text { fill: var(--good); } .mk-chip.mk-tone-good rect { stroke: var(--good); }
.mk-chip.mk-tone-warning text { fill: var(--warning); } .mk-chip.mk-tone-warning rect { stroke: var(--warning); stroke-dasharray: 3 2; }
.mk-chip.mk-tone-accent text { fill: var(--accent); } .mk-chip.mk-tone-accent rect { stroke: var(--accent); }
.mk-chip.mk-full rect { fill: var(--warning); stroke-dasharray: none; } .mk-chip.mk-full text { fill: var(--card); font-weight: 650; }
.mk-cell-box { stroke: var(--line); }
.mk-picture .mk-value { font-size: 15px; font-weight: 550; }
.mk-picture .mk-cell .mk-epoch { fill: var(--ink); }
.mk-cell text { paint-order: stroke; stroke: var(--cell-paper); stroke-width: 3px; stroke-linejoin: round; }
.mk-fork-icon path { fill: none; stroke: currentColor; stroke-width: 2; } .mk-fork-icon { vertical-align: -2px; }
.mk-doomed .mk-cell-box { stroke: var(--warning); stroke-width: 2; stroke-dasharray: 5 3; fill-opacity: 0.45; }
.mk-tick circle { fill: var(--card); stroke: currentColor; } .mk-tick path { fill: none; stroke-width: 2; }
.mk-tick.mk-ink-good path, .mk-tick.mk-ink-good circle { stroke: var(--good); }
.mk-tick.mk-ink-warning path, .mk-tick.mk-ink-warning circle { stroke: var(--warning); }
.mk-picture .mk-lit .mk-cell-box { stroke: var(--accent); stroke-width: 3; stroke-dasharray: none; }
.mk-sentence.mk-lit button { box-shadow: inset 3px 0 var(--accent); }
.mk-ghost rect { fill: none; stroke: var(--warning); stroke-width: 2; stroke-dasharray: 5 3; }
.mk-ghost path { stroke: var(--warning); stroke-width: 1.5; }
.mk-ghost text { opacity: 0.55; }
.mk-flag rect { fill: var(--good); } .mk-flag-pole { stroke: var(--good); stroke-width: 2; }
.mk-picture .mk-flag-text { fill: var(--card); font-size: 11px; font-weight: 650; text-anchor: middle; }
.mk-act { cursor: pointer; } .mk-act rect { fill: var(--card); stroke: var(--line); } .mk-act:hover rect { stroke: var(--accent); }
.mk-picture .mk-act text { font-size: 12px; text-anchor: middle; }
.mk-end path { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
.mk-client.mk-acts > .mk-panel, .mk-row.mk-acts > .mk-panel { stroke-width: 2; }
.mk-client.mk-acts > .mk-panel { stroke: var(--accent); }
.mk-epoch-ink { fill: none; stroke-width: 1; }
${[0, 1, 2, 3, 4, 5].map((i) => `.mk-in-e${i} { --cell-paper: var(--e${i}); } .mk-epoch-paper.mk-epoch-${i} { fill: var(--e${i}); } .mk-epoch-ink.mk-epoch-${i} { stroke: var(--i${i}); }
.mk-epoch-ink.mk-dots.mk-epoch-${i} { fill: var(--i${i}); stroke: none; }`).join("\n")}
.mk-wires path { fill: none; }
.mk-wires .mk-cut-line { stroke: var(--warning); stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round; }
.mk-cut rect { fill: var(--card); stroke: var(--warning); }
.mk-picture .mk-cut text { fill: var(--warning); font-size: 12px; font-weight: 650; text-anchor: middle; }
.mk-wire { stroke: var(--soft); stroke-width: 1.5; }
.mk-wires .mk-tip { fill: var(--soft); }
.mk-arrives .mk-wire { stroke: var(--accent); stroke-width: 2; } .mk-wires .mk-arrives .mk-tip { fill: var(--accent); }
.mk-pill rect { fill: var(--card); stroke: var(--soft); }
.mk-picture .mk-pill text { font-size: 12px; text-anchor: middle; }
.mk-pill.mk-lost rect { stroke: var(--warning); stroke-dasharray: 3 2; } .mk-picture .mk-pill.mk-lost text { fill: var(--warning); }
.mk-pill.mk-arrives rect { stroke: var(--accent); } .mk-picture .mk-pill.mk-arrives text { fill: var(--accent); font-weight: 550; }

.mk-now-panel { padding: 10px 14px; border: 1px solid var(--line); border-radius: 14px; background: var(--card); }
.mk-now-panel.mk-loud { border: 2px solid var(--warning); }
.mk-now-line { display: flex; gap: 12px; align-items: baseline; min-height: 58px; }
.mk-step { font-size: 17px; color: var(--accent); font-weight: 650; }
.mk-now-words { flex: 1; min-width: 0; }
.mk-big { font-size: 20px; line-height: 1.35; font-weight: 550; text-wrap: pretty; }
.mk-also { margin-top: 3px; color: var(--ink); font-size: 15px; }
.mk-quiet { color: var(--soft); font-size: 15px; }
.mk-now-side { display: flex; flex-direction: column; align-items: flex-end; gap: 4px; white-space: nowrap; }
.mk-alarm { color: var(--warning); font-weight: 600; }
.mk-why { border-top: 1px solid var(--line); margin-top: 10px; padding-top: 10px; }
.mk-why ol { padding-left: 26px; margin-top: 4px; list-style: decimal; }
.mk-why li { margin: 4px 0; }
.mk-link, .mk-sentence button { border: 0; background: none; padding: 0; margin: 0; font: inherit; color: var(--accent); cursor: pointer; text-align: left; }
.mk-link { text-decoration: underline; text-underline-offset: 3px; }
.mk-why .mk-link { text-decoration: none; color: var(--ink); } .mk-why .mk-link:hover { color: var(--accent); }
.mk-button { border: 1px solid var(--line); background: var(--card); color: var(--ink); border-radius: 999px; padding: 6px 14px; font: inherit; font-size: 14px; cursor: pointer; line-height: 1.3; }
.mk-button:hover { border-color: var(--accent); }
.mk-button[aria-disabled=true] { opacity: 0.45; }
.mk-button.mk-chosen { background: var(--ink); color: var(--card); border-color: var(--ink); }
.mk-button.mk-primary { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.mk-round { width: 38px; height: 38px; padding: 0; font-size: 13px; letter-spacing: -1px; }
.mk-speed { width: 46px; height: 38px; padding: 0; font-family: var(--mono); font-size: 13px; }

.mk-player { display: flex; gap: 14px; align-items: flex-start; padding: 2px 4px 0; }
.mk-buttons { display: flex; gap: 6px; padding-top: 2px; }
.mk-line { flex: 1; min-width: 0; position: relative; padding: 0 10px; }
.mk-ticks { display: block; width: 100%; height: 12px; }
.mk-time-tick { stroke: var(--soft); stroke-width: 1; opacity: 0.6; vector-effect: non-scaling-stroke; }
.mk-time-tick.mk-ink-warning { stroke: var(--warning); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-accent { stroke: var(--accent); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-good { stroke: var(--good); stroke-width: 2; opacity: 1; }
.mk-slider { position: relative; height: 24px; cursor: pointer; touch-action: none; border-radius: 6px; }
.mk-slider:focus-visible { outline: 0; } .mk-slider:focus-visible .mk-knob { outline: 3px solid var(--accent); outline-offset: 2px; }
.mk-track { position: absolute; inset: 10px 0 auto; height: 4px; border-radius: 2px; background: var(--line); }
.mk-done { height: 4px; border-radius: 2px; background: var(--accent); }
.mk-knob { position: absolute; top: 4px; width: 16px; height: 16px; margin-left: -8px; border-radius: 50%; background: var(--accent); border: 2px solid var(--paper); }
.mk-scenes { position: relative; height: 26px; }
.mk-scene, .mk-fork { position: absolute; top: 0; transform: translateX(-50%); min-width: 24px; height: 24px; padding: 0 2px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); color: var(--soft); font: 600 12px/1 var(--mono); cursor: pointer; }
.mk-scene.mk-past { color: var(--ink); border-color: var(--soft); }
.mk-scene.mk-current { background: var(--accent); border-color: var(--accent); color: var(--on-accent); z-index: 1; }
.mk-dot { position: absolute; top: 0; width: 6px; height: 6px; margin-left: -3px; border-radius: 50%; background: var(--line); } .mk-dot.mk-past { background: var(--soft); }
.mk-fork { top: -46px; border: 0; background: none; color: var(--accent); font-size: 15px; height: 18px; }
.mk-scene-name { font-size: 14px; color: var(--soft); min-height: 21px; }
.mk-scene-name b { color: var(--accent); font-weight: 650; }

.mk-predict { border: 2px solid var(--accent); border-radius: 14px; padding: 12px 16px; background: var(--faint); }
.mk-predict h3 { color: var(--accent); }
.mk-ask { font-size: 18px; font-weight: 550; margin: 4px 0 10px; outline: 0; }
.mk-choices { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px; }
.mk-choice { text-align: left; border-radius: 14px; }
.mk-reply p { margin: 6px 0; } .mk-reply-links { display: flex; gap: 16px; align-items: center; }
b.mk-ink-good { color: var(--good); } .mk-ink-warning { color: var(--warning); }
.mk-branches { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 0 4px; }
.mk-choice.mk-chosen .mk-mono { color: inherit; }
.mk-branch-title { color: var(--accent); font-weight: 600; font-size: 14px; }

.mk-side { padding: 12px 4px 8px 12px; min-height: 0; }
&[data-wide=yes] .mk-side { position: relative; overflow: hidden; }
&[data-wide=yes] .mk-story { position: absolute; inset: 12px 4px 8px 12px; }
.mk-story { display: flex; flex-direction: column; gap: 6px; min-height: 0; }
.mk-story-head { display: flex; justify-content: space-between; align-items: baseline; padding-right: 8px; }
.mk-filter { display: flex; flex-wrap: wrap; gap: 4px 10px; font-size: 13px; color: var(--soft); }
select { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 4px; max-width: 100%; }
.mk-sentences { contain: content; list-style: none; overflow: auto; flex: 1; min-height: 0; max-height: 60vh; position: relative; font-size: 14px; scrollbar-width: thin; }
&[data-wide=yes] .mk-sentences { max-height: none; }
.mk-sentence button { display: grid; grid-template-columns: 34px 1fr; gap: 6px; width: 100%; padding: 4px 6px 4px 0; border-radius: 8px; color: var(--ink); line-height: 1.35; }
.mk-more button { border: 0; background: none; color: var(--accent); font: inherit; cursor: pointer; padding: 0; }
.mk-sentence .mk-mono { text-align: right; padding-top: 1px; }
.mk-sentence:hover button { background: var(--panel); }
.mk-future button, .mk-future { color: var(--soft); }
.mk-turn button { font-weight: 600; }
.mk-sentence.mk-current button { background: var(--accent); color: var(--on-accent); }
.mk-sentence.mk-current .mk-mono { color: var(--on-accent); }
.mk-scene-line { font-size: 12px; font-weight: 650; letter-spacing: 0.02em; color: var(--accent); margin: 10px 6px 2px 0; display: flex; gap: 8px; }
.mk-scene-line span { min-width: 34px; text-align: right; font-family: var(--mono); }
.mk-more { color: var(--soft); font-size: 13px; padding: 8px 6px; }
details.mk-side { padding: 10px 12px; } summary { cursor: pointer; font-weight: 600; }

@media (prefers-reduced-motion: no-preference) {
  .mk-glide { transition: transform 250ms ease, left 250ms ease; }
  .mk-fresh { animation: mk-in 250ms ease; }
  .mk-ghost { animation: mk-out 250ms ease; }
  .mk-arrives .mk-wire { stroke-dasharray: 1; animation: mk-travel 250ms ease; }
  .mk-dragged .mk-glide, .mk-dragged ~ * .mk-glide { transition: none; }
}
&[data-narrow=yes] {
  padding: 4px;
  .mk-player { flex-direction: column; align-items: stretch; gap: 8px; }
  .mk-buttons { justify-content: center; gap: 12px; }
  .mk-round { width: 48px; height: 44px; }
  .mk-speed { height: 44px; }
  .mk-scenes { height: 10px; }
  .mk-scene-name { display: flex; justify-content: space-between; align-items: center; gap: 10px; text-align: center; color: var(--ink); }
  .mk-scene-name .mk-round { font-size: 20px; flex: none; }
  .mk-big { font-size: 18px; } .mk-tabs .mk-button { padding: 6px 10px; }
  .mk-now-line { flex-wrap: wrap; min-height: 96px; align-content: flex-start; gap: 4px 10px; }
  .mk-now-words { flex-basis: 80%; }
  .mk-now-side { flex-direction: row; flex-basis: 100%; justify-content: space-between; align-items: baseline; }
}
@media print { .mk-player, .mk-foot { display: none; } }
}
@keyframes mk-in { from { opacity: 0; } }
@keyframes mk-out { from { opacity: 0.2; } }
@keyframes mk-travel { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
`;

// story.mjs
const AROUND = 10; // moments before and after the current one

function drawStory(stage) {
  const { run } = stage;
  return h("section", { class: "mk-story", "aria-label": "Story" },
    h("div", { class: "mk-story-head" },
      h("h3", {}, "Story"),
      h("span", { class: "mk-mono" }, `${run.last} steps · ${seconds(run.times[run.last])}`)),
    drawFilter(stage),
    h("ol", { class: "mk-sentences", "data-part": "story", tabindex: 0, "aria-label": "Sentences of the run" }, drawSentences(stage)));
}

function drawFilter(stage) {
  const { run, filter, kind: chosen } = stage;
  const option = (value, label) => h("option", { value, selected: value && [filter, chosen].includes(value), key: value }, label);
  const choose = (label, part, more) => h("label", {}, `${label} `,
    h("select", { "data-part": part, onchange: (event) => stage.set({ [part]: event.target.value }) }, more));
  return h("div", { class: "mk-filter" },
    choose("of", "filter", [option("", "everybody"), run.nodes.map((node) => option(node.id, spoken(node.id)))]),
    choose("about", "kind", [option("", "everything"), run.kinds.map((kind) => option(kind, kind.replace(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)))]));
}

function concerns(fact, id) {
  if (!id) return true;
  if (fact.node === id || Object.values(fact.fields).includes(id)) return true;
  return id.startsWith("broker-") && [fact.fields.broker, fact.fields.leader, fact.fields.follower].includes(numberOf(id));
}

function drawSentences(stage) {
  const { run, step, filter } = stage;
  const here = run.momentBefore(step);
  if (!(Math.abs(here - stage.anchor) <= AROUND)) stage.anchor = here; // far away: the lines stay and say other things
  const from = Math.max(0, here - AROUND), to = Math.min(run.moments.length, here + AROUND);
  const items = [];
  const more = (key, count, at) => h("li", { key, class: "mk-more" },
    h("button", { type: "button", onclick: () => stage.go(run.moments[at]) }, `${count} ${key} moments`));
  if (from > 0) items.push(more("earlier", from, from - 1));
  for (let i = from; i < to; i += 1) {
    const at = run.moments[i];
    if (stage.hides(at)) {
      items.push(h("li", { key: "hidden", class: "mk-more" }, "The rest follows after the next question."));
      return items;
    }
    const facts = run.told(at).filter((fact) => concerns(fact, filter) && (!stage.kind || fact.kind === stage.kind));
    items.push(...drawMoment(stage, at, facts, i - stage.anchor));
  }
  if (to < run.moments.length) items.push(more("later", run.moments.length - to, to));
  return items;
}

function drawMoment(stage, at, facts, place) {
  const { run, step } = stage;
  const scene = run.bookmarks.find((bookmark) => bookmark.step === at);
  const items = scene && !stage.filter && !stage.kind ? [drawScene(stage, scene)] : [];
  const isHere = run.moments[run.momentBefore(step)] === at;
  const shown = facts.length || !items.length ? facts : [{ index: `quiet${at}`, weight: 1, sentence: run.sentenceOf(at) }];
  return [...items, ...shown.map((fact, i) => h("li", {
    key: `f${place}.${i}`, class: `mk-sentence${isHere ? " mk-current" : ""}${at > step ? " mk-future" : ""}${fact.weight > 1 ? " mk-turn" : ""}`,
    "aria-current": isHere && i === 0 ? "step" : null, "data-records": fact.kind ? recordsOf(fact) : null,
  },
  h("button", { type: "button", tabindex: isHere && i === 0 ? 0 : -1, "data-step": at, onclick: () => stage.go(at) },
    h("span", { class: "mk-mono" }, i === 0 ? at : ""), h("span", {}, fact.sentence))))];
}

function drawScene(stage, scene) {
  return h("li", { key: `s${scene.number}`, class: `mk-scene-line${scene.step > stage.step ? " mk-future" : ""}` },
    h("span", {}, `${scene.number}`), scene.name);
}

function scrollStory(root) {
  const list = root.querySelector(".mk-sentences");
  const current = list && list.querySelector(".mk-current");
  if (!current || !list.clientHeight) return;
  const top = current.offsetTop - list.offsetTop;
  if (top < list.scrollTop + 20 || top > list.scrollTop + list.clientHeight - 70) {
    list.scrollTop = Math.max(0, top - list.clientHeight * 0.4);
  }
}

function drawSentence(stage) {
  const { run, step } = stage;
  const [, ...others] = run.told(step);
  const isQuiet = !run.told(step).length;
  const loud = run.factsOf(step).some((fact) => fact.kind === "PromiseBroken" || fact.kind === "LossBeyondPromise");
  return h("section", { class: `mk-now-panel${loud ? " mk-loud" : ""}`, key: "now" },
    h("div", { class: "mk-now-line" },
      h("span", { class: "mk-step", title: "step" }, step),
      h("div", { class: "mk-now-words", "aria-live": stage.playing ? "off" : "polite", "data-part": "sentence" },
        h("p", { class: isQuiet ? "mk-quiet" : "mk-big" }, run.sentenceOf(step)),
        isQuiet ? drawLastTold(stage) : null,
        drawAlarm(stage),
        others.slice(0, 4).map((fact) => h("p", { class: "mk-also" }, fact.sentence))),
      h("div", { class: "mk-now-side" },
        button("link", "why", () => stage.set({ why: !stage.why }), "why?", { "aria-expanded": String(stage.why) }),
        h("span", { class: "mk-mono" }, seconds(run.times[step])))),
    stage.why && stage.more ? stage.more.drawWhy(stage) : null);
}

function drawAlarm(stage) {
  const { run, step } = stage;
  const [first] = run.stateAt(step).alarms;
  const alarm = first === undefined ? null : run.fact(first);
  if (!alarm || alarm.step === step) return null;
  return h("p", { class: "mk-also" }, button("link mk-alarm", "alarm", () => stage.go(alarm.step), `✕ since step ${alarm.step}`), ` ${alarm.sentence}`);
}

function drawLastTold({ run, step }) {
  const at = run.moments[run.momentBefore(step)];
  const [lead] = at < step ? run.told(at) : [];
  return lead ? h("p", { class: "mk-also" }, `Last told, at step ${at}: ${lead.sentence}`) : null;
}

function drawQuestion(stage) {
  const question = stage.asking;
  if (!question) return null;
  const chosen = stage.answers[stage.run.questions.indexOf(question)];
  const isAnswered = chosen !== undefined;
  return h("section", { class: "mk-predict", key: "predict", "data-part": "predict", "aria-label": "Predict" },
    h("h3", {}, "Predict"),
    h("p", { class: "mk-ask", tabindex: -1 }, question.ask),
    h("div", { class: "mk-choices" }, question.choices.map((choice, i) => h("button", {
      type: "button", key: `q${i}`, class: `mk-button mk-choice${chosen === i ? " mk-chosen" : ""}`, "aria-pressed": String(chosen === i),
      onclick: () => stage.answer(i),
    }, choice.text))),
    isAnswered ? drawReply(stage, question.choices[chosen]) : button("link", "skip", () => stage.reveal(), "show me without a guess"));
}

function drawReply(stage, choice) {
  const scene = stage.run.bookmarks[(choice.scene || 0) - 1];
  return h("div", { class: "mk-reply", role: "status" },
    h("p", {}, h("b", { class: choice.right ? "mk-ink-good" : "mk-ink-warning" }, choice.right ? "✓ So it is. " : "✕ Not here. "), choice.reply),
    h("p", { class: "mk-reply-links" },
      button("button mk-primary", "reveal", () => stage.reveal(), "Show it"),
      scene ? button("link", "reply-scene", () => stage.scene(scene.number), `see scene ${scene.number}`) : null));
}

export function forkIcon() {
  return h("svg", { class: "mk-fork-icon", width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" },
    h("path", { d: "M1,7 H4 C8,7 7,2.5 13,2.5 M4,7 C8,7 7,11.5 13,11.5" }));
}

// timeline.mjs
const TURNS = { // what a turning point is called on the time line
  NodeCrashed: "warning", LinkCut: "warning", NodePaused: "warning", ConnectionsLost: "warning", DiskFilled: "warning",
  LogTruncated: "warning", PromiseBroken: "warning", LossBeyondPromise: "warning", BrokerFenced: "warning",
  PartitionChanged: "accent", BecameLeader: "accent", QuorumLeaderElected: "accent",
  LinkHealed: "good", NodeRestarted: "good", NodeResumed: "good", IsrAdopted: "good",
};
const MOST_TICKS = 400;

function drawTimeline(stage) {
  const { run, step } = stage;
  const part = (each) => placeOf(run, each) * 100;
  return h("div", { class: "mk-player", key: "player" },
    drawButtons(stage),
    h("div", { class: "mk-line" },
      drawTicks(stage),
      h("div", {
        class: "mk-slider", role: "slider", tabindex: 0, "data-part": "slider", "aria-label": "Step",
        "aria-valuemin": 1, "aria-valuemax": run.last, "aria-valuenow": step,
        "aria-valuetext": `step ${step}, ${seconds(run.times[step])}`,
        onpointerdown: (event) => drag(stage, event),
      },
      h("div", { class: "mk-track" }, h("div", { class: "mk-done", style: `width:${part(step)}%` })),
      h("div", { class: "mk-knob mk-glide", style: `left:${part(step)}%` })),
      h("div", { class: "mk-scenes" }, drawForks(stage, part), stage.narrow ? drawDots(stage, part) : drawScenes(stage, part)),
      drawSceneNames(stage), stage.more && stage.more.drawJumps(stage)));
}

function placeOf(run, step) {
  const i = Math.max(0, run.momentBefore(step));
  const here = run.moments[i], next = run.moments[i + 1];
  const part = next ? (step - here) / (next - here) : 0;
  return Math.min(1, (i + part) / Math.max(1, run.moments.length - 1));
}

function stepAt(run, place) {
  return run.moments[Math.round(Math.min(1, Math.max(0, place)) * (run.moments.length - 1))];
}

function drag(stage, event) {
  const slider = event.currentTarget;
  const move = (each) => {
    const box = slider.getBoundingClientRect();
    stage.go(stepAt(stage.run, (each.clientX - box.left) / box.width));
  };
  const stop = () => {
    slider.removeEventListener("pointermove", move);
    slider.classList.remove("mk-dragged");
  };
  slider.setPointerCapture(event.pointerId);
  slider.classList.add("mk-dragged");
  slider.addEventListener("pointermove", move);
  slider.addEventListener("pointerup", stop, { once: true });
  slider.addEventListener("pointercancel", stop, { once: true });
  stage.pause();
  move(event);
}

function drawButtons(stage) {
  const { run, step, playing } = stage;
  const round = (part, label, sign, act, disabled) => button("button mk-round", part, act, sign, {
    title: label, "aria-label": label, "aria-disabled": disabled ? "true" : null,
  });
  return h("div", { class: "mk-buttons" },
    round("back", "Back one moment (←; with Shift: one step)", "◀", (event) => stage.back(event.shiftKey), step <= 1),
    round("play", playing ? "Pause (space)" : "Play (space)", playing ? "❚❚" : "▶", () => stage.toggle(), false),
    round("forward", "Forward one moment (→; with Shift: one step)", "▶❙", (event) => stage.forward(event.shiftKey), step >= run.last),
    button("button mk-speed", "speed", () => stage.faster(), `${stage.speed}×`, { title: "Speed (s)", "aria-label": `Speed: ${stage.speed} times` }));
}

const drawnTicks = new WeakMap(); // they belong to the run, not to the step

function drawTicks({ run }) {
  if (!drawnTicks.has(run)) drawnTicks.set(run, makeTicks(run));
  return drawnTicks.get(run);
}

function makeTicks(run) {
  const every = Math.ceil(run.moments.length / MOST_TICKS);
  const ticks = [];
  for (let i = 0; i < run.moments.length; i += every) {
    const { tone, weight } = tickOf(run, run.moments.slice(i, i + every));
    const x = (i / Math.max(1, run.moments.length - 1)) * 1000;
    const tall = weight > 1 ? 0 : 6;
    ticks.push(h("path", { d: `M${x},${tall} V12`, class: `mk-time-tick mk-ink-${tone}` }));
  }
  return h("svg", { class: "mk-ticks", viewBox: "0 0 1000 12", preserveAspectRatio: "none", "aria-hidden": "true" }, ticks);
}

function tickOf(run, steps) {
  let found = { tone: "soft", weight: 1 };
  for (const step of steps) {
    for (const fact of run.factsOf(step)) {
      if (fact.weight > 1 && found.weight < 2) found = { tone: TURNS[fact.kind] || "accent", weight: 2 };
    }
  }
  return found;
}

function drawForks(stage, part) {
  return stage.forks().map(({ at, name }) => h("button", {
    type: "button", class: "mk-fork", style: `left:${part(at)}%`, key: `fork${at}${name}`, onclick: () => stage.go(at),
    title: `Another future from step ${at}: ${name}`, "aria-label": `Fork at step ${at}: ${name}`,
  }, forkIcon()));
}

function drawScenes(stage, part) {
  const { run, step } = stage;
  const current = run.sceneAt(step);
  const places = spread(run.bookmarks.map((scene) => part(scene.step)), stage.narrow ? 21 : 27, stage.lineWidth());
  return run.bookmarks.map((scene, i) => h("button", {
    type: "button", key: `scene${scene.number}`, "data-scene": scene.number,
    class: `mk-scene${scene.step <= step ? " mk-past" : ""}${current === scene ? " mk-current" : ""}`,
    style: `left:${places[i]}%`, onclick: () => stage.scene(scene.number),
    title: nameOfScene(stage, scene), "aria-label": nameOfScene(stage, scene),
  }, scene.number));
}

function nameOfScene(stage, { number, step, name }) {
  return `Scene ${number}${stage.hides(step) ? "" : `: ${name}`}`;
}

function drawDots({ run, step }, part) {
  return run.bookmarks.map((scene) => h("span", { key: `dot${scene.number}`, class: `mk-dot${scene.step <= step ? " mk-past" : ""}`, style: `left:${part(scene.step)}%` }));
}

function spread(places, size, width) {
  const gap = Math.min((size / width) * 100, 100 / Math.max(1, places.length - 1));
  const result = places.slice();
  for (let i = 1; i < result.length; i += 1) result[i] = Math.max(result[i], result[i - 1] + gap);
  for (let i = result.length - 1, most = 100; i >= 0; i -= 1, most -= gap) result[i] = Math.min(result[i], most);
  return result;
}

function drawSceneNames(stage) {
  const { run, narrow } = stage;
  if (!run.bookmarks.length) return null;
  const scene = run.sceneAt(stage.step);
  const jump = (label, sign, direction) => button("button mk-round", "scene", () => stage.nextScene(direction), sign, { title: label, "aria-label": label });
  const more = scene && scene.text && !narrow ? ` · ${scene.text}` : "";
  const name = scene ? [h("b", {}, `Scene ${scene.number}`), ` ${scene.name}${more}`] : "before scene 1";
  return h("div", { class: "mk-scene-name" },
    narrow ? jump("The scene before (B)", "‹", -1) : null, h("span", {}, name), narrow ? jump("The next scene (b)", "›", 1) : null);
}

// stage.mjs
const VIEWS = [clusterView]; // a view is {id, name, applies(run, stage), draw(frame)}; the others come with the second module
const MOMENT_MS = 1600; // at speed 1
const SPEEDS = [1, 2, 4, 0.5];
const stages = new Set();
let more = null; // what else the second module brings
let count = 0;

export function addViews(views, tools) {
  VIEWS.push(...views);
  more = tools;
  for (const stage of stages) stage.set({ view: stage.wantedView() });
}

const hasMore = () => more !== null;

class Stage {
  constructor(el, source, options = {}, hooks = {}) {
    this.el = el;
    this.options = options;
    this.hooks = hooks;
    this.unique = `mk${(count += 1)}`;
    Object.assign(this, { step: 1, playing: false, speed: 1, filter: "", why: false, help: false, asking: null, future: -1, trouble: "" });
    this.root = document.createElement("div");
    this.root.className = "mk-root";
    if (options.height) Object.assign(this.root.style, { maxHeight: `${options.height}px`, overflow: "auto" });
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab keeps its arrow keys to itself
    this.root.onkeydown = (event) => this.key(event);
    this.root.ondragover = (event) => event.preventDefault();
    this.root.ondrop = (event) => {
      event.preventDefault();
      if (more) more.openFile(this, event.dataTransfer.files[0]);
    };
    el.append(this.root);
    watchRecords(this.root);
    stages.add(this);
    this.width = 0;
    this.watchTheme();
    this.watchSize();
    this.setTrace(source);
  }

  setTrace(source, step) {
    this.recorded = new Run(source);
    this.futures = new Map([[-1, this.recorded]]);
    this.run = this.recorded;
    this.future = -1;
    this.asking = null;
    this.partition = this.options.partition || this.run.partitions[0];
    if (!this.run.partitions.includes(this.partition)) this.partition = this.run.partitions[0];
    this.view = this.wantedView();
    this.loadAnswers();
    this.passed = new Set();
    this.step = this.clamp(step ?? this.stepOf(this.options) ?? 1);
    this.draw();
  }

  stepOf({ step, scene }) {
    const { last, bookmarks } = this.run;
    if (step !== undefined && !(step >= 1 && step <= last)) throw new TraceError(`There is no step ${step}: this run has steps 1 to ${last}.`);
    if (step === undefined && scene && !bookmarks[scene - 1]) throw new TraceError(`There is no scene ${scene}: this run has ${bookmarks.length} scenes.`);
    return step ?? (scene ? bookmarks[scene - 1].step : undefined);
  }

  get more() {
    return more;
  }

  get views() {
    return VIEWS.filter((view) => view.applies(this.run, this));
  }

  wantedView() {
    const applying = this.views;
    const named = applying.find((view) => view.id === this.options.view);
    return this.view && this.view !== VIEWS[0] && applying.includes(this.view) ? this.view : named || applying[0];
  }

  open(place) {
    const show = () => {
      const step = this.stepOf(place);
      this.pause();
      if (place.view) {
        this.options = { ...this.options, view: place.view };
        this.view = VIEWS[0];
      }
      this.view = this.wantedView();
      if (this.run.partitions.includes(place.partition)) this.partition = place.partition;
      this.go(step);
    };
    if (this.forks()[place.future - 1]) return this.choose(place.future - 1, 1, 1).then(show);
    return show();
  }

  clamp(step) {
    return Math.min(this.run.last, Math.max(1, Math.round(Number(step)) || 1));
  }

  go(step) {
    this.asking = null;
    this.move(step);
  }

  move(step) {
    const wanted = this.clamp(step);
    const isNew = wanted !== this.step;
    this.step = wanted;
    this.draw();
    if (isNew) this.report();
  }

  report() {
    if (this.hooks.onStep) this.hooks.onStep(this.step);
    this.el.dispatchEvent(new CustomEvent("mk-step", { bubbles: true, detail: { step: this.step } }));
  }

  scene(number) {
    const scene = this.run.bookmarks[number - 1];
    if (scene) this.go(scene.step);
    return Boolean(scene);
  }

  forward(raw = false) {
    const target = raw ? this.step + 1 : this.run.nextMoment(this.step);
    const open = this.openQuestion(this.step, target);
    if (this.asking) return undefined;
    if (open) return this.ask(open.question);
    return target > this.step ? this.move(target) : undefined;
  }

  back(raw = false) {
    this.go(raw ? this.step - 1 : this.run.previousMoment(this.step));
  }

  nextScene(direction) {
    const scenes = this.run.bookmarks;
    const found = direction > 0 ? scenes.find((scene) => scene.step > this.step) : scenes.filter((scene) => scene.step < this.step).pop();
    if (found) this.go(found.step);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.atEnd()) this.step = 1;
    this.playing = true;
    this.asking = null;
    this.tick();
    this.draw();
  }

  pause() {
    clearTimeout(this.timer);
    if (!this.playing) return;
    this.playing = false;
    this.draw();
  }

  atEnd() {
    return this.step >= this.run.moments[this.run.moments.length - 1];
  }

  tick() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.playing || !this.el.isConnected) return;
      this.forward();
      if (this.asking || this.atEnd()) this.pause();
      else this.tick();
    }, MOMENT_MS / this.speed);
  }

  faster() {
    this.set({ speed: SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length] });
  }

  set(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  openQuestion(from, to) {
    return this.openGates().find(({ gate, scene }) => to > gate && from < scene && from < to);
  }

  hides(step) {
    return this.openGates().some(({ gate, scene }) => this.step < scene && step > Math.max(gate, this.step));
  }

  openGates() {
    if (this.future >= 0) return [];
    const { questions, bookmarks } = this.run;
    return questions.map((question, index) => ({
      question, index, scene: bookmarks[question.before - 1].step, gate: (bookmarks[question.before - 2] || { step: 1 }).step,
    })).filter(({ index }) => this.answers[index] === undefined && !this.passed.has(index));
  }

  ask(question) {
    this.asking = question;
    this.pause();
    this.draw();
    const words = this.root.querySelector(".mk-ask");
    if (words) words.focus({ preventScroll: true });
    this.root.querySelector(".mk-predict").scrollIntoView({ block: "nearest" });
  }

  answer(choice) {
    this.answers[this.run.questions.indexOf(this.asking)] = choice;
    this.saveAnswers();
    this.draw();
  }

  reveal() {
    const question = this.asking;
    if (!question) return;
    this.passed.add(this.run.questions.indexOf(question));
    this.go(this.run.nextMoment(this.step));
    this.root.querySelector("[data-part=forward]").focus({ preventScroll: true });
  }

  get memory() {
    return `minikafka:${this.run.trace.scenario || "run"}`;
  }

  loadAnswers() {
    try {
      this.answers = JSON.parse(localStorage.getItem(this.memory)) || {};
    } catch {
      this.answers = {}; // no storage here (a file opened from disk, a private window): ask again next time
    }
  }

  saveAnswers() {
    try {
      localStorage.setItem(this.memory, JSON.stringify(this.answers));
    } catch {
    }
  }

  forget() {
    this.answers = {};
    this.passed = new Set();
    this.saveAnswers();
    this.draw();
  }

  forks() {
    return this.recorded.branches.map(({ at, name }, index) => ({ at, name, index }));
  }

  async load(index) {
    if (!this.futures.has(index)) this.futures.set(index, new Run(await loadBranch(this.recorded.branches[index])));
  }

  async choose(index, at, step) {
    this.trouble = "";
    try {
      await this.load(index);
    } catch (error) {
      this.set({ trouble: error.message });
      return;
    }
    this.pause();
    this.future = index;
    this.run = this.futures.get(index);
    this.go(step ?? this.run.nextMoment(at));
  }

  key(event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.keys(event.shiftKey)[event.key];
    const isButton = event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter");
    if (!act || isButton) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== " ") this.pause();
    act();
  }

  keys(shift) {
    const forward = () => this.forward(shift), back = () => this.back(shift);
    return {
      ArrowRight: forward, ArrowUp: forward, ArrowLeft: back, ArrowDown: back, " ": () => this.toggle(),
      Home: () => this.go(1), End: () => this.go(this.run.moments[this.run.moments.length - 1]),
      PageDown: () => this.nextScene(1), PageUp: () => this.nextScene(-1),
      b: () => this.nextScene(1), B: () => this.nextScene(-1), w: () => this.set({ why: !this.why }),
      "?": () => this.set({ help: !this.help }), v: () => this.nextView(), s: () => this.faster(),
      ...(more ? more.jumpKeys(this) : {}),
    };
  }

  nextView() {
    const { views } = this;
    this.set({ view: views[(views.indexOf(this.view) + 1) % views.length] });
  }

  frame() {
    const facts = this.run.factsOf(this.step);
    return {
      run: this.run, state: this.run.stateAt(this.step), step: this.step, partition: this.partition, facts,
      ghosts: this.ghosts(facts), width: this.pictureWidth(), unique: this.unique,
      command: this.options.live && this.hooks.onCommand, go: (step) => this.go(step), stage: this,
    };
  }

  ghosts(facts) {
    const cuts = facts.filter((fact) => fact.kind === "LogTruncated" && fact.fields.partition === this.partition);
    if (!cuts.length) return [];
    const before = this.run.stateAt(this.step - 1);
    return cuts.flatMap((fact) => {
      const replica = (before.replicas[this.partition] || {})[fact.node];
      return (replica ? replica.cells : []).filter((cell) => cell[0] >= fact.fields.to_offset)
        .map((cell) => ({ node: fact.node, cell }));
    });
  }

  pictureWidth() {
    const full = this.width || 900;
    const inner = full >= 940 ? full - 316 : full;
    return Math.max(300, Math.floor(inner - (full < 600 ? 10 : 26)));
  }

  get narrow() {
    return this.width > 0 && this.width < 600;
  }

  lineWidth() {
    return Math.max(200, this.pictureWidth() - (this.narrow ? 30 : 240));
  }

  draw() {
    const wide = this.width >= 940;
    this.root.dataset.wide = wide ? "yes" : "no";
    this.root.dataset.narrow = this.narrow ? "yes" : "no";
    patch(this.root, [
      h("style", { key: "css" }, CSS + (more ? more.css : "")),
      this.drawHeader(),
      h("div", { class: "mk-columns", key: "columns" },
        h("div", { class: "mk-main", key: "main" },
          h("div", { class: "mk-card mk-picture-card", key: "picture" }, this.drawPicture()),
          drawQuestion(this), drawSentence(this), drawTimeline(this), more && [more.drawBranches(this), more.drawFoot(this)]),
        wide ? h("aside", { class: "mk-card mk-side", key: "side" }, drawStory(this)) : this.drawFolded()),
    ]);
    relight(this.root);
    cancelAnimationFrame(this.scrolling); // measuring is dear: once for each frame that is shown
    this.scrolling = requestAnimationFrame(() => scrollStory(this.root));
  }

  drawPicture() {
    return this.view.draw(this.frame());
  }

  drawFolded() {
    return h("details", { class: "mk-card mk-side", key: "folded" }, h("summary", {}, "The story, step by step"), drawStory(this));
  }

  drawHeader() {
    const { trace } = this.recorded;
    const settings = Object.entries(trace.settings || {}).map(([name, value]) => `${name}=${value}`);
    const facts = [...settings, trace.seed === undefined ? "" : `seed ${trace.seed}`].filter(Boolean).join(" · ");
    const future = this.future >= 0 ? h("span", { class: "mk-other-future" }, forkIcon(), ` ${this.recorded.branches[this.future].name}`) : null;
    return h("header", { class: "mk-head", key: "head" },
      h("div", {}, h("h2", {}, trace.title || trace.scenario || (this.options.live ? "A live cluster" : "A run"), future), h("p", { class: "mk-mono" }, facts)),
      this.drawTabs());
  }

  drawTabs() {
    const { views } = this;
    const tabs = views.length > 1 ? h("div", { class: "mk-tabs", role: "group", "aria-label": "View" }, views.map((view) => button(
      `button${view === this.view ? " mk-chosen" : ""}`, `view-${view.id}`, () => this.set({ view }), view.name,
      { key: view.id, "aria-pressed": String(view === this.view) }))) : null;
    if (this.run.partitions.length < 2) return tabs;
    const choice = h("select", { "aria-label": "Partition", "data-part": "partition", onchange: (event) => this.set({ partition: event.target.value }) },
      this.run.partitions.map((name) => h("option", { value: name, selected: name === this.partition, key: name }, name)));
    return h("div", { class: "mk-tabs" }, tabs, choice);
  }

  watchSize() {
    this.width = Math.floor(this.el.clientWidth);
    if (typeof ResizeObserver === "undefined") return;
    this.sizes = new ResizeObserver(() => {
      const width = Math.floor(this.el.clientWidth);
      if (width && width !== this.width) {
        this.width = width;
        this.draw();
      }
    });
    this.sizes.observe(this.el);
  }

  watchTheme() {
    const apply = () => { this.root.dataset.theme = isDark(this.el) ? "dark" : "light"; };
    this.system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
    if (this.system) this.system.addEventListener("change", apply);
    this.themes = new MutationObserver(apply);
    for (const node of [document.documentElement, document.body]) {
      if (node) this.themes.observe(node, { attributes: true, attributeFilter: ["data-md-color-scheme", "data-jp-theme-light"] });
    }
    this.stopTheme = () => {
      this.themes.disconnect();
      if (this.system) this.system.removeEventListener("change", apply);
    };
    apply();
  }

  destroy() {
    this.pause();
    stages.delete(this);
    if (this.sizes) this.sizes.disconnect();
    this.stopTheme();
    this.root.remove();
  }
}

function isDark(el) {
  const body = document.body || el;
  const material = (el.closest("[data-md-color-scheme]") || body).getAttribute("data-md-color-scheme");
  if (material) return material === "slate";
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter) return jupyter === "false";
  return typeof matchMedia === "function" && matchMedia("(prefers-color-scheme: dark)").matches;
}

async function loadBranch(branch) {
  if (branch.trace) return branch.trace;
  const answer = await fetch(branch.src);
  if (!answer.ok) throw new Error(`The other future could not be loaded (${answer.status} for ${branch.src}).`);
  return answer.json();
}

// index.mjs
export function mountTrace(el, trace, options = {}, hooks = {}) {
  try {
    const stage = new Stage(el, trace, options, hooks);
    if (options.future) stage.open({ ...options, step: stage.step });
    showPlayer(el, true);
    el.mkStage = {
      stage, el,
      get step() { return stage.step; },
      go: (step) => stage.go(step),
      scene: (number) => stage.scene(number),
      destroy: () => stage.destroy(),
    };
  } catch (error) {
    el.querySelectorAll(":scope > .mk-root").forEach((root) => root.remove());
    sayWhyNot(el, error);
    el.mkStage = null;
  }
  return el.mkStage;
}

function sayWhyNot(el, error) {
  const words = Object.assign(document.createElement("p"), { className: "mk-sorry" });
  words.setAttribute("role", "note");
  words.textContent = error instanceof TraceError ? error.message : `This run cannot be shown: ${error.message}.`;
  showPlayer(el, false);
  el.prepend(words);
  if (!(error instanceof TraceError)) console.warn(error);
}

function showPlayer(el, isShown) {
  el.querySelectorAll(":scope > .mk-sorry").forEach((old) => old.remove());
  el.querySelectorAll(":scope > .mk-root").forEach((root) => { root.hidden = !isShown; });
  el.querySelectorAll(":scope > details").forEach((story) => { story.hidden = isShown; });
}

function render({ model, el }) {
  let commands = 0;
  el.classList.add("mk-stage");
  const hooks = {
    onStep: (step) => {
      if (model.get("step") === step) return;
      model.set("step", step);
      model.save_changes();
    },
    onCommand: (command) => {
      model.set("command", { ...command, at: el.mkStage.step, id: (commands += 1) });
      model.save_changes();
    },
    source: () => model.get("_esm"),
  };
  const mount = () => {
    const step = model.get("step");
    mountTrace(el, model.get("trace"), { ...(model.get("options") || {}), ...(step ? { step } : {}) }, hooks);
  };
  const renew = () => { // a live run has gone on, or back: the player stays, its run is another
    if (!el.mkStage) return mount();
    try {
      return el.mkStage.stage.setTrace(model.get("trace"), model.get("step"));
    } catch (error) {
      return sayWhyNot(el, error);
    }
  };
  const follow = () => Promise.resolve().then(() => { // later: a new trace that came with this step is there by then
    if (el.mkStage && el.mkStage.step !== model.get("step")) el.mkStage.go(model.get("step"));
  });
  model.on("change:trace", renew);
  model.on("change:step", follow);
  mount();
  return () => {
    model.off("change:trace", renew);
    model.off("change:step", follow);
    if (el.mkStage) el.mkStage.destroy();
  };
}

export function autoMount(root = document) {
  const found = Array.from(root.querySelectorAll(".mk-stage[data-src], .mk-stage[data-trace]"));
  listenToLinks();
  for (const el of mounted) {
    if (el.isConnected) continue; // the page was swapped under it
    if (el.mkStage) el.mkStage.destroy();
    mounted.delete(el);
  }
  return Promise.all(found.filter((el) => !el.dataset.mounted).map(mountElement)).then(() => {
    openAddress(false);
    return found.length ? loadMore() : null; // after the first picture
  });
}

let second = null;

function loadMore() {
  if (!hasMore()) second ||= import(new URL("stage-more.mjs", import.meta.url)).catch((error) => console.warn(error));
  return second;
}

const mounted = new Set();

async function mountElement(el) {
  el.dataset.mounted = "yes";
  mounted.add(el);
  try {
    const trace = el.dataset.trace || (await load(el.dataset.src));
    mountTrace(el, trace, JSON.parse(el.dataset.options || "{}"));
  } catch (error) {
    sayWhyNot(el, error);
  }
}

async function load(src) {
  let answer;
  try {
    answer = await fetch(src);
  } catch {
    throw new TraceError(`The recorded run ${src} could not be loaded. The story below tells it in words.`);
  }
  if (!answer.ok) throw new TraceError(`The recorded run ${src} is not there (${answer.status}). The story below tells it in words.`);
  return answer.text();
}

let isListening = false;

function listenToLinks() {
  if (isListening) return;
  isListening = true;
  document.addEventListener("click", onClick);
  window.addEventListener("hashchange", () => openAddress(true));
}

function onClick(event) {
  const link = event.target.closest && event.target.closest("a[href^='#'], [data-scene], [data-go-step]");
  if (!link || link.closest(".mk-root")) return;
  const target = link.dataset.scene ? { scene: Number(link.dataset.scene) }
    : link.dataset.goStep ? { step: Number(link.dataset.goStep) } : readHash(link.getAttribute("href"));
  const handle = target && stageFor(link);
  if (!handle) return;
  event.preventDefault();
  jump(handle, target, true);
}

function stageFor(link) {
  const named = link.dataset.stage && document.getElementById(link.dataset.stage);
  if (named) return named.mkStage;
  const all = Array.from(document.querySelectorAll(".mk-stage")).filter((el) => el.mkStage);
  const before = all.filter((el) => el.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING);
  const chosen = before[before.length - 1] || all[0];
  return chosen && chosen.mkStage;
}

function openAddress(scroll) {
  const target = readHash(location.hash);
  const first = target && Array.from(document.querySelectorAll(".mk-stage")).find((el) => el.mkStage);
  if (first) jump(first.mkStage, target, scroll);
}

async function jump({ el }, place, scroll) {
  try {
    if (!isRun(el.mkStage.stage.recorded.trace, place)) await openOther(el, place);
    await el.mkStage.stage.open(place);
    showPlayer(el, true);
  } catch (error) {
    sayWhyNot(el, error);
  }
  if (scroll) el.scrollIntoView({ block: "nearest" });
}

async function openOther(el, place) {
  const beside = async (name) => (await fetch(el.dataset.src.replace(/[^/]*$/, name))).json();
  const file = el.dataset.src && (await beside("runs.json").catch(() => ({})))[place.run];
  const trace = file && readTrace(await beside(file));
  if (!trace || !isRun(trace, place)) throw new TraceError(notHere(location.hash));
  el.mkStage.stage.setTrace(trace, 1);
}

export function openPage() {
  const data = document.getElementById("trace");
  const place = readHash(location.hash);
  mountTrace(document.getElementById("stage"), data.textContent, place ? {} : JSON.parse(data.dataset.options));
  return autoMount();
}

export { Run, readTrace };
export default { render };
