// Facts → state. The same fold in Python is minikafka/trace/fold.py; a test holds the two together at every step.

const NOBODY = -1;

/** The state before the first step. Plain JSON values only, so that it can be copied, compared and sent. */
export function emptyState({ nodes, partitions }) {
  const ids = (fits) => nodes.filter((node) => fits(node.role)).map((node) => node.id);
  const brokers = ids((role) => role === "broker");
  const from = (names, make) => Object.fromEntries(names.map((name) => [name, make()]));
  return {
    nodes: from(ids((role) => role === "broker" || role === "controller"), () => ({ state: "up", fenced: null, metadata: -1 })),
    partitions: {},
    replicas: from(partitions, () => from(brokers, newReplica)),
    clients: from(ids((role) => role !== "broker" && role !== "controller"), () => ({ last: -1, leaders: {}, positions: {} })),
    controllers: from(ids((role) => role === "controller"), () => ({ quorum_epoch: 0 })),
    told: from(partitions, () => []),
    cuts: [],
    alarms: [],
  };
}

function newReplica() {
  return {
    cells: [], high_watermark: 0, log_start: 0, role: "none", leader_epoch: -1, leader: NOBODY, isr: [], proposed: null,
    epoch_start: -1, progress: {}, parked: [],
  };
}

/** A copy that shares only what is never changed in place (cells and told records are replaced, not edited). */
export function copyState(state) {
  return {
    nodes: mapValues(state.nodes, (node) => ({ ...node })),
    partitions: { ...state.partitions },
    replicas: mapValues(state.replicas, (replicas) => mapValues(replicas, copyReplica)),
    clients: mapValues(state.clients, (client) => ({
      ...client, leaders: { ...client.leaders }, positions: { ...client.positions },
    })),
    controllers: { ...state.controllers },
    told: mapValues(state.told, (told) => told.slice()),
    cuts: state.cuts.slice(),
    alarms: state.alarms.slice(),
  };
}

function copyReplica(replica) {
  return { ...replica, cells: replica.cells.slice(), progress: { ...replica.progress }, parked: replica.parked.slice() };
}

function mapValues(object, change) {
  const result = {};
  for (const key of Object.keys(object)) result[key] = change(object[key]);
  return result;
}

/** Where a replica's log ends: the next offset it will write. */
export function logEnd(replica) {
  const last = replica.cells[replica.cells.length - 1];
  return last ? last[0] + 1 : replica.log_start;
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

function cutLog(replica, end) {
  while (replica.cells.length && replica.cells[replica.cells.length - 1][0] >= end) replica.cells.pop();
}

/** Applies one fact; `index` is its place in the trace, `node` the id of who stated it ("" for the world). */
export function applyFact(state, index, step, node, kind, fields) {
  const client = state.clients[node];
  const replica = (state.replicas[fields.partition] || {})[node];
  if (WORLD[kind]) WORLD[kind](state, fields, index);
  else if (client) applyClient(state, client, index, step, node, kind, fields);
  else if (CONTROLLER[kind]) CONTROLLER[kind](state, fields, node, step);
  else if (kind === "MetadataReplayed") state.nodes[node].metadata = fields.next_offset;
  else if (replica && REPLICA[kind]) REPLICA[kind](replica, fields);
}

function setState(what) {
  return (state, fact) => {
    const node = state.nodes[fact.node];
    if (node) node.state = what;
  };
}

function crash(state, fact) {
  setState("crashed")(state, fact);
  for (const replicas of Object.values(state.replicas)) {
    const replica = replicas[fact.node];
    if (!replica) continue;
    const { cells, high_watermark, log_start } = replica;
    Object.assign(replica, newReplica(), { cells, high_watermark, log_start });
  }
}

const WORLD = {
  NodeStarted: setState("up"), NodeRestarted: setState("up"), NodeResumed: setState("up"), NodePaused: setState("paused"),
  NodeCrashed: crash,
  LinkCut: (state, { one, other }) => { state.cuts.push([one, other]); },
  LinkHealed: (state, { one, other }) => {
    state.cuts = state.cuts.filter((cut) => cut[0] !== one || cut[1] !== other);
  },
  PromiseBroken: (state, fact, index) => { state.alarms.push(index); },
  LossBeyondPromise: (state, fact, index) => { state.alarms.push(index); },
};

function setFenced(fenced) {
  return (state, fact) => { state.nodes[`broker-${fact.broker}`].fenced = fenced; };
}

const CONTROLLER = {
  QuorumLeaderElected: (state, fact, node) => { state.controllers[node] = { quorum_epoch: fact.epoch }; },
  BrokerRegistered: setFenced(true), BrokerFenced: setFenced(true), BrokerReleased: setFenced(true), BrokerUnfenced: setFenced(false),
  PartitionChanged: (state, fact, node, step) => {
    const before = state.partitions[fact.partition];
    const same = before && before.leader === fact.leader && before.leader_epoch === fact.leader_epoch;
    state.partitions[fact.partition] = {
      leader: fact.leader, leader_epoch: fact.leader_epoch, isr: fact.isr, elr: fact.elr,
      last_known_leader: fact.last_known_leader, partition_epoch: fact.partition_epoch, recovering: fact.recovering,
      metadata_offset: fact.metadata_offset, since: same ? before.since : step,
    };
  },
};

const REPLICA = {
  RecordsAppended: (replica, fact) => { replica.cells.push(...fact.records); },
  LogTruncated: (replica, fact) => {
    cutLog(replica, fact.to_offset);
    replica.high_watermark = Math.min(replica.high_watermark, fact.to_offset);
  },
  LogRecovered: (replica, fact) => {
    cutLog(replica, fact.log_end_offset);
    Object.assign(replica, { high_watermark: fact.high_watermark, log_start: fact.log_start_offset });
  },
  HighWatermarkMoved: (replica, fact) => { replica.high_watermark = fact.high_watermark; },
  BecameLeader: (replica, fact) => {
    Object.assign(replica, {
      role: "leader", leader_epoch: fact.leader_epoch, leader: NOBODY, isr: fact.isr, proposed: null,
      epoch_start: fact.start_offset, progress: {},
    });
  },
  BecameFollower: (replica, fact) => {
    Object.assign(replica, {
      role: "follower", leader_epoch: fact.leader_epoch, leader: fact.leader, isr: [], proposed: null, epoch_start: -1,
      progress: {}, parked: [],
    });
  },
  FollowerProgress: (replica, fact) => { replica.progress[fact.follower] = fact.log_end_offset; },
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

function applyClient(state, client, index, step, node, kind, fields) {
  if (kind !== "LeaderLearned") client.last = index;
  if (kind === "LeaderLearned") client.leaders[fields.partition] = [fields.leader, fields.leader_epoch];
  else if (kind === "RecordsConsumed") client.positions[fields.partition] = fields.position;
  else if (kind === "ProduceAcknowledged" && fields.base_offset >= 0) noteTold(state, step, node, fields);
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
