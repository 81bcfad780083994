// Facts → state. The same fold in Python is minikafka/trace/fold.py; a test holds the two together at every step.

const NOBODY = -1;

/** The state before the first step. Plain JSON values only, so that it can be copied, compared and sent. */
export function emptyState() {
  return { nodes: {}, partitions: {}, replicas: {}, clients: {}, controllers: {}, told: {}, cuts: [], alarms: [] };
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

export function nodeOf(state, id) {
  return (state.nodes[id] ||= { state: "up", fenced: null, metadata: -1 });
}

export function replicaOf(state, partition, id) {
  const replicas = (state.replicas[partition] ||= {});
  return (replicas[id] ||= {
    cells: [], high_watermark: 0, log_start: 0, role: "none", leader_epoch: -1, leader: NOBODY, isr: [], proposed: null,
    epoch_start: -1, progress: {}, parked: [],
  });
}

function clientOf(state, id) {
  return (state.clients[id] ||= { last: -1, leaders: {}, positions: {} });
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

const CLIENT_FACTS = new Set(["ProduceSent", "ProduceAcknowledged", "ProduceRetried", "ProduceFailed", "LeaderLearned",
  "RecordsConsumed", "FetchFailed"]);

/** Applies one fact; `index` is its place in the trace, `node` the id of who stated it ("" for the world). */
export function applyFact(state, index, step, node, kind, fields) {
  const change = CHANGES[kind];
  if (change) change(state, fields, node, { index, step });
  if (CLIENT_FACTS.has(kind)) clientOf(state, node).last = index;
}

function loseRole(state, id) {
  for (const replicas of Object.values(state.replicas)) {
    const replica = replicas[id];
    if (replica) Object.assign(replica, { role: "none", leader: NOBODY, isr: [], proposed: null, progress: {}, parked: [] });
  }
}

function setCut(state, { one, other }, isCut) {
  const without = state.cuts.filter(([a, b]) => !(a === one && b === other) && !(a === other && b === one));
  state.cuts = isCut ? [...without, [one, other]] : without;
}

const CHANGES = {
  NodeStarted: (state, fact) => { nodeOf(state, fact.node).state = "up"; },
  NodeRestarted: (state, fact) => { nodeOf(state, fact.node).state = "up"; },
  NodePaused: (state, fact) => { nodeOf(state, fact.node).state = "paused"; },
  NodeResumed: (state, fact) => { nodeOf(state, fact.node).state = "up"; },
  NodeCrashed: (state, fact) => {
    Object.assign(nodeOf(state, fact.node), { state: "crashed", metadata: -1 });
    loseRole(state, fact.node);
  },
  LogRecovered: (state, fact, node) => {
    const replica = replicaOf(state, fact.partition, node);
    cutLog(replica, fact.log_end_offset);
    Object.assign(replica, { high_watermark: fact.high_watermark, log_start: fact.log_start_offset, role: "none" });
  },
  RecordsAppended: (state, fact, node) => {
    replicaOf(state, fact.partition, node).cells.push(...fact.records);
  },
  LogTruncated: (state, fact, node) => {
    const replica = replicaOf(state, fact.partition, node);
    cutLog(replica, fact.to_offset);
    replica.high_watermark = Math.min(replica.high_watermark, fact.to_offset);
  },
  HighWatermarkMoved: (state, fact, node) => {
    replicaOf(state, fact.partition, node).high_watermark = fact.high_watermark;
  },
  BecameLeader: (state, fact, node) => {
    Object.assign(replicaOf(state, fact.partition, node), {
      role: "leader", leader_epoch: fact.leader_epoch, leader: NOBODY, isr: fact.isr, proposed: null,
      epoch_start: fact.start_offset, progress: {}, parked: [],
    });
  },
  BecameFollower: (state, fact, node) => {
    Object.assign(replicaOf(state, fact.partition, node), {
      role: "follower", leader_epoch: fact.leader_epoch, leader: fact.leader, isr: [], proposed: null, progress: {},
      parked: [],
    });
  },
  FollowerProgress: (state, fact, node) => {
    replicaOf(state, fact.partition, node).progress[fact.follower] = fact.log_end_offset;
  },
  IsrProposed: (state, fact, node) => { replicaOf(state, fact.partition, node).proposed = fact.isr; },
  IsrAdopted: (state, fact, node) => {
    Object.assign(replicaOf(state, fact.partition, node), { isr: fact.isr, proposed: null });
  },
  IsrProposalRefused: (state, fact, node) => { replicaOf(state, fact.partition, node).proposed = null; },
  ProduceParked: (state, fact, node) => {
    replicaOf(state, fact.partition, node).parked.push(
      { client: fact.client, needs: fact.needs_offset, correlation: fact.correlation_id });
  },
  ProduceAnswered: (state, fact, node) => {
    const replica = replicaOf(state, fact.partition, node);
    replica.parked = replica.parked.filter(
      (parked) => parked.client !== fact.client || parked.correlation !== fact.correlation_id);
  },
  MetadataReplayed: (state, fact, node) => { nodeOf(state, node).metadata = fact.next_offset; },
  QuorumLeaderElected: (state, fact, node) => { state.controllers[node] = { quorum_epoch: fact.epoch }; },
  BrokerRegistered: (state, fact) => { nodeOf(state, `broker-${fact.broker}`).fenced = true; },
  BrokerFenced: (state, fact) => { nodeOf(state, `broker-${fact.broker}`).fenced = true; },
  BrokerUnfenced: (state, fact) => { nodeOf(state, `broker-${fact.broker}`).fenced = false; },
  PartitionChanged: (state, fact, node, { step }) => {
    const before = state.partitions[fact.partition];
    const same = before && before.leader === fact.leader && before.leader_epoch === fact.leader_epoch;
    state.partitions[fact.partition] = {
      leader: fact.leader, leader_epoch: fact.leader_epoch, isr: fact.isr, elr: fact.elr,
      last_known_leader: fact.last_known_leader, partition_epoch: fact.partition_epoch, recovering: fact.recovering,
      metadata_offset: fact.metadata_offset, since: same ? before.since : step,
    };
  },
  ProduceAcknowledged: (state, fact, node, { step }) => {
    const holder = replicaOf(state, fact.partition, `broker-${fact.broker}`);
    const told = (state.told[fact.partition] ||= []);
    fact.values.forEach((value, i) => {
      const offset = fact.base_offset < 0 ? -1 : fact.base_offset + i;
      const cell = offset < 0 ? undefined : cellAt(holder, offset);
      told.push({ offset, value, acks: fact.acks, client: node, broker: fact.broker, leader_epoch: cell ? cell[1] : -1, step });
    });
  },
  LeaderLearned: (state, fact, node) => {
    clientOf(state, node).leaders[fact.partition] = [fact.leader, fact.leader_epoch];
  },
  RecordsConsumed: (state, fact, node) => { clientOf(state, node).positions[fact.partition] = fact.position; },
  LinkCut: (state, fact) => setCut(state, fact, true),
  LinkHealed: (state, fact) => setCut(state, fact, false),
  PromiseBroken: (state, fact, node, { index }) => { state.alarms.push(index); },
  LossBeyondPromise: (state, fact, node, { index }) => { state.alarms.push(index); },
};
