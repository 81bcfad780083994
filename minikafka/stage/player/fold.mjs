// Facts → state. The same fold in Python is minikafka/trace/fold*.py; a test holds the two together at every step.

const NOBODY = -1;

/** The state before the first step. Plain JSON values only, so that it can be copied, compared and sent. */
export function emptyState({ nodes, partitions, trace }) {
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

/** A long run begins with what its forgotten past has come to. */
function begunFrom(empty, start) {
  const state = { ...empty, ...copyState(start) };
  for (const part of ["nodes", "replicas", "clients", "controllers", "told"]) state[part] = { ...empty[part], ...state[part] };
  return state;
}

/** `cells` are what consumers see; `batches` [base, last, producer, epoch, sequence, kind] those that do not stand for themselves. */
function newReplica() {
  return {
    cells: [], batches: [], log_start: 0, end: 0, high_watermark: 0, stable: -1, durable: 0, segments: [], role: "none",
    leader_epoch: -1, leader: NOBODY, isr: [], proposed: null, epoch_start: -1, progress: {}, behind: {}, seen: {}, parked: [],
  };
}

/** A copy that shares only what is never changed in place. Logs are long: their arrays are sliced, all else is small. */
export function copyState(state) {
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

/** The cell at this offset, or undefined. Offsets rise but may have gaps (compaction), hence the search. */
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

/** Applies one fact; `index` is its place in the trace, `node` the id of who stated it ("" for the world). */
export function applyFact(state, index, step, node, kind, fields) {
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

// --- The world ---

function stand(what) {
  return (state, { node }) => {
    const known = state.nodes[node] || state.clients[node];
    if (known) known.state = what;
  };
}

/** The process is gone: its log stays as it was drawn until it is recovered. */
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

// --- Controllers: what they write, and their quorum ---

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

// --- Replicas ---

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

/** Who holds what the leader held a fetch ago was caught up then: the rule of the leader itself. */
function noteProgress(replica, { follower, log_end_offset: end }, step) {
  const [since, leaderEnd] = replica.seen[follower] || [step, -1];
  if (end >= replica.end) delete replica.behind[follower];
  else if (leaderEnd >= 0 && end >= leaderEnd) replica.behind[follower] = since;
  else replica.behind[follower] ??= step;
  replica.progress[follower] = end;
  replica.seen[follower] = [step, replica.end];
}

/** What retention, compaction or DeleteRecords takes away was not promised for ever. */
function forgive(told, kind, { partition, log_start_offset, removed }) {
  if (kind === "LogStartMoved") told[partition] = told[partition].filter((each) => each.offset >= log_start_offset);
  if (kind === "LogCompacted") told[partition] = told[partition].filter((each) => !removed.includes(each.offset));
}

// --- Coordinators: groups and transactions ---

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

// --- Clients ---

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

/** What a member read before in these partitions says nothing about the next place. */
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
